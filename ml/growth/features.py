"""What a growth model reads at an origin: simple forecasts, how they did lately, and volatility.

Every row is a trailing window of one series whose last column is the origin, so nothing after the
origin can be read. For a horizon of h steps the simple methods of the field each give a gain
``value[t + h] - value[t]``; each is judged by its own errors at origins already resolved inside the
window, and the *combination* weights it by the inverse square of that error (Bates and Granger
1969). Models then learn what the combination leaves over, in units of its own usual error: free of
size and unit, so that what is learnt on one set of series holds on another.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from ml.growth.history import Frequency, rounding_unit

METHODS = (
    "naive",
    "repeat_short",
    "drift_mid",
    "drift_long",
    "clean_short",
    "clean_mid",
    "fading_short",
    "fading_mid",
    "steps_mid",
    "steps_long",
    "mean_short",
    "mean_mid",
    "seasonal",
)
"""The simple methods: no change; the last short window again; straight lines through the mid and
long window; through the short and mid window without outliers; on the exponentially fading mean of
such steps; through the moments at which a rounded counter steps; back to the mean of the short and
mid window; the same step of the last season."""

NAMES = (
    "horizon",
    "length",
    "relative_error",
    "combined_gain",
    *(f"gain_{name}" for name in METHODS),
    *(f"error_{name}" for name in METHODS),
    "median_gain",
    "volatility_short",
    "volatility_mid",
    "volatility_long",
    "largest_step",
    "last_step",
    "share_still",
    "share_down",
    "share_filled",
    "since_step",
    "rounding",
)
"""The columns of :attr:`Rows.features`."""

_OUTLIER = 8.0
# A method that was never resolved (last year's gain in a young panel) counts as far off: a column
# without one value cannot be binned.
_UNJUDGED = 10.0


@dataclass(frozen=True)
class Rows:
    """One row per window and horizon, horizons of a window next to each other.

    features: (rows, len(NAMES)) float32 · base: (rows,) the combination's gain · scale: (rows,) its
    usual error in units of the series, above 0 or NaN where nothing is resolved or nothing moves
    · level: (rows,) the value at the origin.
    """

    features: np.ndarray
    base: np.ndarray
    scale: np.ndarray
    level: np.ndarray


def window_steps(frequency: Frequency, horizons: tuple[int, ...]) -> int:
    """Columns that a window needs for the longest horizon."""
    season = frequency.season if frequency.season > frequency.mid else 0
    return max(frequency.long, frequency.mid + season) + max(horizons) + frequency.judged + 1


def window_rows(
    windows: np.ndarray, observed: np.ndarray, horizons: tuple[int, ...], frequency: Frequency
) -> Rows:
    """The rows of (n, t) windows, last column = origin; NaN before a series begins.

    ``observed`` marks the columns that were seen, not filled.
    """
    state = _State.of(windows, frequency)
    parts = [_rows_of(state, observed, horizon) for horizon in horizons]
    count = len(windows)

    def together(name: str) -> np.ndarray:
        stacked = np.stack([getattr(part, name) for part in parts], axis=1)
        return stacked.reshape(count * len(horizons), *stacked.shape[2:])

    return Rows(together("features"), together("base"), together("scale"), together("level"))


@dataclass(frozen=True)
class _State:
    """Windows and what all horizons share: cleaned levels, moments of steps, sums."""

    frequency: Frequency
    values: np.ndarray
    first: np.ndarray
    steps: np.ndarray
    clean: np.ndarray
    fading_short: np.ndarray
    fading_mid: np.ndarray
    sums: np.ndarray
    moment: np.ndarray
    middle: np.ndarray
    rounding: np.ndarray

    @classmethod
    def of(cls, windows: np.ndarray, frequency: Frequency) -> "_State":
        values = np.ascontiguousarray(windows, dtype=float)
        known = np.isfinite(values)
        first = known.argmax(axis=1)
        steps = np.diff(values, axis=1)
        values = np.where(known, values, 0.0)
        usual = _without_outliers(steps)
        clean = np.pad(np.cumsum(np.nan_to_num(usual), axis=1), ((0, 0), (1, 0)))
        moving = np.pad(np.nan_to_num(steps) != 0, ((0, 0), (1, 0)))
        place = np.arange(values.shape[1])
        # A counter that has not stepped yet is as if it had when it was first seen.
        moment = np.maximum.accumulate(np.where(moving, place, first[:, None]), axis=1)
        before = np.take_along_axis(values, np.maximum(moment - 1, first[:, None]), axis=1)
        middle = (np.take_along_axis(values, moment, axis=1) + before) / 2
        sums = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))
        return cls(
            frequency,
            values,
            first,
            steps,
            clean,
            _fading(usual, frequency.short),
            _fading(usual, frequency.mid),
            sums,
            moment,
            middle,
            rounding_unit(windows),
        )

    def at(self, matrix: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Values at (n, c) columns, none before a series' first."""
        return np.take_along_axis(matrix, np.maximum(columns, self.first[:, None]), axis=1)


