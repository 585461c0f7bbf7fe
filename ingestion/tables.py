"""Raw tables as declared columns: one declaration gives parser, Arrow schema and dlt hints.

Platforms drift: counts come as strings, ids as numbers, fields vanish or are new. Every value
passes through its column's parser, so a table's types never depend on what happened to arrive
first; an absent value is NULL, and a value that cannot be what it should be raises
:class:`UnreadableValueError`. A column says where in the platform's object its value stands
(``COUNT.at("statistics.viewCount")``, by default under the column's own name); what no column
declares is kept as JSON in ``extra``.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.json import json
from dlt.destinations.adapters import clickhouse_adapter
from dlt.destinations.impl.clickhouse.typing import TMergeTreeSettings
from dlt.extract import DltResource

from warehouse.errors import UserError

Row = Mapping[str, Any]
Json = Mapping[str, Any]
Places = dict[str, "str | Places"]

LARGEST = 2**63
TABLE_SETTINGS: TMergeTreeSettings = {"non_replicated_deduplication_window": 1000}
"""Lets :mod:`ingestion.destination` repeat the insert of a file without doubling its rows."""


class UnreadableValueError(UserError):
    """A field's value does not fit its column."""

    code = "unreadable_value"


@dataclass(frozen=True)
class Kind:
    """A column's type: in Arrow, in dlt, how a platform's value becomes one, where it stands."""

    arrow: pa.DataType
    dlt: str
    parse: Callable[[Any], Any]
    take: "Take"
    """Whole columns of values that need no look at each of them; None where they do."""
    path: str | None = None
    """Dotted place in the platform's object; None: under the column's own name."""

    def at(self, path: str) -> "Kind":
        """The same kind, read from this place of the platform's object."""
        return replace(self, path=path)


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


def _number(value: Any) -> float | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise ValueError("a number")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a number") from None
    if not math.isfinite(number):
        raise ValueError("a number")
    return number


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def _day(value: Any) -> date | None:
    if value is None or type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("a date") from None


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise ValueError("true or false")


Take = Callable[[list[Any], frozenset[type]], "pa.Array | None"]
LAST_SECOND = 253_402_300_799
"""9999-12-31 23:59:59 UTC, beyond which Python has no time."""


def _take(arrow: pa.DataType, *types: type) -> Take:
    """Takes values of exactly these types as they are."""

    def take(values: list[Any], found: frozenset[type]) -> pa.Array | None:
        return pa.array(values, arrow) if found <= frozenset(types) else None

    return take


def _take_counts(values: list[Any], found: frozenset[type]) -> pa.Array | None:
    if found <= {int}:
        return pa.array(values, pa.int64())
    return pa.array(values, pa.string()).cast(pa.int64()) if found == {str} else None


def _take_moments(values: list[Any], found: frozenset[type]) -> pa.Array | None:
    moment = pa.timestamp("us", "UTC")
    if found <= {datetime}:
        return pa.array(values, moment)
    if found == {int}:
        seconds = pa.array(values, pa.int64())
        low, high = pc.min_max(seconds).values()
        if low.as_py() < 0 or high.as_py() > LAST_SECOND:
            return None
        return pc.multiply(seconds, 1_000_000).cast(moment)
    return pa.array(values, pa.string()).cast(moment) if found == {str} else None


def _take_none(values: list[Any], found: frozenset[type]) -> pa.Array | None:
    return None


TEXT = Kind(pa.string(), "text", _text, _take(pa.string(), str))
COUNT = Kind(pa.int64(), "bigint", _count, _take_counts)
NUMBER = Kind(pa.float64(), "double", _number, _take(pa.float64(), int, float))
MOMENT = Kind(pa.timestamp("us", "UTC"), "timestamp", _moment, _take_moments)
DAY = Kind(pa.date32(), "date", _day, _take(pa.date32(), date))
FLAG = Kind(pa.bool_(), "bool", _flag, _take(pa.bool_(), bool))
OBJECT = Kind(pa.string(), "text", _json, _take_none)
"""A list or an object, kept whole as JSON text."""

EXTRA = "extra"


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

    def row(self, item: Json, **given: Any) -> Row:
        """A platform's object as a row: declared places to columns, all else to ``extra``.

        ``given`` columns are not looked for in the object and have the last word.
        """
        row: dict[str, Any] = {}
        rest = _place(item, self._places, row)
        if rest and EXTRA in self.columns:
            row[EXTRA] = json.dumps(rest)
        row.update(given)
        return row

    @cached_property
    def _places(self) -> Places:
        """The columns' places as a tree of the object's names."""
        tree: Places = {}
        for name, kind in self.columns.items():
            if name in (EXTRA, "snapshot_date", "fetched_at"):
                continue
            *branches, leaf = (kind.path or name).split(".")
            at = tree
            for branch in branches:
                at = at.setdefault(branch, {})  # type: ignore[assignment]
            at[leaf] = name
        return tree

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
        arrays = [self._column(name, kind, rows) for name, kind in self.columns.items()]
        return pa.Table.from_arrays(arrays, schema=self.arrow_schema())

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

    def _column(self, name: str, kind: Kind, rows: list[Row]) -> pa.Array:
        values = [row.get(name) for row in rows]
        found = frozenset(map(type, values)) - {type(None)}
        try:
            array = kind.take(values, found)
        except (pa.ArrowException, OverflowError):
            array = None
        if array is None or (array.null_count and not self._is_nullable(name)):
            # One by one: what cannot be read is named, what is merely unusual is read.
            array = pa.array([self._parse(name, kind, value) for value in values], kind.arrow)
        return array

    def _parse(self, name: str, kind: Kind, value: Any) -> Any:
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


def _place(item: Json, places: Places, row: dict[str, Any]) -> dict[str, Any]:
    """Put what stands at ``places`` into ``row``; give back what stands elsewhere."""
    rest: dict[str, Any] = {}
    for name, value in item.items():
        place = places.get(name)
        if place is None:
            rest[name] = value
        elif isinstance(place, str):
            row[place] = value
        elif isinstance(value, Mapping):
            if beneath := _place(value, place, row):
                rest[name] = beneath
        elif value is not None:
            raise UnreadableValueError(
                f"{name}: {str(value)[:60]!r} is not an object. "
                "The platform's answer has changed shape."
            )
    return rest


def snapshot_table(name: str, account: str, object_id: str, columns: Mapping[str, Kind]) -> Table:
    """A table of daily readings: an account's rows of a ``snapshot_date`` are replaced whole.

    ``account`` and ``object_id`` are the columns that hold the account's and the object's id; they
    are the same in a table of accounts. ``extra`` keeps what no column declares.
    """
    key = list(dict.fromkeys(("snapshot_date", account, object_id)))
    return Table(
        name=name,
        columns={"snapshot_date": DAY, "fetched_at": MOMENT, **columns, EXTRA: TEXT},
        key=key,
        replace_by=(account, "snapshot_date"),
        partition="toYYYYMM(snapshot_date)",
    )
