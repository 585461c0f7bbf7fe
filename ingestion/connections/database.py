"""The operational database: a SQLite file or PostgreSQL behind one engine, its schema up to date.

Transactions are short; what has to be alone for longer (a call to a platform, an upgrade) takes a
named lock, which the system frees when its holder dies: an advisory lock of PostgreSQL, a locked
file beside a SQLite database.
"""

import fcntl
import hashlib
import os
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from pydantic import SecretStr
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from warehouse.errors import UnavailableError, UserError

MIGRATIONS = Path(__file__).parents[1] / "migrations"
VERSION_TABLE = "ingestion_version"
POSTGRESQL = "postgresql+psycopg2"
BUSY_SECONDS = 30
"""How long a writer waits for another one on SQLite, and a client for PostgreSQL to answer."""
LOCK_FILES = 64
LOCKS_AT_ONCE = 16
"""Locks that a process holds at once on PostgreSQL, where each occupies a database connection."""
NO_PRIVILEGE = "42501"

_upgrading = threading.Lock()
"""Alembic runs one upgrade at a time in a process: its context is global."""


class Database:
    """The database that a URL names; opened, and its schema upgraded, on first use."""

    def __init__(self, url: SecretStr) -> None:
        self._url = parse_url(url)
        self.file = sqlite_file(self._url)
        self._locks = threading.BoundedSemaphore(LOCKS_AT_ONCE)
        self._opening = threading.Lock()

    @property
    def name(self) -> str:
        """The database as messages may name it, without user and password."""
        if self.file:
            return f"database {self.file}"
        url = self._url
        return f"database {url.database} on {url.host or 'this machine'}:{url.port or 5432}"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that changes nothing."""
        with self._told_in_one_line(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that changes rows; the whole of it or nothing."""
        with self._told_in_one_line(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Hold the lock of this name: one holder among all threads and processes.

        Not to be nested. Short transactions go on meanwhile.
        """
        if self.file:
            with self._locked_file(self.file, name):
                yield
        else:
            key = hashlib.sha256(f"{VERSION_TABLE}:{name}".encode()).digest()[:8]
            number = int.from_bytes(key, "big", signed=True)
            with self._locks, self._told_in_one_line(), self._raw.begin() as connection:
                connection.execute(select(func.pg_advisory_xact_lock(number)))
                yield

    def close(self) -> None:
        """Close what is open; the next use opens it again."""
        self._raw.dispose()

    @property
    def _engine(self) -> Engine:
        with self._opening:
            return self._upgraded

    @property
    def _writer(self) -> Engine:
        # SQLite refuses, at once and whatever the timeout, a reader that turns into a writer.
        return self._engine.execution_options(writes=True)

    @cached_property
    def _upgraded(self) -> Engine:
        if self.file:
            _make_private(self.file)
        with self._told_in_one_line():
            if self._revision() != self._scripts.get_current_head():
                self._upgrade()
        return self._raw

    @cached_property
    def _raw(self) -> Engine:
        if self.file:
            engine = create_engine(
                self._url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
            )
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        return create_engine(
            self._url,
            hide_parameters=True,
            # holders of locks need a second connection, and must never wait for each other's
            max_overflow=-1,
            pool_pre_ping=True,
            connect_args={"connect_timeout": BUSY_SECONDS},
        )

    @cached_property
    def _config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        return config

    @cached_property
    def _scripts(self) -> ScriptDirectory:
        return ScriptDirectory.from_config(self._config)

    def _revision(self) -> str | None:
        with self._raw.connect() as connection:
            context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
            return context.get_current_revision()

    def _upgrade(self) -> None:
        with _upgrading, self.alone("schema"):
            if self.file:
                _write_ahead(self.file)
            with self._raw.execution_options(writes=True).begin() as connection:
                self._config.attributes["connection"] = connection
                try:
                    command.upgrade(self._config, "head")
                except CommandError:
                    raise UserError(
                        f"{self.name}: made by a newer version of Credence. Update Credence, or "
                        "name another one in DATABASE_URL."
                    ) from None

    @contextmanager
    def _locked_file(self, database: Path, name: str) -> Iterator[None]:
        folder = database.with_name(database.name + ".locks")
        folder.mkdir(mode=0o700, exist_ok=True)
        # So many names, so few files: that two names now and then share one costs a wait.
        number = zlib.crc32(name.encode()) % LOCK_FILES
        descriptor = os.open(folder / f"{number:02d}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _told_in_one_line(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeoutError:
            raise UnavailableError(
                f"{self.name}: no connection is free. Run again later."
            ) from None
        except DBAPIError as error:
            denied = getattr(error.orig, "pgcode", None) == NO_PRIVILEGE
            if isinstance(error, (IntegrityError, ProgrammingError, DataError)) and not denied:
                raise
            raise UnavailableError(
                f"{self.name}: {self._words_of(error)}. Check DATABASE_URL and the database."
            ) from None

    def _words_of(self, error: DBAPIError) -> str:
        words = " ".join(str(error.orig).split())
        password = self._url.password
        return (words.replace(str(password), "***") if password else words).rstrip(". ")


def parse_url(url: SecretStr) -> URL:
    """The URL of a SQLite file or of a PostgreSQL database; raises :class:`UserError` else."""
    expected = (
        "setting DATABASE_URL: not the URL of a SQLite file or a PostgreSQL database. "
        "Set sqlite:///path/to/file.db or postgresql://user:password@host/database."
    )
    try:
        found = make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        raise UserError(expected) from None
    if found.drivername in ("postgres", "postgresql", POSTGRESQL):
        if not found.database:
            raise UserError(expected)
        return found.set(drivername=POSTGRESQL)
    in_a_file = found.database and found.database != ":memory:" and "file:" not in found.database
    if found.drivername in ("sqlite", "sqlite+pysqlite") and in_a_file:
        return found
    raise UserError(expected)


def sqlite_file(url: URL) -> Path | None:
    """The file of a SQLite database; None for a server."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def absolute_url(url: SecretStr, folder: Path) -> str:
    """The URL with a SQLite file's path made absolute from ``folder``; it may hold a password."""
    found = parse_url(url)
    file = sqlite_file(found)
    if file:
        found = found.set(database=str((folder / file).absolute()))
    return found.render_as_string(hide_password=False)


def _make_private(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives the files beside it the mode of the database
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise UserError(
            f"database {file}: cannot be opened ({error.strerror}). Check DATABASE_URL."
        ) from None


def _write_ahead(file: Path) -> None:
    """Let readers and a writer work at the same time; the file remembers it."""
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions begin where SQLAlchemy begins them, not where the driver thinks they should.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
