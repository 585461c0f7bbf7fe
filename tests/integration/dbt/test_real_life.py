"""What happens to real data, from raw to the marts: each case has an account of its own, its rows
written by hand (real_life_cases) and the rows that core and the marts then hold.

The warehouse is built whole from what was read on days 1 to 4. Then come, each with its run as in
production, days 5 and 6, day 2 for an account that had been missed, and day 30.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client
from raw_tables import create_raw, day
from real_life_cases import FIRST, RUNS, land

from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

Read = Callable[[str, str, str], list[tuple[Any, ...]]]


def at(month: int, number: int, hour: int) -> datetime:
    """A moment (UTC) of 2026."""
    return datetime(2026, month, number, hour, tzinfo=UTC)


FIGURES = (
    "follower_count, follower_tier, post_count, view_count, interaction_count, "
    "engagement_rate_by_views, engagement_rate_by_followers"
)


@pytest.fixture(scope="module")
def built(dbt: DbtInProcess) -> DbtInProcess:
    """The warehouse after all runs."""
    raw = dbt.warehouse.database("raw")
    with connect(settings=dbt.warehouse) as client:
        create_raw(client, raw)
        land(client, raw, FIRST)
        dbt.succeed("seed")
        dbt.succeed("run")
        for stage, (first, last) in RUNS.items():
            land(client, raw, stage)
            window = {"start_date": day(first).isoformat(), "end_date": day(last).isoformat()}
            dbt.succeed("run", "--exclude", "staging", variables=window)
    return dbt


def in_utc(value: Any) -> Any:
    """A moment with its zone, which the client leaves out; anything else as it is."""
    is_moment = isinstance(value, datetime) and value.tzinfo is None
    return value.replace(tzinfo=UTC) if is_moment else value


@pytest.fixture
def read(built: DbtInProcess, warehouse_client: Client) -> Read:
    """Rows of an account: ``read("core.dim_post", "tiktok:a", "post_key")``, in their order."""

    def rows(table: str, account: str, columns: str) -> list[tuple[Any, ...]]:
        layer, name = table.split(".")
        found = warehouse_client.query(
            f"SELECT {columns} FROM {built.warehouse.database(layer)}.{name} "
            "WHERE account_key = %(account)s ORDER BY ALL",
            parameters={"account": account},
        )
        return [tuple(in_utc(value) for value in row) for row in found.result_rows]

    return rows


def test_the_latest_reading_of_a_day_holds_however_late_it_comes(read: Read) -> None:
    assert read(
        "core.fct_account_day",
        "tiktok:restated",
        "snapshot_date, reach_count, insights_snapshot_date",
    ) == [
        (day(1), 100, day(4)),
        (day(2), 99, day(30)),
        (day(3), 80, day(5)),
        (day(4), 40, day(5)),
        (day(5), None, None),
        (day(30), None, None),
    ]
    marts = "marts.mart_engagement__account_day"
    assert read(marts, "tiktok:restated", "snapshot_date, reach_count")[:4] == [
        (day(1), 100),
        (day(2), 99),
        (day(3), 80),
        (day(4), 40),
    ]
    growth = "marts.mart_growth__account_day"
    assert read(growth, "tiktok:restated", "snapshot_date, gained_follower_count")[2] == (day(3), 9)


def test_days_without_a_reading_are_filled_and_flagged_and_are_no_day_of_a_delta(
    read: Read,
) -> None:
    assert read("core.fct_account_day", "tiktok:gap", "snapshot_date, follower_count") == [
        (day(1), 100),
        (day(2), 200),
        (day(5), 230),
    ]
    assert read(
        "marts.mart_growth__account_day",
        "tiktok:gap",
        "snapshot_date, follower_count, follower_change, is_filled, has_gap_before",
    ) == [
        (day(1), 100, None, False, True),
        (day(2), 200, 100, False, False),
        (day(3), 210, 10, True, False),
        (day(4), 220, 10, True, False),
        (day(5), 230, 10, False, False),
    ]
    assert read("core.fct_post_day", "tiktok:gap", "snapshot_date, delta_days, view_delta") == [
        (day(2), 2, 50),
        (day(5), 3, 30),
    ]
    # three days' views are not those of the day
    assert read(
        "marts.mart_engagement__account_day",
        "tiktok:gap",
        "snapshot_date, view_count, day_view_count",
    ) == [(day(1), None, None), (day(2), 50, None), (day(5), 80, None)]


def test_a_day_that_comes_late_changes_the_days_after_it(read: Read) -> None:
    assert read("core.fct_post_day", "tiktok:missed", "snapshot_date, delta_days, view_delta") == [
        (day(1), 1, 10),
        (day(2), 1, 16),
        (day(3), 1, 4),
    ]
    assert read(
        "marts.mart_growth__account_day",
        "tiktok:missed",
        "snapshot_date, follower_count, follower_change, is_filled",
    ) == [
        (day(1), 100, None, False),
        (day(2), 250, 150, False),
        (day(3), 300, 50, False),
    ]


def test_a_deleted_post_keeps_its_days_and_counts_on_none_after(read: Read) -> None:
    assert read("core.fct_post_day", "tiktok:deleted", "post_key, snapshot_date, view_count") == [
        ("tiktok:d1", day(1), 10),
        ("tiktok:d1", day(2), 12),
        ("tiktok:d1", day(3), 15),
        ("tiktok:d2", day(1), 70),
        ("tiktok:d2", day(2), 75),
    ]
    assert read("core.dim_post", "tiktok:deleted", "post_key, last_snapshot_date") == [
        ("tiktok:d1", day(3)),
        ("tiktok:d2", day(2)),
    ]
    assert read(
        "marts.mart_engagement__post", "tiktok:deleted", "post_key, is_listed, view_count"
    ) == [("tiktok:d1", True, 15), ("tiktok:d2", False, 75)]
    assert read(
        "marts.mart_engagement__account_day",
        "tiktok:deleted",
        "snapshot_date, post_count, view_count, day_view_count",
    ) == [(day(1), 2, 80, 80), (day(2), 2, 87, 7), (day(3), 1, 15, 3)]


def test_a_renamed_account_is_one_account_with_its_present_name_and_a_history(read: Read) -> None:
    account = "instagram:renamed"
    long_ago = date(2026, 1, 10)
    assert read("core.dim_account", account, "handle, first_snapshot_date") == [
        ("newest", long_ago)
    ]
    assert read(
        "core.dim_account_history", account, "valid_from_date, valid_to_date, is_current, handle"
    ) == [
        (long_ago, day(2), False, "old"),
        (day(3), day(4), False, "new"),
        (day(5), None, True, "newest"),
    ]
    for mart in (
        "mart_engagement__account_day",
        "mart_growth__account_day",
        "mart_audience__account_day",
        "mart_insurance__account_exposure",
        "mart_fraud__account_day",
    ):
        labels = read(f"marts.{mart}", account, "snapshot_date, handle")
        assert {handle for _, handle in labels} == {"newest"}, mart
        assert [on for on, _ in labels][:6] == [long_ago, *map(day, (1, 2, 3, 4, 5))], mart


def test_a_counter_that_falls_is_kept_and_flagged(read: Read) -> None:
    assert read(
        "core.fct_post_day",
        "youtube:purged",
        "snapshot_date, view_count, view_delta, like_delta, has_negative_delta",
    ) == [
        (day(1), 1_000, None, None, False),
        (day(2), 1_200, 200, 20, False),
        (day(3), 900, -300, 0, True),
    ]
    assert read(
        "core.fct_account_post_day", "youtube:purged", "snapshot_date, negative_delta_post_count"
    ) == [(day(1), 0), (day(2), 0), (day(3), 1)]
    assert read(
        "marts.mart_engagement__account_day",
        "youtube:purged",
        "snapshot_date, follower_change, day_view_count",
    ) == [(day(1), None, None), (day(2), 20, 200), (day(3), -70, -300)]


def test_a_load_that_came_twice_counts_once_and_the_later_holds(read: Read) -> None:
    assert read("core.fct_account_day", "tiktok:twice", "snapshot_date, follower_count") == [
        (day(1), 100),
        (day(2), 200),
        (day(3), 290),
    ]
    assert read(
        "core.fct_post_day", "tiktok:twice", "snapshot_date, view_count, view_delta, like_count"
    ) == [(day(1), 10, 10, 1), (day(2), 20, 10, 2), (day(3), 33, 13, 3)]
    assert read(
        "marts.mart_engagement__account_day",
        "tiktok:twice",
        "snapshot_date, post_count, view_count, interaction_count, engagement_rate_by_views",
    ) == [(day(1), 1, 10, 1, 0.1), (day(2), 1, 20, 2, 0.1), (day(3), 1, 33, 3, 3 / 33)]


def test_a_post_on_two_days_is_one_post_with_two_readings(read: Read) -> None:
    assert read(
        "core.fct_post_day",
        "facebook:two_days",
        "post_key, snapshot_date, view_count, view_delta, interaction_count, interaction_delta",
    ) == [
        ("facebook:f1", day(1), 30, 30, 5, 5),
        ("facebook:f1", day(2), 55, 25, 11, 6),
    ]
    assert read("core.dim_post", "facebook:two_days", "post_key") == [("facebook:f1",)]
    assert read("core.fct_post_milestone", "facebook:two_days", "age_days, view_count") == [(1, 55)]
    assert read(
        "marts.mart_engagement__post",
        "facebook:two_days",
        "post_key, snapshot_date, view_count, interaction_count, day_1_view_count, is_listed",
    ) == [("facebook:f1", day(2), 55, 11, 55, True)]


def test_a_platforms_day_has_its_bounds_in_utc_and_leads_back_to_itself(
    read: Read, dbt: DbtInProcess, warehouse_client: Client
) -> None:
    measured = "snapshot_date, day_start_at, day_end_at, reach_count"
    found = read("core.fct_account_day", "instagram:zoned", measured)
    assert [row for row in found if row[3] is not None] == [
        (day(7), at(3, 7, 8), at(3, 8, 8), 7),
        (day(8), at(3, 8, 8), at(3, 9, 7), 8),
        (date(2026, 11, 1), at(11, 1, 7), at(11, 2, 8), 1),
        (date(2026, 11, 2), at(11, 2, 8), at(11, 3, 8), 2),
    ]
    assert read("core.fct_account_day", "tiktok:unzoned", measured)[0] == (
        *(day(8), at(3, 8, 0), at(3, 9, 0), 8),
    )
    back = warehouse_client.command(
        f"SELECT count() FROM {dbt.warehouse.database('core')}.fct_account_day "
        "WHERE account_key = 'instagram:zoned' AND ("
        "toDate(day_start_at, 'America/Los_Angeles') != snapshot_date OR "
        "toDate(day_end_at - 1, 'America/Los_Angeles') != snapshot_date)"
    )
    assert back == 0
    # two o'clock did not strike on 8 March
    assert read(
        "core.fct_audience_hour", "instagram:zoned", "hour_at, activity_date, active_follower_count"
    ) == [
        (at(3, 8, 7), day(7), 10),
        (at(3, 8, 9), day(8), 11),
        (at(3, 8, 10), day(8), 12),
        (at(11, 1, 7), date(2026, 11, 1), 20),
        (at(11, 1, 10), date(2026, 11, 1), 21),
    ]


def test_zero_is_a_figure_and_absent_is_none(read: Read) -> None:
    marts = "marts.mart_engagement__account_day"
    # nothing can be divided by it
    assert read(marts, "tiktok:zero", FIGURES) == [(0, "nano", 1, 0, 0, None, None)]
    # the account says that it has no post
    assert read(marts, "tiktok:none", FIGURES) == [(500, "nano", 0, None, None, None, None)]
    # likes are hidden: so what they are part of is not known, and on day 2 nothing of the posts
    assert read(marts, "youtube:hidden", FIGURES) == [
        (None, None, 1, 100, None, None, None),
        (None, None, None, None, None, None, None),
    ]
    assert read(
        "core.fct_post_day", "tiktok:zero", "view_count, view_delta, like_count, has_negative_delta"
    ) == [(0, 0, 0, False)]
    assert read(
        "core.fct_post_day",
        "youtube:hidden",
        "view_count, like_count, comment_count, interaction_count",
    ) == [(100, None, 3, None)]
    growth = "follower_count, follower_growth_rate_7d, follower_change"
    assert read("marts.mart_growth__account_day", "youtube:hidden", growth) == [(None,) * 3] * 2
