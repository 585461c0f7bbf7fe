"""Conformal correction: what it promises for exchangeable cases, in all and by group."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.growth.conformal import correction, group_corrections, misses


def test_a_miss_is_how_far_the_truth_lies_outside() -> None:
    found = misses(np.array([5.0, 0.0, 12.0]), np.full(3, 2.0), np.full(3, 10.0))
    np.testing.assert_array_equal(found, [-3, 2, 2])


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), level=st.sampled_from([0.5, 0.8, 0.95]))
def test_widened_intervals_cover_the_level_of_what_calibrated_them(seed: int, level: float) -> None:
    found = np.random.default_rng(seed).standard_t(2, 199)
    width = correction(found, level)
    assert level <= np.mean(found <= width) <= level + 0.02


def test_an_interval_of_too_few_cases_covers_all_of_them() -> None:
    assert correction(np.array([1.0, 3.0, 2.0]), 0.95) == 3.0
    assert correction(np.empty(0), 0.95) == 0.0


def test_misses_that_tell_the_same_count_as_few() -> None:
    found = np.arange(100.0)
    assert correction(found, 0.8) == 80
    assert correction(found, 0.8, separate=5) == 95
    assert correction(found, 0.95, separate=5) == 99


def test_a_large_group_has_its_own_correction_and_a_small_one_that_of_all() -> None:
    found = np.concatenate([np.arange(100.0), np.full(3, 1e6)])
    groups = np.concatenate([np.zeros(100, dtype=int), np.full(3, 2)])
    table = group_corrections(found, groups, 4, 0.8, smallest=50)
    assert table[0] == correction(found[:100], 0.8)
    assert table[1] == table[2] == table[3] == correction(found, 0.8)
