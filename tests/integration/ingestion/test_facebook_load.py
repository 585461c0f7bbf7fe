"""Facebook's source against the sandbox into a real warehouse: every table, twice, day by day."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from math import ceil

import httpx
import numpy as np
import pytest
from ingestion_environment import Ingestion, serve

from ingestion.sandbox import facebook_numbers as numbers
from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.facebook import TABLES
from ingestion.sandbox.history.runner import stamped
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import Bools, PlatformBlock

SEED, CREATORS, DAYS, LAST_DAY = 3, 24, 75, date(2026, 11, 20)
"""A world in which pages cannot be read on some days."""
WORLD = ("--seed", SEED, "--creators", CREATORS, "--days", DAYS, "--end-date", LAST_DAY)
INSIGHTS = ("page_insights", "post_insights", "video_insights")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from serve(*map(str, WORLD))


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED, CREATORS, DAYS, LAST_DAY)


@pytest.fixture
def facebook(make_ingestion: Callable[..., Ingestion], url: str) -> Ingestion:
    return make_ingestion(url, *map(str, WORLD))


def landed(ingestion: Ingestion) -> dict[str, list[tuple[object, ...]]]:
    return {table: ingestion.rows(f"facebook__{table}") for table in TABLES}


def away(world: World, days: list[date]) -> set[tuple[str, date]]:
    """Pages that cannot be read, and when."""
    return {
        (str(block.account_id[account]), day)
        for block in world.blocks("facebook")
        for day in days
        for account in np.flatnonzero(~block.available[:, block.day_index(day)])
    }


def latest_days(world: World, count: int, has_away: bool) -> list[date]:
    """The last days in a row of the world's on which some page, or none, cannot be read."""
    for back in range(DAYS - count):
        days = [LAST_DAY - timedelta(days=back + n) for n in range(count - 1, -1, -1)]
        if bool(away(world, days)) == has_away:
            return days
    raise AssertionError("the world has no such days: take another seed")


def test_every_table_lands_and_a_second_run_adds_nothing(facebook: Ingestion, world: World) -> None:
    days = latest_days(world, 3, has_away=True)
    failures = facebook.load("facebook", *days).outcomes.failures
    unread = {(failure.account_id, failure.snapshot_date) for failure in failures}
    assert unread == away(world, days)
    first = landed(facebook)
    assert all(first.values())
    facebook.load("facebook", *days)
    assert landed(facebook) == first


def test_every_key_lands_once(facebook: Ingestion) -> None:
    facebook.load("facebook", LAST_DAY - timedelta(days=1), LAST_DAY)
    long = "account_id, object_id, metric, period, breakdown, segment, date"
    keys = {
        "pages": "id",
        "posts": "id",
        "videos": "id",
        "comments": "id",
        "post_reactions": "post_id, reaction_type",
        **dict.fromkeys(INSIGHTS, long),
    }
    assert keys.keys() == TABLES.keys()
    for table, key in keys.items():
        found = facebook.query(
            f"SELECT count() > 0, count() = uniqExact(snapshot_date, {key}) "
            f"FROM {{raw}}.facebook__{table}"
        )
        assert found == [(True, True)], table
    # A page's number is keyed by when its day ends, too.
    assert facebook.query(
        "SELECT count() = uniqExact(snapshot_date, account_id, metric, period, end_time), "
        "countIf(toDate(end_time) != date + 1) FROM {raw}.facebook__page_insights"
    ) == [(True, 0)]


def test_history_in_bulk_is_what_daily_runs_land(facebook: Ingestion, world: World) -> None:
    """Eight days, the first three in one run and the others each in its own."""
    days = latest_days(world, 8, has_away=True)
    facebook.load("facebook", *days[:3])
    for day in days[3:]:
        facebook.load("facebook", day)
    by_runs, raw = landed(facebook), facebook.warehouse.database("raw")
    start = (days[0] - world.first_day).days
    context = Context(world, facebook.settings(), start)
    for table, make_rows in TABLES.items():
        name = f"{raw}.facebook__{table}"
        facebook.client.command(f"TRUNCATE TABLE {name}")
        for block in world.blocks("facebook"):
            rows = stamped(make_rows(block, context, start, start + len(days)))
            facebook.client.insert_arrow(name, rows)
        assert facebook.rows(f"facebook__{table}") == by_runs[table], table


def test_a_day_asks_for_no_more_than_it_needs(facebook: Ingestion, url: str, world: World) -> None:
    before, day = latest_days(world, 2, has_away=False)
    facebook.load("facebook", before)
    httpx.delete(f"{url}/sandbox/calls")
    facebook.load("facebook", day)
    api, expected = "GET /facebook/v26.0", Counter[str]()
    for block in world.blocks("facebook"):
        today = block.day_index(day)
        there = block.visible_posts(today) & numbers.is_listed(block)
        new = there & (block.post_created >= block.end_of(today - 7))
        is_reel, is_video = block.post_format == "reel", block.post_format == "video"
        said = new & (block.post_comments[:, today] > 0)
        expected[f"{api}/{{page}}"] += block.account_id.size
        expected[f"{api}/{{page}}/published_posts"] += _pages(block, there)
        expected[f"{api}/{{page}}/videos"] += _pages(block, there & is_video)
        expected[f"{api}/{{page}}/video_reels"] += _pages(block, there & is_reel)
        expected[f"{api}/{{node}}/insights"] += block.account_id.size + int((new & ~is_reel).sum())
        expected[f"{api}/{{video}}/video_insights"] += int((new & (is_reel | is_video)).sum())
        expected[f"{api}/{{post}}/comments"] += int(said.sum())
    assert httpx.get(f"{url}/sandbox/calls").json() == expected


