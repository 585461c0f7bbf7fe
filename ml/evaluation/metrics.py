"""Measures of tariff and classification models: order, level, calibration and drift.

Arrays are [n], one value per row. ``exposure`` is the weight of a row (years, or 1); actual values
are totals of a row (events, amounts), predicted ones are rates per unit of exposure unless said
otherwise. Deviances are scikit-learn's.

Sources: Frees, Meyers and Cummings, "Summarizing insurance scores using a Gini index", JASA (2011);
Goldburd, Khare, Tevet and Guller, Generalized Linear Models for Insurance Rating (2016), for lift
and double lift; Siddiqi, Credit Risk Scorecards (2006), for the stability index.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import mean_tweedie_deviance

Floats = npt.NDArray[np.float64]
_LEAST_SHARE = 1e-4
"""Stands for an empty bin, whose log would be infinite."""


def gini(actual: npt.ArrayLike, predicted: npt.ArrayLike, exposure: npt.ArrayLike) -> float:
    """Twice the area between the diagonal and the ordered Lorenz curve.

    Rows ordered by prediction; share of the actual total against the share of exposure. Rows of
    equal prediction count as one, so that their order says nothing. 0 for a constant prediction.
    """
    rows = pd.DataFrame(
        {"actual": _floats(actual), "rate": _floats(predicted), "exposure": _floats(exposure)}
    )
    ordered = rows.groupby("rate", sort=True)[["actual", "exposure"]].sum()
    losses = np.r_[0, ordered["actual"].cumsum()] / ordered["actual"].sum()
    shares = np.r_[0, ordered["exposure"].cumsum()] / ordered["exposure"].sum()
    return float(1 - 2 * np.trapezoid(losses, shares))


def deviance_reduction(
    rate: npt.ArrayLike,
    predicted: npt.ArrayLike,
    baseline: npt.ArrayLike,
    weight: npt.ArrayLike,
    power: float,
) -> float:
    """Share, 0-1, by which the weighted mean deviance is lower than that of ``baseline``.

    Args:
        rate: actual rate or mean amount of a row.
        predicted: of the same.
        baseline: the same by the trivial model.
        weight: precision of a row.
        power: 1 Poisson, 2 Gamma, between them Tweedie.
    """
    model = mean_tweedie_deviance(rate, predicted, sample_weight=weight, power=power)
    constant = mean_tweedie_deviance(rate, baseline, sample_weight=weight, power=power)
    return float(1 - model / constant)


def actual_to_expected(
    actual: npt.ArrayLike, expected: npt.ArrayLike, segment: npt.ArrayLike
) -> pd.DataFrame:
    """One row per segment: segment, row_count, actual, expected, ratio, ratio_error.

    ``expected`` are totals. The error is that of a Poisson count, so it fits counts alone; both are
    NaN where nothing was expected.
    """
    rows = pd.DataFrame(
        {
            "segment": np.asarray(segment, dtype=object),
            "actual": _floats(actual),
            "expected": _floats(expected),
        }
    )
    table = rows.groupby("segment", sort=True, dropna=False).agg(
        row_count=("actual", "size"), actual=("actual", "sum"), expected=("expected", "sum")
    )
    known = table["expected"].where(table["expected"] > 0)
    return table.assign(
        ratio=table["actual"] / known, ratio_error=np.sqrt(known) / known
    ).reset_index()


def lift(
    actual: npt.ArrayLike, predicted: npt.ArrayLike, exposure: npt.ArrayLike, bands: int = 10
) -> pd.DataFrame:
    """Rows in bands of equal exposure by rising prediction.

    Returns:
        ``band`` (1 lowest), ``exposure``, ``actual_rate``, ``predicted_rate``, ``lift`` (the actual
        rate against that of all).
    """
    rates, weights = _floats(predicted), _floats(exposure)
    table = _banded(rates, weights, bands, actual=_floats(actual), expected=rates * weights)
    overall = table["actual"].sum() / table["exposure"].sum()
    actual_rate = table["actual"] / table["exposure"]
    return pd.DataFrame(
        {
            "band": table.index,
            "exposure": table["exposure"].to_numpy(),
            "actual_rate": actual_rate.to_numpy(),
            "predicted_rate": (table["expected"] / table["exposure"]).to_numpy(),
            "lift": (actual_rate / overall).to_numpy(),
        }
    )


def double_lift(
    actual: npt.ArrayLike,
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    exposure: npt.ArrayLike,
    bands: int = 5,
) -> pd.DataFrame:
    """Two models where they disagree: bands of equal exposure by rising ``second / first``.

    Returns:
        ``band``, ``exposure``, and the rates of each band against that of all: ``actual``,
        ``first``, ``second``. The model that follows ``actual`` more closely is the better.
    """
    one, two, weights = _floats(first), _floats(second), _floats(exposure)
    table = _banded(
        two / one, weights, bands, actual=_floats(actual), first=one * weights, second=two * weights
    )
    rates = table[["actual", "first", "second"]].div(table["exposure"], axis=0)
    overall = table[["actual", "first", "second"]].sum() / table["exposure"].sum()
    relative = rates / overall
    relative.insert(0, "exposure", table["exposure"])
    return relative.rename_axis("band").reset_index()


def stability_index(before: npt.ArrayLike, after: npt.ArrayLike, bins: int = 10) -> float:
    """Population stability index (PSI) of numbers; below .10 stable, above .25 shifted.

    Bins are the quantiles of ``before``; absent values are a bin of their own.
    """
    old, new = _floats(before), _floats(after)
    edges = np.unique(np.nanquantile(old, np.linspace(0, 1, bins + 1)[1:-1]))
    shares = []
    for values in (old, new):
        places = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values))
        counts = np.bincount(places, minlength=len(edges) + 2)
        shares.append(np.maximum(counts / len(values), _LEAST_SHARE))
    # an empty bin on both sides adds nothing
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def calibration_error(is_event: npt.ArrayLike, probability: npt.ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: mean |share of events - mean probability| over bins.

    Bins of equal count by rising probability, weighted by their rows.
    """
    events, probabilities = _floats(is_event), _floats(probability)
    order = np.argsort(probabilities, kind="stable")
    gaps = [
        abs(events[part].mean() - probabilities[part].mean()) * len(part)
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return float(np.sum(gaps) / len(events))


def _banded(order_by: Floats, exposure: Floats, bands: int, **totals: Floats) -> pd.DataFrame:
    """Totals by band of equal exposure, in the order of ``order_by``."""
    order = np.argsort(order_by, kind="stable")
    reached = np.cumsum(exposure[order]) - exposure[order] / 2
    band = np.minimum((reached / exposure.sum() * bands).astype(int), bands - 1) + 1
    rows = pd.DataFrame({name: values[order] for name, values in totals.items()})
    return rows.assign(exposure=exposure[order]).groupby(band).sum()


def _floats(values: npt.ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
