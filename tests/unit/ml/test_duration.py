"""Duration curves, and the days of an outage that are paid for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from ml.insurance.duration import DurationCurve, expected_paid_days, fit_duration_curve

CURVES = st.builds(
    DurationCurve,
    permanent_share=st.floats(0, 0.9),
    median_days=st.floats(0.5, 30),
    spread=st.floats(0.2, 2),
)
DAYS = st.floats(0, 120)


@given(CURVES, DAYS, DAYS)
def test_paid_days_are_the_integral_of_the_survival(
    curve: DurationCurve, waiting: float, cap: float
) -> None:
    days = np.linspace(waiting, waiting + cap, 4_001)
    integral = np.trapezoid(curve.survival(days), days)
    assert expected_paid_days(curve, waiting, cap) == pytest.approx(integral, abs=0.02)


@given(CURVES, DAYS, DAYS)
def test_more_cover_pays_more_and_waiting_pays_less(
    curve: DurationCurve, waiting: float, cap: float
) -> None:
    paid = expected_paid_days(curve, waiting, cap)
    assert 0 <= paid <= cap + 1e-9
    assert expected_paid_days(curve, waiting + 1, cap) <= paid + 1e-9
    assert expected_paid_days(curve, waiting, cap + 1) >= paid - 1e-9


def test_a_known_case_by_numerical_integration() -> None:
    curve = DurationCurve(0.3, 5.0, 1.0)
    integral, _ = quad(lambda day: float(curve.survival(day)), 2, 92, limit=200)
    assert expected_paid_days(curve, 2, 90) == pytest.approx(integral, rel=1e-6)
    assert curve.survival(0) == 1.0


def test_the_curve_that_drew_the_outages_is_found_again() -> None:
    rng = np.random.default_rng(4)
    rows = 1_500
    days = np.maximum(np.round(5 * rng.lognormal(0, 1.0, rows)), 1)
    forever = rng.random(rows) < 0.3
    seen = np.floor(rng.uniform(1, 300, rows))
    ended = ~forever & (days <= seen)
    curve = fit_duration_curve(np.where(ended, days, seen), ended)
    assert curve.permanent_share == pytest.approx(0.3, abs=0.04)
    assert curve.median_days == pytest.approx(5.0, rel=0.1)
    assert curve.spread == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize(
    ("days", "ended", "words"),
    [
        ([1, 2, 3, 4], [True] * 4, "4 outages ended"),
        ([1, 2, 3, 4, -1], [True] * 5, "negative"),
        ([1, 2, 3, 4, np.inf], [True] * 5, "infinite"),
        ([1, 2, 3, 4, 5], [True] * 4, "has_ended"),
    ],
)
def test_bad_durations_are_refused(days: list, ended: list, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fit_duration_curve(days, ended)


def test_a_negative_wait_is_refused() -> None:
    with pytest.raises(ValueError, match="waiting_days: -1"):
        expected_paid_days(DurationCurve(0.1, 5, 1), -1, 90)
