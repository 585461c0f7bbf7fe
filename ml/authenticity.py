"""How likely an account's audience and engagement are genuine, with reasons.

Three views of one account on one day, from the features of ``ml.features``:

- rules: the signals of ``mart_fraud__*`` that stand out, each with a reason code;
- ``anomaly_score``: an isolation forest on robust z's, which knows no labels;
- ``fraud_probability``: gradient boosting that may only rise where a signal grows more suspicious,
  fitted on findings of the past and calibrated on those of a later period. What judges it are
  half of that period's creators, by a calibration of the other half.

No platform shows a third party's follower list, so this is a risk with its reasons and an interval,
never a share of fake followers. :class:`AccountClassifier` judges single profiles.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.linear_model import LogisticRegression

from ml.accounts import AccountClassifier
from ml.binning import bin_edges, binned
from ml.signals import SIGNALS, Signal

__all__ = ["SIGNALS", "AccountClassifier", "AuthenticityModel", "Signal"]

Floats = npt.NDArray[np.float64]
BANDS = ("genuine", "likely_genuine", "unclear", "suspicious", "very_suspicious")
BAND_EDGES = (0.05, 0.15, 0.4, 0.75)
"""Fraud probability from which the next band begins."""
INTERVAL = 0.9
MAX_REASONS = 4
LEAST_DROP = 0.05
"""Of the log odds: a signal that moves them less is no reason."""
ASKED_AT_ONCE = 50_000
"""Rows that the boosted models are asked about together when reasons are sought."""
LEAST_SIGNALS = 5
"""Fewer known signals than these give no score."""
LEAST_OF_A_CLASS = 5
"""Accounts of each label that a training set must have."""
LARGEST_Z = 8.0
# What helps to read the signals and has no direction of its own: never a reason.
CONTEXT = (
    "follower_log",
    "growth_28d",
    "churn_28d",
    "jump_share",
    "other_jumps",
    "engagement_residual",
    "views_per_follower_log",
    "shared_spike_count",
    "comments_per_like",
    "likes_spread",
)
# Of the robust z's of the signals: how far the most suspicious ones stand out, whichever they are.
# A kind of fraud that no label knows yet is seen by these.
SUMMARIES = ("worst_signal_z", "second_signal_z", "reason_code_count")
MODEL_FEATURES = (*(signal.feature for signal in SIGNALS), *CONTEXT)


class AuthenticityModel:
    """The fitted model; its state is arrays and scikit-learn's estimators alone.

    Args:
        members: boosted models that are fitted, each on creators drawn anew: their spread is the
            interval.
        flag_at: fraud probability from which an account is flagged.
        seed: of the draws.
    """

    def __init__(self, members: int = 12, flag_at: float = 0.5, seed: int = 7) -> None:
        self.members = members
        self.flag_at = flag_at
        self.seed = seed

    def fit(self, examples: pd.DataFrame) -> "AuthenticityModel":
        """Fit on labelled examples.

        Args:
            examples: ``creator_id``, ``account_key``, ``as_of``, the columns of ``MODEL_FEATURES``
                and ``reason_code_count`` (NaN where not known), and ``is_fraud`` (bool).

        Raises:
            ValueError: a column is missing, or a label has too few accounts.
        """
        _require(examples, ["creator_id", "account_key", "as_of", "is_fraud", "reason_code_count"])
        _require(examples, MODEL_FEATURES)
        self._refuse_few(examples)
        values = examples[list(MODEL_FEATURES)].to_numpy(dtype=float)
        self.center, self.scale = _robust_scale(values)
        inputs = self._inputs(examples)
        label = examples.is_fraud.to_numpy(dtype=bool)
        weight = 1 / examples.groupby("account_key").account_key.transform("size").to_numpy(float)
        creator = examples.creator_id.fillna(examples.account_key).to_numpy(dtype=str)
        later = _is_later(examples.as_of)
        self._fit_members(inputs, label, weight, creator, later)
        self._fit_anomaly(values)
        self.typical = _typical(inputs[~label])
        return self

    def predict(self, features: pd.DataFrame) -> pd.DataFrame:
        """Score accounts.

        Args:
            features: the columns of ``MODEL_FEATURES`` and ``reason_code_count``.

        Returns:
            With the index of ``features``: ``authenticity_score`` (0-100), ``band``,
            ``fraud_probability`` with ``_lower`` and ``_upper`` (the 90 % of the members),
            ``anomaly_score`` (0-1), ``is_flagged``, ``reason_codes`` and ``reasons`` (at most 4),
            ``signal_count``. Where fewer than ``LEAST_SIGNALS`` signals are known the score, its
            band and flag are NULL.

        Raises:
            ValueError: a column is missing.
        """
        _require(features, [*MODEL_FEATURES, "reason_code_count"])
        inputs = self._inputs(features)
        spread = self._member_probabilities(inputs)
        point = self._calibrated(self._raw(inputs))
        tail = (1 - INTERVAL) / 2
        lower, upper = np.quantile(spread, [tail, 1 - tail], axis=0)
        known = np.isfinite(features[[s.feature for s in SIGNALS]].to_numpy(dtype=float)).sum(1)
        enough = known >= LEAST_SIGNALS
        codes, words = self._reasons(inputs, point, enough)
        band = np.array(BANDS, dtype=object)[np.searchsorted(BAND_EDGES, point, side="right")]
        flagged = (point >= self.flag_at).astype(object)
        band[~enough], flagged[~enough] = None, None
        return pd.DataFrame(
            {
                "authenticity_score": np.where(enough, 100 * (1 - point), np.nan),
                "band": band,
                "fraud_probability": np.where(enough, point, np.nan),
                "fraud_probability_lower": np.where(enough, np.minimum(lower, point), np.nan),
                "fraud_probability_upper": np.where(enough, np.maximum(upper, point), np.nan),
                "anomaly_score": np.where(enough, self.anomaly(features), np.nan),
                "is_flagged": flagged,
                "reason_codes": codes,
                "reasons": words,
                "signal_count": known,
            },
            index=features.index,
        )

    def anomaly(self, features: pd.DataFrame) -> Floats:
        """How unusual accounts are, 0-1: the share of training rows that are less so."""
        values = features[list(MODEL_FEATURES)].to_numpy(dtype=float)
        unusual = -self.forest.score_samples(self._unlabelled(values))
        rank = np.searchsorted(self.usual, unusual, side="left") / len(self.usual)
        return np.asarray(rank, dtype=float)

    def unseen(self, examples: pd.DataFrame) -> pd.DataFrame:
        """The later rows of creators whom neither the calibration nor the members had seen.

        Args:
            examples: the training set as it was fitted.

        Returns:
            Those of its rows, with ``fraud_probability`` and ``anomaly_score``. What members that
            had not seen the creator say of the earlier days is in ``earlier_probability``.
        """
        rows = examples.iloc[self.judged]
        return rows.assign(
            fraud_probability=self.judged_probability, anomaly_score=self.anomaly(rows)
        )

    def parameters(self) -> dict[str, Any]:
        """What the model is repeated with."""
        return {"members": self.members, "flag_at": self.flag_at, "seed": self.seed}

    def _refuse_few(self, examples: pd.DataFrame) -> None:
        guilty = examples.groupby("account_key").is_fraud.max()
        for label, count in (("fraud", int(guilty.sum())), ("honest", int((~guilty).sum()))):
            if count < LEAST_OF_A_CLASS:
                raise ValueError(
                    f"authenticity: the training set has {count} {label} accounts. "
                    f"At least {LEAST_OF_A_CLASS} of each label are needed."
                )

    def _inputs(self, frame: pd.DataFrame) -> Floats:
        """What the boosted models look at: features, then the summaries of the signals' z's."""
        values = frame[list(MODEL_FEATURES)].to_numpy(dtype=float)
        z = self._suspicion(values)
        worst = np.sort(np.nan_to_num(z, nan=0.0), axis=1)[:, ::-1]
        codes = frame.reason_code_count.to_numpy(dtype=float)
        return np.column_stack([values, worst[:, 0], worst[:, 1], codes])

    def _suspicion(self, values: Floats) -> Floats:
        """Robust z's of the signals, turned so that high is suspicious, cut at ``LARGEST_Z``."""
        count = len(SIGNALS)
        turned = np.array([signal.direction for signal in SIGNALS])
        z = turned * (values[:, :count] - self.center[:count]) / self.scale[:count]
        return np.asarray(np.clip(z, -LARGEST_Z, LARGEST_Z))

    def _fit_members(
        self,
        inputs: Floats,
        label: npt.NDArray[np.bool_],
        weight: Floats,
        creator: npt.NDArray[np.str_],
        later: npt.NDArray[np.bool_],
    ) -> None:
        """Fit the members on the earlier period; calibrate where they have not seen the creator."""
        rng = np.random.default_rng(self.seed)
        names = np.unique(creator)
        self.bins = bin_edges(inputs)
        places = binned(inputs, self.bins)
        self.boosted: list[HistGradientBoostingClassifier] = []
        unseen, votes = np.zeros(len(label)), np.zeros(len(label))
        for member in range(self.members):
            drawn = rng.choice(names, size=len(names))
            times = pd.Series(drawn).value_counts().reindex(names, fill_value=0).to_numpy()
            copies = times[np.searchsorted(names, creator)]
            rows = (copies > 0) & ~later
            if len(np.unique(label[rows])) < 2:
                rows = ~later if len(np.unique(label[~later])) == 2 else np.ones_like(later)
                copies = np.ones_like(copies)
            model = _boosting(self.seed + member)
            model.fit(_binnable(places[rows]), label[rows], sample_weight=(weight * copies)[rows])
            self.boosted.append(model)
            out = copies == 0
            unseen[out] += _logit(model.predict_proba(places[out])[:, 1]) if out.any() else 0
            votes[out] += 1
        known = votes > 0
        margin = np.divide(unseen, votes, out=np.full(len(label), np.nan), where=known)
        judged = known & later
        if len(np.unique(label[judged])) < 2:
            judged = known
        calibrating = judged & _in_first_half(creator, label, judged, self.seed)
        if len(np.unique(label[calibrating])) < 2:
            calibrating = judged
        fitted = _calibration(margin[calibrating], label[calibrating], weight[calibrating])
        self.judged = np.flatnonzero(judged & ~calibrating)
        self.judged_probability = _probability(margin[self.judged], *fitted)
        self.earlier_probability = _probability(margin[known & ~judged], *fitted)
        # once it is judged, what speaks learns from both halves
        self.offset, self.slope = _calibration(margin[judged], label[judged], weight[judged])

    def _fit_anomaly(self, values: Floats) -> None:
        self.forest = IsolationForest(n_estimators=200, random_state=self.seed)
        table = self._unlabelled(values)
        self.forest.fit(table)
        self.usual = np.sort(-self.forest.score_samples(table))

    def _unlabelled(self, values: Floats) -> Floats:
        """Robust z's; what is not known is typical."""
        z = np.clip((values - self.center) / self.scale, -LARGEST_Z, LARGEST_Z)
        return np.asarray(np.nan_to_num(z, nan=0.0))

    def _margins(self, inputs: Floats) -> Floats:
        """Log odds (members, n) as each member sees them."""
        places = binned(inputs, self.bins)
        return np.stack([_logit(model.predict_proba(places)[:, 1]) for model in self.boosted])

    def _raw(self, inputs: Floats) -> Floats:
        return np.asarray(self._margins(inputs).mean(axis=0))

    def _calibrated(self, margin: Floats) -> Floats:
        return _probability(margin, self.offset, self.slope)

    def _member_probabilities(self, inputs: Floats) -> Floats:
        return self._calibrated(self._margins(inputs))

    def _without(self, inputs: Floats, z: Floats, place: npt.NDArray[np.intp]) -> Floats:
        """The inputs as they were if one signal of each row were typical, the summaries too."""
        rows = np.arange(len(place))
        changed = inputs.copy()
        changed[rows, place] = self.typical[place]
        others = np.nan_to_num(z, nan=0.0)
        others[rows, place] = -np.inf
        highest = np.partition(others, -2, axis=1)[:, -2:]
        changed[:, len(MODEL_FEATURES)] = highest[:, 1]
        changed[:, len(MODEL_FEATURES) + 1] = highest[:, 0]
        return changed

    def _drops(self, inputs: Floats, point: Floats, enough: npt.NDArray[np.bool_]) -> Floats:
        """By how much the log odds were lower if a signal were typical; rows by signals.

        0 where a signal is not known or not on the suspicious side: it is no reason. The models are
        asked about the others alone, so many at a time that they fit beside the accounts.
        """
        z = self._suspicion(inputs[:, : len(MODEL_FEATURES)])
        drops = np.zeros_like(z)
        rows, places = np.nonzero((z > 0) & enough[:, None])
        for start in range(0, len(rows), ASKED_AT_ONCE):
            row, place = (them[start : start + ASKED_AT_ONCE] for them in (rows, places))
            changed = self._without(inputs[row], z[row], place)
            drops[row, place] = _logit(point[row]) - _logit(self._calibrated(self._raw(changed)))
        return drops

    def _reasons(
        self, inputs: Floats, point: Floats, enough: npt.NDArray[np.bool_]
    ) -> tuple[list[list[str]], list[list[str]]]:
        """Per row the signals without which, were they typical, the log odds would be lower."""
        drops = self._drops(inputs, point, enough)
        codes: list[list[str]] = [[] for _ in drops]
        words: list[list[str]] = [[] for _ in drops]
        for row in np.flatnonzero((drops > LEAST_DROP).any(axis=1)):
            chosen: dict[str, str] = {}
            for place in np.argsort(-drops[row], kind="stable"):
                if drops[row, place] <= LEAST_DROP or len(chosen) == MAX_REASONS:
                    break
                chosen.setdefault(SIGNALS[place].code, SIGNALS[place].words)
            codes[row], words[row] = list(chosen), list(chosen.values())
        return codes, words


