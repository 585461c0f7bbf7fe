"""How long an outage lasts, and the days of it that cover pays: one survival curve per peril.

A share of outages never ends; the others last a lognormal time. ``fit_duration_curve`` estimates
both by maximum likelihood from whole days, with outages that were still open when last seen.
Waiting-period and limit factors of a tariff come out of ``expected_paid_days``.

Source: Boag (1949) for the mixture with a share that never ends; Klugman, Panjer and Willmot, Loss
Models, for the limited expected value.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import norm

Floats = npt.NDArray[np.float64]
_FEWEST = 5
_SMALLEST_SPREAD = 0.05


@dataclass(frozen=True)
class DurationCurve:
    """Share of outages that last longer than t days."""

    permanent_share: float
    """Share that never ends, 0-1."""
    median_days: float
    """Median of the others."""
    spread: float
    """Standard deviation of the log of their days."""

    def survival(self, days: npt.ArrayLike) -> Floats:
        """P(longer than ``days``), any shape; 1 at 0 and below."""
        longer = norm.sf(_standard(self, np.asarray(days, dtype=np.float64)))
        return cast(Floats, self.permanent_share + (1 - self.permanent_share) * longer)


def expected_paid_days(curve: DurationCurve, waiting_days: float, cap_days: float) -> float:
    """Days that one outage is expected to be paid for.

    The integral of the survival curve from ``waiting_days`` to ``waiting_days + cap_days``, in
    closed form.

    Args:
        curve: the duration of an outage.
        waiting_days: days at the beginning that are not paid, >= 0.
        cap_days: most days that are paid, >= 0.

    Raises:
        ValueError: a negative or infinite term.
    """
    for name, value in (("waiting_days", waiting_days), ("cap_days", cap_days)):
        if not 0 <= value < np.inf:
            raise ValueError(f"{name}: {value:g}. Give a finite number of days, 0 or more.")
    passing = _limited(curve, waiting_days + cap_days) - _limited(curve, waiting_days)
    return float(curve.permanent_share * cap_days + (1 - curve.permanent_share) * passing)


def fit_duration_curve(days: npt.ArrayLike, has_ended: npt.ArrayLike) -> DurationCurve:
    """Maximum likelihood from whole days.

    Args:
        days: days that each outage lasted [n], >= 1 where it ended; for one that has not ended,
            the days it was seen to last, or infinity where it is known never to end.
        has_ended: whether it ended [n].

    Raises:
        ValueError: other lengths, days that are absent or negative, an ended outage that is
            infinite, or fewer than five that ended.
    """
    lasted, ended = np.asarray(days, dtype=np.float64), np.asarray(has_ended, dtype=bool)
    _check(lasted, ended)
    logs = np.log(np.maximum(lasted[ended], 0.5))
    open_days = lasted[~ended]
    start = [
        logit(np.clip(np.mean(~ended), 0.02, 0.98)),
        logs.mean(),
        np.log(max(logs.std(), 10 * _SMALLEST_SPREAD)),
    ]
    found = minimize(_loss, start, args=(lasted[ended], open_days), method="Nelder-Mead",
                     options={"maxiter": 4_000, "xatol": 1e-7, "fatol": 1e-9})  # fmt: skip
    share, median, spread = _curve_of(found.x)
    return DurationCurve(share, median, spread)


def _check(days: Floats, ended: npt.NDArray[np.bool_]) -> None:
    if days.shape != ended.shape or days.ndim != 1:
        raise ValueError(
            f"days: {days.shape} values for {ended.shape} of has_ended. Give one of each an outage."
        )
    if np.isnan(days).any() or (days < 0).any():
        raise ValueError("days: a value is absent or negative. Give the days seen so far.")
    if np.isinf(days[ended]).any():
        raise ValueError("days: an outage that ended is infinite. Give its days.")
    if ended.sum() < _FEWEST:
        raise ValueError(
            f"days: {int(ended.sum())} outages ended, and a duration curve needs {_FEWEST}. "
            "Add history, or use an expert's curve."
        )


def _curve_of(terms: Floats) -> tuple[float, float, float]:
    share = float(expit(terms[0]))
    return share, float(np.exp(terms[1])), float(np.exp(terms[2])) + _SMALLEST_SPREAD


def _loss(terms: Floats, ended: Floats, still_open: Floats) -> float:
    """Minus the log likelihood; an outage of d whole days lasted from d - 1/2 to d + 1/2."""
    share, median, spread = _curve_of(terms)
    curve = DurationCurve(0.0, median, spread)
    earliest = np.where(ended <= 1, 0.0, ended - 0.5)
    fell = (1 - share) * (curve.survival(earliest) - curve.survival(ended + 0.5))
    lasting = share + (1 - share) * curve.survival(still_open)
    return -float(np.log(np.maximum(fell, 1e-300)).sum() + np.log(lasting).sum())


def _standard(curve: DurationCurve, days: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return (np.log(np.maximum(days, 0.0)) - np.log(curve.median_days)) / curve.spread


def _limited(curve: DurationCurve, days: float) -> float:
    """E[min(duration, days)] of the outages that end."""
    if days <= 0:
        return 0.0
    z = float(_standard(curve, np.asarray(days, dtype=np.float64)))
    mean = curve.median_days * np.exp(curve.spread**2 / 2)
    return float(mean * norm.cdf(z - curve.spread) + days * norm.sf(z))
