"""How reading each account went: kept while a source runs, told at the end, kept as data.

Lands in ``ops.ingestion_outcome`` (one row per account, stream and day of a run, and one more per
kind of object that was skipped) and ``ops.metric_availability`` (one row per account, metric and
day of the metrics that were asked for).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from clickhouse_connect.driver.client import Client

from ingestion.cursor import Cursors
from ingestion.errors import PlatformError
from warehouse.errors import UserError

log = logging.getLogger("ingestion")

COLUMNS = (
    "run_id",
    "platform",
    "account_id",
    "stream",
    "snapshot_date",
    "status",
    "row_count",
    "page_count",
    "call_count",
    "quota_units",
    "duration_seconds",
    "error_class",
    "error_message",
    "started_at",
    "finished_at",
)
AVAILABILITY_COLUMNS = (
    "platform",
    "account_id",
    "stream",
    "metric",
    "snapshot_date",
    "is_available",
    "reason",
    "observed_at",
)


@dataclass(frozen=True)
class Outcome:
    """One account's stream on one day: rows read, or the error that stopped it (times in UTC)."""

    platform: str
    stream: str
    account_id: str
    snapshot_date: date
    started_at: datetime
    finished_at: datetime
    row_count: int = 0
    page_count: int = 0
    call_count: int = 0
    quota_units: int = 0
    error: UserError | None = None
    is_skip: bool = False
    """Objects of the stream were skipped for ``error``; the rest of it was read."""

    @property
    def status(self) -> Literal["ok", "empty", "skipped", "failed"]:
        if self.error:
            return "skipped" if self.is_skip else "failed"
        return "ok" if self.row_count else "empty"


@dataclass(frozen=True)
class Availability:
    """Whether the platform gave an account's metric to a stream on a day, and why not."""

    platform: str
    account_id: str
    stream: str
    metric: str
    snapshot_date: date
    is_available: bool
    reason: str | None = None


class Outcomes:
    """The outcomes of one run; safe to record to from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: list[Outcome] = []
        self._availability: dict[tuple[str, str, str, date], Availability] = {}
        self._at_end: list[Callable[[], None]] = []
        self.cursors = Cursors()
        """Where each stream goes on from; the pipeline gives those of its warehouse."""

    def at_end(self, close: Callable[[], None]) -> None:
        """Have something closed when the run is over."""
        self._at_end.append(close)

    def close(self) -> None:
        """Close what the run held open."""
        while self._at_end:
            self._at_end.pop()()

    def record(self, outcome: Outcome) -> None:
        """Keep an outcome; an account's failure is one log line and the run goes on.

        What stops the whole platform is logged by nobody here: it is raised, at once while nothing
        has been read, else at the run's end.
        """
        with self._lock:
            self._outcomes.append(outcome)
            nothing_read = not any(other.status in ("ok", "empty") for other in self._outcomes)
        if isinstance(outcome.error, PlatformError):
            if nothing_read:
                raise outcome.error
        elif outcome.error:
            log.warning(
                "%s (%s of %s skipped)", outcome.error, outcome.stream, outcome.snapshot_date
            )

    def note(self, found: Availability) -> None:
        """Keep whether a metric was there; one value of several objects makes it available."""
        key = (found.account_id, found.stream, found.metric, found.snapshot_date)
        with self._lock:
            known = self._availability.get(key)
            if known is None or (found.is_available and not known.is_available):
                self._availability[key] = found

    @property
    def all(self) -> Sequence[Outcome]:
        with self._lock:
            return tuple(self._outcomes)

    @property
    def failures(self) -> Sequence[Outcome]:
        return [outcome for outcome in self.all if outcome.status == "failed"]

    def summary(self) -> str:
        """One line for the end of a run."""
        failures = self.failures
        accounts = {outcome.account_id for outcome in self.all}
        broken = {outcome.account_id for outcome in failures}
        line = f"{len(accounts) - len(broken)} of {len(accounts)} accounts read whole"
        return f"{line}; {len(broken)} not, e.g. {failures[0].error}" if failures else line

    def raise_if_unusable(self) -> None:
        """Raise when the platform stopped the run or no account could be read.

        One broken account among many is no error of the run: :attr:`failures` holds it.
        """
        failures = self.failures
        for outcome in failures:
            if isinstance(outcome.error, PlatformError):
                raise outcome.error
        if failures and not any(outcome.status in ("ok", "empty") for outcome in self.all):
            accounts = len({outcome.account_id for outcome in failures})
            raise UserError(
                f"{failures[0].platform}: none of {accounts} accounts could be read; "
                f"the first: {failures[0].error}"
            )

    def write(self, client: Client, database: str, run_id: str, loaded: bool = True) -> None:
        """Append what is known to ``<database>.ingestion_outcome`` and ``.metric_availability``.

        What was read but not ``loaded`` says so: no cursor moves over it.
        """
        rows = [_as_row(run_id, outcome, loaded) for outcome in self.all]
        if rows:
            client.insert("ingestion_outcome", rows, column_names=COLUMNS, database=database)
        if loaded and self._availability:
            client.insert(
                "metric_availability",
                [_as_availability_row(found) for found in self._availability.values()],
                column_names=AVAILABILITY_COLUMNS,
                database=database,
            )


def _as_row(run_id: str, outcome: Outcome, loaded: bool) -> list[object]:
    error, status = outcome.error, outcome.status
    return [
        run_id,
        outcome.platform,
        outcome.account_id,
        f"{outcome.platform}__{outcome.stream}",
        outcome.snapshot_date,
        status if loaded or status not in ("ok", "empty") else "unloaded",
        outcome.row_count,
        outcome.page_count,
        outcome.call_count,
        outcome.quota_units,
        (outcome.finished_at - outcome.started_at).total_seconds(),
        getattr(error, "code", type(error).__name__) if error else None,
        str(error) if error else None,
        outcome.started_at,
        outcome.finished_at,
    ]


def _as_availability_row(found: Availability) -> list[object]:
    return [
        found.platform,
        found.account_id,
        f"{found.platform}__{found.stream}",
        found.metric,
        found.snapshot_date,
        found.is_available,
        found.reason,
        datetime.now(UTC),
    ]
