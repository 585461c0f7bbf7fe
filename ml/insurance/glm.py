"""Generalised linear models with a log link over named columns: the filed champions.

``LogLinkGLM`` wraps scikit-learn's Poisson, Gamma and Tweedie regressors. With the linear design
and no penalty it gives the classical coefficients with standard errors from the Fisher information
(and cluster-robust ones where rows belong to groups); with splines it chooses its ridge penalty by
cross-validation within the training rows. What each column contributes against the portfolio's
average is exact: the model is additive in the logs.

Source: McCullagh and Nelder, Generalized Linear Models (1989), chapters 2, 6 and 8; Liang and Zeger
(1986) for the robust errors.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor
from sklearn.metrics import mean_tweedie_deviance

from ml.insurance.covariates import Covariates, linear_design, spline_design, unknown_levels
from ml.insurance.folds import event_folds
from ml.insurance.observations import event_units, group_names, refuse_no_event

Floats = npt.NDArray[np.float64]
Design = Literal["spline", "linear"]

POISSON, GAMMA = 1.0, 2.0
"""Powers of the variance function mu ** power; between them lies Tweedie's compound Poisson."""
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_FOLDS = 5
_ITERATIONS = 300


class LogLinkGLM:
    """Mean of a non-negative target as the exponential of a sum over columns.

    Args:
        covariates: the columns.
        power: variance function: 1 Poisson, 2 Gamma, between them Tweedie.
        design: ``spline`` or ``linear`` (see :mod:`ml.insurance.covariates`).
        penalties: ridge penalties to choose from, relative to a target of mean 1; by default none
            for the linear design and ``PENALTIES`` for splines.
        knots: knots of a spline.
    """

    def __init__(
        self,
        covariates: Covariates,
        power: float,
        design: Design = "spline",
        penalties: Sequence[float] | None = None,
        knots: int = 8,
    ) -> None:
        self.covariates = covariates
        self.power = power
        self.design = design
        default = (0.0,) if design == "linear" else PENALTIES
        self.penalties = tuple(default if penalties is None else penalties)
        self.knots = knots

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
        refuse_no_event("glm", target)
        self.level_ = float(np.average(target, weights=weight))
        self.columns_ = (
            linear_design(self.covariates)
            if self.design == "linear"
            else spline_design(self.covariates, self.knots)
        )
        matrix = np.asarray(self.columns_.fit_transform(read), dtype=np.float64)
        relative = target / self.level_
        labels = group_names(groups)
        self.penalty_ = self._penalty(matrix, relative, weight, labels, seed)
        self.regressor_ = self._regressor(self.penalty_).fit(matrix, relative, weight)
        self.averages_ = np.average(self._parts(matrix), axis=0, weights=weight)
        self.errors_, self.robust_errors_ = self._errors(matrix, relative, weight, labels)

    def predict(self, frame: pd.DataFrame) -> Floats:
        """The expected target of each row, [n]; a level never seen counts as average."""
        return np.exp(self.log_average + self.contributions(frame).to_numpy().sum(axis=1))

    @property
    def log_average(self) -> float:
        """Log of what is predicted where every column is at the portfolio's average."""
        return float(np.log(self.level_) + self.regressor_.intercept_ + self.averages_.sum())

    def contributions(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What each column adds to the log against the portfolio's average; rows of ``frame``.

        A category never seen in training adds nothing.
        """
        read = self.covariates.read(frame)
        parts = self._parts(np.asarray(self.columns_.transform(read), dtype=np.float64))
        found = pd.DataFrame(
            parts - self.averages_, index=frame.index, columns=list(self.covariates.columns)
        )
        for name in self.covariates.categorical:
            found.loc[unknown_levels(self.columns_, name, read[name]), name] = 0.0
        return found

    def coefficients(self, errors: Literal["fisher", "robust"] = "fisher") -> pd.DataFrame:
        """Coefficients of the linear design: term, coefficient, standard_error, z.

        ``intercept`` is on the target's own scale. A term that the data say nothing of has NaN
        as its error.

        Args:
            errors: ``fisher`` takes the model's variance at its word; ``robust`` needs the groups
                that ``fit`` was given, and holds where rows of a group depend on each other.

        Raises:
            ValueError: splines or a penalty (their errors would not mean what they say), or
                robust errors without groups.
        """
        if self.design != "linear" or self.penalty_ > 0:
            raise ValueError(
                f"glm: no standard errors for design {self.design} with penalty "
                f'{self.penalty_:g}. Fit with design="linear" and no penalty.'
            )
        if errors == "robust" and self.robust_errors_ is None:
            raise ValueError("glm: robust errors need groups. Pass them to fit.")
        values = np.r_[
            np.log(self.level_) + self.regressor_.intercept_, np.ravel(self.regressor_.coef_)
        ]
        spread = self.errors_ if errors == "fisher" else self.robust_errors_
        names = [_term(name) for name in self.columns_.get_feature_names_out()]
        return pd.DataFrame(
            {
                "term": ["intercept", *names],
                "coefficient": values,
                "standard_error": spread,
                "z": values / spread,
            }
        )

    def _regressor(self, penalty: float) -> PoissonRegressor | GammaRegressor | TweedieRegressor:
        terms = {"solver": "newton-cholesky", "max_iter": _ITERATIONS, "tol": 1e-7}
        if self.power == POISSON:
            return PoissonRegressor(alpha=penalty, **terms)
        if self.power == GAMMA:
            return GammaRegressor(alpha=penalty, **terms)
        return TweedieRegressor(power=self.power, alpha=penalty, link="log", **terms)

    def _penalty(
        self,
        matrix: Floats,
        target: Floats,
        weight: Floats,
        groups: npt.NDArray[np.object_] | None,
        seed: int,
    ) -> float:
        if len(self.penalties) == 1:
            return self.penalties[0]
        if event_units(target, groups) < 2 * _FOLDS:
            return max(self.penalties)
        losses = np.zeros(len(self.penalties))
        for fitted, judged in event_folds(target, groups, _FOLDS, seed):
            for place, penalty in enumerate(self.penalties):
                model = self._regressor(penalty).fit(matrix[fitted], target[fitted], weight[fitted])
                losses[place] += mean_tweedie_deviance(
                    target[judged],
                    model.predict(matrix[judged]),
                    sample_weight=weight[judged],
                    power=self.power,
                )
        return self.penalties[int(np.argmin(losses))]

    def _parts(self, matrix: Floats) -> Floats:
        """The linear predictor's parts by column, [n, columns]."""
        weights = np.ravel(self.regressor_.coef_)
        places = [self.columns_.output_indices_[name] for name in self.covariates.columns]
        return np.column_stack([matrix[:, place] @ weights[place] for place in places])

    def _errors(
        self,
        matrix: Floats,
        target: Floats,
        weight: Floats,
        groups: npt.NDArray[np.object_] | None,
    ) -> tuple[Floats, Floats | None]:
        full = np.column_stack([np.ones(len(matrix)), matrix])
        mean = self.regressor_.predict(matrix)
        information = full.T @ (full * (weight * mean ** (2 - self.power))[:, None])
        told = np.diag(information) > 1e-12 * np.diag(information).max()
        inverse = np.full(information.shape, np.nan)
        kept = np.ix_(told, told)
        inverse[kept] = _inverse(information[kept])
        score = full * (weight * (target - mean) * mean ** (1 - self.power))[:, None]
        dispersion = self._dispersion(target, mean, weight, full.shape[1])
        with np.errstate(invalid="ignore"):
            fisher = np.sqrt(np.diag(inverse) * dispersion)
            if groups is None:
                return fisher, None
            totals = pd.DataFrame(score).groupby(groups).sum().to_numpy()
            count = len(totals)
            meat = totals.T @ totals * count / max(count - 1, 1)
            clean = np.where(told, 1.0, 0.0)
            spread = np.nan_to_num(inverse) @ (meat * np.outer(clean, clean))
            robust = np.sqrt(np.diag(spread @ np.nan_to_num(inverse)))
        return fisher, np.where(np.isnan(fisher), np.nan, robust)

    def _dispersion(self, target: Floats, mean: Floats, weight: Floats, terms: int) -> float:
        """1 for counts on the target's own scale, else Pearson's estimate."""
        if self.power == POISSON:
            return 1 / self.level_
        pearson = weight * (target - mean) ** 2 / mean**self.power
        free = max(int((weight > 0).sum()) - terms, 1)
        return float(pearson.sum() / free)


def _term(name: str) -> str:
    """A column of the design as the field writes it: ``x``, ``platform=tiktok``."""
    column, made = name.split("__", 1)
    return column if made == column else f"{column}={made.removeprefix(column + '_')}"


def _inverse(information: Floats) -> Floats:
    """The inverse, or NaN throughout where columns depend on each other."""
    scale = np.sqrt(np.diag(information))
    correlation = information / np.outer(scale, scale)
    if np.linalg.cond(correlation) > 1e12:
        return np.full(information.shape, np.nan)
    return np.linalg.inv(correlation) / np.outer(scale, scale)
