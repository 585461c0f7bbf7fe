"""A platform more is a staging folder: core and marts of a copy of the project hold its rows."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from dbt_command import PROJECT, TARGET
from raw_tables import create_raw, day, fill

from orchestration.dbt_platforms import TIME_ZONES, platforms_macro
from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect

STAGING = Path(__file__).parents[1] / "ingestion" / "fifth_platform" / "staging"

Rows = Callable[..., list[dict]]


@pytest.fixture(scope="module")
def built(dbt: DbtInProcess, tmp_path_factory: pytest.TempPathFactory) -> DbtInProcess:
    """The project with the folder and the list of platforms that is made from the registry."""
    folder = tmp_path_factory.mktemp("fifth")
    project = shutil.copytree(PROJECT, folder / "dbt_project", ignore=TARGET)
    shutil.copytree(STAGING, project / "models" / "staging" / "chirper")
    macros = platforms_macro({**TIME_ZONES, "chirper": "UTC"})
    (project / "macros" / "platforms.sql").write_text(macros)
    with connect(settings=dbt.warehouse) as client:
        land(client, dbt.warehouse.database("raw"))
    copy = DbtInProcess(dbt.warehouse, folder, project)
    # with the unit tests of core: they know nothing of the platforms that there are
    copy.succeed("build", "--exclude", "staging,test_type:unit", "marts,test_type:unit")
    return copy


def land(client: Client, raw: str) -> None:
    """Two days of a user of the fifth platform, and a TikTok account."""
    create_raw(client, raw)
    stamps = "snapshot_date Date, fetched_at DateTime64(6, 'UTC'), user_id String"
    for table, columns in (
        (
            "users",
            "name Nullable(String), created_at Nullable(DateTime64(6, 'UTC')), "
            "follower_count Nullable(Int64)",
        ),
        (
            "chirps",
            "id String, posted_at Nullable(DateTime64(6, 'UTC')), text Nullable(String), "
            "view_count Nullable(Int64), like_count Nullable(Int64)",
        ),
    ):
        client.command(
            f"CREATE OR REPLACE TABLE {raw}.chirper__{table} "
            f"({stamps}, {columns}, extra Nullable(String)) "
            "ENGINE MergeTree ORDER BY (snapshot_date, user_id)"
        )
    client.command(
        f"CREATE OR REPLACE TABLE {raw}.chirper__account_insights AS {raw}.tiktok__account_insights"
    )
    fill(
        client,
        f"{raw}.chirper__account_insights",
        "snapshot_date account_id object_id metric period date value",
        [
            (day(1), "u1", "u1", "views", "day", day(1), 5),
            (day(2), "u1", "u1", "views", "day", day(1), 6),
        ],
    )
    users = [(day(1), "u1", "Ann", 1_000), (day(2), "u1", "Anna", 1_200)]
    fill(client, f"{raw}.chirper__users", "snapshot_date user_id name follower_count", users)
    fill(
        client,
        f"{raw}.chirper__chirps",
        "snapshot_date user_id id text view_count like_count",
        [
            (day(1), "u1", "1", "hi", 10, 1),
            (day(2), "u1", "1", "hi there", 20, 3),
            (day(2), "u1", "2", "ho", 7, None),
        ],
    )
    fill(
        client,
        f"{raw}.tiktok__users",
        "snapshot_date open_id username follower_count",
        [(day(2), "t1", "tom", 50)],
    )


@pytest.mark.usefixtures("built")
def test_core_holds_its_rows(rows: Rows) -> None:
    accounts = rows("core", "dim_account", "account_key", "account_key, display_name")
    assert accounts == [
        {"account_key": "chirper:u1", "display_name": "Anna"},
        {"account_key": "tiktok:t1", "display_name": None},
    ]
    posts = rows("core", "dim_post", "post_key", "post_key, title, post_format")
    assert posts == [
        {"post_key": "chirper:1", "title": "hi there", "post_format": "text"},
        {"post_key": "chirper:2", "title": "ho", "post_format": "text"},
    ]
    columns = "post_key, snapshot_date, view_count, comment_count, interaction_count"
    counters = rows("core", "fct_post_day", "post_key, snapshot_date", columns)
    assert [tuple(row.values()) for row in counters] == [
        ("chirper:1", day(1), 10, None, 1),
        ("chirper:1", day(2), 20, None, 3),
        ("chirper:2", day(2), 7, None, None),
    ]
    columns = "account_key, snapshot_date, follower_count, view_count"
    account_days = rows("core", "fct_account_day", "account_key, snapshot_date", columns)
    assert [tuple(row.values()) for row in account_days] == [
        ("chirper:u1", day(1), 1_000, 6),
        ("chirper:u1", day(2), 1_200, None),
        ("tiktok:t1", day(2), 50, None),
    ]


@pytest.mark.usefixtures("built")
def test_marts_hold_its_rows(rows: Rows) -> None:
    columns = "account_key, follower_count, follower_change, post_count, engagement_rate_by_views"
    found = rows("marts", "mart_engagement__account", "account_key", columns)
    assert [tuple(row.values()) for row in found] == [
        ("chirper:u1", 1_200, 200, 2, 3 / 20),
        ("tiktok:t1", 50, None, None, None),
    ]
    columns = "platform, post_format, post_count"
    benchmark = rows("marts", "mart_engagement__benchmark", "post_format", columns)
    assert [tuple(row.values()) for row in benchmark] == [
        ("chirper", "all", 2),
        ("chirper", "text", 2),
    ]
