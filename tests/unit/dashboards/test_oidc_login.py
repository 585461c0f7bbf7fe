"""Login at a provider: what the settings mean, and whom the provider's claims make of a user."""

import pytest
from pydantic import SecretStr

from dashboards.oidc_login import discovery_url, oidc_config, roles_of_groups, userinfo_of
from dashboards.settings import DashboardsSettings
from warehouse.errors import UserError

ISSUER = "https://login.example.com/realms/house"


@pytest.fixture
def settings() -> DashboardsSettings:
    return DashboardsSettings(
        _env_file=None,
        oidc_issuer=ISSUER,
        oidc_client_id="credence",
        oidc_client_secret=SecretStr("hunter2"),
        oidc_roles="bi team=analyst, bi team=underwriter,ops=Admin",
    )


def test_nothing_changes_without_a_provider() -> None:
    assert DashboardsSettings(_env_file=None).oidc_environment() == {}
    assert oidc_config({}) == {}


def test_a_group_may_have_several_roles_and_stand_for_none() -> None:
    assert roles_of_groups("") == {}
    written = "bi team=analyst, bi team=underwriter,platform=Admin,"
    assert roles_of_groups(written) == {
        "bi team": ["analyst", "underwriter"],
        "platform": ["Admin"],
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"oidc_client_id": ""}, "SUPERSET_OIDC_CLIENT_ID: is not set"),
        ({"oidc_client_secret": None}, "SUPERSET_OIDC_CLIENT_SECRET: is not set"),
        ({"oidc_issuer": "http://login.example.com"}, "is not an https:// address"),
        ({"oidc_issuer": "login.example.com"}, "is not an https:// address"),
        ({"oidc_roles": "analysts"}, "'analysts' is not group=role"),
        ({"oidc_roles": "=analyst"}, "'=analyst' is not group=role"),
    ],
)
def test_a_setting_that_cannot_work_is_one_line(
    settings: DashboardsSettings, changed: dict[str, object], message: str
) -> None:
    sound = settings.model_copy(update={"oidc_roles": "bi=analyst"})
    assert sound.oidc_environment()["SUPERSET_OIDC_ROLES"] == "bi=analyst"
    with pytest.raises(UserError, match=message) as caught:
        sound.model_copy(update=changed).oidc_environment()
    assert "hunter2" not in str(caught.value)


def test_a_provider_on_this_machine_may_speak_plain_http() -> None:
    assert discovery_url("http://127.0.0.1:9400/").endswith(
        ":9400/.well-known/openid-configuration"
    )


CLAIMS = {"sub": "7", "preferred_username": "creator_mia", "email": "mia@example.com"}


def user(**claims: object) -> dict[str, object]:
    return userinfo_of({**CLAIMS, **claims}, "preferred_username", "groups", "admin")


def test_a_user_is_what_the_claims_say() -> None:
    assert user(given_name="Mia", family_name="Uhl", groups=["a", "b"]) == {
        "username": "creator_mia",
        "first_name": "Mia",
        "last_name": "Uhl",
        "email": "mia@example.com",
        "role_keys": ["a", "b"],
    }
    assert user(groups="a")["role_keys"] == ["a"]
    assert user()["role_keys"] == []


@pytest.mark.parametrize("name", [None, "", " ", 7, "admin", "ADMIN"])
def test_no_name_and_the_administrators_are_refused(name: object) -> None:
    assert user(preferred_username=name, groups=["a"]) == {}
