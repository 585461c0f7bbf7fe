"""A run over many accounts: which days, in what order, and what one broken account costs."""

import itertools
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest
from scripted_platform import OK, TOY, run_over

from ingestion import snapshot
from ingestion.app import app_source
from ingestion.errors import AccountError, GoneError, PlatformError
from ingestion.http import tally
from ingestion.outcomes import Outcomes
from ingestion.policy import Ledger
from ingestion.registry import PLATFORMS
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun, snapshot_dates
from ingestion.tables import COUNT, TEXT, Row, snapshot_table
from warehouse.errors import UserError

TODAY = date(2026, 11, 20)
TABLE = snapshot_table("things", "account", "account", {"account": TEXT, "n": COUNT})


@pytest.fixture
def run() -> SnapshotRun:
    return run_over(TOY, count=30, days=[TODAY], ingestion_concurrency=4, sandbox_clock=False)[0]


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

    def read(_: SnapshotRun, unit: AccountDay) -> list[Row]:
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
    def read(_: SnapshotRun, unit: AccountDay) -> list[Row]:
        if unit.account.account_id == "a007":
            raise AccountError("toy: account h7: gone. Reconnect the account.", "gone")
        bad = unit.account.account_id == "a009"
        return [{"account": unit.account.account_id, "n": "many" if bad else 1}]

    with caplog.at_level(logging.WARNING):
        rows = rows_of(run.read(TABLE, run.account_days(), read))
    assert len(rows) == 28
    assert [f.account_id for f in run.outcomes.failures] == ["a007", "a009"]
    assert [record.getMessage() for record in caplog.records] == [
        "toy: account h7: gone. Reconnect the account. (things of 2026-11-20 skipped)",
        "things.n: 'many' is not a whole number. The platform's answer has changed shape. "
        "(things of 2026-11-20 skipped)",
    ]
    run.outcomes.raise_if_unusable()
    assert run.outcomes.summary().startswith("28 of 30 accounts read whole; 2 not, e.g. toy")


def test_all_accounts_broken_is_an_error(run: SnapshotRun) -> None:
    def read(_: SnapshotRun, __: AccountDay) -> list[Row]:
        raise AccountError("toy: account h: gone.", "gone")

    assert rows_of(run.read(TABLE, run.account_days(), read)) == []
    with pytest.raises(UserError, match="none of 30 accounts could be read; the first: toy"):
        run.outcomes.raise_if_unusable()


def test_what_stops_the_platform_is_raised_at_once_or_after_what_was_read(run: SnapshotRun) -> None:
    def read_none(_: SnapshotRun, __: AccountDay) -> list[Row]:
        raise PlatformError("toy: wrong key.", "keyInvalid")

    with pytest.raises(PlatformError):
        rows_of(run.read(TABLE, run.account_days(), read_none))

    run.outcomes = Outcomes()

    def read_some(_: SnapshotRun, unit: AccountDay) -> list[Row]:
        if unit.account.account_id > "a010":
            raise PlatformError("toy: quota used up.", "quotaExceeded")
        return [{"account": unit.account.account_id, "n": 1}]

    assert len(rows_of(run.read(TABLE, run.account_days(), read_some))) == 11
    with pytest.raises(PlatformError, match="quota used up"):
        run.outcomes.raise_if_unusable()


@pytest.mark.parametrize("error", [KeyError("secret"), TypeError("secret"), ValueError("secret")])
def test_an_answer_of_another_shape_costs_one_account(run: SnapshotRun, error: Exception) -> None:
    def read(_: SnapshotRun, unit: AccountDay) -> list[Row]:
        if unit.account == run.accounts[0]:
            raise error
        return []

    rows_of(run.read(TABLE, run.account_days(), read))
    failed = run.outcomes.failures
    assert {outcome.account_id for outcome in failed} == {run.accounts[0].account_id}
    said = str(failed[0].error)
    assert f"{type(error).__name__} at test_ingestion_snapshot.py:" in said
    assert "secret" not in said


@pytest.mark.parametrize("name", PLATFORMS)
def test_sources_are_made_without_environment_or_network(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IngestionSettings, "__init__", lambda *_: pytest.fail("settings read"))
    source = PLATFORMS[name].source([TODAY])
    assert source.name == name
    assert len(source.resources) > 1


def test_our_own_tables_are_made_without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IngestionSettings, "__init__", lambda *_: pytest.fail("settings read"))
    assert list(app_source().resources) == ["creators", "connections"]


def test_days_are_read_one_after_the_other_and_each_goes_on_from_the_last() -> None:
    days = [TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=4)]
    run, _ = run_over(TOY, count=12, days=days, ingestion_concurrency=8)
    seen: list[tuple[date, str, date | None]] = []
    going = set[date]()

    def read(_: SnapshotRun, unit: AccountDay) -> list[Row]:
        going.add(unit.day)
        seen.append((unit.day, unit.account.account_id, unit.previous))
        assert max(going) == unit.day, "an earlier day is read after a later one"
        if unit.account.account_id == "a003" and unit.day == days[1]:
            raise AccountError("toy: account h3: no.", "no")
        return [{"account": unit.account.account_id, "n": 1}]

    assert len(rows_of(run.read(TABLE, run.account_days(), read))) == 35
    previous = {(day, account): before for day, account, before in seen}
    assert previous[days[0], "a000"] is None
    assert previous[days[1], "a000"] == days[0]
    assert previous[days[2], "a000"] == days[1]
    # A day that failed is gone over again by the next.
    assert previous[days[2], "a003"] == days[0]


