"""Growth forecasts with intervals for many series at once: followers, reach, engagement, anything.

    from ml.forecast import forecast
    forecast(history, horizons=[7, 14, 28, 90])

In: a frame ``series_id, date, value``, daily or weekly (:mod:`ml.growth.history` says what is
refused and what is mended). Out: one row per series and horizon,
``series_id, origin, horizon, date, point, lo_80, hi_80, lo_95, hi_95, method``: ``origin`` is the
series' own last valid day, ``horizon`` counts steps of the frequency from it, values are in the
unit of the input.

A direct multi-horizon model (:mod:`ml.growth`): what simple methods leave over is learnt over all
series, and its intervals are corrected by group from origins that are already resolved. Coverage
holds over groups of series, not for a single one.

``method`` says what was done: ``gbm+conformal`` or ``blend+conformal``; for few series with a short
history, where nothing can be learnt and judged, ``combination+conformal``; below two horizons of
history, or with too few resolved origins to tell an error, ``ets`` or ``drift`` of statsforecast,
whose own intervals are too narrow for what drifts, and why (``short_history``, ``few_origins``,
``still`` for no step in a long while), ``widened`` where a shorter horizon is learnt that must not
be less sure; for a series that never changes ``last_value``. Then the
defects of the series that were mended: ``gbm+conformal|gap|rounded``. What cannot be known is NaN:
the interval of a single point, the forecast of a series without one value.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from ml.growth.baselines import SHORTEST_ETS, baseline
from ml.growth.features import NAMES, window_rows, window_steps
from ml.growth.history import Panel, read_history
from ml.growth.learner import Examples, known_horizons, learn, quantiles

HISTORY_PER_HORIZON = 2
"""A learnt forecast needs that many horizons of history; below, statsforecast makes it."""
TRAINING_ROWS = 120_000
_TRAINING_HISTORY_PER_HORIZON = 1
# Origins of a series a few days apart tell nearly the same.
_ORIGINS_PER_SERIES, _FEWEST_ORIGINS = 40, 2_000
_SHORTEST_TRAINING = 8
_CHUNK = 4_096


def forecast(
    history: pd.DataFrame,
    horizons: Sequence[int],
    levels: Sequence[float] = (0.8, 0.95),
    freq: str = "D",
    seed: int = 0,
    now: datetime | None = None,
) -> pd.DataFrame:
    """Fit on a history and forecast each of its series from its own last valid day.

    Args:
        history: ``series_id, date, value`` in any order; see :mod:`ml.growth.history`.
        horizons: steps ahead, whole numbers from 1 on.
        levels: shares that the intervals are to cover, each between 0 and 1.
        freq: ``D`` (steps are days) or ``W`` (weeks).
        seed: same seed and history, same forecast.
        now: what counts as the present; the clock's by default.

    Raises:
        ValueError: the frame or an argument is malformed; one line says what and the remedy.
    """
    steps, shares = _asked(horizons, levels)
    panel = read_history(history, freq, now)
    return _fitted(panel, steps, shares, seed)._predicted(panel, steps)


def fit(
    history: pd.DataFrame,
    horizons: Sequence[int],
    levels: Sequence[float] = (0.8, 0.95),
    freq: str = "D",
    seed: int = 0,
    now: datetime | None = None,
) -> "ForecastModel":
    """Learn from every resolved origin of a history; arguments and errors as :func:`forecast`."""
    steps, shares = _asked(horizons, levels)
    return _fitted(read_history(history, freq, now), steps, shares, seed)


class ForecastModel:
    """A fitted model: ``state`` holds only plain values, arrays and scikit-learn estimators."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def predict(
        self,
        history: pd.DataFrame,
        horizons: Sequence[int] | None = None,
        now: datetime | None = None,
    ) -> pd.DataFrame:
        """Forecast the series of a history, known or new, at some or all fitted horizons.

        Raises:
            ValueError: the frame is malformed, or a horizon was not fitted.
        """
        fitted = tuple(self.state["horizons"])
        steps, _ = _asked(fitted if horizons is None else horizons, self.state["levels"])
        unknown = [step for step in steps if step not in fitted]
        if unknown:
            raise ValueError(
                f"horizons: {unknown[0]} was not fitted. Use some of {', '.join(map(str, fitted))}."
            )
        return self._predicted(read_history(history, self.state["freq"], now), steps)

    def _predicted(self, panel: Panel, steps: tuple[int, ...]) -> pd.DataFrame:
        shape = (len(panel), len(steps))
        levels = tuple(self.state["levels"])
        point = np.full(shape, np.nan)
        lows, highs = np.full((2, *shape, len(levels)), np.nan)
        method = np.full(shape, "none|no_values", dtype=object)
        answer = _Answer(point, lows, highs, method)
        lengths = panel.lengths
        moving = _still(panel, steps, levels, answer)
        for start in range(0, len(panel), _CHUNK):
            rows = start + np.flatnonzero(lengths[start : start + _CHUNK] > 1)
            if len(rows):
                self._learnt(panel, rows, moving[rows], steps, answer)
        learnt = moving[:, None] & np.isfinite(point)
        _by_baseline(panel, moving, lengths, steps, levels, answer)
        _never_surer(learnt, moving, steps, answer)
        _not_below_zero(panel, answer)
        return _framed(panel, steps, levels, answer)

    def _learnt(
        self,
        panel: Panel,
        rows: np.ndarray,
        moving: np.ndarray,
        steps: tuple[int, ...],
        answer: "_Answer",
    ) -> None:
        """Fill what the learner may answer; what moves otherwise keeps NaN and has its reason."""
        fitted, learner = tuple(self.state["horizons"]), self.state["learner"]
        width = min(panel.values.shape[1], self.state["window"])
        made = window_rows(
            panel.values[rows, -width:], panel.observed[rows, -width:], steps, panel.frequency
        )
        ahead = np.tile(np.array(steps), len(rows))
        place = np.tile(np.array([fitted.index(step) for step in steps]), len(rows))
        lengths = np.isfinite(panel.values[rows]).sum(axis=1)
        enough = np.repeat(lengths, len(steps)) >= HISTORY_PER_HORIZON * ahead
        known = np.isfinite(made.scale) & np.array(self.state["learnt"])[place]
        reason = np.where(made.scale > 0, "few_origins", "still")
        reason = np.where(enough, reason, "short_history").reshape(len(rows), len(steps))
        answer.method[rows] = np.where(moving[:, None], reason, answer.method[rows])
        usable = np.flatnonzero(enough & known)
        if learner is None or not len(usable):
            return
        series, step = rows[usable // len(steps)], usable % len(steps)
        middle, low, high = quantiles(
            learner, made.features[usable], place[usable], made.level[usable]
        )
        start, scale = (made.level + made.base)[usable], made.scale[usable]
        answer.point[series, step] = start + scale * middle
        answer.lows[series, step] = start[:, None] + scale[:, None] * low
        answer.highs[series, step] = start[:, None] + scale[:, None] * high
        answer.method[series, step] = f"{learner['kind']}+conformal"


class _Answer:
    """What is being filled in: (series, horizons) arrays, intervals with a last axis of levels."""

    def __init__(
        self, point: np.ndarray, lows: np.ndarray, highs: np.ndarray, method: np.ndarray
    ) -> None:
        self.point, self.lows, self.highs, self.method = point, lows, highs, method


def _asked(
    horizons: Sequence[int], levels: Sequence[float]
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    steps, shares = _listed("horizons", horizons), _listed("levels", levels)
    for step in steps:
        if (
            isinstance(step, (bool, np.bool_))
            or not isinstance(step, (int, np.integer))
            or step < 1
        ):
            raise ValueError(f"horizons: {step!r} is no step ahead. Use whole numbers from 1 on.")
    for share in shares:
        number = isinstance(share, (float, np.floating))
        if not number or not 0 < share < 1:
            raise ValueError(f"levels: {share!r} is no share. Use numbers between 0 and 1, as 0.8.")
    return tuple(map(int, steps)), tuple(map(float, shares))


def _listed(name: str, values: Sequence[Any]) -> list[Any]:
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name}: {values!r} is no list. Pass a list of numbers.")
    found = list(values)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{name}: {found!r} is empty or repeats itself. Name each once.")
    return found


def _fitted(
    panel: Panel, horizons: tuple[int, ...], levels: tuple[float, ...], seed: int
) -> ForecastModel:
    window = window_steps(panel.frequency, horizons)
    examples = training_examples(panel, horizons, seed)
    learnt = known_horizons(examples, horizons)
    examples = examples.take(np.flatnonzero(learnt[examples.horizon]))
    learner = learn(examples, horizons, levels, seed) if learnt.any() else None
    return ForecastModel(
        {
            "horizons": list(horizons),
            "levels": list(levels),
            "freq": panel.frequency.code,
            "seed": seed,
            "window": window,
            "learnt": [bool(one) for one in learnt],
            "rows": len(examples),
            "learner": learner,
        }
    )


def training_examples(panel: Panel, horizons: tuple[int, ...], seed: int) -> Examples:
    """Resolved origins of all series, drawn over all their days (so over all weekdays) alike."""
    rng = np.random.default_rng(seed)
    wanted = max(_ORIGINS_PER_SERIES * len(panel), _FEWEST_ORIGINS)
    series, column = _drawn(panel, horizons, min(wanted, TRAINING_ROWS // len(horizons)), rng)
    width = min(panel.values.shape[1], window_steps(panel.frequency, horizons))
    parts = [
        _examples_at(
            panel, series[start : start + _CHUNK], column[start : start + _CHUNK], width, horizons
        )
        for start in range(0, len(series), _CHUNK)
    ]
    if not parts:
        empty = np.empty(0)
        none = np.empty(0, dtype=np.int64)
        features = np.empty((0, len(NAMES)), dtype=np.float32)
        return Examples(features, empty, none, none, none, empty, empty)
    return Examples(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in Examples.__dataclass_fields__
        }
    )


def _drawn(
    panel: Panel, horizons: tuple[int, ...], wanted: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """At most ``wanted`` (series, column) of observed days with enough history and a future."""
    _count, width = panel.values.shape
    lengths = panel.lengths
    nearest = min(horizons)
    earliest = (
        width - lengths + max(_TRAINING_HISTORY_PER_HORIZON * nearest, _SHORTEST_TRAINING) - 1
    )
    room = np.maximum(width - nearest - earliest, 0)
    total = int(room.sum())
    if not total:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    # Cells of all series' usable columns, numbered one after the other: drawing numbers costs no
    # matrix of them.
    cells = rng.choice(total, min(total, 2 * wanted), replace=False, shuffle=True)
    ends = np.cumsum(room)
    series = np.searchsorted(ends, cells, side="right")
    column = earliest[series] + cells - (ends - room)[series]
    kept = np.flatnonzero(panel.observed[series, column])[:wanted]
    order = np.lexsort((column[kept], series[kept]))
    return series[kept][order], column[kept][order]


def _examples_at(
    panel: Panel, series: np.ndarray, column: np.ndarray, width: int, horizons: tuple[int, ...]
) -> Examples:
    total = panel.values.shape[1]
    places = column[:, None] + np.arange(1 - width, 1)
    inside = places >= 0
    rows, places = series[:, None], np.maximum(places, 0)
    windows = np.where(inside, panel.values[rows, places], np.nan)
    made = window_rows(windows, inside & panel.observed[rows, places], horizons, panel.frequency)
    ahead = np.array(horizons)
    target = np.minimum(column[:, None] + ahead, total - 1)
    history = np.isfinite(windows).sum(axis=1)[:, None]
    long_enough = (history >= _TRAINING_HISTORY_PER_HORIZON * ahead) | (history >= width)
    resolved = (column[:, None] + ahead < total) & panel.observed[rows, target] & long_enough
    truth = panel.values[rows, target].ravel() - made.level
    usable = np.flatnonzero(resolved.ravel() & np.isfinite(made.scale))
    everything = Examples(
        made.features,
        (truth - made.base) / made.scale,
        np.tile(np.arange(len(ahead)), len(series)),
        np.repeat(series, len(ahead)),
        np.repeat(total - 1 - column, len(ahead)),
        made.level,
        made.scale,
    )
    return everything.take(usable)


def _still(
    panel: Panel, steps: tuple[int, ...], levels: tuple[float, ...], answer: _Answer
) -> np.ndarray:
    """Answer series without a movement; (n,) which ones move.

    A series that held still for n steps holds still for h more with probability n / (n + h) if its
    steps are exchangeable (rule of succession): where that reaches a level the interval is the
    value itself, elsewhere it is unknown.
    """
    lengths = panel.lengths
    with np.errstate(invalid="ignore"):
        moved = (np.diff(panel.values, axis=1) != 0) & np.isfinite(panel.values[:, :-1])
    moving = moved.any(axis=1)
    still = np.flatnonzero(~moving & (lengths > 0))
    value = panel.values[still, -1]
    seen = lengths[still][:, None, None] - 1
    ahead = np.array(steps)[None, :, None]
    sure = seen / (seen + ahead) >= np.array(levels)[None, None, :]
    answer.point[still] = value[:, None]
    answer.lows[still] = answer.highs[still] = np.where(sure, value[:, None, None], np.nan)
    reason = np.where(
        lengths[still] == 1, "single_point", np.where(value == 0, "all_zero", "constant")
    )
    answer.method[still] = np.array([f"last_value|{one}" for one in reason], dtype=object)[:, None]
    return moving


def _by_baseline(
    panel: Panel,
    moving: np.ndarray,
    lengths: np.ndarray,
    steps: tuple[int, ...],
    levels: tuple[float, ...],
    answer: _Answer,
) -> None:
    """Answer what the learner left open: a short history, or too little to learn from."""
    left = moving & ~np.isfinite(answer.point).all(axis=1)
    for name, model, rows in (
        ("drift", "drift", np.flatnonzero(left & (lengths < SHORTEST_ETS))),
        ("ets", "additive_ets", np.flatnonzero(left & (lengths >= SHORTEST_ETS))),
    ):
        if not len(rows):
            continue
        point, lows, highs = baseline(model, panel.values[rows], steps, levels)
        series, step = np.nonzero(~np.isfinite(answer.point[rows]))
        where = rows[series], step
        answer.point[where] = point[series, step]
        answer.lows[where], answer.highs[where] = lows[series, step], highs[series, step]
        answer.method[where] = np.array(
            [f"{name}|{reason}" for reason in answer.method[where]], dtype=object
        )


def _never_surer(
    learnt: np.ndarray, moving: np.ndarray, steps: tuple[int, ...], answer: _Answer
) -> None:
    """Widen a baseline's interval to that of the longest learnt horizon before it, times the root
    of how much longer its own is: what the sum of as many independent steps would need.

    Args:
        learnt: (series, horizons), answered by the learner.
        moving: (series,), which ones have an interval to widen.
    """
    ahead, last = np.array(steps, dtype=float), np.full(len(learnt), -1)
    for at in np.argsort(ahead):
        rows = np.flatnonzero(moving & ~learnt[:, at] & (last >= 0))
        early = last[rows]
        root = np.sqrt(ahead[at] / ahead[early])[:, None]
        middle, start = answer.point[rows, at][:, None], answer.point[rows, early][:, None]
        low = middle - root * (start - answer.lows[rows, early])
        high = middle + root * (answer.highs[rows, early] - start)
        enough = (answer.lows[rows, at] <= low) & (answer.highs[rows, at] >= high)
        answer.lows[rows, at] = np.fmin(low, answer.lows[rows, at])
        answer.highs[rows, at] = np.fmax(high, answer.highs[rows, at])
        answer.method[rows, at] += np.where(enough.all(axis=1), "", "|widened")
        last[learnt[:, at]] = at


def _not_below_zero(panel: Panel, answer: _Answer) -> None:
    """A counter that was never negative will not be."""
    counters = np.flatnonzero(~(panel.values < 0).any(axis=1))
    for part in (answer.point, answer.lows, answer.highs):
        part[counters] = np.maximum(part[counters], 0)


def _framed(
    panel: Panel, steps: tuple[int, ...], levels: tuple[float, ...], answer: _Answer
) -> pd.DataFrame:
    count = len(steps)
    origin = np.repeat(panel.last_day, count)
    ahead = np.tile(np.array(steps), len(panel))
    columns: dict[str, Any] = {
        "series_id": np.repeat(panel.ids, count),
        "origin": origin.astype("datetime64[ns]"),
        "horizon": ahead,
        "date": (origin + ahead * panel.frequency.days).astype("datetime64[ns]"),
        "point": answer.point.ravel(),
    }
    for place, level in enumerate(levels):
        percent = f"{round(100 * level, 6):g}"
        columns[f"lo_{percent}"] = answer.lows[:, :, place].ravel()
        columns[f"hi_{percent}"] = answer.highs[:, :, place].ravel()
    defects = np.repeat(panel.defects, count)
    method = answer.method.ravel()
    columns["method"] = [f"{a}|{b}" if b else a for a, b in zip(method, defects, strict=True)]
    return pd.DataFrame(columns)
