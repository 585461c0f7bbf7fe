"""The databases of all layers and the tables that code writes, created if they are absent."""

import re
from importlib.resources import files
from typing import Any
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from warehouse.errors import UserError
from warehouse.settings import LAYERS, WarehouseSettings

Columns = list[tuple[str, str]]
TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\S+)")
SHAPE = """
SELECT
    (
        SELECT groupArray((name, type))
        FROM (
            SELECT name, type FROM system.columns
            WHERE database = {database:String} AND table = {table:String} ORDER BY position
        )
    ) AS columns,
    engine, partition_key, sorting_key, total_rows
FROM system.tables
WHERE database = {database:String} AND name = {table:String}
"""


def statements(settings: WarehouseSettings) -> list[str]:
    """The DDL of all layers in order, with the environment's database names filled in.

    Each file of ``warehouse/schema`` holds one statement; ``{ops}`` and ``{ml}`` stand for the
    databases.
    """
    databases = {layer: settings.database(layer) for layer in LAYERS}
    ddl = [f"CREATE DATABASE IF NOT EXISTS {name}" for name in databases.values()]
    folder = files("warehouse") / "schema"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".sql"):
            text = file.read_text(encoding="utf-8")
            for layer, name in databases.items():
                text = text.replace("{" + layer + "}", name)
            ddl.append(text.strip().rstrip(";"))
    return ddl


def apply(client: Client, settings: WarehouseSettings) -> int:
    """Create what is missing; running it again changes nothing.

    A table that an older version made in another shape is made again where it is empty; where it
    holds rows, new columns that may be NULL are added to it.

    Returns:
        The number of statements that ran.

    Raises:
        UserError: tables of a shape that cannot be brought up to date hold rows; all others are
            there then.
    """
    ddl, refused = statements(settings), []
    for statement in ddl:
        client.command(statement)
        if found := TABLE.match(statement):
            try:
                _reshape(client, statement, found.group(1))
            except UserError as error:
                refused.append(str(error))
    if refused:
        raise UserError(" ".join(refused))
    return len(ddl)


def _reshape(client: Client, statement: str, name: str) -> None:
    """Bring a table into the shape of its statement."""
    # a name of its own: another process may apply the schema at the same time
    fresh = f"{name}__{uuid4().hex[:12]}"
    client.command(statement.replace(name, fresh, 1))
    try:
        columns, *kind, rows = _shape(client, name)
        wanted, *kind_wanted, _ = _shape(client, fresh)
        if (columns, kind) == (wanted, kind_wanted):
            return
        if rows and kind == kind_wanted and (added := _added(columns, wanted)):
            client.command(f"ALTER TABLE {name} {', '.join(added)}")
            return
        if rows:
            raise UserError(
                f"{name}: has the shape of an older version and {rows} rows. Move them away "
                f"(RENAME TABLE {name} TO {name}__old), run this again, and copy what is needed."
            )
        client.command(f"EXCHANGE TABLES {name} AND {fresh}")
    finally:
        client.command(f"DROP TABLE IF EXISTS {fresh}")


def _added(columns: Columns, wanted: Columns) -> list[str]:
    """How the columns become those that are wanted, where only some that may be NULL are new."""
    if [column for column in wanted if column in columns] != columns:
        return []
    steps, place = [], "FIRST"
    for name, kind in wanted:
        if (name, kind) not in columns:
            if "Nullable(" not in kind:
                return []
            steps.append(f"ADD COLUMN {name} {kind} {place}")
        place = f"AFTER {name}"
    return steps


def _shape(client: Client, name: str) -> tuple[Any, ...]:
    database, _, table = name.partition(".")
    row = client.query(SHAPE, parameters={"database": database, "table": table}).result_rows[0]
    return tuple(row)
