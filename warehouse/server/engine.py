"""The engine under the server: one chdb data folder, many short-lived handles.

A handle costs 0.1 ms and carries everything that a request sets (settings, parameters, current
database, temporary tables), so each request outside a session gets a new one: nothing can leak
into the next. The first handle stays open for the life of the process and keeps the engine up.
"""

import contextlib
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import chdb

from warehouse.errors import UserError
from warehouse.server.errors import UNKNOWN_SETTING, ClickHouseError, from_engine

# The engine names its queries itself. A client's query id travels with the query in a setting
# that has no effect outside the PromQL dialect, so that it is found again in system.processes
# and system.query_log.
QUERY_ID_SETTING = "promql_table"

_NAME = re.compile(r"\A[A-Za-z_][A-Za-z0-9_.]*\Z")

_CONFIG = """<clickhouse>
    <logger><level>none</level></logger>
    <max_server_memory_usage_to_ram_ratio>0.7</max_server_memory_usage_to_ram_ratio>
    <backups><allowed_path>/</allowed_path></backups>
    <query_log>
        <database>system</database>
        <table>query_log</table>
        <partition_by>toYYYYMM(event_date)</partition_by>
        <ttl>event_date + INTERVAL 30 DAY DELETE</ttl>
        <flush_interval_milliseconds>5000</flush_interval_milliseconds>
    </query_log>
</clickhouse>
"""


# What every handle starts from. Inserted blocks are a quarter of the engine's default, so that
# ten million rows pass in a few hundred megabytes.
_HANDLE_SETTINGS = {
    "log_queries": "0",
    "implicit_select": "0",
    "min_insert_block_size_rows": "262144",
    "min_insert_block_size_bytes": "67108864",
}


def quote(value: str) -> str:
    """A value as a ClickHouse string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _use(database: str) -> str:
    escaped = database.replace("\\", "\\\\").replace("`", "\\`")
    return f"USE `{escaped}`"


class Engine:
    """The engine on one data folder.

    Args:
        path: the warehouse's data folder; the engine takes ``engine/``, ``engine.xml`` and
            ``.engine-scratch/`` (emptied at start) of it.
    """

    def __init__(self, path: Path) -> None:
        folder, config = path / "engine", path / "engine.xml"
        self.scratch = path / ".engine-scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(mode=0o700, parents=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        config.write_text(_CONFIG, encoding="utf-8")
        options = "&".join(f"{name}={value}" for name, value in _HANDLE_SETTINGS.items())
        self._url = f"{folder}?config-file={config}&{options}"
        try:
            self._base = chdb.connect(self._url)
        except RuntimeError as error:
            raise UserError(
                f"path {path}: the engine cannot open it ({error}). "
                "Stop the process that holds it or pass another --path."
            ) from None
        first = self.rows(self._base, "SELECT version() AS version, timezone() AS timezone")[0]
        self.version = str(first["version"])
        self.timezone = str(first["timezone"])
        self.http_compression = self.setting(self._base, "enable_http_compression") == "1"
        self.query(self._base, "SYSTEM FLUSH LOGS")

    def setting(self, handle: Any, setting: str) -> str:
        """The value that a setting has on a handle; empty when the engine has none of the name."""
        found = self.rows(
            handle,
            f"SELECT value FROM system.settings WHERE name = {quote(setting)}",  # noqa: S608
        )
        return str(found[0]["value"]) if found else ""

    def open(self) -> chdb.state.sqlitelike.Connection:
        """A new handle; the caller closes it."""
        try:
            return chdb.connect(self._url)
        except RuntimeError as error:
            raise from_engine(error) from None

    def query(self, handle: Any, text: str | bytes, output: str = "TabSeparated") -> Any:
        """Run one statement to its end and give chdb's result.

        Raises:
            ClickHouseError: what the engine raised.
        """
        try:
            return handle.query(text, output)
        except (RuntimeError, chdb.ChdbError) as error:
            raise from_engine(error) from None

    def rows(self, handle: Any, text: str) -> list[dict[str, Any]]:
        """The rows of a small query as dictionaries (64-bit integers as strings)."""
        found = self.query(handle, text, "JSONEachRow").bytes()
        return [json.loads(line) for line in found.splitlines()]

    def prepare(
        self, handle: Any, settings: Mapping[str, str], params: Mapping[str, str], query_id: str
    ) -> None:
        """Apply one request's settings and query parameters to its handle.

        Raises:
            ClickHouseError: an unknown setting or a value it does not take.
        """
        values = {**settings, QUERY_ID_SETTING: query_id, "log_queries": "1"}
        values.update({f"param_{name}": value for name, value in params.items()})
        for name in values:
            if not _NAME.match(name):
                raise ClickHouseError(UNKNOWN_SETTING, f"Unknown setting '{name}'")
        clauses = ", ".join(f"{name} = {quote(value)}" for name, value in values.items())
        self.query(handle, f"SET {clauses}")

    def use(self, handle: Any, database: str) -> None:
        """Make a database the handle's current one.

        Raises:
            ClickHouseError: 81 when there is none of that name.
        """
        self.query(handle, _use(database))

    def state(self, handle: Any, settings: Mapping[str, str]) -> dict[str, str]:
        """The statements that put a session's handle back as it was before a request.

        By what each puts back: ``USE`` for the current database, else the setting's name.
        """
        database = self.rows(handle, "SELECT currentDatabase() AS name")[0]["name"]
        statements = {"USE": _use(str(database))}
        if settings:
            names = ", ".join(quote(name) for name in settings)
            found = self.rows(
                handle,
                f"SELECT name, value FROM system.settings WHERE changed AND name IN ({names})",  # noqa: S608
            )
            before = {str(row["name"]): str(row["value"]) for row in found}
            statements |= {
                name: f"SET {name} = {quote(before[name]) if name in before else 'DEFAULT'}"
                for name in settings
                if _NAME.match(name)
            }
        return statements

    def restore(self, handle: Any, statements: list[str]) -> None:
        """Undo one request's settings and database on a session's handle."""
        for text in statements:
            with contextlib.suppress(ClickHouseError):
                self.query(handle, text)

    def engine_query_ids(self, query_id: str) -> list[str]:
        """The engine's ids of the running queries that carry a client's query id."""
        handle = self.open()
        try:
            found = self.rows(
                handle,
                "SELECT query_id FROM system.processes "  # noqa: S608
                f"WHERE Settings[{quote(QUERY_ID_SETTING)}] = {quote(query_id)}",
            )
        finally:
            handle.close()
        return [str(row["query_id"]) for row in found]

    def kill(self, query_id: str) -> None:
        """Ask the engine to stop the queries that carry a client's query id."""
        ids = self.engine_query_ids(query_id)
        if not ids:
            return
        handle = self.open()
        try:
            listed = ", ".join(quote(one) for one in ids)
            self.query(handle, f"KILL QUERY WHERE query_id IN ({listed}) ASYNC")
        finally:
            handle.close()

    def close(self) -> None:
        """Flush the query log and let the engine go."""
        try:
            self.query(self._base, "SYSTEM FLUSH LOGS")
        finally:
            self._base.close()
