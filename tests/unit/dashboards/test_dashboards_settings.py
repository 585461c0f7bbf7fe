"""Secrets are made once and kept to their owner; what cannot work is said in one line."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from dashboards.client import session
from dashboards.server import running
from dashboards.settings import DashboardsSettings
from tests.superset_fixtures import skip_or_fail
from warehouse.errors import UserError


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URL", "USER", "PASSWORD", "SECRET_KEY", "HOME", "VENV", "METADATA_URL"):
        monkeypatch.delenv(f"SUPERSET_{name}", raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> DashboardsSettings:
    return DashboardsSettings(_env_file=None, home=tmp_path / "superset", venv=tmp_path / "venv")


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_secrets_are_made_once_and_kept_to_their_owner(settings: DashboardsSettings) -> None:
    password, key = settings.admin_password(create=True), settings.signing_key(create=True)
    assert len(password) >= 32
    assert password != key
    assert settings.admin_password(create=True) == settings.admin_password() == password
    for file in settings.home.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700
    assert sorted(file.name for file in settings.home.iterdir()) == ["admin_password", "secret_key"]


def test_a_missing_secret_is_not_invented_when_it_is_read(settings: DashboardsSettings) -> None:
    with pytest.raises(UserError, match=r"admin_password is missing.*SUPERSET_PASSWORD"):
        settings.admin_password()
    assert not settings.home.exists()


def test_the_environment_overrides_the_folder(
    settings: DashboardsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.admin_password(create=True)
    monkeypatch.setenv("SUPERSET_PASSWORD", "from-the-environment")
    found = DashboardsSettings(_env_file=None, home=settings.home)
    assert found.admin_password() == "from-the-environment"
    assert "from-the-environment" not in repr(found)


def test_metadata_is_sqlite_in_the_folder_unless_a_url_is_given(
    settings: DashboardsSettings,
) -> None:
    assert settings.superset_metadata_url().startswith(f"sqlite:///{settings.home}/superset.db")
    given = settings.model_copy(update={"metadata_url": SecretStr("postgresql://db/superset")})
    assert given.superset_metadata_url() == "postgresql://db/superset"


def test_a_missing_environment_names_the_command(settings: DashboardsSettings) -> None:
    with pytest.raises(UserError, match="make superset-env"), running(settings, port=0):
        pass
    assert not settings.home.exists()


def test_a_busy_port_is_named(settings: DashboardsSettings, busy_port: int) -> None:
    with pytest.raises(UserError, match=f"port {busy_port}: "), running(settings, port=busy_port):
        pass


@pytest.mark.parametrize("url", ["http://bi.example.com", "ftp://127.0.0.1", "127.0.0.1:8088"])
def test_a_password_never_leaves_this_machine_in_the_clear(
    settings: DashboardsSettings, url: str
) -> None:
    there = settings.model_copy(update={"url": url, "password": SecretStr("secret")})
    with pytest.raises(UserError, match="over https alone"), session(there):
        pass


def test_a_host_on_a_private_network_must_be_named(
    settings: DashboardsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://superset.invalid:8088"
    there = settings.model_copy(update={"url": url, "password": SecretStr("secret")})
    for hosts in ("", "other, superset"):
        with (
            pytest.raises(UserError, match="over https alone"),
            session(there.model_copy(update={"trusted_http_hosts": hosts})),
        ):
            pass
    named = there.model_copy(update={"trusted_http_hosts": "other, superset.invalid"})
    with pytest.raises(UserError, match="does not answer"), session(named):
        pass


def test_an_unreachable_superset_is_named(
    settings: DashboardsSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT", raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    there = settings.model_copy(update={"url": url, "password": SecretStr("secret")})
    with pytest.raises(UserError, match=f"{url} does not answer") as caught, session(there):
        pass
    assert "secret" not in str(caught.value)


def test_a_missing_component_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make superset-env"):
        skip_or_fail("missing: make superset-env")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make superset-env"):
        skip_or_fail("missing: make superset-env")
