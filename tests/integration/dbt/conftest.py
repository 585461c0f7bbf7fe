"""An environment in the shared warehouse, empty for each module that builds models."""

from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver.client import Client
from engagement_tables import TABLES
from recorded_build import recorded, recorded_sandbox

from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import LAYERS, WarehouseSettings

__all__ = ["recorded", "recorded_sandbox"]


@pytest.fixture(scope="session")
def parsed(warehouse: WarehouseSettings, tmp_path_factory: pytest.TempPathFactory) -> DbtInProcess:
    """dbt in databases prefixed with ``t_dbt``, which parses the project once for all modules."""
    settings = warehouse.model_copy(update={"env": "t_dbt"})
    return DbtInProcess(settings, tmp_path_factory.mktemp("dbt"))


@pytest.fixture(scope="module")
def dbt(parsed: DbtInProcess) -> Iterator[DbtInProcess]:
    """dbt in databases that are this module's alone: empty when it begins, gone when it ends."""
    settings = parsed.warehouse
    with connect(settings=settings) as client:
        apply(client, settings)
        yield parsed
        for layer in LAYERS:
            client.command(f"DROP DATABASE IF EXISTS {settings.database(layer)} SYNC")


@pytest.fixture
def rows(dbt: DbtInProcess, warehouse_client: Client) -> Callable[..., list[dict]]:
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
