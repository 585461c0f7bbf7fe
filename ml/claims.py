"""Claims triage: which claims may be paid at once, and which somebody should look into.

A :class:`TriageModel` scores claims by the probability of a fraud finding and sorts them into three
lanes by capacity: the lowest scores may go the fast track, the highest are investigated, the rest
is handled as ever. No lane denies a claim. Settings and calibration come from the later claims of
the training period by a model of the earlier ones, as the model will be used; random folds flatter.
The model is then fitted on all claims; its thresholds are quantiles of scores that each stretch of
time has from a model of the others, for a model that saw less scores less sharply.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from ml.insurance.covariates import Covariates, tree_design
from ml.reasons import Reason, absent_value, explain, unknown_level

Floats = npt.NDArray[np.float64]

LANES = ("fast_track", "standard", "investigate")
_LEAVES = (3, 8)
_MOST_TREES = 600
_LEARNING_RATE = 0.03
_FEWEST = 10
_STRETCHES = 5


class TriageModel:
    """Lanes of claims by capacity.

    Args:
        covariates: columns of a claim.
        fast_track_share: share of claims, 0-1, that may go the fast track at most.
        investigate_share: share of claims, 0-1, that can be investigated at most.
        later_share: share of the training claims, the last, that settings are judged by.
        monotonic: 1 where a column may only raise the score, -1 only lower it.
        words: a column in plain words, for reasons; its name by default.
    """

    def __init__(
        self,
        covariates: Covariates,
        fast_track_share: float = 0.4,
        investigate_share: float = 0.1,
        later_share: float = 0.35,
        monotonic: Mapping[str, int] | None = None,
        words: Mapping[str, str] | None = None,
    ) -> None:
        covariates.refuse_protected()
        shares = (fast_track_share, investigate_share)
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1:
            raise ValueError(
                f"triage: {fast_track_share:g} of the claims fast and {investigate_share:g} "
                "investigated. Give shares from 0 to 1 that add up to at most 1."
            )
        if not 0 < later_share < 1:
            raise ValueError(f"triage: later_share {later_share:g}. Give a share between 0 and 1.")
        self.covariates = covariates
        self.fast_track_share = fast_track_share
        self.investigate_share = investigate_share
        self.later_share = later_share
        self.monotonic = dict(monotonic or {})
        self.words = dict(words or {})

    def fit(
        self,
        frame: pd.DataFrame,
        is_fraud: npt.ArrayLike,
        filed_at: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit to settled claims.

        Args:
            frame: one row per claim.
            is_fraud: whether fraud was found [n], bool or 0 and 1.
            filed_at: when each claim was filed [n], dates or numbers that rise with time; None:
                the rows stand in the order of time.
            seed: of the boosting.

        Raises:
            ValueError: no rows, other lengths, a label or time that is absent, a malformed column,
                or fewer than ten claims with and ten without fraud in the earlier or later part.
        """
        read = self.covariates.read(frame)
        fraud = _labels(is_fraud, len(read))
        rank = _ranks(filed_at, len(read))
        later = rank > (1 - self.later_share) * len(read)
        for part, words in ((~later, "earlier"), (later, "later")):
            if min(fraud[part].sum(), (~fraud[part]).sum()) < _FEWEST:
                raise ValueError(
                    f"triage: {int(fraud[part].sum())} of the {int(part.sum())} {words} claims are "
                    f"fraud. Give at least {_FEWEST} with and without fraud in each part."
                )
        self.typical_ = {name: _typical(read[name]) for name in self.covariates.columns}
        self.always_known_ = [n for n in self.covariates.numbers if read[n].notna().all()]
        self.design_ = tree_design(self.covariates).fit(read)
        matrix = self.design_.transform(read)
        self.leaves_, self.tree_count_, odds = self._choose(matrix, fraud, later, seed)
        self.calibration_ = LogisticRegression(C=np.inf).fit(odds[:, None], fraud[later])
        scores = self._calibrated(self._odds_of_stretches(matrix, fraud, rank, seed))
        self.fast_track_below_ = _threshold(scores, self.fast_track_share)
        self.investigate_above_ = _threshold(scores, 1 - self.investigate_share)
        self.classifier_ = self._classifier(len(matrix), self.leaves_, self.tree_count_, seed)
        self.classifier_.fit(matrix, fraud)
        return self

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Score, lane and reasons of each claim, with the index of ``frame``.

        A claim with a category that was never seen, or without a number that was always known, is
        never fast-tracked; its first reason says so.

        Returns:
            ``score`` (probability of a fraud finding, 0-1), ``lane`` (of ``LANES``),
            ``reason_codes`` and ``reasons`` (lists, at most 4; what moves the odds against a claim
            that has the column's typical value).

        Raises:
            ValueError: not fitted, no rows, a column missing or malformed.
        """
        if not hasattr(self, "classifier_"):
            raise ValueError("triage: not fitted. Call fit first.")
        read = self.covariates.read(frame)
        odds = self._odds(read)
        score = self._calibrated(odds)
        strange = self._strange(read)
        lane = np.full(len(read), "standard", dtype=object)
        lane[(score < self.fast_track_below_) & ~np.array([bool(s) for s in strange])] = LANES[0]
        lane[score > self.investigate_above_] = LANES[2]
        moved = pd.DataFrame(
            {name: odds - self._odds(self._with_typical(read, name)) for name in read.columns}
        )
        told = explain(moved, frame, self.words, strange, score="the odds of fraud")
        return pd.DataFrame(
            {"score": score, "lane": lane, "reason_codes": told.codes, "reasons": told.texts},
            index=frame.index,
        )

    def _choose(
        self, matrix: Floats, fraud: npt.NDArray[np.bool_], later: npt.NDArray[np.bool_], seed: int
    ) -> tuple[int, int, Floats]:
        """Leaves and number of trees by log loss on the later claims, and their log odds."""
        best = (np.inf, 0, 0, np.empty(0))
        for leaves in _LEAVES:
            model = self._classifier(int((~later).sum()), leaves, _MOST_TREES, seed)
            model.fit(matrix[~later], fraud[~later])
            steps = model.staged_decision_function(matrix[later])
            for trees, odds in enumerate(steps, start=1):
                loss = _log_loss(fraud[later], np.ravel(odds))
                if loss < best[0]:
                    best = (loss, leaves, trees, np.ravel(odds).copy())
        return best[1], best[2], best[3]

    def _odds_of_stretches(
        self, matrix: Floats, fraud: npt.NDArray[np.bool_], rank: Floats, seed: int
    ) -> Floats:
        """Log odds of each claim by a model of the other stretches of time, [n]."""
        stretch = np.minimum(rank / len(rank) * _STRETCHES, _STRETCHES - 1).astype(int)
        odds = np.empty(len(rank))
        for number in np.unique(stretch):
            judged = stretch == number
            model = self._classifier(int((~judged).sum()), self.leaves_, self.tree_count_, seed)
            model.fit(matrix[~judged], fraud[~judged])
            odds[judged] = np.ravel(model.decision_function(matrix[judged]))
        return odds

    def _classifier(
        self, rows: int, leaves: int, trees: int, seed: int
    ) -> HistGradientBoostingClassifier:
        numbers = [self.monotonic.get(name, 0) for name in self.covariates.numbers]
        dummies = [0] * (len(self.design_.get_feature_names_out()) - len(numbers))
        return HistGradientBoostingClassifier(
            learning_rate=_LEARNING_RATE,
            max_iter=trees,
            max_leaf_nodes=leaves,
            min_samples_leaf=int(np.clip(rows // 400, 20, 300)),
            l2_regularization=10.0,
            max_features=0.5,
            categorical_features=None,
            monotonic_cst=[*numbers, *dummies],
            early_stopping=False,
            random_state=seed,
        )

    def _odds(self, read: pd.DataFrame) -> Floats:
        return np.ravel(self.classifier_.decision_function(self.design_.transform(read)))

    def _calibrated(self, odds: Floats) -> Floats:
        return np.asarray(self.calibration_.predict_proba(odds[:, None])[:, 1])

    def _with_typical(self, read: pd.DataFrame, name: str) -> pd.DataFrame:
        return read.assign(**{name: self.typical_[name]})

    def _strange(self, read: pd.DataFrame) -> list[list[Reason]]:
        """What a row holds that training never had, [n]."""
        found: list[list[Reason]] = [[] for _ in range(len(read))]
        encoder = self.design_.named_transformers_["categories"]
        for place, name in enumerate(self.covariates.categorical):
            values = read[name].to_numpy(dtype=object)
            for row in np.flatnonzero(~np.isin(values, encoder.categories_[place])):
                found[row].append(unknown_level(name, values[row]))
        for name in self.always_known_:
            for row in np.flatnonzero(read[name].isna()):
                found[row].append(absent_value(name))
        return found


def _ranks(filed_at: npt.ArrayLike | None, rows: int) -> Floats:
    """The place of each claim in time, from 1; claims of one time have the place of the first."""
    times = pd.Series(np.arange(rows) if filed_at is None else np.asarray(filed_at))
    if len(times) != rows or times.isna().any():
        raise ValueError(
            f"filed_at: {len(times)} times, {int(times.isna().sum())} absent, for {rows} "
            "claims. Give the time of each."
        )
    return np.asarray(times.rank(method="min"), dtype=np.float64)


def _labels(is_fraud: npt.ArrayLike, rows: int) -> npt.NDArray[np.bool_]:
    labels = pd.Series(np.asarray(is_fraud))
    if len(labels) != rows or not labels.isin([0, 1]).all():
        raise ValueError(
            f"is_fraud: {len(labels)} labels for {rows} claims, or one that is not true or false. "
            "Give 0 or 1 for each claim."
        )
    return labels.astype(bool).to_numpy()


def _threshold(scores: Floats, share: float) -> float:
    """The score that ``share`` of the claims lie below; beyond all scores for none and for all."""
    if share in (0, 1):
        return float("-inf") if share == 0 else float("inf")
    return float(np.quantile(scores, share))


def _typical(values: pd.Series) -> float | str:
    """The median of numbers (NaN where all are absent), the most frequent of texts."""
    if values.dtype == object:
        return str(values.value_counts(sort=True).sort_index(kind="stable").idxmax())
    return float(values.median())


def _log_loss(fraud: npt.NDArray[np.bool_], odds: Floats) -> float:
    """Mean log loss of log odds: faster than from probabilities, of which there are hundreds."""
    return float(np.logaddexp(0, np.where(fraud, -odds, odds)).mean())
