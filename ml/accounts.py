"""Is a single profile a fake account? A classifier made for accounts of another collection.

In: public profiles (columns in :mod:`ml.account_profile`; any may be missing) and, to fit, which of
them are fake. Out: the probability that a profile is fake.

Labelled collections of accounts are small and chosen by hand, so a model that is best at home may
learn how a collection was made. :class:`AccountClassifier` was chosen by what it loses when the
accounts change (:mod:`ml.evaluation.accounts`): larger or smaller accounts, columns that are not
there. What holds it together:

- logarithms and ratios beside plain counts;
- copies of the training profiles with all their counts multiplied by one random factor, so that
  size alone says little, and with random columns hidden, so that an absent column does little harm;
- two learners that err apart, a logistic regression on splines and a random forest, joined by the
  mean of their log odds;
- temperature scaling (Guo et al. 2017, arXiv 1706.04599): the joined log odds times one number,
  found on folds that were held out. It sets how sure the probabilities are and moves no profile
  across one half.

The probabilities assume that fakes are as frequent as among the profiles of the fit. Where they are
more or less frequent, the order of profiles stays and the level is off; ``prevalence`` moves it to
where the share of fakes is known. It is never guessed from the profiles themselves: expectation
maximisation over an unlabelled collection (Saerens et al. 2002) lowered F1 on average over the
shifts that were tried, because there the profiles differ in more than how many are fake.
"""

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import SplineTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted

from ml.account_profile import PROFILE_COLUMNS, account_features, read_profiles

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
SIZES = ["follower_count", "following_count", "media_count"]
SPLINE_KNOTS = 4
CALIBRATION_FOLDS = 3
SURE = 1e-3
"""A learner's probability is held this far from 0 and 1: no vote of one alone decides."""


