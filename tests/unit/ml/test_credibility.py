"""Bühlmann-Straub: estimators by hand, and what Z does with experience."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ml.insurance.credibility import BuhlmannStraub

OBSERVATIONS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.floats(0, 3), st.floats(0.1, 50)),
    min_size=3,
    max_size=40,
)


def _fitted(rows: list[tuple[str, float, float]], **prior: float) -> BuhlmannStraub:
    segment, value, weight = zip(*rows, strict=True)
    return BuhlmannStraub(**prior).fit(segment, value, weight)


def test_the_estimators_by_hand() -> None:
    model = BuhlmannStraub().fit(
        ["a", "a", "b", "b"], value=[1.0, 2.0, 5.0, 7.0], weight=[2.0, 2.0, 3.0, 1.0]
    )
    # means 1.5 and 5.5; within: (2 * .25 + 2 * .25 + 3 * .25 + 1 * 2.25) / (4 - 2)
    assert model.within_ == pytest.approx(2.0)
    # between: (4 * 4 + 4 * 4 - 1 * 2) / (8 - (16 + 16) / 8)
    assert model.between_ == pytest.approx(7.5)
    assert model.k_ == pytest.approx(2.0 / 7.5)
    z = 4 / (4 + 2.0 / 7.5)
    np.testing.assert_allclose(model.credibility(["a", "b", "c"]), [z, z, 0])
    np.testing.assert_allclose(model.estimate(["a", "c"]), [z * 1.5 + (1 - z) * 3.5, 3.5])
    assert not model.is_homogeneous


def test_segments_that_differ_by_chance_alone_have_no_credibility() -> None:
    model = _fitted([("a", 1.0, 1.0), ("a", 3.0, 1.0), ("b", 1.1, 1.0), ("b", 2.9, 1.0)])
    assert model.is_homogeneous
    assert model.between_ < 0
    assert model.table()["credibility"].tolist() == [0.0, 0.0]
    assert model.table()["estimate"].tolist() == pytest.approx([2.0, 2.0])


def test_a_single_segment_is_the_mean_of_all() -> None:
    model = _fitted([("a", 1.0, 1.0), ("a", 3.0, 1.0)])
    assert model.is_homogeneous
    assert model.estimate(["a"])[0] == pytest.approx(2.0)


def test_an_experts_prior_stands_where_there_is_no_experience() -> None:
    model = _fitted([("a", 2.0, 30.0)], prior_mean=1.0, prior_k=10.0)
    assert model.credibility(["a"])[0] == pytest.approx(0.75)
    np.testing.assert_allclose(model.estimate(["a", "new"]), [1.75, 1.0])


@given(OBSERVATIONS)
def test_estimates_lie_between_own_and_common_mean(rows: list[tuple[str, float, float]]) -> None:
    model = _fitted(rows)
    table = model.table()
    assert table["credibility"].between(0, 1).all()
    low = np.minimum(table["observed"], model.mean_) - 1e-9
    high = np.maximum(table["observed"], model.mean_) + 1e-9
    assert table["estimate"].between(low, high).all()


@given(OBSERVATIONS)
def test_more_weight_means_more_credibility(rows: list[tuple[str, float, float]]) -> None:
    table = _fitted(rows, prior_k=5.0).table().sort_values("weight")
    assert table["credibility"].is_monotonic_increasing


@given(OBSERVATIONS, st.randoms())
def test_the_order_of_observations_is_irrelevant(rows: list, random) -> None:  # type: ignore[no-untyped-def]
    before = _fitted(rows).table()
    random.shuffle(rows)
    after = _fitted(rows).table()
    assume((before["credibility"] > 1e-6).all())
    np.testing.assert_allclose(after["estimate"], before["estimate"], rtol=1e-6)


@pytest.mark.parametrize(
    ("value", "weight", "words"),
    [
        ([1.0, 2.0], [1.0, -1.0], "negative"),
        ([1.0, 2.0], [0.0, 0.0], "no observation has a weight"),
        ([1.0, np.nan], [1.0, 1.0], "value is absent"),
        ([1.0], [1.0, 1.0], "2 segments, 1 values"),
    ],
)
def test_bad_observations_are_refused(value: list, weight: list, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        BuhlmannStraub().fit(["a", "b"], value, weight)
