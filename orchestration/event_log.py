"""Dagster's event log for a run that no UI watches and that is thrown away where it is cut off.

Dagster's own log opens its SQLite files anew for each event, compiles its statements anew and waits
for the disk: safe, and for the two thousand events of a demo a good part of its time. This one
keeps the files open and leaves the writing to the operating system. The files are the same, and
Dagster's own log reads them afterwards.

It is no log for a running UI, which learns of events by a change of the file: what is written while
a file is open lies in the journal beside it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event


class UnwatchedEventLog(SqliteEventLogStorage):
    """The event log of ``base_dir``, its files open until :meth:`dispose`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "UnwatchedEventLog":
        """The log that ``dagster.yaml`` names."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = self._open(shard)
            with self._engines[shard].begin() as connection:
                yield connection

    def _open(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            pool_size=1,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        event.listen(engine, "connect", _leave_writing_to_the_system)
        self._initdb(engine)
        return engine

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        while self._engines:
            self._engines.popitem()[1].dispose()


def _leave_writing_to_the_system(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")
