"""Raw tables as declared columns: one declaration gives parser, Arrow schema and dlt hints.

Platforms drift: counts come as strings, ids as numbers, fields vanish. Every value passes through
its column's parser, so a table's types never depend on what happened to arrive first; an absent
value is NULL, and a value that cannot be what it should be raises :class:`UnreadableValueError`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dlt
import pyarrow as pa
from dlt.destinations.adapters import clickhouse_adapter
from dlt.destinations.impl.clickhouse.typing import TMergeTreeSettings
from dlt.extract import DltResource

from warehouse.errors import UserError

Row = Mapping[str, Any]

LARGEST = 2**63
TABLE_SETTINGS: TMergeTreeSettings = {"non_replicated_deduplication_window": 1000}
"""Lets :mod:`ingestion.destination` repeat the insert of a file without doubling its rows."""


class UnreadableValueError(UserError):
    """A field's value does not fit its column."""

    code = "unreadable_value"


@dataclass(frozen=True)
class Kind:
    """A column's type: in Arrow, in dlt, and how a platform's value becomes one."""

    arrow: pa.DataType
    dlt: str
    parse: Callable[[Any], Any]


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError("text")


def _count(value: Any) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError("a whole number")
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a whole number") from None
    if not -LARGEST <= number < LARGEST:
        raise ValueError("a whole number of 64 bits")
    return number


def _moment(value: Any) -> datetime | None:
    """Unix seconds or ISO 8601; a time without an offset is UTC."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, int | float) or str(value).isdecimal():
            return datetime.fromtimestamp(float(value), UTC)
        else:
            found = datetime.fromisoformat(value)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ValueError("a time") from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _day(value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    raise ValueError("a date")


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise ValueError("true or false")


TEXT = Kind(pa.string(), "text", _text)
COUNT = Kind(pa.int64(), "bigint", _count)
MOMENT = Kind(pa.timestamp("us", "UTC"), "timestamp", _moment)
DAY = Kind(pa.date32(), "date", _day)
FLAG = Kind(pa.bool_(), "bool", _flag)


@dataclass(frozen=True)
class Table:
    """One raw table of a source.

    ``key`` columns order the table; they and ``required`` ones are never NULL. With ``replace_by``,
    a load replaces the rows that share those columns' values (an account's day) and keeps doubled
    rows within the load; without, it replaces the whole table.
    """

    name: str
    columns: Mapping[str, Kind]
    key: Sequence[str]
    required: Sequence[str] = ("snapshot_date", "fetched_at")
    replace_by: Sequence[str] = ()
    partition: str | None = None

    def arrow_schema(self) -> pa.Schema:
        return pa.schema(
            [
                pa.field(name, kind.arrow, nullable=self._is_nullable(name))
                for name, kind in self.columns.items()
            ]
        )

    def to_arrow(self, rows: Iterable[Row]) -> pa.Table:
        """Rows as an Arrow table of exactly the declared columns; a missing field is NULL.

        Raises :class:`UnreadableValueError` naming the column and the value.
        """
        rows = list(rows)
        schema = self.arrow_schema()
        arrays = [
            pa.array([self._parse(name, kind, row) for row in rows], kind.arrow)
            for name, kind in self.columns.items()
        ]
        return pa.Table.from_arrays(arrays, schema=schema)

    def resource(
        self,
        read: Callable[..., Any],
        data_from: DltResource | None = None,
    ) -> DltResource:
        """The dlt resource that lands ``read``'s Arrow tables in this table."""
        columns: Any = {
            name: {"name": name, "data_type": kind.dlt, "nullable": self._is_nullable(name)}
            for name, kind in self.columns.items()
        }
        hints: Any = {
            "name": self.name,
            "columns": columns,
            "write_disposition": {"disposition": "merge", "strategy": "delete-insert"}
            if self.replace_by
            else "replace",
            "merge_key": tuple(self.replace_by) or None,
        }
        if data_from is None:
            resource = dlt.resource(read, **hints)
        else:
            resource = dlt.transformer(read, data_from=data_from, **hints)
        return clickhouse_adapter(
            resource, sort=list(self.key), partition=self.partition, settings=TABLE_SETTINGS
        )

    def _is_nullable(self, column: str) -> bool:
        return column not in self.key and column not in self.required

    def _parse(self, name: str, kind: Kind, row: Row) -> Any:
        value = row.get(name)
        try:
            parsed = kind.parse(value)
            if parsed is None and not self._is_nullable(name):
                raise ValueError("present")
        except ValueError as error:
            raise UnreadableValueError(
                f"{self.name}.{name}: {str(value)[:60]!r} is not {error}. "
                "The platform's answer has changed shape."
            ) from None
        return parsed


def snapshot_table(name: str, account: str, object_id: str, columns: Mapping[str, Kind]) -> Table:
    """A table of daily readings: an account's rows of a ``snapshot_date`` are replaced whole.

    ``account`` and ``object_id`` are the columns that hold the account's and the object's id; they
    are the same in a table of accounts.
    """
    key = list(dict.fromkeys(("snapshot_date", account, object_id)))
    return Table(
        name=name,
        columns={"snapshot_date": DAY, "fetched_at": MOMENT, **columns},
        key=key,
        replace_by=(account, "snapshot_date"),
        partition="toYYYYMM(snapshot_date)",
    )
