"""One run over a platform: which accounts on which days, read in parallel, failures set aside.

``snapshot_date`` is the UTC day on which counters are read. A real platform shows only the present,
so only today can be read; a sandbox with a settable clock (``SANDBOX_CLOCK``) can be asked for
earlier days, by a header. Days are read one after the other, so that each goes on from the last.
"""

import itertools
import traceback
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.extract import DltResource, DltSource

from ingestion.access import Access
from ingestion.connections import Connection
from ingestion.errors import AccountError, ApiError
from ingestion.http import ApiClient, Json, Tally, tallied, tally
from ingestion.metrics import warn_of_sunset
from ingestion.outcomes import Availability, Outcome, Outcomes
from ingestion.policy import Platform
from ingestion.settings import IngestionSettings, read_settings
from ingestion.tables import Row, Table, UnreadableValueError
from warehouse.errors import UserError

CLOCK_HEADER = "X-Sandbox-Date"
CHUNK_ROWS = 5_000
SHAPE_ERRORS = (AttributeError, LookupError, TypeError, ValueError)
"""What a parser raises where an answer has another shape than it expects."""


@dataclass(frozen=True)
class AccountDay:
    """The unit of reading: an account on a day, and what is known of it before it is read."""

    account: Connection
    day: date
    known: Sequence[Row] = ()
    """What an earlier stream of the run found out about it."""
    previous: date | None = None
    """The last day before, on which this stream was read; None: this is its first reading."""
    stream: str = ""
    """The table that the reading fills."""

    @property
    def who(self) -> str:
        """The account as errors name it."""
        return self.account.handle or self.account.account_id

    def is_due(self, every: int) -> bool:
        """Whether what moves slowly is read today: at first, then once in ``every`` days.

        Which day of them depends on the account, so that the calls spread over the days.
        """
        spread = zlib.crc32(self.account.account_id.encode())
        return self.previous is None or (spread + self.day.toordinal()) % every == 0

    def dates_since(self, backfill_days: int, restated_days: int) -> list[date]:
        """The days whose dated numbers are asked for today, oldest first; yesterday is the last.

        All that may have been restated since the previous reading, or ``backfill_days`` of them on
        the first.
        """
        yesterday = self.day - timedelta(days=1)
        if self.previous is None:
            since = self.day - timedelta(days=backfill_days)
        else:
            since = min(self.previous, yesterday) - timedelta(days=restated_days - 1)
        return [since + timedelta(days=n) for n in range((yesterday - since).days + 1)]


Read = Callable[["SnapshotRun", AccountDay], Sequence[Row]]
ReadMany = Callable[["SnapshotRun", Sequence[AccountDay]], Mapping[str, Sequence[Row] | ApiError]]


