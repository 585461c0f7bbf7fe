"""Instagram's source against the sandbox into a real warehouse: every table, twice, day by day."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
from ingestion_environment import WORLD, Ingestion, serve

from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.instagram import TABLES
from ingestion.sandbox.world import World

ACCOUNT_ROUTE = "GET /instagram/v26.0/{node_id}"
LONG_WORLD = ("--creators", "2", "--days", "380", "--seed", "11")


def world(today: date, *arguments: str) -> World:
    options = dict(zip(arguments[::2], map(int, arguments[1::2]), strict=True))
    return World(options["--seed"], options["--creators"], options["--days"], today)


@pytest.fixture
def peers(today: date) -> str:
    handles = [a.handle for a in world(today, *WORLD).accounts() if a.platform == "instagram"]
    return f"{handles[0]}, {handles[1]},nobody.has.this.name"


def calls(ingestion: Ingestion) -> dict[str, int]:
    with urllib.request.urlopen(f"{ingestion.url}/sandbox/calls") as answer:
        found: dict[str, int] = json.load(answer)
    return {name: n for name, n in found.items() if "/instagram/" in name}


def forget_calls(ingestion: Ingestion) -> None:
    request = urllib.request.Request(f"{ingestion.url}/sandbox/calls", method="DELETE")
    urllib.request.urlopen(request).close()


def landed(ingestion: Ingestion) -> dict[str, list[tuple[object, ...]]]:
    return {table: ingestion.rows(f"instagram__{table}") for table in TABLES}


def test_every_table_lands_and_a_second_run_adds_nothing(
    ingestion: Ingestion, three_days: list[date], peers: str
) -> None:
    result = ingestion.load("instagram", *three_days, instagram_peers=peers)
    assert result.outcomes.failures == []
    first = landed(ingestion)
    assert all(first.values()), {table: len(rows) for table, rows in first.items()}
    ingestion.load("instagram", *three_days, instagram_peers=peers)
    assert landed(ingestion) == first


def test_the_history_in_bulk_says_what_daily_runs_land(
    ingestion: Ingestion, today: date, peers: str
) -> None:
    days = [today - timedelta(days=n) for n in range(4, -1, -1)]
    ingestion.load("instagram", *days, instagram_peers=peers)
    made = world(today, *WORLD)
    first, last = made.days - len(days), made.days
    settings = ingestion.settings(instagram_peers=peers)
    context = Context(made, settings, first)
    for table, make_rows in TABLES.items():
        rows = [
            row
            for block in made.blocks("instagram")
            for row in comparable(make_rows(block, context, first, last).to_pylist())
        ]
        daily = comparable(read_as_dicts(ingestion, f"instagram__{table}"))
        assert len(rows) == len(daily), table
        assert sorted(rows) == sorted(daily), table


def read_as_dicts(ingestion: Ingestion, table: str) -> list[dict[str, object]]:
    raw = ingestion.warehouse.database("raw")
    found = ingestion.client.query(f"SELECT * EXCEPT (fetched_at, _dlt_load_id) FROM {raw}.{table}")
    return list(found.named_results())


def comparable(rows: list[dict[str, object]]) -> list[str]:
    return [repr(sorted((name, plain(value)) for name, value in row.items())) for row in rows]


def plain(value: object) -> object:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def edge(name: str) -> str:
    return f"{ACCOUNT_ROUTE}/{name}"


def test_a_day_asks_only_for_what_it_needs(ingestion: Ingestion, three_days: list[date]) -> None:
    ingestion.load("instagram", *three_days[:2])
    forget_calls(ingestion)
    ingestion.load("instagram", three_days[2])
    found = calls(ingestion)
    today = f"snapshot_date = '{three_days[2]}'"
    [(accounts,)] = ingestion.query(
        f"SELECT count() FROM {{raw}}.instagram__accounts WHERE {today}"
    )
    [(media, stories, commented)] = ingestion.query(
        "SELECT countIf(media_product_type != 'STORY'), countIf(media_product_type = 'STORY'), "
        "countIf(comments_count > 0 AND is_comment_enabled AND media_product_type != 'STORY') "
        "FROM (SELECT * FROM {raw}.instagram__media "
        "UNION ALL SELECT * FROM {raw}.instagram__stories)"
        f" WHERE {today} AND toDate(timestamp) > snapshot_date - 7"
    )
    [(due,)] = ingestion.query(
        f"SELECT uniqExact(account_id) FROM {{raw}}.instagram__audience WHERE {today}"
    )
    assert 0 < int(str(due)) < int(str(accounts))
    assert found[ACCOUNT_ROUTE] == accounts
    assert found[edge("media")] == found[edge("stories")] == accounts
    assert found[edge("comments")] == commented
    # Reach in one window and three days of totals; the same of followers; who was online.
    of_accounts = int(str(accounts)) * (4 + 4 + 1) + 4 * int(str(due))
    assert found[edge("insights")] == of_accounts + media + stories
    assert edge("replies") not in found
    # The three days that may be restated are asked for, and no more.
    for table in ("account_insights", "follower_changes", "online_followers"):
        assert ingestion.query(
            f"SELECT DISTINCT min(date), max(date) FROM {{raw}}.instagram__{table} "
            f"WHERE {today} GROUP BY account_id"
        ) == [(three_days[2] - timedelta(days=3), three_days[2] - timedelta(days=1))], table


def test_a_year_of_insights_respects_every_window(
    make_ingestion: Callable[..., Ingestion], long_sandbox: str, today: date
) -> None:
    ingestion = make_ingestion(long_sandbox, *LONG_WORLD)
    result = ingestion.load("instagram", today, insights_backfill_days=365)
    assert result.outcomes.failures == []
    spans = (
        "SELECT metric, uniqExact(date), min(date), max(date) FROM {raw}.instagram__%s GROUP BY 1"
    )
    yesterday, year = today - timedelta(days=1), today - timedelta(days=365)
    for metric, days, first, last in ingestion.query(spans % "account_insights"):
        assert (days, first, last) == (365, year, yesterday), metric
    changes = {row[0]: row[1:] for row in ingestion.query(spans % "follower_changes")}
    assert changes["follows_and_unfollows"] == (365, year, yesterday)
    # The platform keeps these two for a month.
    month = (30, today - timedelta(days=30), yesterday)
    assert changes["follower_count"] == month
    assert ingestion.query(spans % "online_followers") == [("online_followers", *month)]
    [(accounts,)] = ingestion.query("SELECT count() FROM {raw}.instagram__accounts")
    [(objects,)] = ingestion.query(
        "SELECT uniqExact(id) FROM (SELECT * FROM {raw}.instagram__media UNION ALL "
        "SELECT * FROM {raw}.instagram__stories) WHERE toDate(timestamp) > snapshot_date - 7"
    )
    of_accounts = (365 + 13) + (365 + 2) + 2 + 4
    assert calls(ingestion)[edge("insights")] == int(str(accounts)) * of_accounts + int(
        str(objects)
    )


@pytest.fixture(scope="module")
def long_sandbox() -> Iterator[str]:
    """The address of a sandbox over a world of more than a year."""
    yield from serve(*LONG_WORLD)


def faulty(
    make_ingestion: Callable[..., Ingestion], today: date, faults: str
) -> Iterator[tuple[Ingestion, list[Exception]]]:
    """An environment that has read one day from a sandbox with faults, and what failed in it."""
    for url in serve(*WORLD, "--faults", faults):
        other = make_ingestion(url, *WORLD)
        result = other.load("instagram", today, request_attempts=8)
        yield other, [failure.error for failure in result.outcomes.failures if failure.error]


def test_broken_answers_and_dead_tokens_cost_nothing_but_time(
    make_ingestion: Callable[..., Ingestion], ingestion: Ingestion, today: date
) -> None:
    ingestion.load("instagram", today)
    faults = (
        "server_error:0.1,truncated_body:0.1,reset_connection:0.05,dead_token:0.02,throttle:0.005"
    )
    for other, failures in faulty(make_ingestion, today, faults):
        assert failures == []
        assert landed(other) == landed(ingestion)


def test_a_dead_metric_costs_its_own_rows_and_is_told(
    make_ingestion: Callable[..., Ingestion], ingestion: Ingestion, today: date
) -> None:
    ingestion.load("instagram", today)
    for other, failures in faulty(make_ingestion, today, "dead_metric:0.3"):
        assert failures == []
        refused = other.query(
            "SELECT DISTINCT metric FROM {ops}.metric_availability WHERE reason = 'not_supported'"
        )
        dead = {row[0] for row in refused}
        assert dead
        left = landed(other)
        for table, rows in landed(ingestion).items():
            is_long = "insights" in table or table in {
                "follower_changes",
                "audience",
                "online_followers",
            }
            assert left[table] == ([r for r in rows if r[3] not in dead] if is_long else rows)


def test_what_vanishes_between_list_and_call_is_skipped_and_told(
    make_ingestion: Callable[..., Ingestion], ingestion: Ingestion, today: date
) -> None:
    ingestion.load("instagram", today)
    for other, failures in faulty(make_ingestion, today, "gone_object:0.4"):
        assert failures == []
        whole, left = landed(ingestion), landed(other)
        of_objects = {"comments", "media_insights", "story_insights"}
        for table in TABLES:
            if table not in of_objects:
                assert left[table] == whole[table]
        for table in ("comments", "media_insights"):
            assert set(left[table]) < set(whole[table])
            assert other.query(
                "SELECT count() > 0 FROM {ops}.ingestion_outcome "
                f"WHERE stream = 'instagram__{table}' AND status = 'skipped' "
                "AND error_class = '100/33'"
            ) == [(True,)]
