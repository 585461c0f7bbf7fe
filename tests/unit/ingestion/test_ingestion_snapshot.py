"""A run over many accounts: which days, in what order, and what one broken account costs."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from ingestion import tiktok, youtube
from ingestion.app import app_source
from ingestion.connections import Connection
from ingestion.http import AccountError, PlatformError
from ingestion.outcomes import Outcomes
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun, snapshot_dates
from ingestion.tables import COUNT, TEXT, Row, snapshot_table
from warehouse.errors import UserError

TODAY = date(2026, 11, 20)
TABLE = snapshot_table("things", "account", "account", {"account": TEXT, "n": COUNT})


def account(number: int) -> Connection:
    return Connection(
        connection_id=f"k{number}",
        creator_id="c",
        platform="youtube",
        account_id=f"a{number:03}",
        handle=f"h{number}",
        connected_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def run() -> SnapshotRun:
    settings = IngestionSettings(_env_file=None, ingestion_concurrency=4, sandbox_clock=False)
    found = SnapshotRun("youtube", youtube.make_client, settings=settings)
    found.accounts = [account(number) for number in range(30)]
    found.dates = [TODAY]
    return found


def rows_of(parts: Iterator[pa.Table]) -> list[Row]:
    return [row for part in parts for row in part.to_pylist()]


def test_today_alone_by_default_and_days_in_order_with_a_sandbox() -> None:
    assert snapshot_dates(None, False, TODAY) == [TODAY]
    earlier = [date(2026, 11, 19), date(2026, 11, 1), date(2026, 11, 19)]
    assert snapshot_dates(earlier, True, TODAY) == [date(2026, 11, 1), date(2026, 11, 19)]


def test_a_day_that_cannot_be_read_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match=r"only 2026-11-20 \(UTC\) can be read"):
        snapshot_dates([date(2026, 11, 19)], False, TODAY)
    with pytest.raises(UserError, match="lies ahead"):
        snapshot_dates([date(2026, 11, 21)], True, TODAY)


def test_rows_keep_the_accounts_order_whatever_finishes_first(run: SnapshotRun) -> None:
    last = threading.Event()

    def read(unit: AccountDay) -> list[Row]:
        # The first account waits for one behind it: order must not come from timing.
        if unit.account.account_id == "a000":
            assert last.wait(30)
        if unit.account.account_id == "a003":
            last.set()
        return [{"account": unit.account.account_id, "n": 1}]

    rows = rows_of(run.read(TABLE, run.account_days(), read))
    assert [row["account"] for row in rows] == [a.account_id for a in run.accounts]
    assert {row["snapshot_date"] for row in rows} == {TODAY}
    assert run.outcomes.summary() == "30 of 30 accounts read whole"


def test_a_broken_account_costs_itself_alone(
    run: SnapshotRun, caplog: pytest.LogCaptureFixture
) -> None:
    def read(unit: AccountDay) -> list[Row]:
        if unit.account.account_id == "a007":
            raise AccountError("youtube: account h7: gone. Reconnect the account.", "gone")
        bad = unit.account.account_id == "a009"
        return [{"account": unit.account.account_id, "n": "many" if bad else 1}]

    with caplog.at_level(logging.WARNING):
        rows = rows_of(run.read(TABLE, run.account_days(), read))
    assert len(rows) == 28
    assert [f.account_id for f in run.outcomes.failures] == ["a007", "a009"]
    assert [record.getMessage() for record in caplog.records] == [
        "youtube: account h7: gone. Reconnect the account. (things of 2026-11-20 skipped)",
        "things.n: 'many' is not a whole number. The platform's answer has changed shape. "
        "(things of 2026-11-20 skipped)",
    ]
    run.outcomes.raise_if_unusable()
    assert run.outcomes.summary().startswith("28 of 30 accounts read whole; 2 not, e.g. youtube")


def test_all_accounts_broken_is_an_error(run: SnapshotRun) -> None:
    def read(_: AccountDay) -> list[Row]:
        raise AccountError("youtube: account h: gone.", "gone")

    assert rows_of(run.read(TABLE, run.account_days(), read)) == []
    with pytest.raises(UserError, match="none of 30 accounts could be read; the first: youtube"):
        run.outcomes.raise_if_unusable()


def test_what_stops_the_platform_is_raised_at_once_or_after_what_was_read(run: SnapshotRun) -> None:
    def read_none(_: AccountDay) -> list[Row]:
        raise PlatformError("youtube: wrong key.", "keyInvalid")

    with pytest.raises(PlatformError):
        rows_of(run.read(TABLE, run.account_days(), read_none))

    run.outcomes = Outcomes()

    def read_some(unit: AccountDay) -> list[Row]:
        if unit.account.account_id > "a010":
            raise PlatformError("youtube: quota used up.", "quotaExceeded")
        return [{"account": unit.account.account_id, "n": 1}]

    assert len(rows_of(run.read(TABLE, run.account_days(), read_some))) == 11
    with pytest.raises(PlatformError, match="quota used up"):
        run.outcomes.raise_if_unusable()


def test_a_bug_is_no_broken_account(run: SnapshotRun) -> None:
    def read(_: AccountDay) -> list[Row]:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        rows_of(run.read(TABLE, run.account_days(), read))


def test_sources_are_made_without_environment_or_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IngestionSettings, "__init__", lambda *_: pytest.fail("settings read"))
    assert list(tiktok.tiktok_source().resources) == ["users", "videos"]
    assert list(youtube.youtube_source([TODAY]).resources) == [
        "channels",
        "playlist_items",
        "videos",
        "comment_threads",
    ]
    assert list(app_source().resources) == ["creators", "connections"]


def test_the_sandbox_clock_is_a_header_for_a_sandbox_alone(run: SnapshotRun) -> None:
    assert run.clock(TODAY) == {}
    run.settings.sandbox_clock = True
    assert run.clock(TODAY) == {"X-Sandbox-Date": "2026-11-20"}
