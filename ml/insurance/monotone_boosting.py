"""Monotone gradient boosting with a log link over named columns: the challengers.

scikit-learn's histogram boosting with Poisson or Gamma loss. The number of trees is found by early
stopping on rows held out from the training rows; the model is then fitted again on all of them.
Where a column may only raise or only lower the prediction, a filed tariff can explain it.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from ml.insurance.covariates import Covariates, tree_design
from ml.insurance.folds import event_folds
from ml.insurance.observations import event_units, group_names, refuse_no_event

Floats = npt.NDArray[np.float64]
Loss = Literal["poisson", "gamma"]

_MOST_TREES = 2_000
_PATIENCE = 30
_FOLDS = 5
_MANY_EVENTS = 5_000
"""From here on one held-out fifth says how many trees; below, all five do."""


class MonotoneBoosting:
    """Mean of a non-negative target by boosted trees.

    Args:
        covariates: the columns.
        loss: ``poisson`` or ``gamma``.
        monotonic: by column, 1 where a higher value may only raise the mean, -1 only lower it.
        leaves: leaves of a tree, which bounds how many columns act together.
        learning_rate: shrinkage of a tree.
        bins: values that a column is told apart by, at most 255.
    """

    def __init__(
        self,
        covariates: Covariates,
        loss: Loss = "poisson",
        monotonic: Mapping[str, int] | None = None,
        leaves: int = 8,
        learning_rate: float = 0.03,
        bins: int = 255,
    ) -> None:
        self.covariates = covariates
        self.loss = loss
        self.monotonic = dict(monotonic or {})
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.bins = bins
        if wrong := [name for name in self.monotonic if name not in covariates.numbers]:
            raise ValueError(
                f"boosting: {wrong[0]} is constrained but is no numeric column "
                f"({', '.join(covariates.numbers) or 'there is none'}). Name one of them."
            )

    def fit_mean(
        self,
        frame: pd.DataFrame,
        target: Floats,
        weight: Floats,
        groups: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> None:
        """Fit to the weighted mean of ``target`` [n]; ``weight`` [n] is its precision.

        Raises:
            ValueError: the frame is malformed, or nothing in it is above 0.
        """
        read = self.covariates.read(frame)
        refuse_no_event("boosting", target)
        self.design_ = tree_design(self.covariates)
        matrix = np.asarray(self.design_.fit_transform(read), dtype=np.float64)
        labels = group_names(groups)
        self.tree_count_ = self._count_trees(matrix, target, weight, labels, seed)
        self.regressor_ = self._regressor(len(matrix), self.tree_count_, False, seed)
        self.regressor_.fit(matrix, target, weight)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The expected target of each row, [n]; a level never seen is none of the known."""
        return self.regressor_.predict(self.design_.transform(self.covariates.read(frame)))

    def _count_trees(
        self,
        matrix: Floats,
        target: Floats,
        weight: Floats,
        groups: npt.NDArray[np.object_] | None,
        seed: int,
    ) -> int:
        if event_units(target, groups) < 2 * _FOLDS:
            return 1
        counts = []
        for fitted, judged in event_folds(target, groups, _FOLDS, seed):
            model = self._regressor(len(fitted), _MOST_TREES, True, seed).fit(
                matrix[fitted],
                target[fitted],
                weight[fitted],
                X_val=matrix[judged],
                y_val=target[judged],
                sample_weight_val=weight[judged],
            )
            counts.append(int(np.argmax(model.validation_score_)))
            if event_units(target, None) >= _MANY_EVENTS:
                break
        return max(int(np.median(counts)), 1)

    def _regressor(
        self, rows: int, trees: int, early: bool, seed: int
    ) -> HistGradientBoostingRegressor:
        numbers = [self.monotonic.get(name, 0) for name in self.covariates.numbers]
        dummies = [0] * (len(self.design_.get_feature_names_out()) - len(numbers))
        return HistGradientBoostingRegressor(
            loss=self.loss,
            learning_rate=self.learning_rate,
            max_iter=trees,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=int(np.clip(rows // 400, 20, 300)),
            l2_regularization=10.0,
            max_features=0.5,
            max_bins=self.bins,
            categorical_features=None,
            monotonic_cst=[*numbers, *dummies],
            early_stopping=early,
            n_iter_no_change=_PATIENCE,
            tol=0,
            random_state=seed,
        )
