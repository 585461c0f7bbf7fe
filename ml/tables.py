"""The models' one door to tables: frames in, frames out.

Features are read as the ``reader``, who has no right to the truth of a synthetic world; what models
write and the labels are the owner's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from warehouse.client import connect, log_comment
from warehouse.errors import UserError
from warehouse.settings import Identity, WarehouseSettings


class Tables:
    """A client of one identity and the names of the databases; a context manager."""

    def __init__(
        self,
        identity: Identity = "owner",
        settings: WarehouseSettings | None = None,
        asset: str = "ml",
    ) -> None:
        self.settings = settings or WarehouseSettings()
        self.client: Client = connect(identity, self.settings, log_comment(asset, "ml"))

    def __enter__(self) -> "Tables":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def database(self, layer: str) -> str:
        """The database of a layer, e.g. ``ml`` or ``dev_ml``."""
        return self.settings.database(layer)

    def read(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        arrow_maps: bool = False,
    ) -> pd.DataFrame:
        """The rows of a query that names databases as ``{marts}.mart_growth__account_day``.

        Dates become ``datetime64``; what is NULL becomes NaN, NaT or None; maps become
        dictionaries, or with ``arrow_maps`` stay columns for :func:`from_maps`.
        """
        table = self.read_arrow(query, parameters)
        frame: pd.DataFrame = table.to_pandas(
            maps_as_pydicts="strict", types_mapper=_arrow_map if arrow_maps else None
        )
        for name, column in zip(table.column_names, table.columns, strict=True):
            if str(column.type) == "date32[day]":
                frame[name] = pd.to_datetime(frame[name])
        return frame

    def read_arrow(self, query: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """The rows of such a query as Arrow columns."""
        text = query
        for layer in ("core", "marts", "ml", "truth", "raw", "ops", "staging"):
            text = text.replace("{" + layer + "}", self.database(layer))
        return self.client.query_arrow(text, parameters=dict(parameters or {}), use_strings=True)

    def append(self, table: str, frame: pd.DataFrame) -> int:
        """Add rows to a table of ``ml``; ``created_at`` is now, the same for all of them.

        Returns:
            The number of rows.

        Raises:
            UserError: the table is of an older version and lacks a column.
        """
        if frame.empty:
            return 0
        stamped = frame.assign(created_at=pd.Timestamp.now("UTC"))
        try:
            self.client.insert_arrow(
                table,
                _arrow(stamped),
                database=self.database("ml"),
                # what must be known and is not is refused, not written as 0
                settings={"input_format_null_as_default": 0},
            )
        except DatabaseError as error:
            if "NO_SUCH_COLUMN_IN_TABLE" not in str(error):
                raise
            raise UserError(
                f"{self.database('ml')}.{table}: has the shape of an older version. "
                "Run python -m warehouse schema."
            ) from error
        return len(stamped)


def as_maps(frame: pd.DataFrame) -> pd.Series:
    """Each row's known values by column as one map (a column of Arrow's, no object per cell)."""
    values = frame.to_numpy(dtype=float)
    known = ~np.isnan(values)
    ends = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    names = pa.array([str(name) for name in frame]).take(pa.array(np.nonzero(known)[1]))
    maps = pa.MapArray.from_arrays(pa.array(ends, pa.int32()), names, pa.array(values[known]))
    return pd.Series(maps, index=frame.index, dtype=pd.ArrowDtype(maps.type))


def from_maps(maps: pd.Series, names: Sequence[str]) -> pd.DataFrame:
    """Columns of the names out of maps, dictionaries or Arrow's; NaN where a map lacks one."""
    if not isinstance(maps.dtype, pd.ArrowDtype):
        found = pd.DataFrame(list(maps), index=maps.index)
        return found.reindex(columns=list(names)).astype(float)
    values = np.full((len(maps), len(names)), np.nan)
    wanted, done = pa.array(list(names)), 0
    for part in pa.Table.from_pandas(maps.to_frame("maps")).column("maps").chunks:
        ends = part.offsets.to_numpy()
        row = done + np.repeat(np.arange(len(part)), np.diff(ends))
        cells = slice(ends[0], ends[-1])
        place = pc.index_in(part.keys[cells], wanted).to_numpy(zero_copy_only=False)
        held = ~np.isnan(place)
        values[row[held], place[held].astype(int)] = part.items[cells].to_numpy()[held]
        done += len(part)
    return pd.DataFrame(values, index=maps.index, columns=list(names))


def _arrow_map(kind: pa.DataType) -> pd.ArrowDtype | None:
    return pd.ArrowDtype(kind) if pa.types.is_map(kind) else None


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """A frame as the engine takes it: NaN and NaT as NULL, days as dates, maps as maps."""
    return pa.table({str(name): _array(frame[name]) for name in frame})


def _array(column: pd.Series) -> pa.Array:
    if pd.api.types.is_datetime64_dtype(column):
        return pa.Array.from_pandas(column.dt.date, type=pa.date32())
    known = column.dropna()
    first = known.iloc[0] if column.dtype == object and len(known) else None
    if isinstance(first, Mapping):
        value = pa.array([item for cells in known for item in cells.values()] or [0.0]).type
        return pa.array([list(cells.items()) for cells in column], pa.map_(pa.string(), value))
    return pa.Array.from_pandas(column)
