"""Fixtures: a sandbox as a process of its own, an empty warehouse environment for each test."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from ingestion_environment import DATA, WORLD, Ingestion, serve
from typer.testing import CliRunner

from ingestion.sandbox.__main__ import app
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import LAYERS, WarehouseSettings


@pytest.fixture
def today() -> date:
    """The UTC day, the same for a whole test; in the last minute of one it waits for the next.

    What a test starts reads the clock for itself.
    """
    while (now := datetime.now(UTC)).hour == 23 and now.minute == 59:
        time.sleep(1)
    return now.date()


@pytest.fixture
def yesterday(today: date) -> date:
    return today - timedelta(days=1)


@pytest.fixture
def three_days(today: date) -> list[date]:
    return [today - timedelta(days=n) for n in (2, 1, 0)]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The address of a sandbox over a small synthetic world."""
    yield from serve(*WORLD)


@pytest.fixture(scope="session")
def replay_sandbox() -> Iterator[str]:
    """The address of a sandbox over the recorded TikTok data."""
    if not (DATA / "real" / "tiktok_videos.csv").exists():
        pytest.skip("the recorded data is absent (../shared/data/real/tiktok_videos.csv)")
    yield from serve("--replay", str(DATA))


@pytest.fixture
def make_ingestion(
    warehouse: WarehouseSettings, tmp_path: Path
) -> Iterator[Callable[..., Ingestion]]:
    """Makes an environment with empty layers of its own and the connections of a world."""
    made: list[Ingestion] = []

    def make(url: str, *world: str, settings: WarehouseSettings = warehouse) -> Ingestion:
        own = settings.model_copy(update={"env": f"t{uuid4().hex[:8]}"})
        client = connect(settings=own)
        apply(client, own)
        found = Ingestion(tmp_path, url, own, client)
        made.append(found)
        put = CliRunner().invoke(app, ["connections", *world], env=found.environment())
        assert put.exit_code == 0, put.output
        return found

    yield make
    for ingestion in made:
        ingestion.client.close()
    with connect(settings=warehouse) as client:
        for ingestion in made:
            for layer in LAYERS:
                database = ingestion.warehouse.database(layer)
                client.command(f"DROP DATABASE IF EXISTS {database}")


@pytest.fixture
def ingestion(make_ingestion: Callable[..., Ingestion], sandbox: str) -> Ingestion:
    """An environment over the small synthetic world."""
    return make_ingestion(sandbox, *WORLD)


@pytest.fixture
def start_warehouse(warehouse_server: Any) -> Iterator[Callable[..., Any]]:
    """Starts warehouses of the test's own, which it may kill."""
    servers: list[Any] = []

    def start(path: Path, *arguments: str) -> Any:
        servers.append(type(warehouse_server)(path, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
