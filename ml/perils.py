"""The risk of the five perils on the warehouse's accounts: what explains it, what is believed.

A training set gives incidents as they were reported in the days after each of its rows; incidents
are rare, so a peril starts from what experts believe of its frequency, and the portfolio's own
experience counts as far as it is credible (Z is in every score).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Literal

import numpy as np
import pandas as pd

from ml.artifact import code_sha256
from ml.candidate import Gate, Metric, Trained, defined, named
from ml.errors import TooFewError
from ml.evaluation.metrics import gini
from ml.insurance.covariates import Covariates
from ml.insurance.duration import DurationCurve
from ml.labels import OUTCOMES, PERILS, PERSONAL, is_largest
from ml.registry import Registry, Training
from ml.risk import Expert, RiskModel
from ml.segments import with_language, with_tier
from ml.settings import MlSettings
from ml.tables import Tables
from ml.training import publish, read_examples
from ml.validation import LEAST_EVENTS, double_lift_figures, risk_figures

Learner = Literal["glm", "boosting"]

CURRENCY = "USD"
HORIZON_DAYS = 365
COVARIATES = Covariates(
    numeric=("follower_log", "reason_code_count", "unexplained_spike_days", "follow_turns"),
    categorical=("platform",),
)
RISING = dict.fromkeys(("reason_code_count", "unexplained_spike_days", "follow_turns"), 1)
"""Where the challenger's frequency may only rise: more signals never make an account safer."""
WORDS = {
    "follower_log": "the size of the account",
    "reason_code_count": "signals of bought or traded attention",
    "unexplained_spike_days": "days on which followers jumped without a post",
    "follow_turns": "following and unfollowing by turns",
    "platform": "the platform",
    "segment_experience": "what accounts of this platform and size have suffered",
}
# Events a year, and the years of exposure that the belief weighs as much as: the published ranges
# are wide (an account is taken over in 1 to 5 % of the years), so experience soon outweighs them.
# Outages are a share that never ends, and the median days of the others and the spread of their
# log: 15 to 70 % of the accounts that are taken over are never recovered, the others after 5 days;
# of the other perils little is published.
EXPERTS = {
    "account_takeover": Expert(0.04, years=100, duration=DurationCurve(0.3, 5, 1)),
    "suspension": Expert(0.03, years=100, duration=DurationCurve(0.2, 7, 1)),
    "engagement_collapse": Expert(0.03, years=100, duration=DurationCurve(0.1, 28, 0.7)),
    "reputation": Expert(0.02, years=100, duration=DurationCurve(0, 14, 0.7)),
    "liability": Expert(0.02, years=100),
}
LEAST_YEARS = 20.0
"""Account years of exposure without which no risk is trained."""
LEVEL_TOLERANCE = 0.25
"""How far actual events may stand from the expected ones, beyond two standard errors of so many.

A tariff whose level is a quarter too low has lost its margin.
"""
_MODULES = ["insurance", "perils", "reasons", "risk", "segments"]


def train_risk(reader: Tables, owner: Tables, settings: MlSettings) -> Trained:
    """Fit the frequency and severity of every peril on the latest training set and register them.

    Its figures of validation are those of models that were fitted on the earlier days, on the later
    ones. Monotone boosting is registered beside it as the challenger.

    Raises:
        TooFewError: no incident was ever reported, or there is too little exposure to learn from or
            to judge by.
    """
    examples = read_examples(owner)
    labels = pd.DataFrame(list(examples.labels), index=examples.index)
    known = [peril for peril in PERILS if peril in labels]
    if not known:
        raise TooFewError(
            "risk: the training set has no report of an incident. Reports come from creators; in a "
            "synthetic world python -m ingestion.sandbox truth load."
        )
    years = float(examples.exposure_years.sum())
    if years < LEAST_YEARS:
        raise TooFewError(
            f"risk: the training set has {years:.1f} account years of exposure, {LEAST_YEARS:g} "
            "are needed. Train on more accounts or a longer history."
        )
    rows = with_tier(examples.drop(columns="labels"))
    spoken = with_language(rows, reader)
    glm = _fit("glm", known, spoken, labels, settings.seed)
    if "actual_to_expected" not in named(glm.metrics):
        raise TooFewError(
            "risk: not one incident is expected in the last third of the training days, so that "
            "nothing can be judged. Train on more accounts or a longer history."
        )
    boosting = _fit("boosting", known, spoken, labels, settings.seed, glm)
    for peril, told in glm.judged.items():
        glm.metrics.extend(double_lift_figures(peril, told, boosting.judged[peril]))
    training = Training(
        parameters={"seed": settings.seed, "perils": known, "horizon_days": HORIZON_DAYS},
        data=rows.join(labels[[name for name in OUTCOMES if name in labels]]),
        features=COVARIATES.columns,
        code_sha256=code_sha256([*_MODULES, "features", "labels"]),
        trained_from=rows.as_of.min().date(),
        trained_until=rows.as_of.max().date(),
    )
    registry = Registry(owner, settings)
    other = replace(training, parameters={**training.parameters, "learner": "boosting"})
    challenger = registry.register("risk", boosting.models, other, "challenger")
    publish(owner, settings, Trained(challenger, boosting.metrics, _gates(boosting)))
    version = registry.register("risk", glm.models, training)
    return publish(owner, settings, Trained(version, glm.metrics, _gates(glm)))


