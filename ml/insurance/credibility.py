"""Bühlmann-Straub credibility: how much the own experience of a segment counts.

The estimate of a segment is Z x its own mean + (1 - Z) x the mean of all (or an expert's prior),
Z = w / (w + K), where w is the segment's weight (exposure, expected events) and K = sigma² / tau²,
the variance within segments over the variance between them, both by the unbiased estimators of
Bühlmann and Straub (1970); see Bühlmann and Gisler, A Course in Credibility Theory (2005), 4.8.
Where the segments differ no more than by chance (tau² <= 0), Z is 0 and ``is_homogeneous`` says so.
"""

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]


class BuhlmannStraub:
    """Credibility of segments.

    Args:
        prior_mean: what stands for a segment without experience, instead of the mean of all.
        prior_k: an expert's K in units of weight, instead of the estimated one.
    """

    def __init__(self, prior_mean: float | None = None, prior_k: float | None = None) -> None:
        if prior_k is not None and not prior_k > 0:
            raise ValueError(f"prior_k: {prior_k:g}. Give a weight above 0.")
        self.prior_mean = prior_mean
        self.prior_k = prior_k

    def fit(self, segment: npt.ArrayLike, value: npt.ArrayLike, weight: npt.ArrayLike) -> Self:
        """Estimate from observations [n]: their segment, mean value and weight.

        Observations of weight 0 are left out.

        Raises:
            ValueError: other lengths, no weight at all, a weight that is negative or not finite,
                or a value that is not finite where the weight is above 0.
        """
        rows = _observations(segment, value, weight)
        grouped = rows.groupby("segment", sort=True)
        weights = grouped["weight"].sum()
        means = (rows["value"] * rows["weight"]).groupby(rows["segment"]).sum() / weights
        self.segments_ = [str(name) for name in weights.index]
        self.weights_ = weights.to_numpy(dtype=np.float64)
        self.observed_ = means.to_numpy(dtype=np.float64)
        self.counts_ = grouped.size().to_numpy()
        self.within_ = _within(rows, means)
        self.between_ = _between(self.weights_, self.observed_, self.within_)
        self.k_ = self._k()
        self.credibilities_ = (
            np.zeros(len(self.weights_))
            if np.isinf(self.k_)
            else self.weights_ / (self.weights_ + self.k_)
        )
        self.mean_ = self._mean()
        return self

    @property
    def is_homogeneous(self) -> bool:
        """Whether the segments differ no more than by chance (tau² <= 0, or not to be told)."""
        return not self.between_ > 0

    def credibility(self, segment: npt.ArrayLike) -> Floats:
        """Z of each of the segments, [n]; 0 for one without experience."""
        return self._of(segment, self.credibilities_, 0.0)

    def estimate(self, segment: npt.ArrayLike) -> Floats:
        """The credibility estimate of each of the segments, [n]."""
        own = self.credibilities_ * self.observed_ + (1 - self.credibilities_) * self.mean_
        return self._of(segment, own, self.mean_)

    def table(self) -> pd.DataFrame:
        """One row per segment: segment, weight, observation_count, observed, credibility, estimate.

        In the order of the names.
        """
        return pd.DataFrame(
            {
                "segment": self.segments_,
                "weight": self.weights_,
                "observation_count": self.counts_,
                "observed": self.observed_,
                "credibility": self.credibilities_,
                "estimate": self.estimate(self.segments_),
            }
        )

    def _k(self) -> float:
        if self.prior_k is not None:
            return self.prior_k
        return float("inf") if self.is_homogeneous else float(self.within_ / self.between_)

    def _mean(self) -> float:
        if self.prior_mean is not None:
            return float(self.prior_mean)
        weights = self.credibilities_ if self.credibilities_.sum() > 0 else self.weights_
        return float(np.average(self.observed_, weights=weights))

    def _of(self, segment: npt.ArrayLike, values: Floats, otherwise: float) -> Floats:
        places = {name: place for place, name in enumerate(self.segments_)}
        asked = np.asarray(segment, dtype=object).ravel()
        return np.array(
            [values[places[name]] if (name := str(s)) in places else otherwise for s in asked],
            dtype=np.float64,
        )


def _observations(
    segment: npt.ArrayLike, value: npt.ArrayLike, weight: npt.ArrayLike
) -> pd.DataFrame:
    names = np.asarray(segment, dtype=object).ravel()
    values = np.asarray(value, dtype=np.float64).ravel()
    weights = np.asarray(weight, dtype=np.float64).ravel()
    if not len(names) == len(values) == len(weights):
        raise ValueError(
            f"credibility: {len(names)} segments, {len(values)} values, {len(weights)} weights. "
            "Give one of each for an observation."
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("credibility: a weight is absent or negative. Give 0 or more.")
    if not weights.sum() > 0:
        raise ValueError("credibility: no observation has a weight. Give at least one.")
    kept = weights > 0
    if not np.isfinite(values[kept]).all():
        raise ValueError("credibility: a value is absent where its weight is not 0. Leave it out.")
    rows = {"segment": names[kept].astype(str), "value": values[kept], "weight": weights[kept]}
    return pd.DataFrame(rows)


def _within(rows: pd.DataFrame, means: pd.Series) -> float:
    """sigma² of one unit of weight; NaN where no segment has two observations."""
    free = len(rows) - len(means)
    deviation = rows["value"] - rows["segment"].map(means)
    return float((rows["weight"] * deviation**2).sum() / free) if free > 0 else float("nan")


def _between(weights: Floats, means: Floats, within: float) -> float:
    """tau², which may come out negative; NaN for a single segment."""
    total = weights.sum()
    scale = total - (weights**2).sum() / total
    if len(weights) < 2 or not scale > 0:
        return float("nan")
    spread = (weights * (means - np.average(means, weights=weights)) ** 2).sum()
    return float((spread - (len(weights) - 1) * within) / scale)
