"""How well fraud is found in synthetic worlds whose truth is known, beside baselines and an oracle.

The authenticity model is fitted as ``train_authenticity`` fits it (labels that are late and partly
wrong, the held-out type without any), on some creators, and scores the last day of all accounts of
the others; the truth judges. The oracle is the same learner with true and timely labels of all
types: fitted on worlds of its own, or else on the other creators of the same worlds, which bounds
what better labels would give and nothing beyond. Simulated: no claim about real creators.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.progress import track
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_curve
from sklearn.model_selection import GroupKFold

from ml.authenticity import AuthenticityModel
from ml.evaluation.figures import Figure, at_least, at_most
from ml.evaluation.metrics import calibration_error
from ml.evaluation.worlds import Suspects
from ml.training import without_first_weeks

FOLDS = 4
SEED = 7
PRECISION = 0.9
SHARE_OF_ORACLE = 0.9
FLAGGED_SPIKES = 0.01
SPIKES = ("viral_post", "tv_spike")
"""Kinds of honest events by which followers jump because many people saw something."""
LOOK_BACK_DAYS = 365
"""How long the features remember an event."""
SCORES = ["fraud_probability", "anomaly_score", "is_flagged"]


@dataclass(frozen=True)
class Detection:
    """One row per account, as it stood on its last day, and what the judges know of it.

    rows: ``account_key``, ``creator_id``, ``as_of``, the columns of ``SCORES`` (an account that is
    not scored counts as 0 and not flagged), ``oracle_probability`` and the truth's columns.
    oracle: which oracle it is, in words.
    look_alikes: honest events that look like fraud, of the days that the features remember.
    """

    rows: pd.DataFrame
    oracle: str
    look_alikes: pd.DataFrame

    @property
    def known(self) -> pd.DataFrame:
        """The rows of types that a training set may hold, and of the honest."""
        return self.rows[~self.rows.is_held_out]

    @property
    def unknown(self) -> pd.DataFrame:
        """The rows of the type that is held out, and of the honest."""
        return self.rows[self.rows.is_held_out | ~self.rows.is_fraud]


def detect(suspects: Suspects, oracle: Suspects | None = None, folds: int = FOLDS) -> Detection:
    """Score every account by models that never saw its creator.

    Args:
        suspects: the worlds that are judged, pooled.
        oracle: worlds of other seeds for the oracle; None: true labels of the same worlds.
        folds: of the creators.
    """
    last = suspects.features.groupby("account_key").as_of.idxmax()
    judged = suspects.features.loc[np.sort(last.to_numpy())].reset_index(drop=True)
    made = out_of_fold(judged, suspects.labels, folds, "detection, by fold")
    if oracle is None:
        words = "true labels, same creators"
        best = out_of_fold(judged, true_labels(suspects), folds, "oracle, by fold")
    else:
        words = f"true labels, {oracle.truth.creator_id.nunique():,} other creators"
        best = _scored(AuthenticityModel(seed=SEED).fit(true_labels(oracle)), judged)
    judged = judged[["account_key", "creator_id", "as_of"]].join(made[SCORES])
    judged = judged.assign(oracle_probability=best.fraud_probability)
    rows = judged.merge(suspects.truth.drop(columns="creator_id"), on="account_key")
    truths = ["is_fraud", "is_held_out", *_types(rows)]
    rows = rows.astype(dict.fromkeys(truths, bool))
    return Detection(rows, words, _remembered(suspects.look_alikes, rows))


def true_labels(suspects: Suspects) -> pd.DataFrame:
    """All features with ``is_fraud`` as it truly was on each day, the held-out type with it."""
    first = suspects.truth.set_index("account_key").first_date
    judged = suspects.features[suspects.features.account_key.isin(first.index)]
    began = judged.account_key.map(first)
    labelled = judged.assign(is_fraud=(began <= judged.as_of).to_numpy(bool))
    return without_first_weeks(labelled)


def out_of_fold(
    judged: pd.DataFrame, examples: pd.DataFrame, folds: int, description: str
) -> pd.DataFrame:
    """``SCORES`` of each row by a model fitted on the examples of other creators' accounts."""
    creator = judged.creator_id.fillna(judged.account_key)
    owner = examples.account_key.map(pd.Series(creator.to_numpy(), index=judged.account_key))
    splits = GroupKFold(folds, shuffle=True, random_state=SEED).split(judged, groups=creator)
    parts = []
    for _, place in track(list(splits), description=description):
        seen = examples[~owner.isin(set(creator.iloc[place]))].reset_index(drop=True)
        parts.append(_scored(AuthenticityModel(seed=SEED).fit(seen), judged.iloc[place]))
    return pd.concat(parts).loc[judged.index]


def _scored(model: AuthenticityModel, judged: pd.DataFrame) -> pd.DataFrame:
    made = model.predict(judged)
    return pd.DataFrame(
        {
            "fraud_probability": made.fraud_probability.fillna(0.0),
            "anomaly_score": made.anomaly_score.fillna(0.0),
            "is_flagged": made.is_flagged.eq(True),
        }
    )


