"""dlt's ClickHouse destination over HTTP alone.

The stock destination needs two ports: the native one for statements, HTTP for files. Here the
statements go over HTTP as well, on clickhouse-connect's DB-API, so that one port and one protocol
do, for the embedded warehouse and a real server alike. Everything else (DDL, merge, state, file
inserts) is dlt's own.

A load that was cut off is repeated from the job that was cut off. So that a file which had arrived
just before does not arrive twice, its insert carries the file's name as deduplication token, which
the tables remember (``non_replicated_deduplication_window``).
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import clickhouse_connect
from clickhouse_connect import dbapi
from clickhouse_connect.driver import exceptions
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.summary import QuerySummary
from clickhouse_connect.driver.tools import insert_file
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.schema import Schema, TColumnSchema
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.destinations import clickhouse
from dlt.destinations.exceptions import (
    DatabaseTerminalException,
    DatabaseTransientException,
    DatabaseUndefinedRelation,
)
from dlt.destinations.impl.clickhouse.clickhouse import ClickHouseClient
from dlt.destinations.impl.clickhouse.configuration import ClickHouseClientConfiguration
from dlt.destinations.impl.clickhouse.sql_client import ClickHouseSqlClient
from dlt.destinations.sql_client import raise_open_connection_error
from dlt.destinations.typing import DBApi

from warehouse.client import log_comment

# https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
UNDEFINED = {"60", "81"}  # UNKNOWN_TABLE, UNKNOWN_DATABASE
TERMINAL = {
    "16",  # NO_SUCH_COLUMN_IN_TABLE
    "43",  # ILLEGAL_TYPE_OF_ARGUMENT
    "44",  # ILLEGAL_COLUMN
    "47",  # UNKNOWN_IDENTIFIER
    "53",  # TYPE_MISMATCH
    "57",  # TABLE_ALREADY_EXISTS
    "62",  # SYNTAX_ERROR
    "82",  # DATABASE_ALREADY_EXISTS
    "497",  # ACCESS_DENIED
    "516",  # AUTHENTICATION_FAILED
}


class HttpConnection(dbapi.connection.Connection):
    """A DB-API connection on a ready client (the stock one cannot be given client options)."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.timezone = client.server_tz


class HttpSqlClient(ClickHouseSqlClient):
    """dlt's SQL client with clickhouse-connect in place of the native driver."""

    dbapi: ClassVar[DBApi] = dbapi

    @raise_open_connection_error
    def open_connection(self) -> HttpConnection:
        self._conn = HttpConnection(self._client())
        return self._conn

    def insert_file(
        self, file_path: str, table_name: str, file_format: str, compression: str
    ) -> QuerySummary:
        database, table = self.make_qualified_table_name_path(table_name, quote=False)
        with self._client() as client:
            return insert_file(
                client,
                table,
                file_path,
                fmt=file_format,
                database=database,
                settings={
                    "log_comment": log_comment(f"raw/{table}", "ingestion"),
                    "date_time_input_format": "best_effort",
                    "insert_deduplicate": 1,
                    "insert_deduplication_token": _token(file_path),
                    # A repeat has to arrive in the same blocks to be known for one.
                    "input_format_parquet_preserve_order": 1,
                },
                # dlt's "auto" is no HTTP content encoding: a file's compression shows in its name.
                compression="gzip" if compression == "gz" else None,
            )

    def _client(self) -> Client:
        return clickhouse_connect.get_client(
            host=self.credentials.host,
            port=self.credentials.http_port,
            username=self.credentials.username,
            password=self.credentials.password or "",
            database=self.credentials.database,
            secure=bool(self.credentials.secure),
            connect_timeout=self.credentials.connect_timeout,
            send_receive_timeout=self.credentials.send_receive_timeout,
            # Statements of one client may run side by side: a session would refuse that.
            autogenerate_session_id=False,
            settings={
                "log_comment": log_comment(f"raw/{self.dataset_name}", "ingestion"),
                "select_sequential_consistency": self.config.select_sequential_consistency,
                # A merge that is repeated deletes and inserts the same rows again: the insert must
                # not be taken for a repeat. Files alone carry a token.
                "insert_deduplicate": 0,
            },
        )

    @classmethod
    def _make_database_exception(cls, ex: Exception) -> Exception:
        if not isinstance(ex, exceptions.Error):
            return ex
        code = re.search(r"[Cc]ode: (\d+)", str(ex))
        if code and code[1] in UNDEFINED:
            return DatabaseUndefinedRelation(ex)
        if code and code[1] in TERMINAL:
            return DatabaseTerminalException(ex)
        if isinstance(ex, exceptions.ProgrammingError | exceptions.DataError):
            return DatabaseTerminalException(ex)
        return DatabaseTransientException(ex)

    @staticmethod
    def is_dbapi_exception(ex: Exception) -> bool:
        return isinstance(ex, exceptions.Error)


def _token(file_path: str) -> str:
    """Names a load's file; the count of attempts, which the file's name also holds, is left out."""
    name = ParsedLoadJobFileName.parse(Path(file_path).name)
    return f"{name.table_name}.{name.file_id}"


class HttpClickHouseClient(ClickHouseClient):
    """dlt's job client with the SQL client above."""

    def __init__(
        self,
        schema: Schema,
        config: ClickHouseClientConfiguration,
        capabilities: DestinationCapabilitiesContext,
    ) -> None:
        super().__init__(schema, config, capabilities)
        stock = self.sql_client
        self.sql_client = HttpSqlClient(
            stock.dataset_name,
            stock.staging_dataset_name,
            stock.known_table_names,
            config.credentials,
            capabilities,
            config,
        )

    def _get_table_update_sql(
        self, table_name: str, new_columns: Sequence[TColumnSchema], generate_alter: bool
    ) -> list[str]:
        sql = super()._get_table_update_sql(table_name, new_columns, generate_alter)
        # dlt's empty primary key leaves a sorted table without an index: nothing could be skipped.
        return [
            line.replace("\nPRIMARY KEY tuple()", "") if "\nORDER BY" in line else line
            for line in sql
        ]


class clickhouse_http(clickhouse):  # noqa: N801  # dlt names destinations like functions
    """The destination's factory, for ``dlt.pipeline(destination=...)``."""

    @property
    def client_class(self) -> type[HttpClickHouseClient]:
        return HttpClickHouseClient


clickhouse_http.register()