def _boosting(seed: int) -> HistGradientBoostingClassifier:
    rising = [signal.direction for signal in SIGNALS]
    constraints = [*rising, *(0 for _ in CONTEXT), *(1 for _ in SUMMARIES)]
    return HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=120,
        max_leaf_nodes=8,
        min_samples_leaf=15,
        l2_regularization=2.0,
        max_features=0.5,
        monotonic_cst=constraints,
        early_stopping=False,
        random_state=seed,
    )


def _require(frame: pd.DataFrame, columns: Any) -> None:
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(f"authenticity: columns are missing: {', '.join(missing)}. Add them.")


def _is_later(as_of: pd.Series) -> npt.NDArray[np.bool_]:
    """Whether rows belong to the last third of the days, on which the model is calibrated."""
    days = np.sort(as_of.unique())
    cut = days[(2 * len(days)) // 3] if len(days) > 1 else days[-1]
    return (as_of >= cut).to_numpy() if len(days) > 1 else np.zeros(len(as_of), dtype=bool)


def _in_first_half(
    creator: npt.NDArray[np.str_],
    label: npt.NDArray[np.bool_],
    rows: npt.NDArray[np.bool_],
    seed: int,
) -> npt.NDArray[np.bool_]:
    """Whether rows are of one half of the creators of ``rows``; both hold as many guilty ones."""
    guilty = pd.Series(label[rows]).groupby(creator[rows]).max()
    shuffled = guilty.sample(frac=1, random_state=seed)
    place = shuffled.groupby(shuffled).cumcount()
    return np.isin(creator, place.index[place % 2 == 0].to_numpy(dtype=str))


def _calibration(
    margin: Floats, label: npt.NDArray[np.bool_], weight: Floats
) -> tuple[float, float]:
    """Offset and slope that make log odds [n] those of the labels [n]."""
    fitted = LogisticRegression(C=10.0).fit(margin[:, None], label, sample_weight=weight)
    # a slope below zero would turn the model around: the labels then say nothing
    return float(fitted.intercept_[0]), max(float(fitted.coef_[0, 0]), 0.05)


def _probability(margin: Floats, offset: float, slope: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(offset + slope * margin))))


def _robust_scale(values: Floats) -> tuple[Floats, Floats]:
    """Median and 1.4826 x median absolute deviation per column; 1 where nothing varies."""
    with np.errstate(all="ignore"):
        filled = pd.DataFrame(values)
        center = filled.median().fillna(0).to_numpy()
        spread = 1.4826 * (filled - center).abs().median()
        # a signal that is nearly always 0 has no median deviation: its standard deviation serves
        spread = spread.where(spread > 0, filled.std()).fillna(1.0)
    return center, np.where(spread > 0, spread, 1.0)


def _typical(honest: Floats) -> Floats:
    return pd.DataFrame(honest).median().to_numpy()


def _binnable(inputs: Floats) -> Floats:
    """A column without one known value as a constant: the trees cannot bin it, and do not split."""
    return np.where(np.isnan(inputs).all(axis=0), 0.0, inputs)


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))
