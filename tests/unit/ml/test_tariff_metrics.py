"""Measures of tariffs on cases small enough to reckon by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.evaluation.figures import at_least, at_most, within
from ml.evaluation.metrics import (
    actual_to_expected,
    calibration_error,
    deviance_reduction,
    double_lift,
    gini,
    lift,
    stability_index,
)


def test_gini_by_hand() -> None:
    # shares of exposure .25 .5 .75 1; of losses 0 0 .25 1
    assert gini([0, 0, 1, 3], [1, 2, 3, 4], [1, 1, 1, 1]) == pytest.approx(1 - 2 * 0.1875)
    assert gini([0, 0, 1, 3], [4, 3, 2, 1], [1, 1, 1, 1]) == pytest.approx(-(1 - 2 * 0.1875))


@given(st.permutations([0.0, 0.0, 1.0, 3.0, 2.0, 0.0]))
def test_a_constant_prediction_orders_nothing(actual: list[float]) -> None:
    assert gini(actual, np.full(6, 0.3), np.ones(6)) == pytest.approx(0)


def test_gini_weighs_rows_by_exposure() -> None:
    split = gini([0, 0, 1], [1, 1, 2], [0.5, 0.5, 1])
    assert gini([0, 1], [1, 2], [1, 1]) == pytest.approx(split)


def test_a_better_rate_reduces_the_deviance_and_the_baseline_by_nothing() -> None:
    rate, weight = np.array([0.0, 0.0, 1.0, 2.0]), np.ones(4)
    flat = np.full(4, 0.75)
    assert deviance_reduction(rate, flat, flat, weight, 1) == 0
    assert deviance_reduction(rate, [0.1, 0.1, 1, 2], flat, weight, 1) > 0.5


def test_actual_to_expected_by_segment() -> None:
    table = actual_to_expected([2, 1, 0], [1.0, 3.0, 0.0], ["b", "a", "c"])
    assert table["segment"].tolist() == ["a", "b", "c"]
    assert table["ratio"].tolist()[:2] == pytest.approx([1 / 3, 2.0])
    assert np.isnan(table["ratio"].iloc[2])
    assert table["ratio_error"].iloc[0] == pytest.approx(1 / np.sqrt(3))


def test_lift_has_bands_of_equal_exposure() -> None:
    rng = np.random.default_rng(1)
    exposure, rate = rng.uniform(0.1, 1, 5_000), rng.gamma(2, 1.0, 5_000)
    table = lift(rng.poisson(rate * exposure), rate, exposure, bands=5)
    np.testing.assert_allclose(table["exposure"], exposure.sum() / 5, rtol=0.01)
    assert table["predicted_rate"].is_monotonic_increasing
    np.testing.assert_allclose(table["actual_rate"], table["predicted_rate"], rtol=0.15)


def test_double_lift_follows_the_better_model() -> None:
    rng = np.random.default_rng(2)
    rate, exposure = rng.gamma(2, 0.1, 20_000), np.ones(20_000)
    table = double_lift(rng.poisson(rate), np.full(20_000, rate.mean()), rate, exposure)
    first = (table["actual"] - table["first"]).abs().sum()
    assert (table["actual"] - table["second"]).abs().sum() < first / 3


def test_the_stability_index_tells_a_shift_from_none() -> None:
    rng = np.random.default_rng(3)
    before = rng.normal(size=5_000)
    assert stability_index(before, rng.normal(size=5_000)) < 0.02
    assert stability_index(before, rng.normal(1.0, 1, 5_000)) > 0.25
    gone = np.where(rng.random(5_000) < 0.3, np.nan, before)
    assert stability_index(before, gone) > 0.25


def test_calibration_error_by_hand() -> None:
    # bins of two: |.5 - .1| and |.5 - .8|, which do not make up for each other
    assert calibration_error([0, 1, 1, 0], [0.1, 0.1, 0.8, 0.8], bins=2) == pytest.approx(0.35)


def test_a_figure_that_is_nan_does_not_hold() -> None:
    assert at_least("x", 0.5, 0.5).holds
    assert not at_most("x", 0.5, 0.4).holds
    assert within("x", 1.01, 1, 0.02).holds
    for figure in (at_least("x", np.nan, 0), at_most("x", np.nan, 0), within("x", np.nan, 0, 1)):
        assert not figure.holds
