"""Which function counts which KPI anew, and how its figures are held against the marts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

Figures = Mapping[str, pd.DataFrame]
"""Rows by mart, each with the mart's key and the columns of its KPIs."""


@dataclass
class Recount:
    """The functions that count KPIs anew, by the KPI's name in metrics.yml."""

    functions: dict[str, Callable[..., Figures]] = field(default_factory=dict)

    def of(self, *names: str) -> Callable[[Callable[..., Figures]], Callable[..., Figures]]:
        """Say of a function which KPIs it counts."""

        def register(function: Callable[..., Figures]) -> Callable[..., Figures]:
            for name in names:
                assert name not in self.functions, f"{name} is counted twice"
                self.functions[name] = function
            return function

        return register

    def distinct(self) -> list[Callable[..., Figures]]:
        """Each function once."""
        return list(dict.fromkeys(self.functions.values()))


recount = Recount()

TOLERANCE = 1e-9
DISTANCES = {"country_change_28d", "geography_value"}
"""Roots of a sum that cancels out: of what is the same but for the last bit, 1e-8 is left."""


def differences(found: pd.DataFrame, expected: pd.DataFrame, keys: list[str]) -> list[str]:
    """Where a mart's rows are not those expected, column by column, in words."""
    told: list[str] = []
    if not (len(found) and len(expected)):
        return [] if len(found) == len(expected) else [f"{len(found)} rows, not {len(expected)}"]
    both = expected.merge(
        found, on=keys, how="outer", suffixes=("__expected", "__found"), indicator="side"
    )
    for side, where in (("left_only", "not in the mart"), ("right_only", "in the mart alone")):
        rows = both[both.side == side]
        if len(rows):
            told.append(f"{len(rows)} rows {where}: {rows[keys].head(3).to_dict('records')}")
    both = both[both.side == "both"]
    for column in expected.columns.difference(keys):
        if f"{column}__found" not in both:
            told.append(f"{column}: the mart was not asked for it")
            continue
        one, other = both[f"{column}__expected"], both[f"{column}__found"]
        wrong = ~_equal(one, other, 1e-6 if column in DISTANCES else TOLERANCE)
        if wrong.any():
            shown = both.loc[wrong, [*keys, f"{column}__expected", f"{column}__found"]].head(4)
            told.append(
                f"{column}: {int(wrong.sum())} of {len(both)} differ: {shown.to_dict('records')}"
            )
    return told


def _equal(one: pd.Series, other: pd.Series, tolerance: float) -> pd.Series:
    numeric = [pd.to_numeric(side, errors="coerce") for side in (one, other)]
    texts = [
        side.isna() == number.isna() for side, number in zip((one, other), numeric, strict=True)
    ]
    if all(text.all() for text in texts):
        a, b = (number.to_numpy(float) for number in numeric)
        close = np.isclose(a, b, rtol=TOLERANCE, atol=tolerance, equal_nan=True)
        return pd.Series(close, index=one.index)
    both_absent = one.isna() & other.isna()
    return (one.map(_plain) == other.map(_plain)) | both_absent


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, np.ndarray)) else value
