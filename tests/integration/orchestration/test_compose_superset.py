"""docker-compose.yml's Superset on PostgreSQL: filled by its deploy service, entered at a provider.

One Superset for all tests of this file. The provider is a real one for tests: it knows no password,
its answers are those of an OpenID Connect provider.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg2
import pytest
from oidc_provider_mock import User, run_server_in_thread
from pydantic import SecretStr

from dashboards.assets import load_assets
from dashboards.client import session
from dashboards.settings import DashboardsSettings
from dashboards.users import ensure_user
from tests.compose import SERVICES, Local, up
from tests.postgresql import running_postgresql
from warehouse.settings import WarehouseSettings

pytestmark = [pytest.mark.superset, pytest.mark.slow]

CLIENT_SECRET = "compose-test-oidc"  # pragma: allowlist secret
PEOPLE = {
    "ana": ("ana", ["bi", "sports"]),
    "root": ("rita", ["platform"]),
    "stranger": ("stan", ["sports"]),
    "impostor": ("admin", ["platform"]),
    "namesake": ("embedder", ["platform"]),
}


class Superset:
    """Superset with its settings of the compose file, and what its services printed."""

    def __init__(self, local: Local, deployed: str) -> None:
        self.local = local
        self.deployed = deployed
        self.url = f"http://127.0.0.1:{local.ports['8088']}"

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=60)

    def log(self) -> str:
        return (self.local.folder / "superset.log").read_text()


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    people = [
        User(sub=sub, claims={"preferred_username": name, "groups": groups})
        for sub, (name, groups) in PEOPLE.items()
    ]
    with run_server_in_thread(require_nonce=True, user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def superset(
    superset_environment: Path,
    marts: WarehouseSettings,
    provider: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Superset]:
    folder = tmp_path_factory.mktemp("compose")
    local = Local(marts, folder)
    local.secrets |= {
        "SUPERSET_OIDC_ISSUER": provider,
        "SUPERSET_OIDC_CLIENT_ID": "credence",
        "SUPERSET_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "SUPERSET_OIDC_ROLES": "bi=analyst,platform=Admin",
    }
    with ExitStack() as stack:
        stack.enter_context(running_postgresql(folder, local.ports["5432"], "compose-test"))
        # the second time as on a volume of before
        for _ in range(2):
            made = local.run("superset-database")
            assert made.returncode == 0, made.stderr
        stack.enter_context(up("superset", local))
        deployed = local.run("dashboards-deploy")
        assert deployed.returncode == 0, deployed.stderr
        yield Superset(local, deployed.stdout)


def callback(superset: Superset, browser: httpx.Client, sub: str) -> str:
    """Where the provider sends the browser after a person has signed in there."""
    asked = browser.get("/login/oidc")
    query = parse_qs(urlsplit(asked.headers["location"]).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [f"{superset.url}/oauth-authorized/oidc"]
    answer = httpx.post(asked.headers["location"], data={"sub": sub}, trust_env=False)
    return str(answer.headers["location"])


@contextmanager
def signed_in(superset: Superset, sub: str) -> Iterator[httpx.Client]:
    with superset.browser() as browser:
        assert browser.get(callback(superset, browser, sub)).status_code == 302
        yield browser


def me(browser: httpx.Client) -> dict[str, Any] | None:
    """Who is signed in, and with which roles."""
    answer = browser.get("/api/v1/me/roles/")
    return answer.json()["result"] if answer.status_code == 200 else None


def roles(superset: Superset, username: str) -> list[str]:
    """What the metadata say: a person without a role of ours may not even ask."""
    url = superset.local.environment(SERVICES["superset"])["SUPERSET_METADATA_URL"]
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ab_user WHERE username = %s", (username,))
        ((user,),) = cursor.fetchall()
        cursor.execute(
            "SELECT name FROM ab_role JOIN ab_user_role ON ab_role.id = role_id WHERE user_id = %s",
            (user,),
        )
        return [name for (name,) in cursor.fetchall()]


def dashboards(browser: httpx.Client) -> set[str]:
    found = browser.get("/api/v1/dashboard/").json()
    return {dashboard["slug"] for dashboard in found.get("result", [])}


def test_the_deploy_service_brings_every_dashboard(superset: Superset) -> None:
    for slug in load_assets().dashboards:
        # not the address that containers find it by
        there = f"http://localhost:{superset.local.ports['8088']}"
        assert f"{there}/superset/dashboard/{slug}/" in superset.deployed


def test_metadata_is_kept_by_a_user_who_sees_nothing_else(superset: Superset) -> None:
    url = superset.local.environment(SERVICES["superset"])["SUPERSET_METADATA_URL"]
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM dashboards")
        assert cursor.fetchone() == (len(load_assets().dashboards),)
        cursor.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)


def test_a_persons_roles_are_those_of_the_groups(superset: Superset) -> None:
    with signed_in(superset, "ana") as browser:
        found = me(browser)
        assert found is not None
        assert (found["username"], list(found["roles"])) == ("ana", ["analyst"])
        assert "overview" in dashboards(browser)
    with signed_in(superset, "root") as browser:
        assert list((me(browser) or {})["roles"]) == ["Admin"]


def test_roles_go_with_the_group(superset: Superset, provider: str) -> None:
    claims = {"preferred_username": "ben", "groups": ["bi"]}
    for groups, expected in ((["bi"], ["analyst"]), ([], ["Public"])):
        httpx.put(f"{provider}/users/ben", json={**claims, "groups": groups}).raise_for_status()
        with signed_in(superset, "ben") as browser:
            assert roles(superset, "ben") == expected
            assert bool(dashboards(browser)) == bool(groups)


def test_who_is_in_no_group_of_ours_sees_nothing(superset: Superset) -> None:
    with signed_in(superset, "stranger") as browser:
        assert roles(superset, "stan") == ["Public"]
        assert dashboards(browser) == set()
        assert browser.get("/", follow_redirects=True).status_code == 200
        for kind in ("chart", "dataset", "database"):
            answer = browser.get(f"/api/v1/{kind}/")
            assert answer.status_code in (401, 403) or answer.json()["count"] == 0
        assert browser.get("/superset/dashboard/overview/").status_code != 200


def test_the_administrators_name_is_no_persons(superset: Superset) -> None:
    with signed_in(superset, "impostor") as browser:
        assert me(browser) is None
    password = superset.local.secrets["SUPERSET_PASSWORD"]
    login = {"username": "admin", "password": password, "provider": "db"}
    with superset.browser() as browser:
        assert browser.post("/api/v1/security/login", json=login).status_code == 200
        wrong = {**login, "username": "rita", "password": "guessed"}
        assert browser.post("/api/v1/security/login", json=wrong).status_code == 401


def test_the_name_of_an_account_with_a_password_is_no_persons(superset: Superset) -> None:
    there = DashboardsSettings(
        _env_file=None,
        url=superset.url,
        password=SecretStr(superset.local.secrets["SUPERSET_PASSWORD"]),
    )
    with session(there) as administrator:
        ensure_user(administrator, "embedder", "embedder", "password of embedder")
    with superset.browser() as browser:
        answer = browser.get(callback(superset, browser, "namesake"))
        assert answer.status_code == 403
        assert "'embedder' is an account with a password" in answer.text
        assert me(browser) is None
    assert roles(superset, "embedder") == ["embedder"]
    assert "login at the provider was refused: 'embedder'" in superset.log()
    for _ in range(2):
        with signed_in(superset, "ana") as browser:
            assert (me(browser) or {})["username"] == "ana"


def test_a_callback_that_this_browser_did_not_ask_for_is_refused(superset: Superset) -> None:
    with superset.browser() as browser, superset.browser() as victim:
        there = callback(superset, browser, "ana")
        state = parse_qs(urlsplit(there).query)["state"][0]
        assert victim.get(there).status_code == 302
        assert me(victim) is None
        callback(superset, victim, "ana")
        assert victim.get(there.replace(state, state[::-1])).status_code == 302
        assert me(victim) is None
        # what was wrong is the browser, not the answer
        browser.get(callback(superset, browser, "ana"))
        assert (me(browser) or {})["username"] == "ana"


def test_no_secret_is_in_the_log(superset: Superset) -> None:
    log = superset.log()
    assert "mismatching_state" in log
    names = ("PASSWORD", "SECRET", "KEY")
    secrets = {v for k, v in superset.local.secrets.items() if any(name in k for name in names)}
    assert CLIENT_SECRET in secrets
    assert not {secret for secret in secrets if secret in log}
