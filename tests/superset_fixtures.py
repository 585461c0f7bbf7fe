"""A running Superset with the dashboards deployed on hand-made marts, once per test session.

Superset is started as a user starts it, from its own environment; where that is missing the tests
are skipped with a word, or fail where ``CI=true`` says that nothing may be missing.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from dashboards.assets import asset_uuid
from dashboards.client import Superset, session
from dashboards.deploy import ChartResult, deploy
from dashboards.screenshot import CHROMIUM
from dashboards.settings import DashboardsSettings
from dashboards.users import ensure_user
from tests.marts import create_marts, fill_marts
from tests.ports import free_port
from tests.warehouse_process import WarehouseServer
from warehouse.client import connect
from warehouse.settings import WarehouseSettings

ROOT = Path(__file__).resolve().parents[1]
STOP_SECONDS = 40
# The rows of a chart, by its slug.
ChartRows = Callable[[str], list[dict[str, Any]]]


def skip_or_fail(reason: str) -> None:
    """Skip, but fail where ``CI=true``: there every component is meant to be present."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class SupersetServer:
    """``python -m dashboards serve`` as a process of its own."""

    def __init__(self, settings: DashboardsSettings, *arguments: str) -> None:
        clean = {name: v for name, v in os.environ.items() if not name.startswith("SUPERSET_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dashboards", "serve", "--port", "0", *arguments],
            cwd=ROOT,
            env=clean
            | {
                "SUPERSET_HOME": str(settings.home),
                "SUPERSET_VENV": str(settings.venv),
                "SUPERSET_EMBED_ORIGINS": settings.embed_origins,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("superset: listening on http://127.0.0.1:"), line
        self.url = line.split(" on ")[1].strip()

    def stop(self) -> int:
        """Ask it to stop and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode


@pytest.fixture(scope="session")
def superset_environment() -> Path:
    """Superset's own Python environment."""
    path = ROOT / ".venv-superset"
    if not (path / "bin" / "gunicorn").exists():
        skip_or_fail("Superset's environment .venv-superset is missing: make superset-env")
    return path


@pytest.fixture(scope="session")
def superset_settings(
    superset_environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DashboardsSettings]:
    """Settings of a running Superset with nothing in it but its administrator."""
    settings = DashboardsSettings(
        _env_file=None,
        home=tmp_path_factory.mktemp("superset"),
        venv=superset_environment,
        embed_origins=f"http://127.0.0.1:{free_port()}",
    )
    server = SupersetServer(settings)
    try:
        yield settings.model_copy(update={"url": server.url})
    finally:
        server.stop()


@pytest.fixture(scope="session")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarehouseSettings]:
    """An embedded warehouse of its own whose marts hold the rows of :mod:`tests.marts`."""
    server = WarehouseServer(tmp_path_factory.mktemp("marts"))
    try:
        with connect(settings=server.settings) as client:
            client.command("CREATE DATABASE IF NOT EXISTS marts")
            client.command("CREATE DATABASE IF NOT EXISTS ml")
            create_marts(client, "marts")
            fill_marts(client, "marts")
        yield server.settings
    finally:
        server.stop()


@pytest.fixture(scope="session")
def deployed(superset_settings: DashboardsSettings, marts: WarehouseSettings) -> list[ChartResult]:
    """The dashboards, deployed; the result of every chart."""
    return deploy(superset_settings, marts).charts


@pytest.fixture
def superset(superset_settings: DashboardsSettings) -> Iterator[Superset]:
    """A signed-in session with the running Superset."""
    with session(superset_settings) as found:
        yield found


@pytest.fixture
def chart_rows(superset: Superset, deployed: list[ChartResult]) -> ChartRows:
    """What a deployed chart shows, as its own query answers."""

    def rows(slug: str) -> list[dict[str, Any]]:
        data = superset.chart_data(asset_uuid("charts", slug))
        assert data.error is None
        return data.rows

    return rows


@pytest.fixture(scope="session")
def sign_in(
    superset_settings: DashboardsSettings, deployed: list[ChartResult]
) -> Iterator[Callable[[str, str], Superset]]:
    """A session of a user of a role, both by name; the user is made where it is missing."""
    with ExitStack() as stack:
        administrator = stack.enter_context(session(superset_settings))

        def signed_in(name: str, role: str) -> Superset:
            ensure_user(administrator, name, role, f"password of {name}")
            login = {"user": name, "password": SecretStr(f"password of {name}")}
            return stack.enter_context(session(superset_settings.model_copy(update=login)))

        yield signed_in


@pytest.fixture
def marts_reader(marts: WarehouseSettings) -> Iterator[Client]:
    """The reader's client of the marts."""
    with connect("reader", marts) as client:
        yield client


@pytest.fixture
def marts_owner(marts: WarehouseSettings) -> Iterator[Client]:
    """The owner's client of the marts."""
    with connect(settings=marts) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Debian's chromium."""
    if not CHROMIUM.exists():
        skip_or_fail(f"{CHROMIUM} is missing: make deps")
    return CHROMIUM
