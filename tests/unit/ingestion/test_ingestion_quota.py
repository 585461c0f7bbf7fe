"""A day's quota is shared by all runs of the day and never exceeded; what usage headers say."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from ingestion.connections.database import Database
from ingestion.connections.schema import quota_use
from ingestion.errors import PlatformError
from ingestion.quota import (
    Bucket,
    DailyLedger,
    Usage,
    next_reset,
    pacific_day,
    project_of,
    usage_of,
    youtube_cost,
    youtube_ledger,
)
from ingestion.settings import IngestionSettings
from warehouse.errors import UnavailableError

NOON = datetime(2026, 11, 22, 20, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Office:
    """A database of its own, and ledgers as separate runs would open them."""

    file: Path
    clock: Clock = field(default_factory=Clock)

    def database(self) -> Database:
        return Database(SecretStr(f"sqlite:///{self.file}"))

    def ledger(self, limit: int = 10_000, project: str = "p", searches: int = 100) -> DailyLedger:
        return DailyLedger(
            "youtube",
            project,
            {
                "default": Bucket(limit, "YOUTUBE_DAILY_UNITS"),
                "search": Bucket(searches, "YOUTUBE_DAILY_SEARCHES"),
            },
            youtube_cost,
            self.database(),
            self.clock,
        )

    def rows(self) -> list[tuple[date, int]]:
        """What the table holds: day and units."""
        with self.database().reading() as connection:
            found = connection.execute(sa.select(quota_use.c.day, quota_use.c.units))
            return sorted((row.day, row.units) for row in found)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "quota.db")


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What is asked of databases meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def book_all(ledger: DailyLedger, bucket: str = "default", units: int = 1) -> int:
    booked = 0
    while True:
        try:
            ledger.book(bucket, units)
        except PlatformError:
            return booked
        booked += units


def test_the_call_beyond_the_limit_is_refused_until_midnight_pacific(office: Office) -> None:
    ledger = office.ledger(limit=3)
    for _ in range(3):
        ledger.book("default", 1)
    with pytest.raises(PlatformError) as refused:
        ledger.book("default", 1)
    assert refused.value.code == "quotaExceeded"
    assert str(refused.value) == (
        "youtube: the quota of 3 units a day (default) is used up until 2026-11-23 08:00 UTC "
        "(midnight Pacific). Run again then, or set YOUTUBE_DAILY_UNITS if the project was granted "
        "more."
    )


@pytest.mark.parametrize("limit", [1, 7, 99, 100, 101, 250, 10_050])
def test_a_limit_is_used_to_its_last_unit(office: Office, limit: int) -> None:
    ledger = office.ledger(limit=limit)
    assert book_all(ledger) == limit
    assert ledger.used()["default"] == limit


def test_units_that_do_not_fit_leave_smaller_ones_their_room(office: Office) -> None:
    ledger = office.ledger(limit=10)
    ledger.book("default", 8)
    with pytest.raises(PlatformError):
        ledger.book("default", 3)
    ledger.book("default", 2)
    assert ledger.used()["default"] == 10


def test_runs_of_one_day_share_the_quota(office: Office) -> None:
    first = office.ledger(limit=1_000)
    for _ in range(700):
        first.book("default", 1)
    first.close()
    second = office.ledger(limit=1_000)
    assert second.used() == {"default": 700, "search": 0}
    assert book_all(second) == 300


def test_closing_gives_back_what_was_not_spent(office: Office) -> None:
    ledger = office.ledger()
    ledger.book("default", 3)
    assert office.rows() == [(TODAY, 100)]
    assert ledger.used()["default"] == 3
    ledger.close()
    ledger.close()
    assert office.rows() == [(TODAY, 3)]
    ledger.book("default", 1)
    assert ledger.used()["default"] == 4


def test_a_killed_run_loses_a_hundredth_at_most(office: Office) -> None:
    office.ledger(limit=5_000).book("default", 1)
    after = office.ledger(limit=5_000)
    assert after.used()["default"] == 50
    assert book_all(after) == 4_950


def test_projects_buckets_and_days_are_apart(office: Office) -> None:
    ledger, other = office.ledger(limit=2, searches=1), office.ledger(limit=2, project="other")
    ledger.book("default", 1)
    other.book("default", 1)
    assert ledger.used() == other.used() == {"default": 1, "search": 0}
    assert book_all(ledger, "search") == 1
    assert book_all(ledger) == 1
    assert book_all(other) == 1
    office.clock.now = next_reset(NOON) - timedelta(seconds=1)
    assert book_all(ledger) == 0
    office.clock.now = next_reset(NOON)
    assert ledger.used() == {"default": 0, "search": 0}
    assert book_all(ledger) == 2


def test_midnight_returns_what_yesterday_did_not_spend(office: Office) -> None:
    ledger = office.ledger()
    ledger.book("default", 5)
    office.clock.now = next_reset(NOON)
    ledger.book("default", 7)
    ledger.close()
    assert office.rows() == [(TODAY, 5), (TODAY + timedelta(days=1), 7)]


def test_no_limit_is_counted_all_the_same(office: Office) -> None:
    ledger = office.ledger(limit=0)
    for _ in range(250):
        ledger.book("default", 50)
    assert ledger.used()["default"] == 12_500


def test_threads_and_runs_together_never_exceed_the_limit(office: Office) -> None:
    ledgers = [office.ledger(limit=2_000) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        booked = sum(pool.map(book_all, ledgers * 2))
    for ledger in ledgers:
        ledger.close()
    assert office.ledger(limit=2_000).used()["default"] == booked
    # A block that another run holds at the end is out of reach for this one, and comes back.
    assert 2_000 - 4 * 20 <= booked <= 2_000


def test_threads_share_a_block(office: Office) -> None:
    ledger = office.ledger(limit=0)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: ledger.book("default", 1), range(8_000)))
    finally:
        sys.setswitchinterval(interval)
    assert ledger.used()["default"] == 8_000


def test_a_call_costs_no_query(office: Office, statements: list[str]) -> None:
    ledger = office.ledger()
    ledger.spend("/youtube/v3/videos")
    statements.clear()
    for _ in range(1_000):
        ledger.spend("/youtube/v3/videos")
    ledger.close()
    assert 0 < len([one for one in statements if one != "COMMIT"]) <= 40


def test_a_path_costs_its_method(office: Office) -> None:
    ledger = office.ledger()
    assert ledger.spend("/youtube/v3/channels") == 1
    assert ledger.spend("/youtube/v3/search") == 1
    assert ledger.spend("/v2/reports") == 0
    assert ledger.used() == {"default": 1, "search": 1}


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        ("/youtube/v3/channels", ("default", 1)),
        ("/behind/a/proxy/youtube/v3/commentThreads", ("default", 1)),
        ("/youtube/v3/videos", ("default", 1)),
        ("/youtube/v3/videos:batchGetStats", ("video_stats", 1)),
        ("/youtube/v3/videos%3AbatchGetStats", ("video_stats", 1)),
        ("/youtube/v3/search", ("search", 1)),
        ("/v2/reports", None),
        ("/token", None),
    ],
)
def test_youtube_has_three_buckets(path: str, cost: tuple[str, int] | None) -> None:
    assert youtube_cost(path) == cost


@pytest.mark.parametrize(
    ("now", "day", "reset"),
    [
        ((2026, 11, 22, 7, 59), date(2026, 11, 21), (2026, 11, 22, 8)),
        ((2026, 11, 22, 8, 0), date(2026, 11, 22), (2026, 11, 23, 8)),
        ((2026, 7, 1, 6, 59), date(2026, 6, 30), (2026, 7, 1, 7)),
        ((2026, 7, 1, 7, 0), date(2026, 7, 1), (2026, 7, 2, 7)),
        # The days on which the clocks change last 23 and 25 hours.
        ((2026, 3, 8, 8, 0), date(2026, 3, 8), (2026, 3, 9, 7)),
        ((2026, 11, 1, 7, 0), date(2026, 11, 1), (2026, 11, 2, 8)),
    ],
)
def test_the_day_ends_at_midnight_pacific(
    now: tuple[int, ...], day: date, reset: tuple[int, ...]
) -> None:
    moment = datetime(*now, tzinfo=UTC)  # type: ignore[arg-type, misc]
    assert pacific_day(moment) == day
    assert next_reset(moment) == datetime(*reset, tzinfo=UTC)  # type: ignore[arg-type, misc]


def test_a_project_does_not_give_its_key_away() -> None:
    name = project_of("AIza-secret")
    assert name == project_of("AIza-secret") != project_of("AIza-other")
    assert len(name) == 12
    assert "AIza" not in name


def test_a_database_that_cannot_keep_it_is_one_line(office: Office) -> None:
    office.ledger().used()
    with sqlite3.connect(office.file) as connection:
        connection.execute("DROP TABLE quota_use")
    with pytest.raises(UnavailableError, match=r"no such table: quota_use.*Check DATABASE_URL"):
        office.ledger().book("default", 1)


def test_a_database_lost_on_the_way_does_not_fail_the_end(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = office.ledger()
    ledger.book("default", 1)
    with sqlite3.connect(office.file) as connection:
        connection.execute("DROP TABLE quota_use")
    ledger.close()
    assert "'default': 99} units stay booked" in caplog.text


def test_the_settings_name_project_and_limits(tmp_path: Path) -> None:
    def ledger(**settings: object) -> DailyLedger:
        url = SecretStr(f"sqlite:///{tmp_path / 'quota.db'}")
        return youtube_ledger(IngestionSettings(database_url=url, **settings))  # type: ignore[arg-type]

    one = ledger(youtube_api_key=SecretStr("one"), youtube_daily_units=2)
    assert book_all(one) == 2
    assert book_all(one, "video_stats", 5_000) == 10_000
    assert book_all(one, "search") == 100
    assert ledger(youtube_api_key=SecretStr("two")).used()["default"] == 0
    by_client = ledger(google_client_id="client")
    by_client.book("default", 1)
    assert by_client.used()["default"] == 1
    with pytest.raises(PlatformError, match="YOUTUBE_DAILY_VIDEO_STATS"):
        one.book("video_stats", 1)


def header(call_count: object, minutes: object) -> str:
    return (
        f'{{"17841": [{{"type": "instagram", "call_count": {call_count}, "total_cputime": 3, '
        f'"total_time": 4, "estimated_time_to_regain_access": {minutes}}}]}}'
    )


@pytest.mark.parametrize(
    ("headers", "usage"),
    [
        ({}, Usage(None, 0)),
        (
            {"X-App-Usage": '{"call_count": 28, "total_time": 25, "total_cputime": 31}'},
            Usage(31, 0),
        ),
        ({"x-app-usage": '{"call_count": 100}'}, Usage(100, 0)),
        ({"X-Business-Use-Case-Usage": header(95, 0)}, Usage(95, 0)),
        ({"X-Business-Use-Case-Usage": header(100, 12)}, Usage(100, 720)),
        (
            {
                "X-App-Usage": '{"call_count": 12}',
                "X-Business-Use-Case-Usage": header(2, 1.5),
            },
            Usage(12, 90),
        ),
        ({"X-App-Usage": "not json"}, Usage(None, 0)),
        ({"X-App-Usage": "[1, 2]"}, Usage(None, 0)),
        ({"X-App-Usage": '{"call_count": "many"}'}, Usage(None, 0)),
        ({"X-Business-Use-Case-Usage": '{"17841": "none", "17842": [3]}'}, Usage(None, 0)),
        ({"X-Business-Use-Case-Usage": header("null", "null")}, Usage(4, 0)),
    ],
)
def test_usage_headers_tell_share_and_wait(headers: dict[str, str], usage: Usage) -> None:
    assert usage_of(headers) == usage


def test_the_longest_wait_of_all_accounts_counts() -> None:
    both: Callable[[int, int], str] = lambda one, two: (  # noqa: E731
        f'{{"1": [{{"estimated_time_to_regain_access": {one}}}],'
        f' "2": [{{"estimated_time_to_regain_access": {two}}}]}}'
    )
    assert usage_of({"X-Business-Use-Case-Usage": both(3, 5)}).wait_seconds == 300
    assert usage_of({"X-Business-Use-Case-Usage": both(5, 3)}).wait_seconds == 300
