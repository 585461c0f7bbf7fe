"""How a candidate does on rows that its fit had not seen: overall, by segment, band and over time.

Everything is told as :class:`ml.candidate.Metric`. The segment of a figure is ``all`` or the peril,
then after a slash the part: ``platform:tiktok``, ``size:10k-100k``, ``language:en``, ``band:3``,
``feature:pod_share``. What too few rows, accounts or events stand behind is left out.
"""

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from ml.authenticity import MODEL_FEATURES, AuthenticityModel
from ml.candidate import Gate, Metric, defined, named
from ml.evaluation.metrics import (
    actual_to_expected,
    calibration_error,
    deviance_reduction,
    double_lift,
    gini,
    lift,
    stability_index,
)
from ml.segments import parts

LEAST_OF_A_LABEL = 5
"""Accounts of either label without which a part has no figure that needs both."""
LEAST_ROWS_OF_A_BAND = 20
LEAST_EVENTS = 10
"""Events without which an order or a deviance is chance."""
LEAST_EXPECTED = 1.0
"""Expected events without which actual to expected is chance."""
LEAST_KNOWN = 50
"""Known values on either side without which a feature's stability is not told."""
SHIFTED_FEATURES = 5
LEAST_ORDER = 2.0
"""Average precision that is needed, in base rates (and never more than halfway from there to 1).

A score that knows nothing comes to 1.2 base rates on average where 20 of 260 accounts are guilty,
and to 2 in 4 of 100 draws; to 1.1, and to 2 in 2 of 1,000, where 45 of 550 are (simulated).
"""
BANDS, LIFT_BANDS = 10, 5


def authenticity_figures(
    model: AuthenticityModel, examples: pd.DataFrame, unseen: pd.DataFrame
) -> list[Metric]:
    """Figures of the classifier.

    Args:
        model: fitted.
        examples: its training set.
        unseen: what :meth:`AuthenticityModel.unseen` gives, with ``language`` if it is known.
    """
    base = float(unseen.is_fraud.mean())
    overall = {
        **_classification(unseen, model.flag_at, least=1),
        "brier_score_of_base_rate": base * (1 - base),
    }
    found = defined(overall, len(unseen))
    for name, chosen in parts(unseen):
        found += defined(_classification(unseen[chosen], model.flag_at), int(chosen.sum()), name)
    return [*found, *_calibration(unseen), *_drift(model, examples, unseen)]


def authenticity_gates(metrics: Sequence[Metric]) -> list[Gate]:
    """Order and probabilities of the classifier must be better than those of the base rate."""
    figures = named(metrics)
    base = figures["base_rate"]
    order = figures.get("average_precision", nan)
    needed = min(LEAST_ORDER * base, (1 + base) / 2)
    return [
        Gate("average precision", order, needed, False),
        Gate("Brier score", figures["brier_score"], figures["brier_score_of_base_rate"], True),
    ]


def risk_figures(peril: str, judged: pd.DataFrame) -> list[Metric]:
    """Figures of a frequency model on later rows; ``all`` stands for the perils together.

    Args:
        peril: the subject of the figures.
        judged: ``account_key``, ``platform``, ``follower_log``, ``language`` if it is known,
            ``exposure_years``, ``event_count``, ``event_frequency`` and ``constant_frequency``
            (a year: the model's and that of a model that knows no account).
    """
    years, events = judged.exposure_years, judged.event_count
    figures = {"events": float(events.sum())}
    if events.sum() >= LEAST_EVENTS:
        figures["gini"] = gini(events, judged.event_frequency, years)
        figures["deviance_reduction"] = deviance_reduction(
            events / years, judged.event_frequency, judged.constant_frequency, years, power=1
        )
    found = defined({**figures, **_ratio(judged)}, len(judged), peril)
    for name, chosen in parts(judged):
        found += defined(_ratio(judged[chosen]), int(chosen.sum()), f"{peril}/{name}")
    if events.sum() >= LEAST_EVENTS:
        table = lift(events, judged.event_frequency, years, LIFT_BANDS)
        found += _banded(table.drop(columns="exposure"), peril, "band", len(judged))
    return found


