"""Metrics in batches: one that is refused is found by halving, set aside, and told once."""

import logging
import math
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_platform import TOY, run_over

from ingestion.errors import AccountError, BadMetricError
from ingestion.insights import (
    NOT_SUPPORTED,
    Quarantine,
    ask_metrics,
    insight_row,
    insight_table,
)
from ingestion.snapshot import AccountDay, SnapshotRun

METRICS = [f"m{n}" for n in range(8)]


class Asked:
    """Refuses every batch with one of the ``dead`` metrics in it."""

    def __init__(self, *dead: str) -> None:
        self.dead, self.batches = set(dead), list[list[str]]()

    def __call__(self, metrics: Sequence[str]) -> list[str]:
        self.batches.append(list(metrics))
        if self.dead & set(metrics):
            raise BadMetricError("toy: metric is unknown.", "invalid")
        return list(metrics)


@pytest.fixture
def run() -> SnapshotRun:
    return run_over(TOY)[0]


def unit(run: SnapshotRun) -> AccountDay:
    return next(run.account_days())


def ask(run: SnapshotRun, quarantine: Quarantine, asked: Asked, kind: str = "media") -> list[str]:
    found = ask_metrics(run, unit(run), quarantine, kind, METRICS, asked)
    return sorted(metric for answer in found for metric in answer)


def test_living_metrics_are_one_call(run: SnapshotRun) -> None:
    asked = Asked()
    assert ask(run, Quarantine(), asked) == METRICS
    assert asked.batches == [METRICS]


def test_a_dead_metric_costs_itself_alone(
    run: SnapshotRun, caplog: pytest.LogCaptureFixture
) -> None:
    asked, quarantine = Asked("m5"), Quarantine()
    with caplog.at_level(logging.WARNING):
        assert ask(run, quarantine, asked) == [m for m in METRICS if m != "m5"]
        assert len(asked.batches) <= 2 * math.log2(len(METRICS)) + 1
        asked.batches.clear()
        # It is not asked for again, for another object of the account.
        assert ask(run, quarantine, asked) == [m for m in METRICS if m != "m5"]
        assert asked.batches == [[m for m in METRICS if m != "m5"]]
    assert [record.getMessage() for record in caplog.records] == [
        "toy: metric is unknown. (metric m5 of media left out of this account's day)"
    ]
    noted = [(a.metric, a.is_available, a.reason) for a in run.outcomes._availability.values()]
    assert noted == [("m5", False, NOT_SUPPORTED)]


def test_a_metric_withheld_from_one_account_is_read_of_the_others() -> None:
    run, quarantine = run_over(TOY, count=4)[0], Quarantine()
    units = list(run.account_days())

    def read(place: int, asked: Asked) -> list[str]:
        found = ask_metrics(run, units[place], quarantine, "media", METRICS, asked)
        return sorted(metric for answer in found for metric in answer)

    without = [metric for metric in METRICS if metric != "m5"]
    assert read(0, Asked("m5")) == without
    assert read(1, Asked()) == METRICS
    # A second one makes it dead: nobody asks any more.
    assert read(2, Asked("m5")) == without
    asked = Asked("m5")
    assert read(3, asked) == without
    assert asked.batches == [without]


def test_a_metric_that_is_refused_is_on_record_at_once(run: SnapshotRun) -> None:
    ask(run, Quarantine(), Asked("m5"))
    noted = [(a.metric, a.is_available, a.reason) for a in run.outcomes._availability.values()]
    assert noted == [("m5", False, NOT_SUPPORTED)]


def test_a_metric_may_be_dead_for_one_kind_alone(run: SnapshotRun) -> None:
    quarantine = Quarantine()
    ask(run, quarantine, Asked("m1"), "media/REELS")
    assert ask(run, quarantine, Asked(), "media/FEED") == METRICS


@given(st.sets(st.sampled_from(METRICS)))
def test_whatever_is_dead_the_rest_is_read(dead: set[str]) -> None:
    run, asked = run_over(TOY)[0], Asked(*dead)
    assert ask(run, Quarantine(), asked) == sorted(set(METRICS) - dead)


def test_where_all_are_dead_nothing_is_asked_again(run: SnapshotRun) -> None:
    quarantine = Quarantine()
    assert ask(run, quarantine, Asked(*METRICS)) == []
    asked = Asked()
    assert ask(run, quarantine, asked) == []
    assert asked.batches == []


def test_another_error_is_not_bisected(run: SnapshotRun) -> None:
    def refuse(_: Sequence[str]) -> None:
        raise AccountError("toy: no.", "no")

    with pytest.raises(AccountError):
        ask_metrics(run, unit(run), Quarantine(), "media", METRICS, refuse)


def test_a_row_is_the_accounts_own_lifetime_value_unless_told_otherwise(run: SnapshotRun) -> None:
    row = insight_row(unit(run), "reach", None, period="lifetime")
    assert (row["account_id"], row["object_id"]) == ("a000", "a000")
    assert (row["date"], row["value"]) == (unit(run).day, None)
    other = insight_row(
        unit(run), "reach", "7", period="day", object_id="p1", day=date(2026, 11, 1)
    )
    table = insight_table("insights").to_arrow(
        [{**one, "snapshot_date": unit(run).day, "fetched_at": 1} for one in (row, other)]
    )
    assert table["value"].to_pylist() == [None, 7.0]
    assert table["object_id"].to_pylist() == ["a000", "p1"]
    assert table["date"].to_pylist() == [unit(run).day, date(2026, 11, 1)]
