"""Series of any origin laid on one dense grid: what a forecast may read, and what is wrong with it.

In: a frame ``series_id, date, value`` in any order (one row per series and day or week).
Out: :class:`Panel`, a matrix of series x steps aligned at each series' own last valid day, with
the defects that were found and mended written beside each series.

Malformed input (a missing column, a value that is no number, two values for one day, a day that
lies in the future) raises ``ValueError`` in one line. What real counters do (NaN, gaps, zero weeks,
rounding, purges, steps down, repeated rows) is mended and recorded.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

COLUMNS = ("series_id", "date", "value")
HISTORY_STEPS = 1_100
"""A forecast reads at most that many steps before a series' last day; older ones are not needed."""

_ROUNDED_DIGITS = 3
_ZERO_WEEK = 7
_PURGE_SHARE, _PURGE_DEVIATIONS = 0.01, 10.0


@dataclass(frozen=True)
class Frequency:
    """The calendar of a panel, in steps of ``days`` days.

    ``short``, ``mid`` and ``long`` are trailing windows of averages, ``season`` the cycle,
    ``judged`` how many past forecasts tell which simple method suits a series.
    """

    code: str
    days: int
    short: int
    mid: int
    long: int
    season: int
    judged: int


FREQUENCIES = {
    "D": Frequency("D", 1, 7, 28, 84, 7, 56),
    "W": Frequency("W", 7, 4, 12, 26, 52, 26),
}


@dataclass(frozen=True)
class Panel:
    """Series x steps, the last valid day of every series in the last column.

    ids: (n,) series ids · values: (n, t) float, linear between observed days, NaN before the first
    · observed: (n, t) bool, false where a value was filled in · last_day: (n,) datetime64[D], NaT
    for a series without one value · defects: (n,) of the words in :data:`DEFECTS`, joined by ``|``.
    """

    ids: np.ndarray
    values: np.ndarray
    observed: np.ndarray
    last_day: np.ndarray
    defects: np.ndarray
    frequency: Frequency

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> np.ndarray:
        """Steps from a series' first valid day to its last, both included; 0 without a value."""
        return np.isfinite(self.values).sum(axis=1)


DEFECTS = (
    "duplicates",
    "resampled",
    "nan",
    "gap",
    "rounded",
    "zero_weeks",
    "purge",
    "negative_steps",
)
"""Found and mended, in the order in which ``method`` names them."""
_BEHAVIOURS = DEFECTS[4:]


def frequency_of(code: str) -> Frequency:
    """The calendar called ``D`` or ``W``; ValueError for any other."""
    if not isinstance(code, str) or code not in FREQUENCIES:
        raise ValueError(f"freq: {code!r} is unknown. Use 'D' for daily or 'W' for weekly values.")
    return FREQUENCIES[code]


def read_history(history: pd.DataFrame, freq: str, now: datetime | None = None) -> Panel:
    """The panel of a history frame; ValueError in one line if the frame is malformed.

    ``date`` may be datetime64 (with a zone: turned to UTC), dates or ISO text; ``value`` any
    numeric type. Weeks are counted back from the series' own last day. ``now`` (UTC) is for
    tests; a day after it is refused.
    """
    frequency = frequency_of(freq)
    _check_columns(history)
    codes, ids = pd.factorize(history["series_id"])
    if (codes < 0).any():
        raise ValueError(
            f"series_id: {int((codes < 0).sum())} rows have none. Name the series or drop the rows."
        )
    days = _days(history["date"], now or datetime.now(UTC))
    values = _numbers(history["value"])
    return _dense(np.asarray(ids), codes, days, values, frequency)


def _check_columns(history: pd.DataFrame) -> None:
    if not isinstance(history, pd.DataFrame):
        raise ValueError(f"history: is a {type(history).__name__}. Pass a pandas DataFrame.")
    for name in COLUMNS:
        found = list(history.columns).count(name)
        if found != 1:
            has = ", ".join(map(str, history.columns)) or "none"
            raise ValueError(
                f"history: column {name!r} stands {found} times among: {has}."
                f" Pass exactly {', '.join(COLUMNS)}."
            )
    if history.empty:
        raise ValueError("history: has no rows. Pass at least one value of one series.")


