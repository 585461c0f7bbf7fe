"""The share of credible audience: bounds, order, width, and how often the interval is right."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from ml.audience_quality import LEAST_PROFILES, Accuracy, audience_quality

PROBABILITIES = st.lists(st.floats(0, 1), min_size=LEAST_PROFILES, max_size=60)
LEAN = settings(max_examples=50, deadline=None)
LEVELS = st.floats(0.05, 0.999)


@st.composite
def accuracies(draw: st.DrawFn) -> Accuracy | None:
    """Of any classifier that tells fakes from genuine accounts better than chance, or none."""
    fakes, genuine = draw(st.integers(20, 2000)), draw(st.integers(20, 2000))
    found = draw(st.integers(math.ceil(fakes * 0.6), fakes))
    alarms = draw(st.integers(0, genuine * 4 // 10))
    return draw(st.sampled_from([None, Accuracy(fakes, found, genuine, alarms)]))


@LEAN
@given(PROBABILITIES, LEVELS, accuracies())
def test_the_interval_holds_the_estimate_within_0_and_1(
    probabilities: list[float], level: float, accuracy: Accuracy | None
) -> None:
    quality = audience_quality(probabilities, level, accuracy)
    assert quality.reason is None
    assert quality.n == len(probabilities)
    assert 0 <= quality.lo <= quality.credible_share <= quality.hi <= 1
    assert quality.lo < quality.hi


@LEAN
@given(PROBABILITIES, LEVELS, accuracies(), st.randoms(use_true_random=False))
def test_the_order_of_the_sample_is_irrelevant(
    probabilities: list[float], level: float, accuracy: Accuracy | None, random: object
) -> None:
    shuffled = list(probabilities)
    random.shuffle(shuffled)
    assert audience_quality(shuffled, level, accuracy) == audience_quality(
        probabilities, level, accuracy
    )


@LEAN
@given(PROBABILITIES, LEVELS, accuracies(), st.integers(2, 50))
def test_more_of_the_same_narrows_the_interval(
    probabilities: list[float], level: float, accuracy: Accuracy | None, times: int
) -> None:
    few = audience_quality(probabilities, level, accuracy)
    many = audience_quality(probabilities * times, level, accuracy)
    assert many.credible_share == pytest.approx(few.credible_share, abs=1e-9)
    assert many.lo >= few.lo - 1e-9
    assert many.hi <= few.hi + 1e-9


@LEAN
@given(PROBABILITIES, accuracies())
def test_a_surer_interval_is_wider(probabilities: list[float], accuracy: Accuracy | None) -> None:
    inner = audience_quality(probabilities, 0.5, accuracy)
    outer = audience_quality(probabilities, 0.95, accuracy)
    assert outer.lo <= inner.lo
    assert outer.hi >= inner.hi


@LEAN
@given(PROBABILITIES, accuracies())
@example([0.0] * 6 + [1.0] * 4, Accuracy(20, 19, 20, 8))
def test_a_fake_more_never_adds_credible_audience(
    probabilities: list[float], accuracy: Accuracy | None
) -> None:
    before = audience_quality([*probabilities, 0.0], accuracy=accuracy)
    after = audience_quality([*probabilities, 1.0], accuracy=accuracy)
    assert after.credible_share <= before.credible_share
    assert after.lo <= before.lo + 1e-9
    assert after.hi <= before.hi + 1e-9


def test_without_an_accuracy_it_is_wilsons_interval() -> None:
    quality = audience_quality([0.0] * 81 + [1.0] * 19, level=0.95)
    wilson = binomtest(81, 100).proportion_ci(0.95, method="wilson")
    assert quality.credible_share == pytest.approx(0.81)
    assert (quality.lo, quality.hi) == pytest.approx((wilson.low, wilson.high))


def test_with_an_accuracy_it_is_rogans_and_gladens_estimate() -> None:
    # sensitivity .90 and false alarms .10 once one account is added to each cell
    accuracy = Accuracy(fakes=998, fakes_flagged=899, genuine=998, genuine_flagged=99)
    quality = audience_quality([0.9] * 30 + [0.1] * 70, accuracy=accuracy)
    assert quality.credible_share == pytest.approx(1 - (0.3 - 0.1) / (0.9 - 0.1))


def test_an_accuracy_that_is_hardly_known_widens_the_interval() -> None:
    sample = [0.9] * 40 + [0.1] * 60
    well = audience_quality(sample, accuracy=Accuracy(998, 899, 998, 99))
    hardly = audience_quality(sample, accuracy=Accuracy(18, 17, 18, 1))
    assert hardly.credible_share == pytest.approx(well.credible_share)
    assert hardly.lo < well.lo - 0.02
    assert hardly.hi > well.hi + 0.02


def test_no_flag_at_all_is_not_certainty() -> None:
    accuracy = Accuracy(fakes=500, fakes_flagged=450, genuine=500, genuine_flagged=50)
    quality = audience_quality([0.01] * 40, accuracy=accuracy)
    assert quality.credible_share == 1
    # four flags are no more than false alarms alone would be: none says no more than they
    assert quality == audience_quality([0.01] * 36 + [0.99] * 4, accuracy=accuracy)
    assert quality.lo < audience_quality([0.0] * 40).lo


@pytest.mark.parametrize("corrected", [False, True])
def test_the_interval_holds_the_truth_as_often_as_it_says(corrected: bool) -> None:
    """Simulated: audiences whose fakes are known, seen through a classifier that errs."""
    random = np.random.default_rng(0)
    sensitivity, false_alarm = (0.85, 0.06) if corrected else (1.0, 0.0)
    for true_share in (0.03, 0.2, 0.6):
        held = 0
        for _ in range(150):
            fake = random.random(60) < true_share
            flagged = random.random(60) < np.where(fake, sensitivity, false_alarm)
            accuracy = Accuracy(
                200,
                int(random.binomial(200, sensitivity)),
                800,
                int(random.binomial(800, false_alarm)),
            )
            quality = audience_quality(
                flagged.astype(float), level=0.9, accuracy=accuracy if corrected else None
            )
            held += quality.lo <= 1 - true_share <= quality.hi
        assert held / 150 > 0.86, true_share


def test_too_few_profiles_give_no_estimate() -> None:
    sample = [0.5] * (LEAST_PROFILES - 1) + [None, math.nan, pd.NA]
    quality = audience_quality(sample)
    assert quality.n == LEAST_PROFILES - 1
    assert (quality.credible_share, quality.lo, quality.hi) == (None, None, None)
    assert quality.reason == "too_few_profiles"
    assert audience_quality([], least=1).reason == "too_few_profiles"
    assert audience_quality(sample, least=5).reason is None


def test_a_classifier_that_errs_like_chance_gives_no_estimate() -> None:
    quality = audience_quality([0.2] * 50, accuracy=Accuracy(100, 10, 100, 40))
    assert quality.credible_share is None
    assert quality.reason == "classifier_no_better_than_chance"


def test_the_accuracy_is_counted_at_one_half() -> None:
    counted = Accuracy.measured([1, 1, 1, 0, 0], [0.9, 0.5, 0.4, 0.6, 0.1])
    assert counted == Accuracy(fakes=3, fakes_flagged=2, genuine=2, genuine_flagged=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile_probabilities": [0.1, 1.2]}, "a probability is 1.2"),
        ({"profile_probabilities": [-0.1]}, "a probability is -0.1"),
        ({"profile_probabilities": ["0.1"]}, "a probability is '0.1'"),
        ({"profile_probabilities": [], "level": 90}, "level is 90"),
        ({"profile_probabilities": [], "level": 1.0}, "level is 1.0"),
        ({"profile_probabilities": [], "least": 0}, "least is 0"),
    ],
)
def test_malformed_input_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        audience_quality(**arguments)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="more accounts are flagged than there are"):
        Accuracy(fakes=5, fakes_flagged=6, genuine=5, genuine_flagged=0)