def double_lift_figures(peril: str, judged: pd.DataFrame, challenger: pd.DataFrame) -> list[Metric]:
    """Where two models of a peril disagree: rates by band of challenger / champion, relative."""
    if judged.event_count.sum() < LEAST_EVENTS:
        return []
    table = double_lift(
        judged.event_count,
        judged.event_frequency,
        challenger.event_frequency,
        judged.exposure_years,
        LIFT_BANDS,
    )
    told = table.drop(columns="exposure").rename(
        columns={"first": "champion", "second": "challenger"}
    )
    return _banded(told, peril, "double_lift", len(judged))


def _classification(
    rows: pd.DataFrame, flag_at: float, least: int = LEAST_OF_A_LABEL
) -> dict[str, float]:
    label, probability = rows.is_fraud.to_numpy(bool), rows.fraud_probability.to_numpy(float)
    flagged = probability >= flag_at
    guilty = rows.account_key[label].nunique()
    innocent = rows.account_key[~label].nunique()
    figures = {
        "base_rate": float(label.mean()),
        "mean_probability": float(probability.mean()),
        "flagged_share": float(flagged.mean()),
        "brier_score": float(brier_score_loss(label, probability)),
    }
    if innocent >= least:
        figures["false_positive_rate"] = float(flagged[~label].mean())
    if min(guilty, innocent) >= least:
        figures["average_precision"] = float(average_precision_score(label, probability))
        figures["roc_auc"] = float(roc_auc_score(label, probability))
        figures["calibration_error"] = calibration_error(label, probability, _bands(len(rows)))
    return figures


def _calibration(rows: pd.DataFrame) -> list[Metric]:
    """Mean probability and share of events in bands of equal count by rising probability."""
    bands = _bands(len(rows))
    if bands < 2:
        return []
    ordered = rows.sort_values(["fraud_probability", "account_key", "as_of"])
    band = np.arange(len(ordered)) * bands // len(ordered) + 1
    table = ordered.groupby(band)[["fraud_probability", "is_fraud"]].mean()
    told = table.rename(columns={"fraud_probability": "mean_probability", "is_fraud": "event_rate"})
    return _banded(told.rename_axis("band").reset_index(), "", "band", len(rows))


def _bands(rows: int) -> int:
    return min(BANDS, max(rows // LEAST_ROWS_OF_A_BAND, 1))


def _drift(model: AuthenticityModel, examples: pd.DataFrame, unseen: pd.DataFrame) -> list[Metric]:
    """Stability of the score and the features between the earlier days and the judged ones."""
    is_earlier = examples.as_of < unseen.as_of.min()
    earlier, later = examples[is_earlier], examples[~is_earlier]
    found = []
    if min(len(model.earlier_probability), len(unseen)) >= LEAST_KNOWN:
        value = stability_index(model.earlier_probability, unseen.fraud_probability)
        found += defined({"score_psi": value}, len(unseen))
    shifts = {
        name: stability_index(earlier[name], later[name])
        for name in MODEL_FEATURES
        if min(earlier[name].count(), later[name].count()) >= LEAST_KNOWN
    }
    for name in sorted(shifts, key=lambda one: (-shifts[one], one))[:SHIFTED_FEATURES]:
        found += defined({"psi": shifts[name]}, len(later), f"feature:{name}")
    return found


def _ratio(rows: pd.DataFrame) -> dict[str, float]:
    expected = rows.event_frequency * rows.exposure_years
    if expected.sum() < LEAST_EXPECTED:
        return {}
    table = actual_to_expected(rows.event_count, expected, np.full(len(rows), "all")).iloc[0]
    return {
        "expected_events": float(table.expected),
        "actual_to_expected": float(table.ratio),
        "actual_to_expected_error": float(table.ratio_error),
    }


def _banded(table: pd.DataFrame, subject: str, kind: str, rows: int) -> list[Metric]:
    """A table with a row per ``band`` as metrics; ``rows`` are those of all bands."""
    found: list[Metric] = []
    for row in table.to_dict("records"):
        part = f"{kind}:{int(row['band'])}"
        figures: Mapping[str, float] = {str(k): float(v) for k, v in row.items() if k != "band"}
        segment = f"{subject}/{part}" if subject else part
        found += defined(figures, rows // len(table), segment)
    return found