def _pages(block: PlatformBlock, wanted: Bools) -> int:
    """Calls that list the wanted posts of all accounts, 100 at once."""
    counts = (int(wanted[block.posts_of(a)].sum()) for a in range(block.account_id.size))
    return sum(max(1, ceil(count / 100)) for count in counts)


def test_a_day_goes_on_from_the_last_that_was_read(facebook: Ingestion, world: World) -> None:
    first, *_, after_a_gap = latest_days(world, 5, has_away=False)
    for day in (first, first + timedelta(days=1), after_a_gap):
        facebook.load("facebook", day)
    spans = facebook.query(
        "SELECT DISTINCT snapshot_date, min(date), max(date) FROM {raw}.facebook__page_insights "
        "GROUP BY snapshot_date, account_id ORDER BY ALL"
    )
    assert spans == [
        (first, first - timedelta(days=30), first - timedelta(days=1)),
        (first + timedelta(days=1), first - timedelta(days=2), first),
        (after_a_gap, first - timedelta(days=1), after_a_gap - timedelta(days=1)),
    ]


def test_a_backfill_of_a_year_keeps_to_windows_of_90_days(
    facebook: Ingestion, url: str, world: World
) -> None:
    [day] = latest_days(world, 1, has_away=False)
    httpx.delete(f"{url}/sandbox/calls")
    result = facebook.load("facebook", day, insights_backfill_days=365, object_insight_days=0)
    # A longer window would have been refused.
    assert result.outcomes.failures == []
    pages = sum(block.account_id.size for block in world.blocks("facebook"))
    calls = httpx.get(f"{url}/sandbox/calls").json()
    assert calls["GET /facebook/v26.0/{node}/insights"] == 5 * pages
    assert facebook.query(
        "SELECT DISTINCT min(date), max(date), uniqExact(date) FROM {raw}.facebook__page_insights "
        "GROUP BY account_id, metric"
    ) == [(world.first_day, day - timedelta(days=1), (day - world.first_day).days)]


def test_a_dead_metric_costs_itself_alone(
    make_ingestion: Callable[..., Ingestion], facebook: Ingestion, world: World
) -> None:
    [day] = latest_days(world, 1, has_away=False)
    facebook.load("facebook", day)
    for url in serve(*map(str, WORLD), "--faults", "dead_metric:0.3"):
        other = make_ingestion(url, *map(str, WORLD))
        assert other.load("facebook", day).outcomes.failures == []
        dead = {
            metric
            for (metric,) in other.query(
                "SELECT DISTINCT metric FROM {ops}.metric_availability "
                "WHERE reason = 'not_supported'"
            )
        }
        assert dead
        for table in TABLES:
            expected = facebook.rows(f"facebook__{table}")
            if table in INSIGHTS:
                expected = [row for row in expected if row[3] not in dead]
            assert other.rows(f"facebook__{table}") == expected


def test_what_vanishes_between_list_and_call_is_skipped_and_told(
    make_ingestion: Callable[..., Ingestion], facebook: Ingestion, world: World
) -> None:
    [day] = latest_days(world, 1, has_away=False)
    facebook.load("facebook", day)
    for url in serve(*map(str, WORLD), "--faults", "gone_object:0.4"):
        other = make_ingestion(url, *map(str, WORLD))
        assert other.load("facebook", day).outcomes.failures == []
        whole, left = landed(facebook), landed(other)
        for table in ("pages", "posts", "videos", "page_insights"):
            assert left[table] == whole[table]
        for table in ("comments", "post_insights", "video_insights"):
            assert set(left[table]) < set(whole[table])
            assert other.query(
                "SELECT count() > 0 FROM {ops}.ingestion_outcome "
                f"WHERE stream = 'facebook__{table}' AND status = 'skipped' "
                "AND error_class = '100/33'"
            ) == [(True,)]


def test_throttles_and_broken_answers_cost_nothing_but_time(
    make_ingestion: Callable[..., Ingestion], facebook: Ingestion, world: World
) -> None:
    [day] = latest_days(world, 1, has_away=False)
    facebook.load("facebook", day)
    faults = "server_error:0.1,truncated_body:0.1,reset_connection:0.05"
    for url in serve(*map(str, WORLD), "--faults", faults):
        other = make_ingestion(url, *map(str, WORLD))
        result = other.load("facebook", day, request_attempts=8)
        assert result.outcomes.failures == []
        assert landed(other) == landed(facebook)


def test_a_dead_page_token_costs_its_page_alone(
    make_ingestion: Callable[..., Ingestion], facebook: Ingestion, world: World
) -> None:
    [day] = latest_days(world, 1, has_away=False)
    facebook.load("facebook", day)
    for url in serve(*map(str, WORLD), "--faults", "dead_token:0.03"):
        other = make_ingestion(url, *map(str, WORLD))
        failures = other.load("facebook", day).outcomes.failures
        dead = {failure.account_id for failure in failures}
        assert dead
        assert all("Reconnect the account" in str(failure.error) for failure in failures)
        for table, rows in landed(facebook).items():
            place = 1 if table == "pages" or table in INSIGHTS else None
            kept = [row for row in rows if row[place or 1] not in dead]
            found = [row for row in other.rows(f"facebook__{table}") if row[place or 1] not in dead]
            assert kept
            assert found == kept
