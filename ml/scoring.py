"""Scores accounts with the champion of each model; candidate and challenger score in its shadow.

Every row names the version that made it. Marts show the champion's rows alone, so a shadow can be
held against it before it speaks. A shadow that fails, while it loads, scores or writes, is left out
and named in what is given back: it must not silence the champion.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ml.errors import ArtifactError
from ml.features import KEYS, account_features, as_rows, from_rows
from ml.histories import read_history
from ml.perils import predict_risk
from ml.registry import Registry, Version
from ml.settings import MlSettings
from ml.tables import Tables
from warehouse.errors import UserError

logger = logging.getLogger(__name__)

FEATURES = """
SELECT creator_id, platform, account_id, account_key, as_of, features
FROM {ml}.account_feature FINAL WHERE as_of IN {days:Array(Date)}
ORDER BY as_of, account_key
"""
ACCOUNTS = """
SELECT
    argMax(creator_id, snapshot_date) AS creator_id, any(platform) AS platform,
    any(account_id) AS account_id, account_key
FROM {marts}.mart_growth__account_day
WHERE snapshot_date > {as_of:Date} - 7 AND snapshot_date <= {as_of:Date} AND NOT is_filled
GROUP BY account_key ORDER BY account_key
"""
ACCOUNTS_AT_ONCE = 10_000
"""Accounts that are forecast at once: what bounds the memory."""


@dataclass(frozen=True)
class Scored:
    """What a scoring wrote, and which of the champion's shadows it had to leave out."""

    row_count: int
    silent: Sequence[str]
    """Stage, version and error of each shadow that did not score."""


def write_features(reader: Tables, owner: Tables, days: Sequence[date]) -> int:
    """Write what the models know of every account on the days; returns the number of rows."""
    return owner.append("account_feature", as_rows(account_features(reader, days)))


def read_features(tables: Tables, days: Sequence[date]) -> pd.DataFrame:
    """The features of the days as they were written.

    Raises:
        UserError: there are none.
    """
    rows = tables.read(FEATURES, {"days": sorted(days)}, arrow_maps=True)
    if rows.empty:
        raise UserError(
            f"ml.account_feature: has no row of {', '.join(map(str, sorted(days)))}. "
            "Materialize ml/account_feature of these days first."
        )
    return from_rows(rows)


def score_authenticity(tables: Tables, settings: MlSettings, days: Sequence[date]) -> Scored:
    """Write ``ml.authenticity_score`` of the days."""
    features = read_features(tables, days)

    def write(version: Version, model: Any) -> int:
        rows = features[list(KEYS)].join(model.predict(features))
        return tables.append("authenticity_score", _named(rows, version))

    return _speak(Registry(tables, settings), "authenticity", write)


def score_risk(tables: Tables, settings: MlSettings, days: Sequence[date]) -> Scored:
    """Write ``ml.risk_score`` of the days."""
    features = read_features(tables, days)

    def write(version: Version, models: Any) -> int:
        rows = features[list(KEYS)].join(predict_risk(models, features))
        return tables.append("risk_score", _named(rows, version))

    return _speak(Registry(tables, settings), "risk", write)


def forecast_growth(
    reader: Tables, owner: Tables, settings: MlSettings, days: Sequence[date]
) -> Scored:
    """Write ``ml.growth_forecast`` made on the last of the days.

    The days before it have passed: a forecast of them that is made now would only look like one.
    """
    as_of = max(days)
    accounts = reader.read(ACCOUNTS, {"as_of": as_of})

    def write(version: Version, models: Any) -> int:
        written = 0
        if accounts.empty:
            raise UserError(
                f"growth: no account was read in the 7 days up to {as_of}, so none is forecast. "
                "Launch the job daily for one of them."
            )
        for metric, model in models.items():
            for start in range(0, len(accounts), ACCOUNTS_AT_ONCE):
                part = accounts.iloc[start : start + ACCOUNTS_AT_ONCE]
                keys = part.account_key.iloc[0], part.account_key.iloc[-1]
                history = read_history(reader, metric, as_of, settings.history_days, keys)
                if history.empty:
                    continue
                rows = _forecast_rows(model.predict(history), part, metric, as_of)
                written += owner.append("growth_forecast", _named(rows, version))
        return written

    return _speak(Registry(owner, settings), "growth", write)


def _speak(registry: Registry, name: str, write: Callable[[Version, Any], int]) -> Scored:
    """Let the champion write its scores, then the waiting candidate and the challenger, if any.

    Raises:
        ml.errors.NoChampionError: there is no champion.
        ml.errors.ArtifactError: the champion may not be used.
    """
    champion = registry.champion(name)
    model = registry.load(champion)
    try:
        written, silent = write(champion, model), []
    except AttributeError as error:  # its state is that of other code
        raise ArtifactError(
            f"model {name} {champion.version}: cannot score ({error}). Another version of this "
            "project has trained it: launch the job train_models."
        ) from error
    for shadow in (registry.candidate(name), registry.challenger(name)):
        if shadow is None:
            continue
        try:
            written += write(shadow, registry.load(shadow))
        except Exception as error:  # whatever ails it, the champion has spoken
            words = f"{shadow.stage} {shadow.version} does not score: {error}"
            logger.warning("%s: %s", name, words, exc_info=not isinstance(error, UserError))
            silent.append(words)
    return Scored(written, silent)


def _forecast_rows(
    made: pd.DataFrame, accounts: pd.DataFrame, metric: str, as_of: date
) -> pd.DataFrame:
    """Forecasts of the accounts that are seen still; what could not be forecast has no row."""
    known = made[np.isfinite(made.point)]
    rows = known.merge(accounts, left_on="series_id", right_on="account_key", how="inner")
    return pd.DataFrame(
        {
            **{key: rows[key] for key in KEYS if key != "as_of"},
            # the account's own last day may lie before as_of: the horizon counts from there
            "as_of": pd.Timestamp(as_of),
            "metric": metric,
            "target_date": rows.date,
            "horizon_days": (rows.date - pd.Timestamp(as_of)).dt.days,
            "forecast_value": rows.point,
            "lower_value": rows.lo_80,
            "upper_value": rows.hi_80,
            "lower_95_value": rows.lo_95,
            "upper_95_value": rows.hi_95,
            "reasons": (rows.method + _origin(rows.origin, as_of)).str.split("|"),
        }
    ).query("horizon_days > 0")


def _origin(last: pd.Series, as_of: date) -> pd.Series:
    """How many days before ``as_of`` what a forecast knows ends, as a reason; none: nothing."""
    ago = (pd.Timestamp(as_of) - last).dt.days
    return ("|origin_" + ago.astype(str) + "_days_before").where(ago > 0, "")


def _named(rows: pd.DataFrame, version: Version) -> pd.DataFrame:
    return rows.assign(model_name=version.model_name, version=version.version)
