"""TikTok's source against the sandbox into a real warehouse: every table, twice, day after day."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import httpx
import needed_calls
import numpy as np
import pytest
from ingestion_environment import Ingestion, serve

from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.runner import stamped
from ingestion.sandbox.history.tiktok import TABLES
from ingestion.sandbox.world import World

SEED, CREATORS, DAYS, LAST_DAY = 8, 24, 75, date(2026, 11, 20)
"""A world in which videos are deleted in the last week, and an account is away for a while."""
WORLD = ("--seed", SEED, "--creators", CREATORS, "--days", DAYS, "--end-date", LAST_DAY)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from serve(*map(str, WORLD))


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED, CREATORS, DAYS, LAST_DAY)


@pytest.fixture
def tiktok(make_ingestion: Callable[..., Ingestion], url: str) -> Ingestion:
    return make_ingestion(url, *map(str, WORLD))


def landed(ingestion: Ingestion) -> dict[str, list[tuple[object, ...]]]:
    return {table: ingestion.rows(f"tiktok__{table}") for table in TABLES}


def test_every_table_lands_and_a_second_run_adds_nothing(tiktok: Ingestion, world: World) -> None:
    days = [LAST_DAY - timedelta(days=n) for n in (2, 1, 0)]
    failures = tiktok.load("tiktok", *days).outcomes.failures
    away = {
        (str(block.account_id[account]), block.first_day + timedelta(days=int(day)))
        for block in world.blocks("tiktok")
        for account, day in zip(*np.nonzero(~block.available), strict=True)
        if block.first_day + timedelta(days=int(day)) in days
    }
    assert {(failure.account_id, failure.snapshot_date) for failure in failures} == away
    first = landed(tiktok)
    assert all(first[table] for table in TABLES if table != "video_refresh")
    tiktok.load("tiktok", *days)
    assert landed(tiktok) == first


def test_history_in_bulk_is_what_daily_runs_land(tiktok: Ingestion, world: World) -> None:
    days = [LAST_DAY - timedelta(days=n) for n in range(7, 0, -1)]
    runs = (days[:3], days[3:4], days[4:])
    for run in runs:
        tiktok.load("tiktok", *run)
    by_runs, raw = landed(tiktok), tiktok.warehouse.database("raw")
    start, end = world.days - 1 - len(days), world.days - 1
    context = Context(world, tiktok.settings(), start)
    for table, make_rows in TABLES.items():
        name = f"{raw}.tiktok__{table}"
        tiktok.client.command(f"TRUNCATE TABLE {name}")
        for block in world.blocks("tiktok"):
            rows = stamped(make_rows(block, context, start, end))
            tiktok.client.insert_arrow(name, rows)
        assert tiktok.rows(f"tiktok__{table}") == by_runs[table], table
    gone_on = {row[0] for row in by_runs["video_refresh"]}
    assert gone_on & set(runs[0]), "nothing is compared within a run"
    assert gone_on & {run[0] for run in runs}, "nothing is compared from run to run"


def test_a_day_asks_for_no_more_than_it_needs(tiktok: Ingestion, url: str, world: World) -> None:
    day = LAST_DAY - timedelta(days=5)
    tiktok.load("tiktok", day - timedelta(days=1))
    httpx.delete(f"{url}/sandbox/calls")
    tiktok.load("tiktok", day)
    expected = needed_calls.of_tiktok(world, day)
    assert expected["POST /tiktok/v2/video/query/"] == 1
    assert httpx.get(f"{url}/sandbox/calls").json() == expected


def test_a_backfill_of_a_year_keeps_to_what_the_platform_answers_for(tiktok: Ingestion) -> None:
    result = tiktok.load("tiktok", LAST_DAY, insights_backfill_days=365)
    assert result.outcomes.failures == []
    days = tiktok.query(
        "SELECT DISTINCT min(date), max(date), uniqExact(date) "
        "FROM {raw}.tiktok__account_insights GROUP BY account_id"
    )
    assert days == [(LAST_DAY - timedelta(days=60), LAST_DAY - timedelta(days=1), 60)]
    accounts = "SELECT uniqExact(account_id) FROM {raw}.tiktok__account_insights"
    assert tiktok.query(accounts) == tiktok.query("SELECT count() FROM {raw}.tiktok__users")


def test_a_dead_token_is_renewed_and_the_next_one_kept(
    make_ingestion: Callable[..., Ingestion], tiktok: Ingestion
) -> None:
    """Every renewal kills the refresh token before, so a second run needs those of the first."""
    tiktok.load("tiktok", LAST_DAY)
    whole = landed(tiktok)
    for url in serve(*map(str, WORLD), "--faults", "dead_token:0.05"):
        other = make_ingestion(url, *map(str, WORLD))
        for _ in range(2):
            httpx.delete(f"{url}/sandbox/calls")
            assert other.load("tiktok", LAST_DAY).outcomes.failures == []
            assert landed(other) == whole
            assert httpx.get(f"{url}/sandbox/calls").json()["POST /tiktok/v2/oauth/token/"] > 0


def test_a_dead_metric_costs_itself_alone(
    make_ingestion: Callable[..., Ingestion], tiktok: Ingestion
) -> None:
    tiktok.load("tiktok", LAST_DAY)
    for url in serve(*map(str, WORLD), "--faults", "dead_metric:0.3"):
        other = make_ingestion(url, *map(str, WORLD))
        assert other.load("tiktok", LAST_DAY).outcomes.failures == []
        dead = {
            metric
            for (metric,) in other.query(
                "SELECT DISTINCT metric FROM {ops}.metric_availability "
                "WHERE reason = 'not_supported'"
            )
        }
        assert dead
        for table in ("account_insights", "audience", "video_insights"):
            expected = [row for row in tiktok.rows(f"tiktok__{table}") if row[3] not in dead]
            assert expected
            assert other.rows(f"tiktok__{table}") == expected


def test_a_video_that_vanished_meanwhile_costs_its_comments_alone(
    make_ingestion: Callable[..., Ingestion], tiktok: Ingestion
) -> None:
    tiktok.load("tiktok", LAST_DAY)
    videos = "SELECT uniqExact(video_id) FROM {raw}.tiktok__comments"
    for url in serve(*map(str, WORLD), "--faults", "gone_object:0.3"):
        other = make_ingestion(url, *map(str, WORLD))
        assert other.load("tiktok", LAST_DAY).outcomes.failures == []
        kept, all_of_them = other.query(videos)[0][0], tiktok.query(videos)[0][0]
        assert 0 < kept < all_of_them
        skipped = other.query(
            "SELECT DISTINCT stream, error_class FROM {ops}.ingestion_outcome "
            "WHERE status = 'skipped'"
        )
        assert skipped == [("tiktok__comments", "40007")]