class SnapshotRun:
    """What a source's streams share; nothing is read before a stream asks for it."""

    def __init__(
        self,
        platform: Platform,
        dates: Iterable[date] | None = None,
        settings: IngestionSettings | None = None,
        outcomes: Outcomes | None = None,
        limit: int | None = None,
    ) -> None:
        self.platform = platform
        self.outcomes = outcomes if outcomes is not None else Outcomes()
        self._dates, self._settings, self._limit = dates, settings, limit

    @cached_property
    def settings(self) -> IngestionSettings:
        return self._settings or read_settings()

    @cached_property
    def client(self) -> ApiClient:
        client = ApiClient(self.platform, self.settings)
        self.outcomes.at_end(client.close)
        if self.platform.version:
            warn_of_sunset(self.platform.name, self.platform.version, datetime.now(UTC).date())
        return client

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        """Those who read: one pool for all streams, which dlt asks in turn."""
        pool = ThreadPoolExecutor(
            self.settings.ingestion_concurrency, thread_name_prefix=self.platform.name
        )
        self.outcomes.at_end(partial(pool.shutdown, cancel_futures=True))
        return pool

    @cached_property
    def access(self) -> Access:
        access = Access(self.platform, self.client, self.settings)
        self.outcomes.at_end(access.close)
        return access

    @cached_property
    def accounts(self) -> list[Connection]:
        return self.access.accounts()[: self._limit]

    @cached_property
    def dates(self) -> list[date]:
        return snapshot_dates(self._dates, self.settings.sandbox_clock)

    def call(
        self,
        unit: AccountDay,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> Json:
        """Ask the platform about an account: with its token, or with ``headers`` in its place.

        A dead token is refreshed once and the call repeated. ``request`` as in
        :meth:`ingestion.http.ApiClient.call`, which says what is raised.
        """
        clock = self.clock(unit.day)
        if headers is not None:
            return self.client.call(path, unit.who, {**headers, **clock}, params, **request)
        return self.access.call(unit.account, path, clock, params, **request)

    def clock(self, day: date) -> dict[str, str]:
        """The header that sets a sandbox's clock; none for a real platform."""
        return {CLOCK_HEADER: day.isoformat()} if self.settings.sandbox_clock else {}

    def skip(self, error: ApiError) -> None:
        """Leave one object of the account's stream out; the run's outcomes tell which kinds."""
        tally().skipped.append(error)

    def note(self, unit: AccountDay, metric: str, reason: str | None) -> None:
        """Keep that the account's metric was there on the day (``reason`` None), or why not."""
        self.outcomes.note(
            Availability(
                self.platform.name,
                unit.account.account_id,
                unit.stream,
                metric,
                unit.day,
                reason is None,
                reason,
            )
        )

    def stream(self, table: Table, read: Read) -> DltResource:
        """``read`` of every account on every day, as the resource that fills ``table``."""

        def rows() -> Iterator[pa.Table]:
            return self.read(table, self.account_days(), read)

        return table.resource(rows)

    def stream_of_many(self, table: Table, size: int, read: ReadMany) -> DltResource:
        """Like :meth:`stream`, for calls that take ``size`` accounts at once.

        ``read`` gives for each account id its rows or the error in their place.
        """

        def rows() -> Iterator[pa.Table]:
            yield table.to_arrow([])
            for units in _batches(self.account_days(), size):
                yield from self._read_batch(table, units, read)

        return table.resource(rows)

    def stream_after(
        self, earlier: DltResource, account_column: str, table: Table, read: Read
    ) -> DltResource:
        """``read`` of each account that an ``earlier`` stream has rows of, which are ``known``."""

        def rows(found: pa.Table) -> Iterator[pa.Table]:
            return self.read(table, self.units_of(found, account_column), read)

        return table.resource(rows, data_from=earlier)

    def account_days(self) -> Iterator[AccountDay]:
        """Every account on every day, day by day."""
        for day, account in itertools.product(self.dates, self.accounts):
            yield AccountDay(account, day)

    def read(self, table: Table, units: Iterable[AccountDay], read: Read) -> Iterator[pa.Table]:
        """``read`` each unit in parallel and yield the rows in chunks, in the units' order.

        An account's rows of a day come whole or not at all: a failure on the last page leaves
        nothing of it, is recorded, and the rest goes on.
        """
        # An empty table makes dlt create the table where nothing is read at all.
        yield table.to_arrow([])
        attempt = partial(attempt_to_read, read=partial(read, self))
        for _, of_day in itertools.groupby(units, key=lambda unit: unit.day):
            chunk: list[pa.Table] = []
            located = (self._located(table, unit) for unit in of_day)
            for done in self._in_parallel(located, attempt):
                chunk += self.keep(table, done)
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
        outcome = Outcome(
            self.platform.name,
            table.name,
            unit.account.account_id,
            unit.day,
            attempt.started_at,
            attempt.finished_at,
            row_count=rows.num_rows if rows is not None else 0,
            page_count=attempt.tally.pages,
            call_count=attempt.tally.calls,
            quota_units=attempt.tally.quota_units,
            error=error,
        )
        self.outcomes.record(outcome)
        for skipped in _one_of_each(attempt.tally.skipped):
            self.outcomes.record(
                replace(
                    outcome,
                    row_count=0,
                    page_count=0,
                    call_count=0,
                    quota_units=0,
                    error=skipped,
                    is_skip=True,
                )
            )
        if rows is None:
            return []
        stream = f"{self.platform.name}__{table.name}"
        self.outcomes.cursors.moved(stream, unit.account.account_id, unit.day)
        return [rows]

    def units_of(self, rows: pa.Table, account_column: str) -> list[AccountDay]:
        """An earlier stream's rows grouped by account and day, for the stream that builds on it."""
        by_id = {account.account_id: account for account in self.accounts}
        return [
            AccountDay(by_id[account_id], day, list(group))
            for (account_id, day), group in itertools.groupby(
                rows.to_pylist(), key=lambda row: (row[account_column], row["snapshot_date"])
            )
        ]

    def _read_batch(
        self, table: Table, units: Sequence[AccountDay], read: ReadMany
    ) -> Iterator[pa.Table]:
        """One call for many accounts, kept as one attempt for each of them."""
        units = [self._located(table, unit) for unit in units]
        found: dict[str, Sequence[Row] | ApiError] = {}

        def ask(_: AccountDay) -> Sequence[Row]:
            found.update(read(self, units))
            return ()

        batch = attempt_to_read(units[0], ask)
        parts: list[pa.Table] = []
        for place, unit in enumerate(units):
            own = found.get(unit.account.account_id, ())
            failed = batch.error or (own if isinstance(own, ApiError) else None)
            attempt = replace(
                batch,
                unit=unit,
                rows=() if failed or isinstance(own, ApiError) else own,
                error=failed,
                # The call is counted once, with the first of its accounts.
                tally=batch.tally if place == 0 else Tally(),
            )
            parts += self.keep(table, attempt)
        if parts:
            yield pa.concat_tables(parts)

    def _located(self, table: Table, unit: AccountDay) -> AccountDay:
        stream = f"{self.platform.name}__{table.name}"
        previous = self.outcomes.cursors.before(stream, unit.account.account_id, unit.day)
        return replace(unit, previous=previous, stream=table.name)

    def _in_parallel(
        self, units: Iterable[AccountDay], attempt: Callable[[AccountDay], "Attempt"]
    ) -> Iterator["Attempt"]:
        waiting: deque[Future[Attempt]] = deque()
        try:
            for unit in units:
                waiting.append(self._pool.submit(attempt, unit))
                if len(waiting) >= 2 * self.settings.ingestion_concurrency:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True)
