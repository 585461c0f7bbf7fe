"""The long history that the dashboards are asked on."""

import time
from pathlib import Path

from clickhouse_connect.driver.client import Client

from benchmarks.post_days import raw
from benchmarks.post_days.builds import Dbt
from benchmarks.post_days.report import Report
from benchmarks.post_days.world import World
from benchmarks.warehouse import Server
from dashboards.assets import load_assets
from dashboards.deploy import require_marts
from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings


def require_built(server: Server, folder: Path, world: World, report: Report) -> None:
    """Make the world's raw tables and build all models, as far as ``folder`` lacks them."""
    warehouse = server.settings
    with connect("owner", warehouse) as client:
        began = time.perf_counter()
        if not is_filled(client, warehouse, world):
            apply(client, warehouse)
            raw.create_tables(warehouse)
            raw.fill_accounts(client, world, warehouse)
            raw.fill(client, world, warehouse)
        if not _has_marts(warehouse):
            Dbt(warehouse, folder / "dbt-long").full_refresh(client)
        count = client.command(f"SELECT count() FROM {warehouse.database('core')}.fct_post_day")
    seconds = time.perf_counter() - began
    report.say(f"{int(str(count)):,} post-days, made and built in {seconds:.0f} s")


def is_filled(client: Client, warehouse: WarehouseSettings, world: World) -> bool:
    """Whether the outcomes, which are told last, tell of this history.

    :raises UserError: where they tell of another.
    """
    outcomes = f"{warehouse.database('ops')}.ingestion_outcome"
    if not client.command(f"EXISTS TABLE {outcomes}"):
        return False
    told = client.query(f"SELECT count(), min(snapshot_date) FROM {outcomes}").result_rows
    ((count, first),) = told
    if count and first != world.first:
        raise UserError(
            f"{outcomes}: a history from {first} on is here, not one from {world.first} on. "
            "Pass the --rows that it was made with, or another --path."
        )
    return bool(count)


def _has_marts(warehouse: WarehouseSettings) -> bool:
    try:
        require_marts(load_assets(), warehouse)
    except UserError:
        return False
    return True
