"""What a synthetic world's warehouse tells the judges of the models, read and pooled over worlds.

Several worlds are pooled as one: creators of different seeds are different creators, so that every
key gets the number of its world in front (``0/tiktok:123``). The truth is read as the owner, what
models may know as the reader. Simulated: no claim about real creators.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
import pandas as pd

from ml.features import account_features
from ml.histories import METRICS, read_history
from ml.labels import label_fraud, read_findings
from ml.settings import MlSettings
from ml.tables import Tables
from ml.training import last_day, without_first_weeks
from warehouse.errors import UserError

KEYS = ("creator_id", "account_id", "account_key", "series_id")
ONE_WORLD = "SELECT seed, creators, days, first_day, stealth FROM {truth}.world"
ACCOUNTS = """
SELECT platform || ':' || account_id AS account_key, account.*
FROM {truth}.account AS account ORDER BY account_key
"""
FIRST_ACTS = """
SELECT platform || ':' || account_id AS account_key, min(start_date) AS first_date
FROM {truth}.event WHERE is_fraud GROUP BY account_key ORDER BY account_key
"""
LOOK_ALIKES = """
SELECT platform || ':' || account_id AS account_key, kind, start_date
FROM {truth}.event WHERE is_hard_negative ORDER BY account_key, start_date, kind
"""


@dataclass(frozen=True)
class Suspects:
    """What detection is trained on and judged by; ``as_of`` of ``labels`` are days of the past.

    features: as ``account_features``, one row per account and day of the training set.
    labels: rows of ``features`` with ``is_fraud`` as an insurer knows it on the last day.
    truth: one row per account, ``account_key``, ``first_date`` (of its first act of fraud, NaT
    where there is none) and the columns of ``truth.account``.
    look_alikes: honest events that look like fraud: ``account_key``, ``kind``, ``start_date``.
    """

    features: pd.DataFrame
    labels: pd.DataFrame
    truth: pd.DataFrame
    look_alikes: pd.DataFrame


@dataclass(frozen=True)
class Incidents:
    """Tables of the truth that coefficients are found again from, as ``recovered`` takes them."""

    incidents: pd.DataFrame
    accounts: pd.DataFrame
    creators: pd.DataFrame


def read_world(owner: Tables) -> pd.Series:
    """``seed``, ``creators``, ``days``, ``first_day``, ``stealth`` of the loaded world.

    Raises:
        UserError: no truth is loaded.
    """
    rows = owner.read(ONE_WORLD)
    if len(rows) != 1:
        raise UserError(
            f"truth.world: has {len(rows)} rows, a synthetic world has one. "
            "Build it with python -m benchmarks.worlds."
        )
    return rows.iloc[0]


def read_suspects(reader: Tables, owner: Tables, settings: MlSettings) -> Suspects:
    """Features, labels as the training would take them today, and the truth."""
    known_on = last_day(reader)
    first = pd.Timestamp(read_world(owner)["first_day"]).date()
    features = account_features(reader, snapshot_days(first, known_on, settings))
    findings = read_findings(owner, settings.seed)
    truth = owner.read(ACCOUNTS).merge(owner.read(FIRST_ACTS), on="account_key", how="left")
    labels = without_first_weeks(label_fraud(features, findings, known_on))
    return Suspects(features, labels, truth, owner.read(LOOK_ALIKES))


def snapshot_days(first: date, last: date, settings: MlSettings) -> list[date]:
    """The days of a training set that is made on ``last``, latest first."""
    step = timedelta(days=settings.snapshot_every_days)
    past = [last - step * turn for turn in range(settings.snapshot_count)]
    return [day for day in past if day > first] or [last]


def read_histories(reader: Tables, days: int) -> dict[str, pd.DataFrame]:
    """By metric the known days of all accounts: ``series_id``, ``date``, ``value``."""
    known_on = last_day(reader)
    return {metric: read_history(reader, metric, known_on, days) for metric in METRICS}


def read_incidents(owner: Tables) -> Incidents:
    """The truth of incidents, of every account and of every creator."""
    return Incidents(
        owner.read("SELECT creator_id, platform, account_id, peril FROM {truth}.incident"),
        owner.read("SELECT creator_id, platform, account_id, is_fraud FROM {truth}.account"),
        owner.read("SELECT creator_id, is_fraud FROM {truth}.creator"),
    )


def read_coefficients(owner: Tables) -> pd.DataFrame:
    """``name`` and ``value`` of what generated the world."""
    return owner.read("SELECT name, value FROM {truth}.coefficient ORDER BY name")


def pooled(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The same table of several worlds as one, the keys of ``KEYS`` with the world's number."""
    marked = [
        table.assign(**{key: _marked(table[key], world) for key in KEYS if key in table})
        for world, table in enumerate(tables)
    ]
    return pd.concat(marked, ignore_index=True)


def pooled_suspects(worlds: Sequence[Suspects]) -> Suspects:
    """Several worlds as one."""
    names = [field.name for field in fields(Suspects)]
    return Suspects(**{name: pooled([getattr(world, name) for world in worlds]) for name in names})


def pooled_incidents(worlds: Sequence[Incidents]) -> Incidents:
    """Several worlds as one."""
    names = [field.name for field in fields(Incidents)]
    return Incidents(**{name: pooled([getattr(world, name) for world in worlds]) for name in names})


def _marked(keys: pd.Series, world: int) -> pd.Series:
    text = f"{world}/" + keys.astype(object).where(keys.notna(), "").astype(str)
    return text.where(keys.notna(), other=np.nan)