class Attempt:
    """A unit's rows as the platform gave them, or the error in their place, and what it cost."""

    unit: AccountDay
    started_at: datetime
    finished_at: datetime
    rows: Sequence[Row] = ()
    error: UserError | None = None
    tally: Tally = field(default_factory=Tally)


def attempt_to_read(unit: AccountDay, read: Callable[[AccountDay], Sequence[Row]]) -> Attempt:
    """Read a unit; a refusal of the platform becomes the attempt's error."""
    started_at = datetime.now(UTC)
    with tallied() as cost:
        try:
            rows = read(unit)
        except (ApiError, UnreadableValueError) as error:
            return Attempt(unit, started_at, datetime.now(UTC), error=error, tally=cost)
        except SHAPE_ERRORS as error:
            # An answer of another shape than any known: one account's, whatever it did to a parser.
            unreadable = _unreadable(unit, error)
            return Attempt(unit, started_at, datetime.now(UTC), error=unreadable, tally=cost)
    return Attempt(unit, started_at, datetime.now(UTC), rows, tally=cost)


def make_source(
    platform: Platform,
    dates: Iterable[date] | None,
    settings: IngestionSettings | None,
    outcomes: Outcomes | None,
    limit: int | None,
) -> DltSource:
    """A platform's streams as a dlt source; see :meth:`ingestion.policy.Platform.source`."""

    def resources() -> list[DltResource]:
        return platform.streams(SnapshotRun(platform, dates, settings, outcomes, limit))

    made = dlt.source(resources, name=platform.name, spec=BaseConfiguration, max_table_nesting=0)
    return made()


def snapshot_dates(
    dates: Iterable[date] | None, sandbox_clock: bool, today: date | None = None
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


def windows(days: Sequence[date], most: int) -> Iterator[Sequence[date]]:
    """Consecutive ``days`` in stretches of at most ``most``, as a platform allows in one call."""
    for start in range(0, len(days), most):
        yield days[start : start + most]


def _unreadable(unit: AccountDay, error: Exception) -> AccountError:
    """Names the place in our code, where the next look begins, and no value of the answer."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return AccountError(
        f"{unit.account.platform}: account {unit.who}: an answer cannot be read "
        f"({type(error).__name__} at {place}). The platform's answer has changed shape, or this is "
        "a bug: report it.",
        "unreadable_answer",
    )


def _batches(units: Iterable[AccountDay], size: int) -> Iterator[list[AccountDay]]:
    """Units of one day, at most ``size`` at once."""
    for _, of_day in itertools.groupby(units, key=lambda unit: unit.day):
        while batch := list(itertools.islice(of_day, size)):
            yield batch


def _one_of_each(errors: Iterable[ApiError]) -> list[ApiError]:
    """One error for each code, with how many more there were."""
    counts: dict[str, int] = {}
    first: dict[str, ApiError] = {}
    for error in errors:
        counts[error.code] = counts.get(error.code, 0) + 1
        first.setdefault(error.code, error)
    return [
        error if counts[code] == 1 else type(error)(f"{error} ({counts[code]} objects)", code)
        for code, error in first.items()
    ]