def _remembered(events: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    joined = events.merge(rows[["account_key", "as_of"]], on="account_key")
    age = (joined.as_of - joined.start_date).dt.days
    return joined[(age >= 0) & (age < LOOK_BACK_DAYS)].drop(columns="as_of")


def threshold_at(label: npt.ArrayLike, score: npt.ArrayLike, precision: float = PRECISION) -> float:
    """The least score from which the flagged are guilty with ``precision``; inf where none does."""
    reached, _, thresholds = precision_recall_curve(label, score)
    good = thresholds[reached[:-1] >= precision]
    return float(good.min()) if len(good) else float("inf")


def recall_by_type(rows: pd.DataFrame, threshold: float) -> pd.Series:
    """Of each fraud type (``has_*`` without the prefix) the share that reaches ``threshold``."""
    reached = rows.fraud_probability >= threshold
    return pd.Series(
        {
            name.removeprefix("has_"): float(reached[rows[name]].mean())
            for name in _types(rows)
            if rows[name].any()
        }
    )


def _types(rows: pd.DataFrame) -> list[str]:
    return [name for name in map(str, rows.columns) if name.startswith("has_")]


def flagged_by_event(detection: Detection) -> pd.DataFrame:
    """Per kind of honest event: accounts without fraud that had one, and the share flagged.

    Returns:
        Index ``kind`` (``spikes``: any of ``SPIKES``; ``none``: honest without any event), columns
        ``accounts`` and ``flagged_share``.
    """
    honest = detection.rows[~detection.rows.is_fraud].set_index("account_key").is_flagged
    events = detection.look_alikes[detection.look_alikes.account_key.isin(honest.index)]
    groups = {str(kind): set(part.account_key) for kind, part in events.groupby("kind")}
    groups["spikes"] = set(events[events.kind.isin(SPIKES)].account_key)
    groups["none"] = set(honest.index) - set(events.account_key)
    table = pd.DataFrame(
        {
            "accounts": {kind: len(keys) for kind, keys in groups.items()},
            "flagged_share": {
                kind: honest[honest.index.isin(keys)].mean() for kind, keys in groups.items()
            },
        }
    )
    return table.rename_axis("kind")


def figures(detection: Detection) -> list[Figure]:
    """All figures of a detection; the target of average precision is told of the oracle's."""
    return [
        *_order_figures("all types", detection.rows, detection.oracle),
        *_order_figures("known types", detection.known, detection.oracle),
        *_known_figures(detection),
        *_held_out_figures(detection),
        *_look_alike_figures(detection),
    ]


def _order_figures(title: str, rows: pd.DataFrame, oracle: str) -> list[Figure]:
    ours, best, forest = (
        float(average_precision_score(rows.is_fraud, rows[name]))
        for name in ("fraud_probability", "oracle_probability", "anomaly_score")
    )
    return [
        at_least(f"{title}: PR-AUC to the oracle's", ours / best, SHARE_OF_ORACLE),
        Figure(f"{title}: PR-AUC", ours),
        Figure(f"{title}: PR-AUC of the oracle ({oracle})", best),
        Figure(f"{title}: PR-AUC of the isolation forest", forest),
        Figure(f"{title}: PR-AUC of chance (share of fraud)", float(rows.is_fraud.mean())),
        Figure(f"{title}: accounts", len(rows)),
    ]


def _known_figures(detection: Detection) -> list[Figure]:
    rows, base = detection.known, float(detection.known.is_fraud.mean())
    threshold = threshold_at(rows.is_fraud, rows.fraud_probability)
    flagged = rows[rows.is_flagged]
    recalls = recall_by_type(detection.rows, threshold)
    return [
        Figure(f"known types: probability from which precision is {PRECISION:g}", threshold),
        *(
            Figure(f"recall at {PRECISION:.0%} precision, {name}", value)
            for name, value in recalls.items()
        ),
        Figure(
            f"recall at {PRECISION:.0%} precision, known types",
            float((rows[rows.is_fraud].fraud_probability >= threshold).mean()),
        ),
        Figure("operating point: precision, known types", float(flagged.is_fraud.mean())),
        Figure(
            "operating point: recall, known types", float(rows.is_flagged[rows.is_fraud].mean())
        ),
        Figure("known types: Brier score", brier_score_loss(rows.is_fraud, rows.fraud_probability)),
        Figure("known types: Brier score of the base rate", base * (1 - base)),
        Figure(
            "known types: calibration error",
            calibration_error(rows.is_fraud, rows.fraud_probability),
        ),
    ]


def _held_out_figures(detection: Detection) -> list[Figure]:
    rows = detection.unknown
    if not rows.is_held_out.any():
        return []
    ours, forest, best = (
        float(average_precision_score(rows.is_held_out, rows[name]))
        for name in ("fraud_probability", "anomaly_score", "oracle_probability")
    )
    return [
        at_least("held-out type: PR-AUC to the isolation forest's", ours / forest, 1.0),
        Figure("held-out type: PR-AUC", ours),
        Figure("held-out type: PR-AUC of the isolation forest", forest),
        Figure(f"held-out type: PR-AUC of the oracle ({detection.oracle})", best),
        Figure("held-out type: PR-AUC of chance", float(rows.is_held_out.mean())),
    ]


def _look_alike_figures(detection: Detection) -> list[Figure]:
    table = flagged_by_event(detection)
    spikes = float(table.flagged_share["spikes"])
    return [
        at_most("honest accounts with a viral spike: share flagged", spikes, FLAGGED_SPIKES),
        Figure("honest accounts with a viral spike", float(table.accounts["spikes"])),
        *(
            Figure(f"honest accounts, event {kind}: share flagged", float(share))
            for kind, share in table.flagged_share.drop("spikes").items()
        ),
    ]