def _days(dates: pd.Series, now: datetime) -> np.ndarray:
    """Days since 1970-01-01, UTC."""
    if pd.api.types.is_numeric_dtype(dates.dtype) or pd.api.types.is_timedelta64_dtype(dates.dtype):
        raise ValueError(f"date: has type {dates.dtype}. Pass dates, timestamps or ISO text.")
    missing = int(dates.isna().sum())
    if missing:
        raise ValueError(f"date: {missing} rows have none. Drop them or say their day.")
    if not pd.api.types.is_datetime64_any_dtype(dates.dtype):
        dates = _parsed(dates)
    if isinstance(dates.dtype, pd.DatetimeTZDtype):
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    days = dates.to_numpy().astype("datetime64[D]").astype(np.int32)
    today = (now.astimezone(UTC).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days
    if int(days.max()) > today:
        last = np.datetime64(int(days.max()), "D")
        raise ValueError(f"date: {last} lies in the future. Drop what has not happened yet (UTC).")
    return days


def _parsed(dates: pd.Series) -> pd.Series:
    refused = (bool, int, float, np.number, np.bool_)
    odd = next((one for one in dates if isinstance(one, refused)), None)
    try:
        if odd is not None:
            raise ValueError(odd)
        return pd.to_datetime(dates, format="ISO8601", utc=True)
    except (ValueError, TypeError) as error:
        shown = odd if odd is not None else next(iter(dates))
        raise ValueError(
            f"date: cannot be read as dates (e.g. {shown!r}). Pass dates, timestamps or ISO text."
        ) from error


def _numbers(values: pd.Series) -> np.ndarray:
    """Floats, NaN where absent."""
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(
        values.dtype
    ):
        raise ValueError(f"value: has type {values.dtype}. Pass numbers.")
    if values.dtype == object:
        odd = next((v for v in values if isinstance(v, (str, bytes, bool, np.bool_))), None)
        if odd is not None:
            raise ValueError(f"value: {odd!r} is not a number. Convert the column to numbers.")
    try:
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"value: type {values.dtype} cannot be read as numbers ({error}). Pass numbers."
        ) from error
    if np.isinf(numbers).any():
        raise ValueError("value: holds an infinite number. Pass finite numbers, NaN if unknown.")
    return numbers


