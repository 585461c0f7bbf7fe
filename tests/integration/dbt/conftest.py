"""An environment of its own in the shared warehouse for each module that builds models."""

from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver.client import Client
from dbt_command import Dbt
from engagement_tables import TABLES

from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import LAYERS, WarehouseSettings


@pytest.fixture(scope="module")
def dbt(
    warehouse: WarehouseSettings,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Dbt]:
    """dbt in databases prefixed with the test module's name, all of them empty."""
    name = request.module.__name__.rsplit(".", 1)[-1].removeprefix("test_")
    settings = warehouse.model_copy(update={"env": f"t_{name}"})
    with connect(settings=settings) as client:
        apply(client, settings)
        yield Dbt(settings, tmp_path_factory.mktemp(name))
        for layer in LAYERS:
            client.command(f"DROP DATABASE IF EXISTS {settings.database(layer)}")


@pytest.fixture
def rows(dbt: Dbt, warehouse_client: Client) -> Callable[..., list[dict]]:
    """Rows of a table of the environment as dicts: ``rows("core", "dim_post", "post_key")``."""

    def read(layer: str, table: str, order_by: str, columns: str = "*") -> list[dict]:
        database = dbt.warehouse.database(layer)
        found = warehouse_client.query(
            f"SELECT {columns} FROM {database}.{table} ORDER BY {order_by}"
        )
        return [dict(zip(found.column_names, row, strict=True)) for row in found.result_rows]

    return read


@pytest.fixture
def everything(rows: Callable[..., list[dict]]) -> Callable[[], dict[str, list[dict]]]:
    """All rows of core and marts by table."""

    def read() -> dict[str, list[dict]]:
        return {
            f"{layer}.{table}": rows(layer, table, order)
            for layer, tables in TABLES.items()
            for table, order in tables.items()
        }

    return read
