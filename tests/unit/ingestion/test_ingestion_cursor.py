"""What a reading goes on from: days landed, days that may be restated, days that are due."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_platform import accounts

from ingestion.cursor import Cursors
from ingestion.snapshot import AccountDay, windows

DAY = date(2026, 11, 20)


class Warehouse:
    """Gives one answer to every question, and counts them."""

    def __init__(self, *rows: tuple[object, ...]) -> None:
        self.result_rows, self.questions = list(rows), list[str]()

    def query(self, statement: str, parameters: dict[str, Any]) -> "Warehouse":
        self.questions.append(statement)
        return self


def unit(previous: date | None, day: date = DAY, number: int = 0) -> AccountDay:
    return AccountDay(accounts("toy", number + 1)[number], day, previous=previous)


def test_without_a_warehouse_every_reading_is_the_first() -> None:
    cursors = Cursors()
    assert cursors.before("toy__things", "a", DAY) is None
    assert cursors.landed("toy__things", "id", {"account": "a"}) == set()


def test_the_warehouse_is_asked_once_for_all_accounts_of_a_stream() -> None:
    warehouse = Warehouse(("a", date(2026, 11, 18)))
    cursors = Cursors(warehouse, "dev_ops")  # type: ignore[arg-type]
    assert cursors.before("toy__things", "a", DAY) == date(2026, 11, 18)
    assert cursors.before("toy__things", "b", DAY) is None
    cursors.before("toy__others", "a", DAY)
    assert len(warehouse.questions) == 2
    assert "dev_ops.ingestion_outcome" in warehouse.questions[0]


def test_a_later_day_of_the_run_goes_on_from_the_earlier() -> None:
    cursors = Cursors()
    cursors.moved("toy__things", "a", DAY)
    assert cursors.before("toy__things", "a", DAY + timedelta(days=1)) == DAY
    # The same day read again asks for the same again.
    assert cursors.before("toy__things", "a", DAY) is None


def test_a_first_reading_asks_for_the_backfill() -> None:
    days = unit(None).dates_since(30, 3)
    assert (days[0], days[-1], len(days)) == (DAY - timedelta(days=30), date(2026, 11, 19), 30)


def test_the_next_day_asks_for_what_may_be_restated() -> None:
    days = unit(DAY - timedelta(days=1)).dates_since(30, 3)
    assert days == [date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19)]


@given(st.integers(1, 400), st.integers(1, 6), st.integers(1, 90))
def test_no_day_is_left_out_after_a_pause(pause: int, restated: int, backfill: int) -> None:
    """Whatever was not final at the last reading, and all since, is asked for."""
    previous = DAY - timedelta(days=pause)
    days = unit(previous).dates_since(backfill, restated)
    assert days[-1] == DAY - timedelta(days=1)
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert days[0] == min(previous, days[-1]) - timedelta(days=restated - 1)


@given(st.integers(0, 60), st.integers(1, 14))
def test_what_moves_slowly_is_due_once_in_so_many_days(number: int, every: int) -> None:
    days = [DAY + timedelta(days=n) for n in range(every)]
    due = [unit(day - timedelta(days=1), day, number).is_due(every) for day in days]
    assert sum(due) == 1


def test_a_first_reading_is_due() -> None:
    assert all(unit(None, DAY + timedelta(days=n)).is_due(7) for n in range(7))


def test_due_days_differ_between_accounts() -> None:
    due = sum(unit(date(2026, 11, 19), DAY, number).is_due(7) for number in range(70))
    assert 3 <= due <= 20


@given(st.integers(0, 400), st.integers(1, 90))
def test_windows_hold_every_day_once_and_none_too_many(count: int, most: int) -> None:
    days = [DAY + timedelta(days=n) for n in range(count)]
    found = list(windows(days, most))
    assert [day for window in found for day in window] == days
    assert all(1 <= len(window) <= most for window in found)


@pytest.mark.parametrize("backfill", [1, 365])
def test_a_backfill_ends_with_yesterday(backfill: int) -> None:
    assert unit(None).dates_since(backfill, 3)[-1] == date(2026, 11, 19)
