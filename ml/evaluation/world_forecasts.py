"""Whether forecasts of a synthetic world's accounts cover what came: rolling origins, by group.

At each origin a model is fitted on what was known then and forecasts every account; drift of
statsforecast stands beside it. Groups are platform x size band, the band by an account's first
known followers, so that no group depends on what came. Platforms restate their last days, and the
marts keep the final value: a history is to end with the days that were final at the origin
(``ml.histories.FINAL_AFTER``). Simulated: no claim about real creators.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from rich.progress import track

from ml.evaluation.figures import Figure, at_most, within
from ml.evaluation.forecast_metrics import coverage, pinball, wape
from ml.forecast import fit
from ml.growth.baselines import drifted
from ml.histories import HORIZONS
from ml.segments import tier_of

ORIGINS = 6
APART = 28
"""Days between two origins; fewer in a world whose last half is short."""
NEAREST = 28
"""Every origin is at least this many days before the last day; a longer horizon is judged where it
came to pass."""
LEVELS = (0.8, 0.95)
QUANTILES = {"lo_95": 0.025, "lo_80": 0.1, "point": 0.5, "hi_80": 0.9, "hi_95": 0.975}
LEAST = 1_000
"""Resolved forecasts below which a group is not judged: an account gives some twenty, which miss
together."""
TOLERANCE, GROUP_TOLERANCE = 0.02, 0.05
SEED = 7


def rolling_origins(first: pd.Timestamp, last: pd.Timestamp) -> list[pd.Timestamp]:
    """``ORIGINS`` days of the last half of a world, earliest first."""
    room = (last - first).days // 2 - NEAREST
    apart = max(min(APART, room // (ORIGINS - 1)), 1)
    latest = last - pd.Timedelta(days=NEAREST)
    return [latest - pd.Timedelta(days=apart * turn) for turn in reversed(range(ORIGINS))]


def judge(
    history: pd.DataFrame,
    origins: Sequence[pd.Timestamp],
    horizons: Sequence[int] = HORIZONS,
    description: str = "forecasts, by origin",
) -> pd.DataFrame:
    """What was said at every origin of the days that came to pass.

    Args:
        history: ``series_id``, ``date``, ``value``.
        origins: days; a forecast of an account begins at its last known day up to it.
        horizons: days ahead.
        description: of the progress.

    Returns:
        The columns of ``forecast`` with ``asked_on`` (the origin), ``actual``, ``start`` (the value
        on the day that the forecast begins), and ``drift_<column>`` of ``QUANTILES``.
    """
    told = [
        _told(history, origin, horizons) for origin in track(list(origins), description=description)
    ]
    return pd.concat(told, ignore_index=True)


def _told(history: pd.DataFrame, origin: pd.Timestamp, horizons: Sequence[int]) -> pd.DataFrame:
    known = history[history.date <= origin]
    made = fit(known, horizons, LEVELS, seed=SEED).predict(known)
    made = made.merge(history.rename(columns={"value": "actual"}), on=["series_id", "date"])
    # the day that was forecast must lie behind the origin, also of an account that fell silent
    made = made[made.date > origin]
    start = known.rename(columns={"date": "origin", "value": "start"})
    made = made.merge(start, on=["series_id", "origin"])
    beside = drifted(known, horizons, LEVELS)
    return made.merge(beside, on=["series_id", "horizon"]).assign(asked_on=origin)


def groups_of(followers: pd.DataFrame) -> pd.Series:
    """``<platform> <tier>`` of each series by its first known followers; index ``series_id``."""
    ordered = followers.dropna(subset=["value"]).sort_values("date", kind="stable")
    first = ordered.groupby("series_id").value.first()
    names = tier_of(np.log10(first.clip(lower=1)))
    platform = first.index.to_series().str.extract(r"^(?:\d+/)?([^:]+):")[0]
    return platform + " " + names


def coverage_by_group(told: pd.DataFrame, percent: int, group: pd.Series) -> pd.DataFrame:
    """Per group: ``rows`` (resolved forecasts) and ``coverage``, 0-1; index the group.

    Args:
        told: ``actual`` and the interval's ends.
        percent: of the interval: 80 or 95.
        group: of each row.
    """
    parts = {
        name: (len(part), coverage(part.actual, part[f"lo_{percent}"], part[f"hi_{percent}"]))
        for name, part in told.groupby(group.to_numpy())
    }
    return pd.DataFrame.from_dict(parts, orient="index", columns=["rows", "coverage"])


def coverage_error(told: pd.DataFrame, percent: int) -> float:
    """Standard error of a coverage when all accounts of a platform share what befalls it.

    A purge strikes all accounts of a platform on one day: the blocks are world, platform and
    origin.
    """
    inside = told.actual.between(told[f"lo_{percent}"], told[f"hi_{percent}"])
    blocks = [told.series_id.astype(str).str.partition(":")[0], told.asked_on]
    away = (inside - inside.mean()).groupby(blocks).sum()
    return float(np.sqrt((away**2).sum()) / len(told))


def figures(told: Mapping[str, pd.DataFrame], groups: pd.Series) -> list[Figure]:
    """Of each metric: coverage overall, by group and horizon; losses beside drift's."""
    found: list[Figure] = []
    for metric, rows in told.items():
        found += [*_coverage_figures(metric, rows, groups), *_loss_figures(metric, rows)]
    return found