def test_one_account_of_a_hundred_costs_itself_alone() -> None:
    run, _ = run_over(TOY, count=100)

    def read(_: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
        rows = [{"account": unit.account.account_id, "n": n} for n in range(3)]
        if unit.account.account_id == "a050":
            # It breaks on its last page: what was read before is not kept.
            raise AccountError("toy: account h50: no.", "no")
        return rows

    rows = rows_of(run.read(TABLE, run.account_days(), read))
    assert len(rows) == 99 * 3
    assert "a050" not in {row["account"] for row in rows}
    statuses = [outcome.status for outcome in run.outcomes.all]
    assert (statuses.count("ok"), statuses.count("failed")) == (99, 1)


def test_what_reading_costs_is_each_accounts_own() -> None:
    run, network = run_over(TOY, OK, count=20)

    def read(run: SnapshotRun, unit: AccountDay) -> list[Row]:
        number = int(unit.account.account_id[1:])
        for _ in range(number):
            run.call(unit, "/things")
            tally().pages += 1
        return []

    rows_of(run.read(TABLE, run.account_days(), read))
    costs = {o.account_id: (o.call_count, o.page_count) for o in run.outcomes.all}
    assert costs == {f"a{n:03}": (n, n) for n in range(20)}
    assert len(network.requests) == sum(range(20))


def test_skipped_objects_are_told_once_for_each_code() -> None:
    run, _ = run_over(TOY)

    def read(run: SnapshotRun, unit: AccountDay) -> list[Row]:
        for code in ("gone", "gone", "no_viewers"):
            run.skip(GoneError(f"toy: {code}.", code))
        return [{"account": unit.account.account_id, "n": 1}]

    assert len(rows_of(run.read(TABLE, run.account_days(), read))) == 1
    told = [(o.status, str(o.error or "")) for o in run.outcomes.all]
    assert told == [
        ("ok", ""),
        ("skipped", "toy: gone. (2 objects)"),
        ("skipped", "toy: no_viewers."),
    ]


def test_many_accounts_in_one_call_are_kept_one_by_one() -> None:
    run, network = run_over(TOY, OK, count=5)

    def read(run: SnapshotRun, units: Sequence[AccountDay]) -> dict[str, list[Row] | AccountError]:
        run.call(units[0], "/things")
        found: dict[str, list[Row] | AccountError] = {
            unit.account.account_id: [{"account": unit.account.account_id, "n": 1}]
            for unit in units
        }
        if "a003" in found:
            found["a003"] = AccountError("toy: account h3: gone.", "gone")
        return found

    rows = rows_of(iter(list(run.stream_of_many(TABLE, 2, read))))
    assert [row["account"] for row in rows] == ["a000", "a001", "a002", "a004"]
    assert len(network.requests) == 3
    assert [o.call_count for o in run.outcomes.all] == [1, 0, 1, 0, 1]
    assert [o.status for o in run.outcomes.all] == ["ok", "ok", "ok", "failed", "ok"]


def test_a_call_for_many_that_fails_is_every_accounts_failure() -> None:
    run, _ = run_over(TOY, count=3)

    def read(_: SnapshotRun, __: Sequence[AccountDay]) -> dict[str, list[Row]]:
        raise AccountError("toy: no.", "no")

    assert rows_of(iter(list(run.stream_of_many(TABLE, 2, read)))) == []
    assert [o.status for o in run.outcomes.all] == ["failed"] * 3


def test_no_more_accounts_are_read_at_once_than_set_whatever_streams_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot, "CHUNK_ROWS", 1)
    run, _ = run_over(TOY, count=40, ingestion_concurrency=3)
    going, most, lock = 0, 0, threading.Lock()

    def read(_: SnapshotRun, unit: AccountDay) -> list[Row]:
        nonlocal going, most
        with lock:
            going += 1
            most = max(most, going)
        threading.Event().wait(0.002)
        with lock:
            going -= 1
        return [{"account": unit.account.account_id, "n": 1}]

    streams = [run.read(TABLE, run.account_days(), read) for _ in range(4)]
    # dlt asks several streams in turn.
    parts = [part for turn in itertools.zip_longest(*streams) for part in turn if part is not None]
    run.outcomes.close()
    assert sum(part.num_rows for part in parts) == 160
    assert most == 3


def test_the_client_is_closed_when_the_run_is_over() -> None:
    closed = list[int]()

    class Kept(Ledger):
        def close(self) -> None:
            closed.append(1)

    run = SnapshotRun(replace(TOY, make_ledger=lambda _: Kept()), settings=IngestionSettings())
    assert run.client is not None
    run.outcomes.close()
    assert closed == [1]


def test_the_sandbox_clock_is_a_header_for_a_sandbox_alone(run: SnapshotRun) -> None:
    assert run.clock(TODAY) == {}
    run.settings.sandbox_clock = True
    assert run.clock(TODAY) == {"X-Sandbox-Date": "2026-11-20"}