class AccountClassifier(ClassifierMixin, BaseEstimator):
    """Probability that a profile is a fake account.

    Follows scikit-learn: ``fit`` sets ``classes_``, ``predict_proba`` gives a column for each. The
    same profiles, labels and ``random_state`` give the same numbers, and a profile's probability
    does not depend on those beside it. ``temperature_`` is what the log odds are multiplied by,
    ``prevalence_`` the share of fakes in the fit.

    Args:
        copies: changed copies of each training profile; 0 trains on the profiles alone.
        hidden_share: share of a copy's values that are hidden.
        size_spread: standard deviation of the logarithm of the factor on a copy's counts.
        trees: trees of the forest.
        random_state: seed.
    """

    def __init__(
        self,
        copies: int = 4,
        hidden_share: float = 0.2,
        size_spread: float = 1.0,
        trees: int = 100,
        random_state: int = 0,
    ) -> None:
        self.copies = copies
        self.hidden_share = hidden_share
        self.size_spread = size_spread
        self.trees = trees
        self.random_state = random_state

    def fit(self, frame: pd.DataFrame, is_fake: npt.ArrayLike) -> Self:
        """Learn from labelled profiles.

        Args:
            frame: [n, any of ``PROFILE_COLUMNS``].
            is_fake: [n] of bool or 0 and 1, in the frame's order (an index is ignored).

        Raises:
            ValueError: a malformed frame (:func:`ml.account_profile.read_profiles`), labels that
                are not as many or neither 0 nor 1, one class only, no column that varies.
        """
        profiles = read_profiles(frame)
        self.classes_, fake = _labels(is_fake, len(profiles))
        self.prevalence_ = float(fake.mean())
        self.temperature_ = self._held_out_temperature(profiles, fake)
        return self._fit_learners(profiles, fake)

    def predict_proba(self, frame: pd.DataFrame, prevalence: float | None = None) -> Floats:
        """The probabilities [n, 2] of genuine and fake, in the frame's order.

        A profile that shows none of the columns of the fit has NaN.

        Args:
            frame: [n, any of ``PROFILE_COLUMNS``].
            prevalence: share of fakes, between 0 and 1, among accounts such as these; None takes
                that of the fit (Elkan 2001, "The foundations of cost-sensitive learning").

        Raises:
            ValueError: a malformed frame, one without any column of the fit, or a prevalence that
                is not between 0 and 1.
        """
        check_is_fitted(self)
        if prevalence is not None and not 0 < prevalence < 1:
            raise ValueError(
                f"accounts: prevalence is {prevalence}. Pass a share between 0 and 1, or None."
            )
        profiles = read_profiles(frame)
        if not set(self.columns_) & set(frame.columns):
            raise ValueError(
                f"accounts: none of the columns of the fit ({', '.join(self.columns_)}) is there. "
                "Pass at least one of them."
            )
        more = 0.0 if prevalence is None else logit(prevalence) - logit(self.prevalence_)
        fake = expit(self.temperature_ * self._log_odds(profiles) + more)
        fake[profiles[self.columns_].isna().all(axis=1).to_numpy()] = np.nan
        return np.column_stack([1 - fake, fake])

    def predict(self, frame: pd.DataFrame) -> npt.NDArray[np.generic]:
        """The likelier class [n] of each profile.

        Raises:
            ValueError: as :meth:`predict_proba`, and for a profile that shows nothing.
        """
        fake = self.predict_proba(frame)[:, 1]
        if np.isnan(fake).any():
            raise ValueError(
                f"accounts: row {int(np.argmax(np.isnan(fake)))} shows none of the columns of the "
                "fit. Leave it out, or use predict_proba, which gives NaN."
            )
        return np.asarray(self.classes_[(fake >= 0.5).astype(int)])

    def _fit_learners(self, profiles: pd.DataFrame, fake: Integers) -> Self:
        self.columns_ = [name for name in PROFILE_COLUMNS if profiles[name].notna().any()]
        known = account_features(profiles)
        self.features_ = [name for name in known if known[name].nunique() > 1]
        if not self.features_:
            raise ValueError(
                "accounts: no column varies between the profiles. Pass profiles that differ."
            )
        copies, labels = self._with_copies(profiles, fake)
        self.scaler_ = StandardScaler().fit(self._features(copies))
        self.medians_ = np.nanmedian(self.scaler_.transform(self._features(copies)), axis=0)
        scaled = self._scaled(copies)
        self.knots_ = np.linspace(scaled.min(axis=0), scaled.max(axis=0), SPLINE_KNOTS)
        self.logistic_ = LogisticRegression(max_iter=3000).fit(self._splines(scaled), labels)
        self.forest_ = RandomForestClassifier(
            self.trees, min_samples_leaf=5, random_state=self.random_state
        ).fit(scaled, labels)
        return self

    def _with_copies(self, profiles: pd.DataFrame, fake: Integers) -> tuple[pd.DataFrame, Integers]:
        random = np.random.default_rng(self.random_state)
        frames = [profiles]
        for _ in range(self.copies):
            copy = profiles.copy()
            factors = np.exp(random.normal(0, self.size_spread, len(copy)))
            copy[SIZES] = copy[SIZES].mul(factors, axis=0).round()
            frames.append(copy.mask(random.random(copy.shape) < self.hidden_share))
        return pd.concat(frames, ignore_index=True), np.tile(fake, self.copies + 1)

    def _features(self, profiles: pd.DataFrame) -> Floats:
        return account_features(profiles)[self.features_].to_numpy()

    def _scaled(self, profiles: pd.DataFrame) -> Floats:
        scaled = self.scaler_.transform(self._features(profiles))
        return np.where(np.isnan(scaled), self.medians_, scaled)

    def _splines(self, scaled: Floats) -> Floats:
        # Built from the knots each time, because a stored transformer would hold a type of scipy's
        # that no artefact may name.
        splines = SplineTransformer(knots=self.knots_, extrapolation="constant")
        return np.asarray(splines.fit(self.knots_).transform(scaled))

    def _log_odds(self, profiles: pd.DataFrame) -> Floats:
        scaled = self._scaled(profiles)
        votes = [
            self.logistic_.predict_proba(self._splines(scaled))[:, 1],
            self.forest_.predict_proba(scaled)[:, 1],
        ]
        return np.asarray(logit(np.clip(votes, SURE, 1 - SURE)).mean(axis=0))

    def _held_out_temperature(self, profiles: pd.DataFrame, fake: Integers) -> float:
        folds = min(CALIBRATION_FOLDS, int(np.bincount(fake).min()))
        if folds < 2:
            return 1.0
        odds = np.empty(len(fake))
        splitter = StratifiedKFold(folds, shuffle=True, random_state=self.random_state)
        for train, test in splitter.split(profiles, fake):
            part = profiles.iloc[train].reset_index(drop=True)
            learner = clone(self)._fit_learners(part, fake[train])
            odds[test] = learner._log_odds(profiles.iloc[test].reset_index(drop=True))
        found = minimize_scalar(
            lambda temperature: log_loss(fake, expit(temperature * odds)),
            bounds=(0.2, 5),
            method="bounded",
        )
        return float(found.x)


def _labels(is_fake: npt.ArrayLike, rows: int) -> tuple[npt.NDArray[np.generic], Integers]:
    """The two classes as they were given, and the labels as 0 and 1."""
    given = pd.Series(np.asarray(is_fake).ravel())
    if len(given) != rows:
        raise ValueError(f"accounts: {rows} profiles and {len(given)} labels. Pass one for each.")
    if not given.isin([0, 1]).all():
        row = int(np.argmin(given.isin([0, 1])))
        raise ValueError(
            f"accounts: is_fake: row {row} holds {given.tolist()[row]!r}. Pass 0 or 1."
        )
    fake = given.to_numpy(dtype=np.int64)
    if len(set(fake)) < 2:
        only = "fake" if fake[0] else "genuine"
        raise ValueError(
            f"accounts: is_fake: every account is {only}. Pass accounts of both kinds."
        )
    classes = np.unique(given if given.dtype != object else fake)
    return np.asarray(classes), fake
