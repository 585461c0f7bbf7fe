"""Forecast metrics against values worked out by hand."""

import numpy as np
import pytest

from ml.evaluation.forecast_metrics import coverage, mase, pinball, wape

TRUTH = [10.0, -20.0, np.nan, 30.0]
MADE = [12.0, -20.0, 5.0, 20.0]


def test_wape_is_error_over_size_and_leaves_out_unseen_days() -> None:
    assert wape(TRUTH, MADE) == pytest.approx(12 / 60)


def test_mase_is_in_units_of_the_naive_error_and_leaves_out_series_without_one() -> None:
    assert mase(TRUTH, MADE, [1.0, 0.0, 1.0, 5.0]) == pytest.approx((2 / 1 + 10 / 5) / 2)


@pytest.mark.parametrize(("quantile", "loss"), [(0.5, 2.0), (0.9, 3.0 + 0.2 / 3), (0.1, 2.8 / 3)])
def test_pinball_weighs_the_side_of_the_quantile(quantile: float, loss: float) -> None:
    assert pinball(TRUTH, MADE, quantile) == pytest.approx(loss)


def test_coverage_counts_ends_in_and_unknown_intervals_out() -> None:
    low, high = [10.0, np.nan, 0.0, 31.0], [11.0, np.nan, 9.0, 40.0]
    assert coverage(TRUTH, low, high) == pytest.approx(1 / 3)
