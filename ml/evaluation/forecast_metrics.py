"""How good forecasts are: absolute errors against the gain, quantile loss, coverage.

All arrays are of one shape; NaN in the truth (a day that was never seen) is left out.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def wape(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Weighted absolute percentage error: the errors' total over the actual values' total."""
    truth, made = _known(actual, predicted)
    return float(np.abs(truth - made).sum() / np.abs(truth).sum())


def mase(actual: npt.ArrayLike, predicted: npt.ArrayLike, naive_error: npt.ArrayLike) -> float:
    """Mean absolute scaled error (Hyndman and Koehler 2006).

    ``naive_error`` is each series' mean absolute error of the (seasonal) naive forecast over its
    history; series where that is 0 have no scale and are left out.
    """
    truth, made, scale = _known(actual, predicted, naive_error)
    usable = scale > 0
    return float(np.mean(np.abs(truth - made)[usable] / scale[usable]))


def pinball(actual: npt.ArrayLike, predicted: npt.ArrayLike, quantile: float) -> float:
    """Mean quantile loss, in the unit of the values."""
    truth, made = _known(actual, predicted)
    away = truth - made
    return float(np.mean(np.maximum(quantile * away, (quantile - 1) * away)))


def coverage(actual: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> float:
    """Share of truths inside their interval, ends included; an unknown interval covers nothing."""
    truth, below, above = (np.asarray(one, dtype=float) for one in (actual, low, high))
    seen = np.isfinite(truth)
    return float(np.mean((below[seen] <= truth[seen]) & (truth[seen] <= above[seen])))


def _known(actual: npt.ArrayLike, *others: npt.ArrayLike) -> tuple[Floats, ...]:
    truth = np.asarray(actual, dtype=float)
    seen = np.isfinite(truth)
    return tuple(np.asarray(one, dtype=float)[seen] for one in (truth, *others))
