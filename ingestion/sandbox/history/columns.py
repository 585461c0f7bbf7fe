"""Raw rows out of whole columns: what the histories of all platforms are built with."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.sandbox.world.model import Ints, PlatformBlock
from ingestion.tables import Row, Table

STAMPS = ("snapshot_date", "fetched_at")
_EPOCH = date(1970, 1, 1).toordinal()


def rows_of(table: Table, size: int, columns: Mapping[str, Any]) -> pa.Table:
    """``size`` rows of a raw table without ``fetched_at``, of arrays and single values.

    A column that is not named is NULL. Raises :class:`KeyError` for one that the table has not.
    """
    if unknown := columns.keys() - table.columns.keys():
        raise KeyError(f"{table.name}: no column {', '.join(sorted(unknown))}")
    schema = pa.schema([field for field in table.arrow_schema() if field.name != "fetched_at"])
    arrays = [_array(columns.get(field.name), field.type, size) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def unchanging(table: Table, rows: Iterable[Row]) -> Mapping[str, pa.Array]:
    """The columns of objects that read the same every day, as the source itself makes them."""
    stamps = {"snapshot_date": date(1970, 1, 1), "fetched_at": datetime(1970, 1, 1, tzinfo=UTC)}
    made = table.to_arrow({**row, **stamps} for row in rows)
    return {name: made[name].combine_chunks() for name in made.column_names if name not in STAMPS}


def taken(columns: Mapping[str, pa.Array], positions: Ints) -> dict[str, pa.Array]:
    """The columns at ``positions``, which may repeat."""
    wanted = pa.array(positions)
    return {name: column.take(wanted) for name, column in columns.items()}


def dates(block: PlatformBlock, day: Ints) -> pa.Array:
    """Day indices as dates."""
    first = block.first_day.toordinal() - _EPOCH
    return pa.array((first + np.asarray(day)).astype(np.int32)).cast(pa.date32())


def moments(seconds: Ints) -> pa.Array:
    """Unix seconds as times."""
    return pa.array(np.asarray(seconds) * 1_000_000).cast(pa.timestamp("us", "UTC"))


def unless(absent: npt.NDArray[np.bool_], values: npt.NDArray[Any]) -> pa.Array:
    """The values, NULL where they are ``absent``."""
    return pa.array(values, mask=absent)


def _array(values: Any, kind: pa.DataType, size: int) -> pa.Array:
    if values is None:
        return pa.nulls(size, kind)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array | np.ndarray | list):
        return pa.repeat(pa.scalar(values, kind), size)
    found = values if isinstance(values, pa.Array) else pa.array(values)
    return found if found.type == kind else pc.cast(found, kind)
