"""Simulated counters of known make, to measure coverage on; they say nothing about real creators.

Eight kinds in turn, so that a panel is as mixed as a customer's: ``steady`` (arrivals less leavers,
a drifting rate), ``bursty`` (rare heavy-tailed bursts), ``flow`` (reach of a day: no trend, a
week's season, zero weeks), ``walk`` (log random walk with heavy tails), ``rounded`` (3 significant
digits shown), ``purged`` (loses 1-8 % one to three times), ``saturating`` (logistic) and
``seasonal`` (a strong week).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

Values = np.ndarray
KINDS = ("steady", "bursty", "flow", "walk", "rounded", "purged", "saturating", "seasonal")
LAST_DAY = pd.Timestamp("2026-06-28")


def simulate(
    series: int, steps: int, seed: int, freq: str = "D", missing: float = 0.02
) -> tuple[pd.DataFrame, pd.Series]:
    """A history ``series_id, date, value`` of ``steps`` days or weeks, and each series' kind.

    ``missing`` is the share of rows that were never seen.
    """
    rng = np.random.default_rng(seed)
    kinds = np.array([KINDS[one % len(KINDS)] for one in range(series)])
    values = np.stack([_series(kind, steps, rng) for kind in kinds])
    names = np.array([f"simulated-{one:05d}" for one in range(series)])
    days = pd.date_range(end=LAST_DAY, periods=steps, freq="D" if freq == "D" else "7D")
    frame = pd.DataFrame(
        {
            "series_id": np.repeat(names, steps),
            "date": np.tile(days, series),
            "value": values.ravel(),
        }
    )
    seen = rng.random(len(frame)) >= missing
    return frame[seen].reset_index(drop=True), pd.Series(kinds, index=names, name="kind")


def _series(kind: str, steps: int, rng: np.random.Generator) -> Values:
    size = 10 ** rng.uniform(3, 6.5)
    rate = size * 10 ** rng.uniform(-4.5, -2.5)
    return np.maximum(np.round(_MADE[kind](size, rate, steps, rng)), 0.0)


def _arrivals(rate: float, steps: int, rng: np.random.Generator, season: float = 0.1) -> Values:
    """Poisson arrivals whose rate drifts (autoregressive, .97 a step) and follows the week."""
    noise = rng.normal(0, 0.12, steps)
    drift = np.zeros(steps)
    for step in range(1, steps):
        drift[step] = 0.97 * drift[step - 1] + noise[step]
    week = 1 + season * np.sin(2 * np.pi * (np.arange(steps) + rng.integers(7)) / 7)
    return rng.poisson(rate * np.exp(drift) * week * rng.gamma(8, 1 / 8, steps)).astype(float)


def _steady(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    return size + np.cumsum(_arrivals(rate, steps, rng) - rng.poisson(0.3 * rate, steps))


def _bursty(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    burst = (rng.random(steps) < 0.01) * rate * 5 * rng.pareto(1.5, steps)
    return size + np.cumsum(_arrivals(rate, steps, rng) + burst)


def _flow(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    values = _arrivals(rate * 10, steps, rng, season=0.2) * rng.lognormal(0, 0.3, steps)
    if rng.random() < 0.3:
        start = rng.integers(0, steps - 7)
        values[start : start + 7] = 0
    return values


def _walk(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    return size * np.exp(np.cumsum(0.008 * rng.standard_t(4, steps)))


def _rounded(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    values = _steady(size, rate, steps, rng)
    unit = np.maximum(10.0 ** (np.floor(np.log10(np.maximum(values, 1))) - 2), 1)
    return np.floor(values / unit) * unit


def _purged(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    values = _steady(size, rate, steps, rng)
    for day in rng.integers(steps // 20, steps, rng.integers(1, 4)):
        values[day:] *= 1 - rng.uniform(0.01, 0.08)
    return values


def _saturating(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    place = np.arange(steps)
    curve = 1 / (1 + np.exp(-(place - rng.uniform(0, steps)) / rng.uniform(20, 80)))
    return size * curve + np.cumsum(rng.normal(0, size / 2000, steps))


def _seasonal(size: float, rate: float, steps: int, rng: np.random.Generator) -> Values:
    return size + np.cumsum(_arrivals(rate, steps, rng, season=0.5))


_MADE: dict[str, Callable[[float, float, int, np.random.Generator], Values]] = {
    "steady": _steady,
    "bursty": _bursty,
    "flow": _flow,
    "walk": _walk,
    "rounded": _rounded,
    "purged": _purged,
    "saturating": _saturating,
    "seasonal": _seasonal,
}