def _dense(
    ids: np.ndarray, codes: np.ndarray, days: np.ndarray, values: np.ndarray, frequency: Frequency
) -> Panel:
    count = len(ids)
    valid = np.isfinite(values)
    nan_series = np.bincount(codes, weights=~valid, minlength=count) > 0
    last = np.full(count, np.iinfo(np.int32).min, dtype=np.int32)
    np.maximum.at(last, codes[valid], days[valid])
    ago = last[codes] - days
    back = (ago + frequency.days // 2) // frequency.days
    order = np.flatnonzero(valid & (back < HISTORY_STEPS))
    steps = int(back[order].max()) + 1 if len(order) else 1
    if frequency.days > 1:
        # Of several values in a week, the one nearest to whole weeks before the last day stays:
        # it is written last.
        order = order[np.argsort(-np.abs(ago - back * frequency.days)[order], kind="stable")]
    matrix = np.full((count, steps), np.nan)
    matrix[codes[order], steps - 1 - back[order]] = values[order]
    observed = np.isfinite(matrix)
    crowded = np.bincount(codes[order], minlength=count) > observed.sum(axis=1)
    duplicated = np.zeros(count, dtype=bool)
    if crowded.any():
        doubtful = order[crowded[codes[order]]]
        twice = _twice_told(ids, codes[doubtful], days[doubtful], values[doubtful])
        duplicated[twice] = True
    filled, gap = _filled(matrix, observed)
    flags = {
        "duplicates": duplicated,
        "resampled": crowded & ~duplicated,
        "nan": nan_series,
        "gap": gap,
        **_behaviour(filled),
    }
    last_day = last.astype("datetime64[D]")
    last_day[~observed.any(axis=1)] = np.datetime64("NaT")
    return Panel(ids, filled, observed, last_day, _joined(flags, count), frequency)


def _twice_told(
    ids: np.ndarray, codes: np.ndarray, days: np.ndarray, values: np.ndarray
) -> np.ndarray:
    """The codes of series with a repeated row; ValueError where a day has two values."""
    rows = pd.DataFrame({"code": codes, "day": days, "value": values})
    told = rows.groupby(["code", "day"], sort=False)["value"].agg(["min", "max", "size"])
    differing = told[told["min"] != told["max"]]
    if len(differing):
        code, day = differing.index[0]
        low, high = differing.iloc[0][["min", "max"]]
        raise ValueError(
            f"value: series {ids[code]!r} has {low:g} and {high:g} on"
            f" {np.datetime64(int(day), 'D')} ({len(differing)} such days). Keep one value a day."
        )
    repeated = told[told["size"] > 1].index.get_level_values("code")
    return repeated.unique().to_numpy()


def _filled(matrix: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Interior holes filled on a straight line (both ends of a hole are observed), and who has one.

    A forecast starts at an observed day alone, so a line into a hole never carries the future back.
    """
    steps = np.arange(matrix.shape[1])
    after_first = np.logical_or.accumulate(observed, axis=1)
    gap = (after_first & ~observed).any(axis=1)
    for row in np.flatnonzero(gap):
        seen = observed[row]
        inside = after_first[row] & ~seen
        matrix[row, inside] = np.interp(steps[inside], steps[seen], matrix[row, seen])
    return matrix, gap


def rounding_unit(values: np.ndarray) -> np.ndarray:
    """(rows,) the step of a counter shown with 3 significant digits, at its last value; else 0.

    Rounded means: at least 5 values of 1,000 and more, none with a fourth digit.
    """
    size = np.abs(values)
    large = np.where(np.isfinite(size) & (size >= 1_000), size, np.nan)
    counted = np.isfinite(large)
    with np.errstate(all="ignore"):
        unit = 10.0 ** (np.floor(np.log10(large)) - (_ROUNDED_DIGITS - 1))
        exact = np.abs(large / unit - np.rint(large / unit)) < 1e-6
    rounded = (counted.sum(axis=1) >= 5) & (exact | ~counted).all(axis=1)
    return np.where(rounded & counted[:, -1], np.nan_to_num(unit[:, -1]), 0.0)


def _behaviour(filled: np.ndarray) -> dict[str, np.ndarray]:
    """Which series is rounded, was zero for a week, fell suddenly, or ever steps down."""
    rows, chunk = len(filled), 4_096
    found = {name: np.zeros(rows, dtype=bool) for name in _BEHAVIOURS}
    for start in range(0, rows, chunk):
        part = slice(start, start + chunk)
        values = filled[part]
        step = np.diff(values, axis=1)
        found["rounded"][part] = (rounding_unit(values) > 0) & (step > 0).any(axis=1)
        found["zero_weeks"][part] = _zero_weeks(values)
        found["negative_steps"][part] = (step < 0).any(axis=1)
        found["purge"][part] = _purges(values, step)
    return found


def _zero_weeks(values: np.ndarray) -> np.ndarray:
    """Seven zeros in a row in a series that is not zero throughout."""
    if values.shape[1] < _ZERO_WEEK:
        return np.zeros(len(values), dtype=bool)
    zeros = np.cumsum(np.pad(values == 0, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    week = (zeros[:, _ZERO_WEEK:] - zeros[:, :-_ZERO_WEEK]) == _ZERO_WEEK
    return week.any(axis=1) & (np.nan_to_num(values) != 0).any(axis=1)


def _purges(values: np.ndarray, step: np.ndarray) -> np.ndarray:
    """A growing counter that once loses over 1 % and over ten usual steps in a day."""
    if step.shape[1] < 2:
        return np.zeros(len(values), dtype=bool)
    known = np.isfinite(step)
    usual = np.nansum(np.abs(step), axis=1) - np.nanmax(np.where(known, np.abs(step), 0), axis=1)
    usual /= np.maximum(known.sum(axis=1) - 1, 1)
    mostly_up = (step < 0).sum(axis=1) < 0.25 * np.maximum(known.sum(axis=1), 1)
    with np.errstate(invalid="ignore"):
        fall = (step < -_PURGE_SHARE * np.abs(values[:, :-1])) & (
            step < -_PURGE_DEVIATIONS * usual[:, None]
        )
    return fall.any(axis=1) & mostly_up


def _joined(flags: dict[str, np.ndarray], count: int) -> np.ndarray:
    """The words of each series; equal combinations share one string."""
    bits = np.zeros(count, dtype=np.int64)
    for place, name in enumerate(DEFECTS):
        bits |= flags[name].astype(np.int64) << place
    words = {
        int(bit): "|".join(name for place, name in enumerate(DEFECTS) if bit >> place & 1)
        for bit in np.unique(bits)
    }
    return np.array([words[int(bit)] for bit in bits], dtype=object)
