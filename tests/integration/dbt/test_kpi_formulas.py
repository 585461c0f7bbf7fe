"""A KPI's column holds what its formula says, in every row of a built warehouse."""

import pytest
from clickhouse_connect.driver.client import Client
from raw_tables import day
from test_dbt_incremental import ACCOUNTS, OWNERS, World

from tests.integration.dbt.dbt_in_process import DbtInProcess
from tests.kpi_formulas import differing_rows, unanswered_metrics
from warehouse.client import connect
from warehouse.kpis import kpis


@pytest.fixture(scope="module")
def built(dbt: DbtInProcess) -> str:
    """The database of the marts, built of three random days."""
    with connect(settings=dbt.warehouse) as client:
        world = World(client, dbt.warehouse.database("raw"), seed=5)
        world.connect(OWNERS)
        for number in (2, 3, 4):
            world.read(day(number), accounts=ACCOUNTS)
        dbt.succeed("seed")
        dbt.succeed("run")
    return dbt.warehouse.database("marts")


@pytest.mark.slow
def test_the_column_is_what_the_formula_says(built: str, warehouse_client: Client) -> None:
    found = differing_rows(warehouse_client, built)
    assert len(found) == sum(len(kpi.sql) for kpi in kpis().values()) > 4
    assert {name: count for name, count in found.items() if count} == {}


@pytest.mark.slow
def test_a_formula_that_is_not_the_columns_is_found(built: str, warehouse_client: Client) -> None:
    table = f"{built}.mart_engagement__post"
    warehouse_client.command(
        f"ALTER TABLE {table} UPDATE engagement_rate_by_views = engagement_rate_by_views + 0.001 "
        "WHERE engagement_rate_by_views IS NOT NULL",
        settings={"mutations_sync": 2},
    )
    assert differing_rows(warehouse_client, built)["mart_engagement__post.engagement_rate_by_views"]


@pytest.mark.slow
def test_the_engine_answers_every_metric(built: str, warehouse_client: Client) -> None:
    assert unanswered_metrics(warehouse_client, built) == {}
