"""Raw tables as ingestion lands them, filled by hand."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from clickhouse_connect.driver.client import Client

from tests.raw_declarations import raw_tables

TYPES = {
    "text": "String",
    "bigint": "Int64",
    "double": "Float64",
    "timestamp": "DateTime64(6, 'UTC')",
    "date": "Date",
    "bool": "Bool",
}


def day(number: int) -> date:
    """The n-th day of the tests' month."""
    return date(2026, 3, number)


def create_raw(client: Client, database: str) -> None:
    """Create every raw table anew, empty."""
    for name, table in raw_tables().items():
        nullable = {field.name for field in table.arrow_schema() if field.nullable}
        columns = ", ".join(
            f"`{column}` "
            + (f"Nullable({TYPES[kind.dlt]})" if column in nullable else TYPES[kind.dlt])
            for column, kind in table.columns.items()
        )
        partition = f"PARTITION BY {table.partition} " if table.partition else ""
        client.command(
            f"CREATE OR REPLACE TABLE {database}.{name} ({columns}) ENGINE MergeTree "
            f"{partition}ORDER BY ({', '.join(table.key)})"
        )


def fill(client: Client, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of the named columns; others are NULL, and a row was read at noon of its day."""
    names = columns.split()
    if "snapshot_date" in names:
        position = names.index("snapshot_date")
        noon = time(12, tzinfo=UTC)
        rows = [[datetime.combine(row[position], noon), *row] for row in rows]
        names = ["fetched_at", *names]
    client.insert(table, rows, column_names=names)
