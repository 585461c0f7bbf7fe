"""Users that the settings name: only a password that was made here is ever told."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dashboards.settings import DashboardsSettings
from dashboards.users import RoleUser, ensure_role_user
from warehouse.errors import UserError


class Users:
    """Superset's routes of users and roles."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}

    def listed(self, path: str, *, order: str) -> list[dict[str, Any]]:
        if path.endswith("/roles/"):
            return [{"id": 3, "name": "embedder"}]
        roles = [{"id": 3, "name": "embedder"}]
        return [
            {"id": number, "username": name, "roles": roles}
            for number, name in enumerate(self.passwords)
        ]

    def accepts(self, user: str, password: str) -> bool:
        return self.passwords[user] == password

    def ask(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        name = body.get("username") or list(self.passwords)[int(path.rpartition("/")[2])]
        self.passwords[name] = body["password"]
        return {}


@pytest.fixture
def superset() -> Any:
    return Users()


@pytest.fixture
def settings(tmp_path: Path) -> DashboardsSettings:
    return DashboardsSettings(_env_file=None, home=tmp_path, url="https://bi.example.com")


def test_a_generated_password_is_told_once_and_then_where_it_is(
    superset: Any, settings: DashboardsSettings
) -> None:
    first = ensure_role_user(superset, settings, "embedder", "app")
    assert superset.passwords == {"app": first.password}
    again = ensure_role_user(superset, settings, "embedder", "app")
    file = settings.home / "embedder_password"
    assert again == RoleUser("app", "embedder", f"password in {file}")
    assert file.read_text().strip() == first.password


def test_a_password_of_the_settings_is_never_told(
    superset: Any, settings: DashboardsSettings
) -> None:
    for password in ("one of the settings", "another"):
        given = settings.model_copy(update={"embedder_password": SecretStr(password)})
        for _ in range(2):
            told = ensure_role_user(superset, given, "embedder", "app").password
            assert told == "password of SUPERSET_EMBEDDER_PASSWORD"
        assert superset.passwords == {"app": password}
    assert list(settings.home.iterdir()) == []


def test_an_application_signs_in_as_the_embedder(
    superset: Any, settings: DashboardsSettings
) -> None:
    with pytest.raises(UserError, match=r"Make the user with `python -m dashboards embedder-user`"):
        settings.as_embedder()
    made = ensure_role_user(superset, settings, "embedder", settings.embedder_user)
    login = settings.as_embedder()
    assert (login.user, login.admin_password()) == ("embedder", made.password)
    assert login.url == settings.url