def _coverage_figures(metric: str, told: pd.DataFrame, groups: pd.Series) -> list[Figure]:
    found = [
        Figure(f"{metric}: origins", told.asked_on.nunique()),
        Figure(f"{metric}: resolved forecasts", len(told)),
    ]
    group = told.series_id.map(groups).fillna("unknown")
    for percent in (80, 95):
        aim = percent / 100
        overall = coverage(told.actual, told[f"lo_{percent}"], told[f"hi_{percent}"])
        beside = coverage(told.actual, told[f"drift_lo_{percent}"], told[f"drift_hi_{percent}"])
        title = f"{metric}: coverage of {percent}"
        found += [
            within(title, overall, aim, TOLERANCE),
            Figure(f"{title}, standard error", coverage_error(told, percent)),
            Figure(f"{title}, drift", beside),
            *_farthest(title, told, percent, group),
            *_farthest(f"{title}, by horizon", told, percent, told.horizon),
        ]
    return found


def _farthest(title: str, told: pd.DataFrame, percent: int, group: pd.Series) -> list[Figure]:
    aim = percent / 100
    table = coverage_by_group(told, percent, group)
    large = table[table.rows >= LEAST]
    if large.empty:
        return [within(f"{title}: no group of {LEAST:,} forecasts", float("nan"), aim, 1.0)]
    away = (large.coverage - aim).abs()
    worst = int(np.argmax(away.fillna(1.0)))
    name = large.index[worst]
    label = f"{title}, farthest of {len(large)} groups ({name})"
    return [
        within(label, float(large.coverage.iloc[worst]), aim, GROUP_TOLERANCE),
        Figure(f"{label}, standard error", coverage_error(told[group == name], percent)),
    ]


def _loss_figures(metric: str, told: pd.DataFrame) -> list[Figure]:
    gain = told.actual - told.start
    ours, drift = (wape(gain, told[f"{prefix}point"] - told.start) for prefix in ("", "drift_"))
    loss, drift_loss = (relative_pinball(told, prefix) for prefix in ("", "drift_"))
    return [
        at_most(f"{metric}: pinball loss to drift's", loss / drift_loss, 1.0),
        Figure(f"{metric}: pinball loss per unit of the value", loss),
        Figure(f"{metric}: pinball loss per unit of the value, drift", drift_loss),
        Figure(f"{metric}: WAPE of the gain", ours),
        Figure(f"{metric}: WAPE of the gain, drift", drift),
    ]


def relative_pinball(told: pd.DataFrame, prefix: str = "") -> float:
    """Mean over the quantiles of the loss in units of the value that the forecast began with.

    Rows that begin at 0, or without an interval from either method, are left out.
    """
    ends = [*QUANTILES, *(f"drift_{name}" for name in QUANTILES)]
    rows = told[(told.start > 0) & told[ends].notna().all(axis=1)]
    losses = [
        pinball(rows.actual / rows.start, rows[f"{prefix}{name}"] / rows.start, quantile)
        for name, quantile in QUANTILES.items()
    ]
    return float(np.mean(losses))
