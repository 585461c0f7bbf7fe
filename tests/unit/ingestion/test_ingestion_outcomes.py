"""How a run went, as rows: what landed moves the cursor, what did not says so."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ingestion.cursor import READ
from ingestion.errors import AccountError, GoneError, PlatformError
from ingestion.outcomes import AVAILABILITY_COLUMNS, COLUMNS, Availability, Outcome, Outcomes
from warehouse.errors import UserError

DAY = date(2026, 11, 20)
START = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Warehouse:
    """Keeps what is inserted, by table."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def insert(
        self, table: str, rows: list[list[Any]], column_names: tuple[str, ...], database: str
    ) -> None:
        assert database == "ops"
        self.tables[table] = [dict(zip(column_names, row, strict=True)) for row in rows]


def outcome(account: str = "a", **values: Any) -> Outcome:
    given = {"row_count": 1, **values}
    return Outcome("toy", "things", account, DAY, START, START + timedelta(seconds=2), **given)


def written(outcomes: Outcomes, loaded: bool = True) -> dict[str, list[dict[str, Any]]]:
    warehouse = Warehouse()
    outcomes.write(warehouse, "ops", "run1", loaded)  # type: ignore[arg-type]
    return warehouse.tables


def test_an_outcome_is_a_row_with_what_it_cost() -> None:
    outcomes = Outcomes()
    outcomes.record(outcome(page_count=2, call_count=3, quota_units=4))
    (row,) = written(outcomes)["ingestion_outcome"]
    assert tuple(row) == COLUMNS
    assert row | {"started_at": START, "finished_at": 0} == {
        "run_id": "run1",
        "platform": "toy",
        "account_id": "a",
        "stream": "toy__things",
        "snapshot_date": DAY,
        "status": "ok",
        "row_count": 1,
        "page_count": 2,
        "call_count": 3,
        "quota_units": 4,
        "duration_seconds": 2.0,
        "error_class": None,
        "error_message": None,
        "started_at": START,
        "finished_at": 0,
    }


def test_what_was_read_and_not_loaded_moves_no_cursor() -> None:
    outcomes = Outcomes()
    outcomes.record(outcome("a"))
    outcomes.record(outcome("b", row_count=0))
    outcomes.record(outcome("c", error=AccountError("toy: no.", "no")))
    outcomes.note(Availability("toy", "a", "things", "reach", DAY, True))
    loaded = [row["status"] for row in written(outcomes)["ingestion_outcome"]]
    assert loaded == ["ok", "empty", "failed"]
    lost = written(outcomes, loaded=False)
    assert [row["status"] for row in lost["ingestion_outcome"]] == [
        "unloaded",
        "unloaded",
        "failed",
    ]
    assert not {row["status"] for row in lost["ingestion_outcome"]} & set(READ)
    assert "metric_availability" not in lost


def test_a_skipped_object_fails_nothing() -> None:
    outcomes = Outcomes()
    outcomes.record(outcome())
    outcomes.record(outcome(row_count=0, error=GoneError("toy: gone.", "100/33"), is_skip=True))
    outcomes.raise_if_unusable()
    assert outcomes.summary() == "1 of 1 accounts read whole"
    rows = written(outcomes)["ingestion_outcome"]
    assert [(row["status"], row["error_class"]) for row in rows] == [
        ("ok", None),
        ("skipped", "100/33"),
    ]


def test_a_metric_that_one_object_has_is_there() -> None:
    outcomes = Outcomes()
    for is_available, reason in ((False, "no_data"), (True, None), (False, "not_supported")):
        outcomes.note(Availability("toy", "a", "things", "reach", DAY, is_available, reason))
    outcomes.note(Availability("toy", "a", "things", "saves", DAY, False, "no_data"))
    outcomes.record(outcome())
    rows = written(outcomes)["metric_availability"]
    assert tuple(rows[0]) == AVAILABILITY_COLUMNS
    assert [(row["metric"], row["is_available"], row["reason"]) for row in rows] == [
        ("reach", True, None),
        ("saves", False, "no_data"),
    ]


def test_the_platforms_error_is_raised_at_once_where_nothing_was_read() -> None:
    stop = PlatformError("toy: quota.", "quota")
    with pytest.raises(PlatformError):
        Outcomes().record(outcome(error=stop))
    outcomes = Outcomes()
    outcomes.record(outcome())
    outcomes.record(outcome("b", error=stop))
    with pytest.raises(PlatformError):
        outcomes.raise_if_unusable()


def test_no_account_read_is_an_error_and_one_of_many_is_none() -> None:
    broken = Outcomes()
    broken.record(outcome(error=AccountError("toy: no.", "no")))
    with pytest.raises(UserError, match="none of 1 accounts could be read; the first: toy: no"):
        broken.raise_if_unusable()
    broken.record(outcome("b"))
    broken.raise_if_unusable()
    assert broken.summary() == "1 of 2 accounts read whole; 1 not, e.g. toy: no."


def test_what_a_run_held_open_is_closed_once() -> None:
    outcomes, closed = Outcomes(), list[int]()
    outcomes.at_end(lambda: closed.append(1))
    outcomes.close()
    outcomes.close()
    assert closed == [1]
