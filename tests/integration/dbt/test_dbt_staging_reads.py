"""What core reads of a day costs that day: each view of staging is cut to the asked days before a
row is read, and rows come in the raw table's own order, so nothing is sorted anew."""

import re

import pytest
from clickhouse_connect.driver.client import Client
from dbt_command import conformed_columns
from raw_tables import create_raw

from ingestion.registry import PLATFORMS
from tests.integration.dbt.dbt_in_process import DbtInProcess
from tests.raw_declarations import raw_tables
from warehouse.client import connect

MONTHS = ("2026-01-15", "2026-02-15", "2026-03-15")
READ = "ReadFromMergeTree"
VIEWS = [f"stg_{platform}__{view}" for platform in PLATFORMS for view in conformed_columns()]


@pytest.fixture(scope="module")
def staged(dbt: DbtInProcess) -> DbtInProcess:
    """The views of staging over a row of each platform's raw tables in each of three months."""
    raw = dbt.warehouse.database("raw")
    with connect(settings=dbt.warehouse) as client:
        create_raw(client, raw)
        for name, table in raw_tables().items():
            if table.partition:
                client.command(
                    f"INSERT INTO {raw}.{name} (snapshot_date, fetched_at) "
                    f"SELECT arrayJoin({list(MONTHS)}), now64(6)"
                )
    dbt.succeed("run", "--select", "staging")
    return dbt


def plan_of(client: Client, view: str) -> str:
    """How the engine reads one day of a view."""
    found = client.query(
        f"EXPLAIN indexes = 1, actions = 1, pretty = 0 SELECT * FROM {view} "
        f"WHERE snapshot_date = '{MONTHS[1]}'",
        settings={"join_use_nulls": 1},
    )
    return "\n".join(row[0] for row in found.result_rows)


@pytest.mark.parametrize("view", VIEWS)
def test_a_day_is_read_alone_and_in_order(
    staged: DbtInProcess, warehouse_client: Client, view: str
) -> None:
    plan = plan_of(warehouse_client, f"{staged.warehouse.database('staging')}.{view}")
    reads = plan.split(READ)[1:]
    assert reads or "SystemOne" in plan, plan
    for read in reads:
        assert re.search(r"Parts: 1/3\b", read), read
        assert re.search(r"Condition: .*snapshot_date", read), read
        assert re.search(r"Read ?[tT]ype: InOrder", read), read
