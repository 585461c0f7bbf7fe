"""What the warehouse promises to those who read it, known without a warehouse.

Marts have the columns of dbt's enforced contracts (the YAML of ``dbt_project/models/marts``), the
tables of ``ml`` those of their DDL. All of them, empty, stand in an engine inside this process, so
that SQL can be tried by the engine that will run it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from warehouse.schema_ddl import statements
from warehouse.settings import WarehouseSettings

MARTS_PATH = Path(__file__).parents[1] / "dbt_project" / "models" / "marts"
_EXCEPTION = re.compile(r"^Code: \d+\. DB::Exception: (.*?)\.? In scope .*$", re.DOTALL)

Columns = Mapping[str, str]
"""ClickHouse type by column name."""


def mart_columns(path: Path = MARTS_PATH) -> dict[str, dict[str, str]]:
    """Column name to ClickHouse type of every mart, by mart."""
    texts = (file.read_text(encoding="utf-8") for file in sorted(path.rglob("*.yml")))
    return {
        model["name"]: {column["name"]: column["data_type"] for column in model["columns"]}
        for text in texts
        for model in yaml.safe_load(text).get("models", [])
    }


@dataclass(frozen=True)
class PromisedTables:
    """The empty tables: the columns of each by layer and name, and the engine that holds them."""

    columns: Mapping[tuple[str, str], Columns]
    engine: Any

    def fault(self, select: str) -> str | None:
        """What the engine says against a statement, on one line; None where it runs.

        Tables without a database are those of ``marts``, as on the reader's connection.
        """
        from chdb import ChdbError

        try:
            self.engine.query(select)
        except ChdbError as error:
            # without the engine's code and the statement, which it repeats
            return " ".join(_EXCEPTION.sub(r"\1", str(error)).split())[:200]
        return None


@cache
def promised_tables() -> PromisedTables:
    """All tables of ``marts`` and ``ml``, made once in a process (in half a second)."""
    # loading the engine starts threads, for which a process forked after that would wait for ever
    import chdb

    engine = chdb.connect(":memory:")
    for statement in statements(WarehouseSettings(_env_file=None, env="")):
        engine.query(statement)
    for table, columns in mart_columns().items():
        listed = ", ".join(f"`{name}` {type_}" for name, type_ in columns.items())
        engine.query(f"CREATE TABLE marts.{table} ({listed}) ENGINE MergeTree ORDER BY tuple()")
    engine.query("USE marts")
    found = engine.query(
        "SELECT database, table, name, type FROM system.columns WHERE database IN ('marts', 'ml')",
        "TabSeparatedRaw",
    ).data()
    tables: dict[tuple[str, str], dict[str, str]] = {}
    for layer, table, name, type_ in (line.split("\t") for line in found.splitlines()):
        tables.setdefault((layer, table), {})[name] = type_
    return PromisedTables(tables, engine)