def _without_outliers(steps: np.ndarray) -> np.ndarray:
    """Steps held within eight deviations of their median: a purge or a burst is no trend."""
    middle = row_median(steps)[:, None]
    away = np.abs(steps - middle)
    with np.errstate(invalid="ignore", divide="ignore"):
        known = np.isfinite(steps).sum(axis=1)
        mean = np.nansum(away, axis=1) / known
    deviation = np.maximum(1.4826 * row_median(away), 0.5 * np.nan_to_num(mean))[:, None]
    return np.clip(steps, middle - _OUTLIER * deviation, middle + _OUTLIER * deviation)


def _fading(steps: np.ndarray, span: int) -> np.ndarray:
    """(n, t) exponentially weighted mean of the steps up to each column; 0 before the first."""
    share = 2 / (span + 1)
    known = np.isfinite(steps)
    total = lfilter([share], [1, share - 1], np.where(known, steps, 0.0), axis=1)
    weight = lfilter([share], [1, share - 1], known.astype(float), axis=1)
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    return np.pad(mean, ((0, 0), (1, 0)))


def row_median(matrix: np.ndarray) -> np.ndarray:
    """The median of each row's known values, NaN without one (numpy's is slow on long matrices)."""
    ordered = np.sort(matrix, axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    low, high = np.maximum((known - 1) // 2, 0), np.minimum(known // 2, matrix.shape[1] - 1)
    row = np.arange(len(matrix))
    middle = (ordered[row, low] + ordered[row, high]) / 2
    return np.where(known > 0, middle, np.nan)


def _gains(state: _State, columns: np.ndarray, horizon: int) -> np.ndarray:
    """(methods, n, c) gain over the horizon by each simple method, standing at ``columns``."""
    frequency = state.frequency
    place = np.broadcast_to(columns, (len(state.values), len(columns)))
    now = state.values[:, columns]

    def slope(matrix: np.ndarray, steps: int) -> np.ndarray:
        span = np.minimum(steps, place - state.first[:, None])
        rise = matrix[:, columns] - state.at(matrix, place - steps)
        return rise / np.maximum(span, 1)

    def mean(steps: int) -> np.ndarray:
        begin = np.maximum(place + 1 - steps, state.first[:, None])
        total = state.sums[:, columns + 1] - np.take_along_axis(state.sums, begin, axis=1)
        return total / np.maximum(place + 1 - begin, 1)

    return np.stack(
        [
            np.zeros_like(now),
            _repeated(state, place, now, frequency.short, horizon),
            horizon * slope(state.values, frequency.mid),
            horizon * slope(state.values, frequency.long),
            horizon * slope(state.clean, frequency.short),
            horizon * slope(state.clean, frequency.mid),
            horizon * state.fading_short[:, columns],
            horizon * state.fading_mid[:, columns],
            _stepped(state, columns, now, frequency.mid, horizon),
            _stepped(state, columns, now, frequency.long, horizon),
            mean(frequency.short) - now,
            mean(frequency.mid) - now,
            _seasonal(state, place, now, horizon),
        ]
    )


def _repeated(
    state: _State, place: np.ndarray, now: np.ndarray, steps: int, horizon: int
) -> np.ndarray:
    """The last ``steps`` differences again and again, in their order."""
    whole, rest = divmod(horizon, steps)
    start = state.at(state.values, place - steps)
    gain = whole * (now - start)
    if rest:
        gain = gain + state.at(state.values, place - steps + rest) - start
    return gain


def _stepped(
    state: _State, columns: np.ndarray, now: np.ndarray, steps: int, horizon: int
) -> np.ndarray:
    """A line through the moments at which the counter moved: what rounding hides between them."""
    moment = state.moment[:, columns]
    middle = np.take_along_axis(state.middle, moment, axis=1)
    earlier = np.take_along_axis(
        state.moment, np.maximum(moment - steps, state.first[:, None]), axis=1
    )
    rise = middle - np.take_along_axis(state.middle, earlier, axis=1)
    rate = rise / np.maximum(moment - earlier, 1)
    half = np.abs(np.take_along_axis(state.values, moment, axis=1) - middle)
    hidden = middle + rate * (columns - moment + 0.5) - now
    return np.clip(hidden, -half, half) + horizon * rate


def _seasonal(state: _State, place: np.ndarray, now: np.ndarray, horizon: int) -> np.ndarray:
    """Daily: the level of the same weekday, over up to four weeks. Weekly: last year's gain."""
    season = state.frequency.season
    ahead = horizon - season * -(-horizon // season)
    if season > state.frequency.mid:
        past = place + ahead
        gain = state.at(state.values, past) - state.at(state.values, past - horizon)
        return np.where(past - horizon >= state.first[:, None], gain, np.nan)
    levels = [state.at(state.values, place + ahead - season * week) for week in range(4)]
    return np.mean(levels, axis=0) - now


def _rows_of(state: _State, observed: np.ndarray, horizon: int) -> Rows:
    count, width = state.values.shape
    origin = np.array([width - 1])
    level = state.values[:, -1]
    gains = _gains(state, origin, horizon)[:, :, 0]
    errors = _past_errors(state, observed, horizon)
    base, scale = _combined(gains, errors)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.maximum(scale, _least_error(state))
        scale = np.where(scale > 0, scale, np.nan)
        unit = np.maximum(scale, 1e-12)
        size = np.maximum(np.abs(level), unit)
        features = [
            np.full(count, np.log(horizon)),
            np.log(width - state.first),
            np.log(unit / size),
            base / unit,
            *(np.where(np.isfinite(gains), gains - base, 0.0) / unit),
            *np.where(np.isfinite(errors), np.log(np.maximum(errors / unit, 1e-3)), _UNJUDGED),
            *_motion(state, observed, horizon, base, unit),
        ]
    table = np.stack(np.broadcast_arrays(*features), axis=1)
    # Trees split by order: a clip keeps rows of another world inside the range of float32.
    table = np.clip(np.nan_to_num(table), -1e6, 1e6).astype(np.float32)
    return Rows(table, base, scale, level)


def _least_error(state: _State) -> np.ndarray:
    """A counter that went straight so far, or hid its steps in its rounding, will not for ever."""
    size = np.abs(state.steps[:, -state.frequency.long :])
    step = np.nansum(size, axis=1) / np.maximum(np.isfinite(size).sum(axis=1), 1)
    return 0.1 * np.maximum(step, state.rounding)


def _past_errors(state: _State, observed: np.ndarray, horizon: int) -> np.ndarray:
    """(methods, n) mean absolute error at resolved origins of the window, NaN without one."""
    width = state.values.shape[1]
    final = width - 1 - horizon
    begin = max(0, final - state.frequency.judged + 1)
    if final < 1:
        return np.full((len(METHODS), len(state.values)), np.nan)
    columns = np.arange(begin, final + 1)
    gains = _gains(state, columns, horizon)
    truth = state.values[:, columns + horizon] - state.values[:, columns]
    # One step of history at least: before it every method says the same.
    resolved = (
        (columns > state.first[:, None]) & observed[:, columns] & observed[:, columns + horizon]
    )
    away = np.where(resolved, np.abs(gains - truth), np.nan)
    known = np.isfinite(away).sum(axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.nansum(away, axis=2) / np.where(known > 0, known, np.nan)


def _combined(gains: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gain by inverse squared error, and the error that is usual for it."""
    usable = np.isfinite(gains) & np.isfinite(errors)
    best = np.min(np.where(usable, errors, np.inf), axis=0)
    known = np.isfinite(best)
    floor = np.where(known, best, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(floor > 0, errors / floor, np.where(errors > 0, np.inf, 1.0))
        weights = np.where(usable, np.maximum(ratio, 1.0) ** -2.0, 0.0)
        weights = weights / weights.sum(axis=0)
        base = np.sum(weights * np.nan_to_num(gains), axis=0)
        scale = np.sum(weights * np.where(weights > 0, errors, 0.0), axis=0)
    return np.where(known, base, np.nan), np.where(known, scale, np.nan)


def _motion(
    state: _State, observed: np.ndarray, horizon: int, base: np.ndarray, unit: np.ndarray
) -> list[np.ndarray]:
    """How the series moved lately, in units of the scale."""
    frequency, steps = state.frequency, state.steps
    recent = steps[:, -frequency.mid :]
    known = np.maximum(np.isfinite(recent).sum(axis=1), 1)
    size = np.abs(steps)

    def volatility(span: int) -> np.ndarray:
        part = size[:, -span:]
        return np.nansum(part, axis=1) / np.maximum(np.isfinite(part).sum(axis=1), 1)

    middle = row_median(recent)
    width = state.values.shape[1]
    return [
        (horizon * middle - base) / unit,
        *(
            np.log(np.maximum(volatility(span) / unit, 1e-4))
            for span in (frequency.short, frequency.mid, frequency.long)
        ),
        np.log(np.maximum(np.nanmax(np.abs(recent - middle[:, None]), axis=1) / unit, 1e-4)),
        steps[:, -1] / unit,
        (recent == 0).sum(axis=1) / known,
        (recent < 0).sum(axis=1) / known,
        1 - observed[:, -frequency.mid :].mean(axis=1),
        np.log1p(width - 1 - state.moment[:, -1]),
        state.rounding / unit,
    ]
