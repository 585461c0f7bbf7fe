"""One run over a platform: which accounts on which days, read in parallel, failures set aside.

``snapshot_date`` is the UTC day on which counters are read. A real platform shows only the present,
so only today can be read; a sandbox with a settable clock (``SANDBOX_CLOCK``) can be asked for
earlier days, by a header.
"""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from ingestion.connections import Connection, Platform, read_connections
from ingestion.http import ApiClient, ApiError
from ingestion.outcomes import Outcome, Outcomes
from ingestion.settings import IngestionSettings, read_settings
from ingestion.tables import Row, Table, UnreadableValueError
from warehouse.errors import UserError

CLOCK_HEADER = "X-Sandbox-Date"
CHUNK_ROWS = 5_000


@dataclass(frozen=True)
class AccountDay:
    """The unit of reading: an account on a day, and what an earlier stream found out about it."""

    account: Connection
    day: date
    known: Sequence[Row] = ()


class SnapshotRun:
    """What a source's streams share; nothing is read before a stream asks for it."""

    def __init__(
        self,
        platform: Platform,
        make_client: Callable[[IngestionSettings], ApiClient],
        dates: Sequence[date] | None = None,
        settings: IngestionSettings | None = None,
        outcomes: Outcomes | None = None,
        limit: int | None = None,
    ) -> None:
        self.platform = platform
        self.outcomes = outcomes if outcomes is not None else Outcomes()
        self._make_client = make_client
        self._dates, self._settings, self._limit = dates, settings, limit

    @cached_property
    def settings(self) -> IngestionSettings:
        return self._settings or read_settings()

    @cached_property
    def client(self) -> ApiClient:
        return self._make_client(self.settings)

    @cached_property
    def accounts(self) -> list[Connection]:
        found = read_connections(self.settings.connections_file).of(self.platform)
        return found[: self._limit]

    @cached_property
    def dates(self) -> list[date]:
        return snapshot_dates(self._dates, self.settings.sandbox_clock)

    def account_days(self) -> Iterator[AccountDay]:
        """Every account on every day, day by day."""
        for day, account in itertools.product(self.dates, self.accounts):
            yield AccountDay(account, day)

    def clock(self, day: date) -> dict[str, str]:
        """The header that sets a sandbox's clock; none for a real platform."""
        return {CLOCK_HEADER: day.isoformat()} if self.settings.sandbox_clock else {}

    def read(
        self,
        table: Table,
        units: Iterable[AccountDay],
        read: Callable[[AccountDay], list[Row]],
    ) -> Iterator[pa.Table]:
        """``read`` each unit in parallel and yield the rows in chunks, in the units' order.

        An account's rows of a day come whole or not at all: a failure on the last page leaves
        nothing of it, is recorded, and the rest goes on.
        """
        # An empty table makes dlt create the table where nothing is read at all.
        yield table.to_arrow([])
        chunk: list[pa.Table] = []
        for attempt in self._in_parallel(units, lambda unit: attempt_to_read(unit, read)):
            chunk += self.keep(table, attempt)
            if sum(part.num_rows for part in chunk) >= CHUNK_ROWS:
                yield pa.concat_tables(chunk)
                chunk = []
        if chunk:
            yield pa.concat_tables(chunk)

    def keep(self, table: Table, attempt: "Attempt") -> list[pa.Table]:
        """The rows of a successful attempt, stamped; records how every attempt went."""
        unit, error, rows = attempt.unit, attempt.error, None
        if error is None:
            stamp: dict[str, Any] = {
                "snapshot_date": unit.day,
                "fetched_at": attempt.finished_at,
            }
            try:
                rows = table.to_arrow({**row, **stamp} for row in attempt.rows)
            except UnreadableValueError as unreadable:
                error = unreadable
        self.outcomes.record(
            Outcome(
                self.platform,
                table.name,
                unit.account.account_id,
                unit.day,
                attempt.started_at,
                attempt.finished_at,
                rows.num_rows if rows is not None else 0,
                error,
            )
        )
        return [] if rows is None else [rows]

    def units_of(self, rows: pa.Table, account_column: str) -> list[AccountDay]:
        """An earlier stream's rows grouped by account and day, for the stream that builds on it."""
        by_id = {account.account_id: account for account in self.accounts}
        return [
            AccountDay(by_id[account_id], day, list(group))
            for (account_id, day), group in itertools.groupby(
                rows.to_pylist(), key=lambda row: (row[account_column], row["snapshot_date"])
            )
        ]

    def _in_parallel(
        self, units: Iterable[AccountDay], attempt: Callable[[AccountDay], "Attempt"]
    ) -> Iterator["Attempt"]:
        workers = self.settings.ingestion_concurrency
        pool = ThreadPoolExecutor(workers, thread_name_prefix=self.platform)
        waiting: deque[Future[Attempt]] = deque()
        try:
            for unit in units:
                waiting.append(pool.submit(attempt, unit))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Attempt:
    """A unit's rows as the platform gave them, or the error in their place."""

    unit: AccountDay
    started_at: datetime
    finished_at: datetime
    rows: Sequence[Row] = ()
    error: UserError | None = None


def attempt_to_read(unit: AccountDay, read: Callable[[AccountDay], Sequence[Row]]) -> Attempt:
    """Read a unit; a refusal of the platform becomes the attempt's error."""
    started_at = datetime.now(UTC)
    try:
        rows = read(unit)
    except ApiError as error:
        return Attempt(unit, started_at, datetime.now(UTC), error=error)
    return Attempt(unit, started_at, datetime.now(UTC), rows)


def snapshot_dates(
    dates: Sequence[date] | None, sandbox_clock: bool, today: date | None = None
) -> list[date]:
    """The days to read, in order; today alone by default.

    Raises :class:`UserError` for a day that the platform cannot show.
    """
    today = today or datetime.now(UTC).date()
    wanted = sorted(set(dates or [today]))
    if wanted[-1] > today:
        raise UserError(f"snapshot date {wanted[-1]}: lies ahead (today is {today} UTC).")
    if wanted[0] < today and not sandbox_clock:
        raise UserError(
            f"snapshot date {wanted[0]}: platforms show only the present, so only {today} (UTC) "
            "can be read. Earlier days need a sandbox with SANDBOX_CLOCK=true."
        )
    return wanted
