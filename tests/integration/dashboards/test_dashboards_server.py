"""Superset as a process of ours: starts, starts again on what it has, and stops with us."""

from pathlib import Path

import httpx
import psutil
import pytest
from pydantic import SecretStr

from dashboards.client import session
from dashboards.server import running
from dashboards.settings import DashboardsSettings
from tests.superset_fixtures import SupersetServer
from warehouse.errors import UserError

pytestmark = [pytest.mark.superset, pytest.mark.slow]


@pytest.fixture(scope="module")
def settings(
    superset_environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> DashboardsSettings:
    home = tmp_path_factory.mktemp("superset-of-its-own")
    return DashboardsSettings(_env_file=None, home=home, venv=superset_environment)


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=30)[1]


def test_it_stops_in_order_and_starts_again_with_a_changed_password(
    settings: DashboardsSettings,
) -> None:
    server = SupersetServer(settings)
    children = psutil.Process(server.process.pid).children(recursive=True)
    assert children
    with session(settings.model_copy(update={"url": server.url})) as superset:
        assert superset.count("chart") == 0
    assert server.stop() == 0
    assert gone(children)

    changed = settings.model_copy(update={"password": SecretStr("another password")})
    with running(changed, port=0) as url:
        with pytest.raises(UserError, match="was refused"):
            session(settings.model_copy(update={"url": url})).__enter__()
        with session(changed.model_copy(update={"url": url})) as superset:
            assert superset.count("dashboard") == 0


def test_a_killed_parent_leaves_no_server_behind(settings: DashboardsSettings) -> None:
    server = SupersetServer(settings)
    children = psutil.Process(server.process.pid).children(recursive=True)
    server.process.kill()
    server.process.wait()
    assert gone(children)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/login/", trust_env=False)


def test_a_broken_metadata_database_is_one_line(settings: DashboardsSettings) -> None:
    url = "postgresql://superset:hunter2@127.0.0.1:1/superset"  # pragma: allowlist secret
    broken = settings.model_copy(update={"metadata_url": SecretStr(url)})
    with pytest.raises(UserError, match=r"metadata database postgresql://superset:\*+@") as caught:
        running(broken, port=0).__enter__()
    message = str(caught.value)
    assert "refused" in message
    assert "hunter2" not in message
    assert "\n" not in message


def test_nobody_is_let_in_without_signing_in(superset_settings: DashboardsSettings) -> None:
    for path in ("/api/v1/chart/", "/api/v1/dashboard/", "/api/v1/database/"):
        answer = httpx.get(f"{superset_settings.url}{path}", trust_env=False)
        assert answer.status_code in (401, 403) or answer.json().get("count") == 0, path


def test_no_page_may_reach_beyond_this_server(superset_settings: DashboardsSettings) -> None:
    answer = httpx.get(f"{superset_settings.url}/login/", trust_env=False)
    policy = answer.headers["content-security-policy"]
    assert "img-src 'self' blob: data:" in policy
    assert "https://" not in policy
