"""Scores accounts with the champion of each model; candidate and challenger score in its shadow.

Every row names the version that made it. Marts show the champion's rows alone, so a shadow can be
held against it before it speaks. A shadow that cannot be loaded is left out with a warning: it must
not silence the champion.
"""

import logging
from collections.abc import Sequence
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
WHERE snapshot_date > {as_of:Date} - 7 AND snapshot_date <= {as_of:Date}
GROUP BY account_key
"""


def write_features(reader: Tables, owner: Tables, days: Sequence[date]) -> int:
    """Write what the models know of every account on the days; returns the number of rows."""
    return owner.append("account_feature", as_rows(account_features(reader, days)))


def read_features(tables: Tables, days: Sequence[date]) -> pd.DataFrame:
    """The features of the days as they were written.

    Raises:
        UserError: there are none.
    """
    rows = tables.read(FEATURES, {"days": sorted(days)})
    if rows.empty:
        raise UserError(
            f"ml.account_feature: has no row of {', '.join(map(str, sorted(days)))}. "
            "Materialize ml/account_feature of these days first."
        )
    return from_rows(rows)


def speakers(registry: Registry, name: str) -> list[tuple[Version, Any]]:
    """The champion, then the newest candidate if one waits, and the challenger; with their models.

    Raises:
        ml.errors.NoChampionError: there is no champion.
        ml.errors.ArtifactError: the champion may not be used.
    """
    champion = registry.champion(name)
    found = [(champion, registry.load(champion))]
    for shadow in (registry.candidate(name), registry.challenger(name)):
        if shadow is None:
            continue
        try:
            found.append((shadow, registry.load(shadow)))
        except ArtifactError as error:
            logger.warning("%s %s does not score: %s", shadow.stage, shadow.version, error)
    return found


def score_authenticity(tables: Tables, settings: MlSettings, days: Sequence[date]) -> int:
    """Write ``ml.authenticity_score`` of the days; returns the number of rows."""
    registry = Registry(tables, settings)
    features = read_features(tables, days)
    written = 0
    for version, model in speakers(registry, "authenticity"):
        scores = model.predict(features)
        written += tables.append(
            "authenticity_score", _named(features[list(KEYS)].join(scores), version)
        )
    return written


def score_risk(tables: Tables, settings: MlSettings, days: Sequence[date]) -> int:
    """Write ``ml.risk_score`` of the days; returns the number of rows."""
    registry = Registry(tables, settings)
    features = read_features(tables, days)
    written = 0
    for version, models in speakers(registry, "risk"):
        scores = predict_risk(models, features)
        written += tables.append("risk_score", _named(features[list(KEYS)].join(scores), version))
    return written


def forecast_growth(
    reader: Tables, owner: Tables, settings: MlSettings, days: Sequence[date]
) -> int:
    """Write ``ml.growth_forecast`` made on the last of the days; returns the number of rows.

    The days before it have passed: a forecast of them that is made now would only look like one.
    """
    registry, as_of = Registry(owner, settings), max(days)
    accounts = reader.read(ACCOUNTS, {"as_of": as_of})
    written = 0
    for version, models in speakers(registry, "growth"):
        for metric, model in models.items():
            history = read_history(reader, metric, as_of, settings.history_days)
            if history.empty:
                continue
            rows = _forecast_rows(model.predict(history), accounts, metric, as_of)
            written += owner.append("growth_forecast", _named(rows, version))
    return written


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
            "reasons": rows.method.str.split("|"),
        }
    ).query("horizon_days > 0")


def _named(rows: pd.DataFrame, version: Version) -> pd.DataFrame:
    return rows.assign(model_name=version.model_name, version=version.version)
