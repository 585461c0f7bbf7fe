"""Insights in long format: one row per account, object, metric, breakdown, segment and day.

A new metric is a new row, never a new column. Platforms refuse a whole batch of metrics for one
that they do not serve (any more, or not for this kind of object); the batch is halved until the
metric stands alone, and the others are read. It is set aside for the rest of the run, for this
account or, once a second one is refused, for all.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

from ingestion.errors import AccountError, BadMetricError
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import DAY, MOMENT, NUMBER, TEXT, Row, Table

log = logging.getLogger("ingestion")

Answer = TypeVar("Answer")

NO_DATA = "no_data"
NOT_SUPPORTED = "not_supported"

ACCOUNTS_REFUSED = 2
"""So many accounts refused: the metric is dead, not merely withheld from one of them."""

COLUMNS = {
    "snapshot_date": DAY,
    "fetched_at": MOMENT,
    "account_id": TEXT,
    "object_id": TEXT,
    "metric": TEXT,
    "period": TEXT,
    "breakdown": TEXT,
    "segment": TEXT,
    "date": DAY,
    "end_time": MOMENT,
    "value": NUMBER,
    "view_definition": TEXT,
}
KEY = (
    "snapshot_date",
    "account_id",
    "object_id",
    "metric",
    "period",
    "breakdown",
    "segment",
    "date",
)


def insight_table(name: str) -> Table:
    """A table of insights: ``date`` is the day measured (the reading's own for a lifetime value),
    ``object_id`` the account's own id for its own metrics, ``breakdown`` the dimension ('' for the
    whole) and ``segment`` its value, ``value`` NULL where the platform gives none."""
    return Table(
        name=name,
        columns=COLUMNS,
        key=KEY,
        replace_by=("account_id", "snapshot_date"),
        partition="toYYYYMM(snapshot_date)",
    )


def insight_row(
    unit: AccountDay,
    metric: str,
    value: object,
    *,
    period: str,
    object_id: str = "",
    breakdown: str = "",
    segment: str = "",
    day: date | None = None,
    end_time: object = None,
    view_definition: str | None = None,
) -> Row:
    """A row of an :func:`insight_table`, of the account itself where no object is named."""
    return {
        "account_id": unit.account.account_id,
        "object_id": object_id or unit.account.account_id,
        "metric": metric,
        "period": period,
        "breakdown": breakdown,
        "segment": segment,
        "date": day or unit.day,
        "end_time": end_time,
        "value": value,
        "view_definition": view_definition,
    }


def measured_day(value: object) -> date:
    """The day that an answer dates a number by; raises :class:`AccountError` for no such day."""
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise AccountError(
            f"date: {str(value)[:60]!r} is not a day. The platform's answer has changed shape.",
            "unreadable_value",
        ) from None


class Quarantine:
    """Metrics that a platform refused in this run, by the kind of object asked about.

    A platform may refuse one account what it gives to others (too small, of another type): that
    account alone goes without. Once a second account is refused, nobody of the run asks any more.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: dict[tuple[str, str], set[str]] = {}

    def without(self, kind: str, metrics: Iterable[str], account_id: str = "") -> list[str]:
        """The metrics to ask for about the account."""
        with self._lock:
            return [metric for metric in metrics if not self._is_out(kind, metric, account_id)]

    def add(self, kind: str, metric: str, account_id: str, error: BadMetricError) -> None:
        """The account was refused the metric; said for the first, and when all go without."""
        with self._lock:
            was_out = self._is_out(kind, metric, account_id)
            accounts = self._refused.setdefault((kind, metric), set())
            accounts.add(account_id)
            count = len(accounts)
        if not was_out and count <= ACCOUNTS_REFUSED:
            whose = "this run" if count == ACCOUNTS_REFUSED else "this account's day"
            log.warning("%s (metric %s of %s left out of %s)", error, metric, kind, whose)

    def _is_out(self, kind: str, metric: str, account_id: str) -> bool:
        accounts = self._refused.get((kind, metric), set())
        return account_id in accounts or len(accounts) >= ACCOUNTS_REFUSED


def ask_metrics(
    run: SnapshotRun,
    unit: AccountDay,
    quarantine: Quarantine,
    kind: str,
    metrics: Iterable[str],
    ask: Callable[[Sequence[str]], Answer],
) -> list[Answer]:
    """``ask`` for all metrics in one batch, or in as many as the refused ones make necessary.

    ``kind`` names what is asked about (``media/REELS``): a metric may be served for one kind alone.
    """
    metrics = list(metrics)
    wanted = quarantine.without(kind, metrics, unit.account.account_id)
    for metric in set(metrics) - set(wanted):
        run.note(unit, metric, NOT_SUPPORTED)
    return _ask(run, unit, quarantine, kind, wanted, ask) if wanted else []


def _ask(
    run: SnapshotRun,
    unit: AccountDay,
    quarantine: Quarantine,
    kind: str,
    metrics: Sequence[str],
    ask: Callable[[Sequence[str]], Answer],
) -> list[Answer]:
    try:
        return [ask(metrics)]
    except BadMetricError as error:
        if len(metrics) == 1:
            quarantine.add(kind, metrics[0], unit.account.account_id, error)
            run.note(unit, metrics[0], NOT_SUPPORTED)
            return []
    half = len(metrics) // 2
    return [
        answer
        for part in (metrics[:half], metrics[half:])
        for answer in _ask(run, unit, quarantine, kind, part, ask)
    ]
