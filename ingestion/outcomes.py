"""How reading each account went: kept while a source runs, told at the end, kept as data."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ingestion.http import PlatformError
from warehouse.errors import UserError

log = logging.getLogger("ingestion")


@dataclass(frozen=True)
class Outcome:
    """One account's stream on one day: rows read, or the error that stopped it."""

    source: str
    stream: str
    account_id: str
    snapshot_date: date
    row_count: int
    finished_at: datetime
    error_code: str | None = None
    error_message: str | None = None


class Outcomes:
    """The outcomes of one run; safe to record to from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outcomes: list[Outcome] = []
        self._platform_error: UserError | None = None

    def loaded(self, source: str, stream: str, account: str, day: date, rows: int) -> None:
        """An account's stream was read whole."""
        self._add(Outcome(source, stream, account, day, rows, datetime.now(UTC)))

    def failed(self, source: str, stream: str, account: str, day: date, error: UserError) -> None:
        """An account's stream could not be read: one log line, and the run goes on."""
        code = getattr(error, "code", "error")
        log.warning("%s (%s of %s skipped)", error, stream, day)
        if isinstance(error, PlatformError):
            self._platform_error = error
        self._add(Outcome(source, stream, account, day, 0, datetime.now(UTC), code, str(error)))

    @property
    def all(self) -> Sequence[Outcome]:
        with self._lock:
            return tuple(self._outcomes)

    @property
    def failures(self) -> Sequence[Outcome]:
        return [outcome for outcome in self.all if outcome.error_code]

    def summary(self) -> str:
        """One line for the end of a run."""
        everything, failures = self.all, self.failures
        accounts = {outcome.account_id for outcome in everything}
        broken = {outcome.account_id for outcome in failures}
        line = f"{len(accounts) - len(broken)} of {len(accounts)} accounts read whole"
        if failures:
            line += f"; {len(broken)} not: {failures[0].error_message}"
        return line

    def raise_if_unusable(self) -> None:
        """Raise when the platform stopped the run or no account could be read.

        One broken account among many is no error of the run: :attr:`failures` holds it.
        """
        if self._platform_error:
            raise self._platform_error
        failures = self.failures
        if failures and len(failures) == len(self.all):
            accounts = len({outcome.account_id for outcome in failures})
            raise UserError(
                f"{failures[0].source}: none of {accounts} accounts could be read; "
                f"the first: {failures[0].error_message}"
            )

    def _add(self, outcome: Outcome) -> None:
        with self._lock:
            self._outcomes.append(outcome)
