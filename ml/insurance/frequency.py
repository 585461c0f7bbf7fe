"""Claim frequency: events per unit of exposure, explained by columns of a frame.

``FrequencyGLM`` (Poisson, log link) is the champion, ``FrequencyBoosting`` the monotone challenger.
Both read a frame of covariates [n], exposures [n] (years, say) and counts [n], and predict events
per unit of exposure. The target is count / exposure with the exposure as weight, which for a
Poisson model is the same as a log exposure offset.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.insurance.covariates import Covariates
from ml.insurance.glm import POISSON, Design, LogLinkGLM
from ml.insurance.monotone_boosting import MonotoneBoosting
from ml.insurance.observations import checked

Floats = npt.NDArray[np.float64]


class FrequencyGLM(LogLinkGLM):
    """Poisson frequency, additive in the logs; arguments as :class:`LogLinkGLM`."""

    def __init__(
        self,
        covariates: Covariates,
        design: Design = "spline",
        penalties: Sequence[float] | None = None,
        knots: int = 8,
    ) -> None:
        super().__init__(covariates, POISSON, design, penalties, knots)

    def fit(
        self,
        frame: pd.DataFrame,
        exposure: npt.ArrayLike,
        counts: npt.ArrayLike,
        groups: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit to counts of events [n] in exposures [n].

        Args:
            frame: covariates, one row per unit of exposure.
            exposure: how long (or how much) each row was exposed; rows of 0 are left out.
            counts: events of each row.
            groups: rows that depend on each other, e.g. the creator of an account, or None.
            seed: of the folds in which the penalty is chosen.

        Raises:
            ValueError: malformed input (see :func:`exposed`), or no event at all.
        """
        kept, years, events = exposed(frame, exposure, counts)
        labels = None if groups is None else np.asarray(groups)[kept]
        self.fit_mean(frame[kept], events / years, years, labels, seed)
        return self


class FrequencyBoosting(MonotoneBoosting):
    """Boosted Poisson frequency with constraints of direction by column."""

    def __init__(
        self,
        covariates: Covariates,
        monotonic: Mapping[str, int] | None = None,
        leaves: int = 8,
        learning_rate: float = 0.03,
        bins: int = 255,
    ) -> None:
        super().__init__(covariates, "poisson", monotonic, leaves, learning_rate, bins)

    def fit(
        self,
        frame: pd.DataFrame,
        exposure: npt.ArrayLike,
        counts: npt.ArrayLike,
        groups: npt.ArrayLike | None = None,
        seed: int = 0,
    ) -> Self:
        """Fit to counts of events [n] in exposures [n]; arguments as :class:`FrequencyGLM`."""
        kept, years, events = exposed(frame, exposure, counts)
        labels = None if groups is None else np.asarray(groups)[kept]
        self.fit_mean(frame[kept], events / years, years, labels, seed)
        return self


def exposed(
    frame: pd.DataFrame, exposure: npt.ArrayLike, counts: npt.ArrayLike
) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
    """The rows that were exposed, [n] of bool, and their exposures and counts.

    Raises:
        ValueError: no rows, other lengths, a value that is absent, negative or infinite, a count
            that is no whole number, or events where nothing was exposed.
    """
    years = checked("exposure", exposure, len(frame))
    events = checked("counts", counts, len(frame))
    if (events != np.round(events)).any():
        raise ValueError(
            f"counts: {events[events != np.round(events)][0]:g} is no whole number of events. "
            "Give counts, not rates."
        )
    kept = years > 0
    if (events[~kept] > 0).any():
        raise ValueError(
            f"counts: {events[~kept].sum():g} events stand in rows with an exposure of 0. "
            "Give those rows the exposure in which the events fell."
        )
    if not kept.any():
        raise ValueError("exposure: all rows are 0. Give at least one row that was exposed.")
    return kept, years[kept], events[kept]
