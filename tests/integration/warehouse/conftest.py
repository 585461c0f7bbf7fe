"""Plain HTTP to the shared warehouse."""

import uuid
from collections.abc import Iterator

import httpx
import pytest
from clickhouse_connect.driver.client import Client

from warehouse.settings import WarehouseSettings


@pytest.fixture(scope="module")
def http(warehouse: WarehouseSettings) -> Iterator[httpx.Client]:
    """The owner's plain HTTP client."""
    with httpx.Client(
        base_url=f"http://127.0.0.1:{warehouse.port}",
        auth=warehouse.login("owner"),
        timeout=60,
        headers={"accept-encoding": "identity"},
    ) as client:
        yield client


@pytest.fixture
def table(warehouse_client: Client) -> Iterator[str]:
    name = f"default.p_{uuid.uuid4().hex[:8]}"
    warehouse_client.command(
        f"CREATE TABLE {name} (a UInt64, s String) ENGINE = MergeTree ORDER BY a"
    )
    yield name
    warehouse_client.command(f"DROP TABLE {name}")
