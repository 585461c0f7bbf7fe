"""Claim severity: the amount (or the days) of one event, explained by columns of a frame.

``SeverityGLM`` (Gamma, log link) is the champion, ``SeverityBoosting`` the monotone challenger.
Both read a frame of covariates [n], positive amounts [n] and, where a row is the mean of several
events, their counts [n] as weights.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.insurance.covariates import Covariates
from ml.insurance.glm import GAMMA, Design, LogLinkGLM
from ml.insurance.monotone_boosting import MonotoneBoosting
from ml.insurance.observations import checked

Floats = npt.NDArray[np.float64]


class SeverityGLM(LogLinkGLM):
    """Gamma severity, additive in the logs; arguments as :class:`ml.insurance.glm.LogLinkGLM`."""

    def __init__(
        self,
        covariates: Covariates,
        design: Design = "spline",
        penalties: Sequence[float] | None = None,
        knots: int = 5,
    ) -> None:
        super().__init__(covariates, GAMMA, design, penalties, knots)

    def fit(
        self,
        frame: pd.DataFrame,
        amounts: npt.ArrayLike,
        counts: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit to amounts [n] > 0, each the mean of ``counts`` [n] events (1 by default).

        Raises:
            ValueError: malformed input: no rows, other lengths, an amount or count that is absent,
                infinite or not above 0.
        """
        means, weight = paid(frame, amounts, counts)
        self.fit_mean(frame, means, weight, groups, seed)
        return self


class SeverityBoosting(MonotoneBoosting):
    """Boosted Gamma severity with constraints of direction by column."""

    def __init__(
        self,
        covariates: Covariates,
        monotonic: Mapping[str, int] | None = None,
        leaves: int = 4,
        learning_rate: float = 0.03,
    ) -> None:
        super().__init__(covariates, "gamma", monotonic, leaves, learning_rate)

    def fit(
        self,
        frame: pd.DataFrame,
        amounts: npt.ArrayLike,
        counts: npt.ArrayLike | None = None,
        groups: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit to amounts [n] > 0; arguments as :class:`SeverityGLM`."""
        means, weight = paid(frame, amounts, counts)
        self.fit_mean(frame, means, weight, groups, seed)
        return self


def paid(
    frame: pd.DataFrame, amounts: npt.ArrayLike, counts: npt.ArrayLike | None
) -> tuple[Floats, Floats]:
    """Amounts and counts as checked arrays, [n] each.

    Raises:
        ValueError: as :meth:`SeverityGLM.fit`.
    """
    means = checked("amounts", amounts, len(frame), "above 0")
    if counts is None:
        return means, np.ones(len(means))
    return means, checked("counts", counts, len(frame), "above 0")
