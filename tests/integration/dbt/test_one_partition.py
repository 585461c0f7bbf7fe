"""A day's partition can be rebuilt by itself, and a backfill of several days is one run."""

from collections.abc import Callable

import dagster as dg
import pytest
from clickhouse_connect.driver.client import Client
from raw_tables import create_raw, day, fill

from orchestration.resources import resources
from orchestration.transform import transform_assets
from tests.integration.dbt.dbt_in_process import DbtInProcess

# the fact, and the dimension that its tests hold it against
MODELS = [dg.AssetKey(["core", name]) for name in ("fct_account_day", "dim_account")]
# three builds of staging, one after the other
pytestmark = pytest.mark.timeout(1800)
USERS = "snapshot_date open_id display_name follower_count"
Rows = Callable[..., list[dict]]


@pytest.fixture
def transform(dbt: DbtInProcess, monkeypatch: pytest.MonkeyPatch) -> list[dg.AssetsDefinition]:
    """The models as Dagster runs them, in the environment of this module."""
    user, password = dbt.warehouse.login("owner")
    for name, value in {
        "CLICKHOUSE_HOST": dbt.warehouse.host,
        "CLICKHOUSE_PORT": str(dbt.warehouse.port),
        "CLICKHOUSE_USER": user,
        "CLICKHOUSE_PASSWORD": password,
        "CREDENCE_ENV": dbt.warehouse.env,
        # here are these models alone: a test that reads others besides cannot run
        "DBT_INDIRECT_SELECTION": "cautious",
    }.items():
        monkeypatch.setenv(name, value)
    return transform_assets()


def rebuild(transform: list[dg.AssetsDefinition], **days: object) -> None:
    """Run the steps that lead to the models, as Dagster does for a partition or a range of them."""
    done = dg.materialize(
        transform,
        selection=dg.AssetSelection.assets(*MODELS).upstream(),
        resources=resources(),
        **days,  # type: ignore[arg-type]
    )
    assert done.success


def followers(rows: Rows) -> dict[str, int]:
    found = rows("core", "fct_account_day", "snapshot_date")
    return {row["snapshot_date"].isoformat(): row["follower_count"] for row in found}


@pytest.mark.slow
def test_a_partition_is_rebuilt_by_itself_and_a_range_in_one_run(
    dbt: DbtInProcess, warehouse_client: Client, transform: list[dg.AssetsDefinition], rows: Rows
) -> None:
    raw = dbt.warehouse.database("raw")
    create_raw(warehouse_client, raw)

    def read(number: int, count: int) -> None:
        warehouse_client.command(
            f"DELETE FROM {raw}.tiktok__users WHERE snapshot_date = '{day(number)}'"
        )
        fill(warehouse_client, f"{raw}.tiktok__users", USERS, [(day(number), "t1", "T", count)])

    for number in (1, 2, 3, 4):
        read(number, number)
    dbt.succeed("seed")
    dbt.succeed("run", "--select", "+fct_account_day", "+dim_account")
    dates = [day(number).isoformat() for number in (1, 2, 3, 4)]
    assert followers(rows) == dict(zip(dates, (1, 2, 3, 4), strict=True))

    # every day was read again, and one partition is asked for
    for number in (1, 2, 3, 4):
        read(number, 10 * number)
    rebuild(transform, partition_key=dates[1])
    assert followers(rows)[dates[1]] == 20
    assert followers(rows)[dates[3]] == 4

    first, last = dates[2], dates[3]
    rebuild(
        transform,
        tags={
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        },
    )
    assert followers(rows)[first] == 30
    assert followers(rows)[last] == 40


def test_a_backfill_is_one_run_and_runs_of_models_stand_in_line() -> None:
    for step in transform_assets():
        assert step.backfill_policy == dg.BackfillPolicy.single_run()
        assert {definition.pool for definition in step.node_def.iterate_node_defs()} == {"dbt"}
        assert isinstance(step.partitions_def, dg.DailyPartitionsDefinition)
