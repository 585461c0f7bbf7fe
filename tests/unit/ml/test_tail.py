"""The tail of large losses recovers what drew it and says how unsure it is."""

import numpy as np
import pytest
from scipy.stats import genpareto

from ml.insurance.tail import fit_tail


def test_shape_and_scale_are_recovered_within_their_errors() -> None:
    small = np.linspace(0, 10, 3_000)
    large = 10 + genpareto.rvs(0.4, scale=6, size=2_000, random_state=3)
    tail = fit_tail(np.r_[small, large], threshold=10)
    assert abs(tail.shape - 0.4) < 3 * tail.shape_error
    assert abs(tail.scale - 6) < 3 * tail.scale_error
    assert tail.shape_error == pytest.approx(1.4 / np.sqrt(2_000), rel=0.1)
    assert (tail.exceedance_count, tail.loss_count) == (2_000, 5_000)


def test_quantile_and_survival_are_each_others_inverse() -> None:
    tail = fit_tail(genpareto.rvs(0.2, scale=2, size=500, random_state=1), threshold=1)
    loss = tail.quantile(0.99)
    assert tail.survival(loss) == pytest.approx(0.01)
    assert np.isnan(tail.survival(0.5))
    assert np.isnan(tail.quantile(0.01))


def test_too_few_or_absent_losses_are_refused() -> None:
    with pytest.raises(ValueError, match="3 above the threshold 10"):
        fit_tail([1, 2, 11, 12, 13], threshold=10)
    with pytest.raises(ValueError, match="absent or infinite"):
        fit_tail([1.0, np.nan], threshold=0)
