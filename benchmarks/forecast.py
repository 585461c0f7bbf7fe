"""Forecasts of very many series against AutoETS on some of them.

    python -m benchmarks.forecast [--series 100000] [--days 400] [--sample 1000]

Simulated counters (gains that drift, a week's season, 2 % of the days missing) as one frame
``series_id, date, value``; ``forecast(...)`` lays them out, learns and gives points and intervals
for 7, 14, 28 and 90 days. In the same run AutoETS of statsforecast forecasts a sample of the same
series over the same horizons. Prints series per second of both, their ratio and the peak memory of
the process, and checks the time that a run may take (30 s of the six minutes are left for writing
back) and the memory.
"""

import argparse
import resource
import sys
import time

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ml.forecast import forecast
from ml.growth.baselines import baseline

HORIZONS, LEVELS = (7, 14, 28, 90), (0.8, 0.95)
LAST_DAY = np.datetime64("2026-06-28", "ns")
SECONDS, GIGABYTES, SERIES = 330, 4.0, 100_000
_CHUNK = 5_000


def counters(series: int, days: int, seed: int) -> np.ndarray:
    """(series, days) cumulative counts; NaN where a day was not seen."""
    rng = np.random.default_rng(seed)
    values = np.empty((series, days))
    week = 1 + 0.15 * np.sin(2 * np.pi * np.arange(days) / 7)
    for start in range(0, series, _CHUNK):
        count = min(_CHUNK, series - start)
        size = 10 ** rng.uniform(3, 6.5, (count, 1))
        rate = size * 10 ** rng.uniform(-4, -2.5, (count, 1))
        drift = np.cumsum(rng.normal(0, 0.05, (count, days)), axis=1)
        gains = rng.poisson(rate * np.exp(drift) * week * rng.gamma(8, 1 / 8, (count, days)))
        part = np.round(size + np.cumsum(gains, axis=1))
        part[rng.random((count, days)) < 0.02] = np.nan
        values[start : start + count] = part
    return values


def frame_of(values: np.ndarray) -> pd.DataFrame:
    """The history of what was seen, ids as numbers."""
    series, day = np.nonzero(np.isfinite(values))
    days = LAST_DAY - np.arange(values.shape[1])[::-1] * np.timedelta64(1, "D")
    return pd.DataFrame({"series_id": series, "date": days[day], "value": values[series, day]})


def main() -> None:
    """Measure, print and exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=SERIES)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--sample", type=int, default=1_000)
    arguments = parser.parse_args()
    values = counters(arguments.series, arguments.days, seed=1)
    history = frame_of(values)
    sample = values[: arguments.sample].copy()
    del values
    began = time.perf_counter()
    made = forecast(history, HORIZONS, LEVELS)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    ours = arguments.series / seconds
    began = time.perf_counter()
    baseline("ets", _filled(sample), HORIZONS, LEVELS)
    theirs = len(sample) / (time.perf_counter() - began)
    sheet = Table("forecasts with intervals", "seconds", "series/s", "to AutoETS", "peak GB")
    sheet.add_row(
        f"ml.forecast, {arguments.series:,} series x {arguments.days} days, {len(made):,} rows",
        f"{seconds:,.0f}",
        f"{ours:,.0f}",
        f"{ours / theirs:,.1f}",
        f"{peak:.1f}",
    )
    sheet.add_row(f"AutoETS, {len(sample):,} of them", "", f"{theirs:,.0f}", "1.0", "")
    Console().print(sheet)
    print(made["method"].str.split("|").str[0].value_counts().to_string())
    scale = max(arguments.series / SERIES, 1.0)
    if seconds > SECONDS * scale or peak > GIGABYTES * scale:
        sys.exit(f"missed: {SECONDS} s and {GIGABYTES:g} GB for {SERIES:,} series")


def _filled(values: np.ndarray) -> np.ndarray:
    return pd.DataFrame(values).interpolate(axis=1).to_numpy()


if __name__ == "__main__":
    main()
