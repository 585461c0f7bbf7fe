"""The forecast of the last weeks by a model that was fitted on what was known before them."""

from datetime import date

import numpy as np
import pandas as pd
from sklearn.metrics import mean_pinball_loss

from ml.candidate import Metric, defined
from ml.evaluation.forecast_metrics import coverage, wape
from ml.forecast import fit
from ml.growth.baselines import drifted
from ml.histories import FINAL_AFTER, horizons_of
from ml.segments import LEAST_ACCOUNTS, parts

DAYS = 28
METRIC = "follower_count"


def backtest(
    history: pd.DataFrame, as_of: date, seed: int, metric: str = METRIC, days: int = DAYS
) -> pd.DataFrame:
    """Forecast a history's last ``days`` as they are forecast: from what was final before them.

    Args:
        history: ``series_id`` (account key), ``date``, ``value``.
        as_of: its last day.
        seed: of the fit.
        metric: whose history it is; it says how far from its last final day it is forecast.
        days: the longest horizon that is judged.

    Returns:
        One row per account and horizon that came true: ``series_id``, ``horizon`` (days after the
        day on which the forecast would have been made), ``point``,
        ``lo_80``, ``hi_80``, ``lo_95``, ``hi_95``, ``actual``, ``start`` (the value at the origin)
        and drift's ``drift_point``, ``drift_lo_80``, ``drift_hi_80`` (NaN where it has none).
    """
    ago = FINAL_AFTER[metric]
    origin = pd.Timestamp(as_of) - pd.Timedelta(days=days + ago)
    before = history[history.date <= origin]
    horizons = [step for step in horizons_of(metric) if step <= days + ago]
    made = fit(before, horizons, seed=seed).predict(before)
    came = history.rename(columns={"value": "actual"})
    start = history.rename(columns={"date": "origin", "value": "start"})
    judged = made.merge(came, on=["series_id", "date"]).dropna()
    judged = judged.merge(start, on=["series_id", "origin"], how="left")
    drift = drifted(before, horizons, [0.8])
    judged = judged.merge(drift, on=["series_id", "horizon"], how="left")
    return judged.assign(horizon=judged.horizon - ago)


def growth_figures(judged: pd.DataFrame, metric: str = METRIC) -> list[Metric]:
    """Figures of a backtest of a metric: all of it, by horizon and platform; followers by size too.

    Pinball loss (of the bounds of 80 % and the middle, per follower) and WAPE of the gain stand
    beside those of drift with statsforecast's own intervals; coverage of 80 and 95 %. Losses of
    both are of the rows where both have an interval.
    """
    known = judged.dropna(subset=["drift_lo_80", "drift_hi_80"])
    losses = {}
    if len(known):
        losses = {
            "pinball_loss": _pinball(known),
            "pinball_loss_of_drift": _pinball(known, "drift_"),
        }
    found = defined({**losses, **_figures(judged)}, len(judged), metric)
    for horizon, rows in judged.groupby("horizon"):
        if rows.series_id.nunique() >= LEAST_ACCOUNTS:
            found += defined(_figures(rows), len(rows), f"{metric}/horizon:{horizon}")
    accounts = pd.DataFrame(
        {
            "account_key": judged.series_id,
            "platform": judged.series_id.str.partition(":")[0],
            # what is no count of followers says nothing of an account's size
            "follower_log": np.log10(judged.start.where((judged.start > 0) & (metric == METRIC))),
        }
    )
    for name, chosen in parts(accounts):
        rows = judged[chosen]
        found += defined(_figures(rows), len(rows), f"{metric}/{name}")
    return found


def _figures(rows: pd.DataFrame) -> dict[str, float]:
    figures = {
        f"coverage_{level}": coverage(rows.actual, rows[f"lo_{level}"], rows[f"hi_{level}"])
        for level in (80, 95)
    }
    gain = rows.actual - rows.start
    # without any gain there is nothing that an error could be a share of
    if gain.abs().sum() > 0:
        figures["gain_wape"] = wape(gain, rows.point - rows.start)
        figures["gain_wape_of_drift"] = wape(gain, rows.drift_point - rows.start)
    return figures


def _pinball(rows: pd.DataFrame, of: str = "") -> float:
    """Mean over the three quantiles, relative to the size of the account."""
    size = 1 / rows.actual.clip(lower=1)
    parts_of_it = [
        mean_pinball_loss(rows.actual, rows[f"{of}{column}"], alpha=alpha, sample_weight=size)
        for column, alpha in (("lo_80", 0.1), ("point", 0.5), ("hi_80", 0.9))
    ]
    return float(np.mean(parts_of_it) * size.mean())
