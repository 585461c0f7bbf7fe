"""Columns in bins: order kept, absent kept, few values kept apart, at most 255 bins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.binning import MOST_BINS, bin_edges, binned

COLUMN = arrays(
    float,
    st.tuples(st.integers(1, 400), st.just(1)),
    elements=st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))),
)


@given(COLUMN)
def test_bins_keep_the_order_and_what_is_absent(values: np.ndarray) -> None:
    codes = binned(values, bin_edges(values))
    assert np.array_equal(np.isnan(codes), np.isnan(values))
    known = ~np.isnan(values[:, 0])
    order = np.argsort(values[known, 0])
    assert (np.diff(codes[known, 0][order]) >= 0).all()
    assert len(np.unique(codes[known])) <= MOST_BINS


def test_few_values_stay_apart() -> None:
    values = np.arange(200.0)[:, None]
    assert len(np.unique(binned(values, bin_edges(values)))) == 200


def test_bins_of_many_values_hold_equal_shares() -> None:
    values = np.random.default_rng(3).lognormal(size=(25_500, 1))
    _, counts = np.unique(binned(values, bin_edges(values)), return_counts=True)
    assert len(counts) == MOST_BINS
    assert counts.min() >= 95
    assert counts.max() <= 105


def test_a_value_beyond_those_that_were_seen_is_in_the_last_bin() -> None:
    edges = bin_edges(np.arange(1000.0)[:, None])
    assert binned([[5e9]], edges)[0, 0] == binned([[999.0]], edges)[0, 0] == MOST_BINS - 1