def predict_risk(models: Mapping[str, RiskModel], features: pd.DataFrame) -> pd.DataFrame:
    """The score of every row and peril, as ``ml.risk_score`` keeps it, the keys aside.

    A peril that strikes creators is told of the largest account of each alone.
    """
    rows = with_tier(features)
    largest = is_largest(rows)
    parts = []
    for peril, model in models.items():
        judged = rows[largest] if peril in PERSONAL else rows
        scores = model.predict(judged, HORIZON_DAYS)
        scores.insert(0, "peril", peril)
        parts.append(scores.drop(columns=["frequency_method", "severity_method"]))
    made = pd.concat(parts)
    for column in ("expected_severity_amount", "expected_loss_amount"):
        made[column] = made[column].round(2)
    currency = made.expected_severity_amount.map(lambda v: CURRENCY if v == v else None)
    return made.assign(horizon_days=HORIZON_DAYS, currency=currency)


@dataclass(frozen=True)
class _Fitted:
    """The models of all perils, and how those of the earlier days did on the later ones."""

    models: dict[str, RiskModel]
    earlier: dict[str, RiskModel]
    judged: dict[str, pd.DataFrame]
    metrics: list[Metric]


def _fit(
    learner: Learner,
    perils: Sequence[str],
    rows: pd.DataFrame,
    labels: pd.DataFrame,
    seed: int,
    other: _Fitted | None = None,
) -> _Fitted:
    """Fit and judge the models of a learner; those of another one lend their GLMs."""
    made = _Fitted({}, {}, {}, [])
    days = np.sort(rows.as_of[rows.exposure_years > 0].unique())
    for peril in perils:
        own = _counted(peril, rows, labels)
        made.models[peril] = _model(learner, peril)
        _fit_model(made.models[peril], own, seed, other.models.get(peril) if other else None)
        made.metrics.extend(_figures(made.models[peril], own))
        is_later = own.as_of >= days[(2 * len(days)) // 3]
        before, after = own[~is_later], own[is_later]
        if before.empty or after.empty:
            continue
        made.earlier[peril] = _model(learner, peril)
        _fit_model(made.earlier[peril], before, seed, other.earlier.get(peril) if other else None)
        made.judged[peril] = _judged(made.earlier[peril], before, after)
    if made.judged:
        made.judged["all"] = pd.concat(made.judged.values(), ignore_index=True)
    for peril, told in made.judged.items():
        made.metrics.extend(risk_figures(peril, told))
    return made


def _gates(fitted: _Fitted) -> list[Gate]:
    """What the models of the earlier days must have got right on the later ones.

    The level, as far as so many events can tell, of all perils as one and of each of which enough
    events are expected: a tariff reads them one by one. Where covariates have spoken, they must
    also have told accounts apart better than one frequency for each peril would have.
    """
    figures = named(fitted.metrics)
    levels = {peril: named(fitted.metrics, peril) for peril in fitted.judged}
    gates = [
        gate
        for peril, level in levels.items()
        if peril == "all" or level.get("expected_events", 0) >= LEAST_EVENTS
        for gate in _level_gates(peril, level)
    ]
    if any(model.glm_ is not None for model in fitted.earlier.values()):
        reduction = figures.get("deviance_reduction", nan)
        gates.append(Gate("deviance below the constant model's on later days", reduction, 0, False))
    return gates


def _level_gates(peril: str, figures: Mapping[str, float]) -> list[Gate]:
    ratio = figures["actual_to_expected"]
    wide = LEVEL_TOLERANCE + 2 * figures["actual_to_expected_error"]
    name = f"{peril}: actual to expected events of later days"
    return [
        Gate(f"{name}, least", ratio, 1 - wide, False),
        Gate(f"{name}, most", ratio, 1 + wide, True),
    ]


def _fit_model(model: RiskModel, rows: pd.DataFrame, seed: int, other: RiskModel | None) -> None:
    model.fit(
        rows,
        rows.exposure_years,
        rows.event_count,
        rows.amount,
        rows.creator_id.fillna(rows.account_key),
        seed,
        other.glm_ if other else None,
    )
    # of two outages in one row it is not known how long each was
    alone = rows[(rows.event_count == 1) & rows.days.notna()]
    model.fit_duration(alone.days, alone.ended == 1)


def _figures(model: RiskModel, rows: pd.DataFrame) -> list[Metric]:
    """Figures of the fit itself, among them the ratio of what it expects to what came."""
    years, events = float(rows.exposure_years.sum()), float(rows.event_count.sum())
    expected = model.predict(rows).event_frequency * rows.exposure_years
    believed = EXPERTS[model.peril].frequency * years
    figures = {
        "events": events,
        "exposure_years": years,
        # without an event the belief is what there is to be held against
        "expected_to_actual": float(expected.sum()) / (events or believed),
        "portfolio_credibility": float(model.portfolio_credibility_),
        "paid_share": model.paid_share_,
        "mean_paid_amount": model.severity_mean_,
        "expected_days": model.paid_days(),
    }
    if events >= 2:
        figures["gini"] = gini(rows.event_count, expected, rows.exposure_years)
    return defined(figures, len(rows), model.peril, "train")


def _judged(model: RiskModel, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """What a model of the days before says of those after, as the figures of validation read it."""
    observed = float(before.event_count.sum() / before.exposure_years.sum())
    return after.assign(
        event_frequency=model.predict(after).event_frequency,
        constant_frequency=observed or EXPERTS[model.peril].frequency,
    )


def _counted(peril: str, rows: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """The rows in which a peril was counted: ``event_count``, ``amount``, ``days``, ``ended``."""
    counted = labels[peril].notna() & (rows.exposure_years > 0)
    told = labels.reindex(columns=[f"{peril}{part}" for part in ("", "_amount", "_days", "_ended")])
    told.columns = pd.Index(["event_count", "amount", "days", "ended"])
    return rows[counted].join(told[counted])


def _model(learner: Learner, peril: str) -> RiskModel:
    return RiskModel(
        peril,
        COVARIATES,
        learner=learner,
        monotonic=RISING,
        expert=EXPERTS[peril],
        words=WORDS,
    )
