"""The tail of large losses: a generalised Pareto distribution above a threshold.

Sources: Pickands (1975); McNeil, "Estimating the tails of loss severity distributions using extreme
value theory", ASTIN Bulletin 27 (1997); Smith (1987) for the asymptotic errors.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.stats import genpareto

Floats = npt.NDArray[np.float64]
_FEWEST = 10


@dataclass(frozen=True)
class Tail:
    """Losses above ``threshold``: loss - threshold ~ generalised Pareto(shape, scale)."""

    threshold: float
    shape: float
    """At 1 and above the mean is infinite."""
    scale: float
    """In the unit of the losses."""
    shape_error: float
    """Standard error; NaN where shape <= -0.5, where the asymptotic theory does not hold."""
    scale_error: float
    exceedance_count: int
    loss_count: int
    """Losses of any size, of which the exceedances are part."""

    def survival(self, losses: npt.ArrayLike) -> Floats:
        """Share of all losses above each of ``losses``; NaN below the threshold."""
        above = np.asarray(losses, dtype=np.float64)
        share = self.exceedance_count / self.loss_count
        tail = share * genpareto.sf(above - self.threshold, self.shape, scale=self.scale)
        return cast(Floats, np.where(above >= self.threshold, tail, np.nan))

    def quantile(self, probability: float) -> float:
        """The loss that a share of ``1 - probability`` exceeds; NaN where below the threshold."""
        share = self.exceedance_count / self.loss_count
        if not 1 - share <= probability < 1:
            return float("nan")
        beyond = genpareto.isf((1 - probability) / share, self.shape, scale=self.scale)
        return float(self.threshold + beyond)


def fit_tail(losses: npt.ArrayLike, threshold: float) -> Tail:
    """Maximum likelihood for the losses above ``threshold``.

    Args:
        losses: all losses [n], in one unit.
        threshold: in the same unit.

    Raises:
        ValueError: a loss is absent or infinite, or fewer than ten lie above the threshold.
    """
    values = np.asarray(losses, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("losses: a value is absent or infinite. Leave such losses out.")
    beyond = values[values > threshold] - threshold
    if len(beyond) < _FEWEST:
        raise ValueError(
            f"losses: {len(beyond)} above the threshold {threshold:g}, and a tail needs "
            f"{_FEWEST}. Lower the threshold."
        )
    shape, _, scale = genpareto.fit(beyond, floc=0, scale=beyond.mean())
    regular = (1 + shape) / len(beyond) if shape > -0.5 else np.nan
    return Tail(
        threshold=float(threshold),
        shape=float(shape),
        scale=float(scale),
        shape_error=float(np.sqrt(regular * (1 + shape))),
        scale_error=float(np.sqrt(regular * 2) * scale),
        exceedance_count=len(beyond),
        loss_count=len(values),
    )
