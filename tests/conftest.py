"""Fixtures that every suite shares: a running embedded warehouse."""

import os
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import settings

from tests.ports import free_port
from tests.warehouse_process import WarehouseServer
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

# Models are fitted beside servers that need the processors: threads that wait for each other spin.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes says something of the machine, not of the code.
settings.register_profile("credence", deadline=None)
settings.load_profile("credence")

# Loaded on use: the fixtures start nothing until a test asks for them.
pytest_plugins = ["tests.postgresql", "tests.superset_fixtures"]


@pytest.fixture(scope="session")
def warehouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarehouseServer]:
    """A running embedded server on a free port and a temporary folder, schema applied."""
    server = WarehouseServer(tmp_path_factory.mktemp("warehouse"))
    try:
        client = connect(settings=server.settings)
        apply(client, server.settings)
        client.close()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def warehouse(warehouse_server: WarehouseServer) -> WarehouseSettings:
    """Settings of a running embedded warehouse that the whole session shares."""
    return warehouse_server.settings


@pytest.fixture
def warehouse_client(warehouse: WarehouseSettings) -> Iterator[Client]:
    """The owner's client of the shared warehouse."""
    client = connect(settings=warehouse)
    yield client
    client.close()


@pytest.fixture
def unused_port() -> int:
    """A port of this machine on which nothing listens."""
    return free_port()
