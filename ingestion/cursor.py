"""When an account's stream was last read: what the next reading goes on from.

The cursor is what landed: the last day in ``ops.ingestion_outcome`` on which the stream was read
and loaded. It moves with that row, which is written after the load, per account; so a run that was
killed, a warehouse restored from a backup and a history that was loaded in bulk all go on from
what is there. A day that is read again asks for the same again: only earlier readings count.
"""

import threading
from collections.abc import Mapping
from datetime import date

from clickhouse_connect.driver.client import Client

READ = ("ok", "empty")
"""Statuses of an attempt whose rows (or their absence) landed."""


class Cursors:
    """The last readings of one platform's accounts; safe to share between threads.

    Without a warehouse (a dry run) every reading is a first one.
    """

    def __init__(
        self, client: Client | None = None, database: str = "ops", raw: str = "raw"
    ) -> None:
        self._client, self._database, self._raw = client, database, raw
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, date]] = {}

    def before(self, stream: str, account_id: str, day: date) -> date | None:
        """The last day before ``day`` on which the stream (``tiktok__videos``) was read.

        Days are asked in order: what is known of a stream is read once, at its first day.
        """
        with self._lock:
            if stream not in self._known:
                self._known[stream] = self._read(stream, day)
            found = self._known[stream].get(account_id)
        return found if found is None or found < day else None

    def moved(self, stream: str, account_id: str, day: date) -> None:
        """This run read the stream on ``day``; a later day of the run goes on from there."""
        with self._lock:
            self._known.setdefault(stream, {})[account_id] = day

    def landed(self, table: str, column: str, where: Mapping[str, str | date]) -> set[str]:
        """The values of a raw table's text column in the rows whose columns equal ``where``."""
        if self._client is None:
            return set()
        wanted = " AND ".join(
            f"{name} = {{{name}:{'Date' if isinstance(value, date) else 'String'}}}"
            for name, value in where.items()
        )
        with self._lock:
            rows = self._client.query(
                f"SELECT DISTINCT {column} FROM {self._raw}.{table} WHERE {wanted}",  # noqa: S608
                parameters=dict(where),
            ).result_rows
        return {value for (value,) in rows}

    def _read(self, stream: str, day: date) -> dict[str, date]:
        if self._client is None:
            return {}
        rows = self._client.query(
            f"SELECT account_id, max(snapshot_date) FROM {self._database}.ingestion_outcome "  # noqa: S608
            "WHERE stream = {stream:String} AND snapshot_date < {day:Date} "
            "AND status IN {read:Array(String)} GROUP BY account_id",
            parameters={"stream": stream, "day": day, "read": list(READ)},
        ).result_rows
        return {str(account_id): last for account_id, last in rows}
