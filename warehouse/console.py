"""Results on a terminal: a table for people, any ClickHouse format for pipes."""

import shutil
import sys
from typing import IO, Any

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.summary import QuerySummary
from rich.console import Console
from rich.table import Table

from warehouse.errors import UserError

_MAX_ROWS = 1000
_NUMERIC = ("Int", "UInt", "Float", "Decimal")


def print_table(client: Client, statement: str) -> None:
    """Print a result as a table of at most 1000 rows.

    Raises:
        UserError: the server refuses the statement.
    """
    console = Console()
    context = client.create_query_context(query=statement)
    try:
        if context.is_command or context.is_insert:
            _print_command(console, client, statement)
            return
        result = client.query(statement)
    except ClickHouseError as error:
        raise _refused(error) from None
    rows = result.result_rows
    if not result.column_names:
        console.print("0 rows")
        return
    table = Table()
    for name, kind in zip(result.column_names, result.column_types, strict=True):
        numeric = (kind.base_type or "").startswith(_NUMERIC)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows[:_MAX_ROWS]:
        table.add_row(*[_cell(value) for value in row])
    console.print(table)
    shown = f", the first {_MAX_ROWS} shown (--format gives all)" if len(rows) > _MAX_ROWS else ""
    console.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}{shown}")


def _print_command(console: Console, client: Client, statement: str) -> None:
    outcome = client.command(statement)
    if isinstance(outcome, QuerySummary):
        written = outcome.written_rows
        console.print(f"done, {written} rows written" if written else "done")
    else:
        console.print(outcome if isinstance(outcome, str | int) else "\t".join(outcome))


def _cell(value: Any) -> str:
    return "[dim]NULL[/dim]" if value is None else str(value).replace("[", r"\[")


def print_format(client: Client, statement: str, output: str) -> None:
    """Stream a result to standard output in a ClickHouse format.

    Raises:
        UserError: the server refuses the statement or does not know the format.
    """
    try:
        stream: IO[bytes] = client.raw_stream(statement, fmt=output)  # type: ignore[assignment]
        with stream:
            shutil.copyfileobj(stream, sys.stdout.buffer)
    except ClickHouseError as error:
        raise _refused(error) from None
    except BrokenPipeError:
        sys.stderr.close()


def _refused(error: ClickHouseError) -> UserError:
    text = str(error).split("server response: ", 1)[-1].split(" (for url", 1)[0]
    return UserError(f"query: {text.splitlines()[0] if text else type(error).__name__}")
