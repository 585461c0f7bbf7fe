"""How reading each account went: kept while a source runs, told at the end, kept as data.

Lands in ``ops.ingestion_outcome``: one row per account, stream and day of a run.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from clickhouse_connect.driver.client import Client

from ingestion.http import PlatformError
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
    "duration_seconds",
    "error_class",
    "error_message",
    "started_at",
    "finished_at",
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
    error: UserError | None = None

    @property
    def status(self) -> Literal["ok", "empty", "failed"]:
        if self.error:
            return "failed"
        return "ok" if self.row_count else "empty"


class Outcomes:
    """The outcomes of one run; safe to record to from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: list[Outcome] = []

    def record(self, outcome: Outcome) -> None:
        """Keep an outcome; an account's failure is one log line and the run goes on.

        What stops the whole platform is logged by nobody here: it is raised, at once while nothing
        has been read, else at the run's end.
        """
        with self._lock:
            self._outcomes.append(outcome)
            nothing_read = all(other.error for other in self._outcomes)
        if isinstance(outcome.error, PlatformError):
            if nothing_read:
                raise outcome.error
        elif outcome.error:
            log.warning(
                "%s (%s of %s skipped)", outcome.error, outcome.stream, outcome.snapshot_date
            )

    @property
    def all(self) -> Sequence[Outcome]:
        with self._lock:
            return tuple(self._outcomes)

    @property
    def failures(self) -> Sequence[Outcome]:
        return [outcome for outcome in self.all if outcome.error]

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
        if failures and len(failures) == len(self.all):
            accounts = len({outcome.account_id for outcome in failures})
            raise UserError(
                f"{failures[0].platform}: none of {accounts} accounts could be read; "
                f"the first: {failures[0].error}"
            )

    def write(self, client: Client, database: str, run_id: str) -> None:
        """Append the outcomes to ``<database>.ingestion_outcome``."""
        rows = [_as_row(run_id, outcome) for outcome in self.all]
        if rows:
            client.insert("ingestion_outcome", rows, column_names=COLUMNS, database=database)


def _as_row(run_id: str, outcome: Outcome) -> list[object]:
    error = outcome.error
    return [
        run_id,
        outcome.platform,
        outcome.account_id,
        f"{outcome.platform}__{outcome.stream}",
        outcome.snapshot_date,
        outcome.status,
        outcome.row_count,
        (outcome.finished_at - outcome.started_at).total_seconds(),
        getattr(error, "code", type(error).__name__) if error else None,
        str(error) if error else None,
        outcome.started_at,
        outcome.finished_at,
    ]
