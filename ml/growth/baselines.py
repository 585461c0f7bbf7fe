"""Forecasts of single series by statsforecast: for short histories, and to be measured against.

Reads trailing windows, gives points and normal-theory intervals per horizon in the series' unit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ml.growth.history import read_history

BASELINES = ("drift", "theta", "ets")
"""What a forecast is measured against."""
SHORTEST_ETS = 10
"""Steps below which AutoETS has too little to smooth, and a straight line is drawn."""


def baseline(
    name: str, windows: np.ndarray, horizons: Sequence[int], levels: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forecast each row of (n, t) windows (last column = origin, NaN before a series begins).

    ``name`` is ``drift``, ``theta`` (dynamic Theta), ``ets`` (AutoETS, no season) or
    ``additive_ets`` (AutoETS whose errors add up).
    Returns points (n, horizons), lows and highs (n, horizons, levels); NaN where the method has
    none (an interval needs four steps).
    """
    # The library takes seconds to import, and most forecasts never need it.
    from statsforecast import StatsForecast

    count, longest = len(windows), max(horizons)
    known = np.isfinite(windows)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(count), known.sum(axis=1)),
            "ds": np.nonzero(known)[1],
            "y": windows[known],
        }
    )
    # The library says whole numbers, and takes 97.5 as well.
    percents: list[Any] = [_percent(level) for level in levels]
    with np.errstate(all="ignore"):
        made = StatsForecast(models=[_model(name)], freq=1, n_jobs=1).forecast(
            df=frame, h=longest, level=percents
        )
    ahead = np.asarray(horizons) - 1

    def column(title: str) -> np.ndarray:
        return made[title].to_numpy(dtype=float).reshape(count, longest)[:, ahead]

    point = column(name)
    lows = np.stack([column(f"{name}-lo-{percent}") for percent in percents], axis=2)
    highs = np.stack([column(f"{name}-hi-{percent}") for percent in percents], axis=2)
    too_short = known.sum(axis=1) < 4
    lows[too_short], highs[too_short] = np.nan, np.nan
    return point, lows, highs


def drifted(
    history: pd.DataFrame, horizons: Sequence[int], levels: Sequence[float]
) -> pd.DataFrame:
    """Drift of each daily series from its own last known day, as a forecast's baseline.

    ``series_id``, ``horizon``, ``drift_point``, ``drift_lo_80``, ``drift_hi_80``, ... by level: a
    row for every series with a value. Origins and mended gaps are those of ``ml.forecast``.
    """
    panel = read_history(history, "D")
    usable = np.flatnonzero(panel.lengths > 0)
    point, lows, highs = baseline("drift", panel.values[usable], horizons, levels)
    columns: dict[str, Any] = {
        "series_id": np.repeat(panel.ids[usable], len(horizons)),
        "horizon": np.tile(list(horizons), len(usable)),
        "drift_point": point.ravel(),
    }
    for place, level in enumerate(levels):
        columns[f"drift_lo_{_percent(level)}"] = lows[:, :, place].ravel()
        columns[f"drift_hi_{_percent(level)}"] = highs[:, :, place].ravel()
    return pd.DataFrame(columns)


def _percent(level: float) -> float | int:
    """The level as the library spells it in its columns: 80 and 97.5."""
    percent = round(100 * level, 6)
    return int(percent) if percent == int(percent) else percent


def _model(name: str) -> Any:
    from statsforecast.models import AutoETS, DynamicTheta, RandomWalkWithDrift

    if name == "drift":
        return RandomWalkWithDrift(alias=name)
    if name == "theta":
        return DynamicTheta(season_length=1, alias=name)
    if name == "ets":
        return AutoETS(season_length=1, model="ZZN", alias=name)
    if name == "additive_ets":
        # with errors that multiply, intervals months ahead can leave every bound
        return AutoETS(season_length=1, model="AZN", alias=name)
    raise ValueError(f"baseline: {name!r} is unknown. Use additive_ets, {', '.join(BASELINES)}.")
