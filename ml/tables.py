"""The models' one door to tables: frames in, frames out.

Features are read as the ``reader``, who has no right to the truth of a synthetic world; what models
write and the labels are the owner's.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
from clickhouse_connect.driver.client import Client

from warehouse.client import connect, log_comment
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

    def read(self, query: str, parameters: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """The rows of a query that names databases as ``{marts}.mart_growth__account_day``.

        Dates become ``datetime64``; what is NULL becomes NaN, NaT or None.
        """
        text = query
        for layer in ("core", "marts", "ml", "truth", "raw", "ops", "staging"):
            text = text.replace("{" + layer + "}", self.database(layer))
        table = self.client.query_arrow(text, parameters=dict(parameters or {}), use_strings=True)
        frame: pd.DataFrame = table.to_pandas(maps_as_pydicts="strict")
        for name, column in zip(table.column_names, table.columns, strict=True):
            if str(column.type) == "date32[day]":
                frame[name] = pd.to_datetime(frame[name])
        return frame

    def append(self, table: str, frame: pd.DataFrame) -> int:
        """Add rows to a table of ``ml``; ``created_at`` is now, the same for all of them.

        Returns:
            The number of rows.
        """
        if frame.empty:
            return 0
        stamped = frame.assign(created_at=pd.Timestamp.now("UTC"))
        self.client.insert_arrow(
            table,
            _arrow(stamped),
            database=self.database("ml"),
            # what must be known and is not is refused, not written as 0
            settings={"input_format_null_as_default": 0},
        )
        return len(stamped)


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
