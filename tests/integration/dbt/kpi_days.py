"""Figures by calendar day: one row per day without gaps, one column per account, NaN where unknown.

``wide`` makes such a frame of rows, ``tall`` takes it apart again. Windows are of days.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

LEAST = {7: 5, 28: 20}
"""Days of a window of 7 or 28 that must be known."""

Reduce = Callable[[np.ndarray], np.ndarray]


def wide(rows: pd.DataFrame, value: str, days: pd.RangeIndex, accounts: pd.Index) -> pd.DataFrame:
    """Rows of ``account`` and ``day`` as days x accounts."""
    known = rows[["day", "account", value]].astype({value: float})
    table = known.pivot(index="day", columns="account", values=value)
    return table.reindex(index=days, columns=accounts)


def tall(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Days x accounts of several figures as rows of ``account`` and ``day``."""
    first = next(iter(frames.values()))
    index = pd.MultiIndex.from_product([first.index, first.columns], names=["day", "account"])
    columns = {name: frame.to_numpy().ravel() for name, frame in frames.items()}
    return pd.DataFrame(columns, index=index).reset_index()


def ago(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    """What was known so many days before."""
    return frame.shift(days)


def trailing(
    frame: pd.DataFrame, days: int, reduce: Reduce, least: int | None = None
) -> pd.DataFrame:
    """A figure over the days that end on each day, NaN where fewer than ``least`` are known."""
    values = np.vstack([np.full((days - 1, frame.shape[1]), np.nan), frame.to_numpy(float)])
    windows = np.lib.stride_tricks.sliding_window_view(values, days, axis=0)
    known = np.isfinite(windows).sum(axis=2)
    reduced = np.full(known.shape, np.nan)
    enough = known >= max(LEAST.get(days, 1) if least is None else least, 1)
    if enough.any():
        reduced[enough] = reduce(windows[enough])
    return pd.DataFrame(reduced, index=frame.index, columns=frame.columns)


def total(windows: np.ndarray) -> np.ndarray:
    return np.nansum(windows, axis=1)


def mean(windows: np.ndarray) -> np.ndarray:
    return np.nanmean(windows, axis=1)


def deviation(windows: np.ndarray) -> np.ndarray:
    """Standard deviation of a sample."""
    return np.nanstd(windows, axis=1, ddof=1)


def ratio(above: pd.DataFrame | pd.Series, below: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """A share or rate: NaN where there is nothing below the line."""
    return above / below.where(below != 0)


def tier(followers: pd.Series) -> pd.Series:
    """nano < 10,000 <= micro < 100,000 <= mid < 1,000,000 <= mega; None where not known."""
    bounds = [-np.inf, 10_000, 100_000, 1_000_000, np.inf]
    named = pd.cut(followers, bounds, right=False, labels=["nano", "micro", "mid", "mega"])
    return named.astype(object).where(followers.notna(), None)


def standing(values: pd.Series, cohort: list[pd.Series], halves: bool) -> pd.Series:
    """Share of the others of the cohort that are lower; equal ones count half, or not at all.

    NaN where fewer than 20 of the cohort have a value.
    """
    groups = values.groupby(cohort)
    lower = groups.rank(method="average" if halves else "min") - 1
    number = groups.transform("count")
    return (lower / (number - 1)).where(number >= 20)
