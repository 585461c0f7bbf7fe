"""Rows of growth features: nothing after the origin, nothing of size and unit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.forecast import training_examples
from ml.growth.features import METHODS, NAMES, window_rows, window_steps
from ml.growth.history import FREQUENCIES, Panel, rounding_unit

DAILY = FREQUENCIES["D"]
HORIZONS = (7, 28)


def windows(count: int = 6, steps: int = 120, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 5_000.0 + np.cumsum(rng.poisson(8, (count, steps)) - rng.poisson(2, (count, steps)), 1)


def panel_of(values: np.ndarray) -> Panel:
    count = len(values)
    return Panel(
        np.arange(count),
        values,
        np.isfinite(values),
        np.full(count, np.datetime64("2026-06-28")),
        np.full(count, "", dtype=object),
        DAILY,
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_follows_an_origin_changes_none_of_its_features(seed: int) -> None:
    values = windows()
    cut = 90
    altered = values.copy()
    rng = np.random.default_rng(seed)
    altered[:, cut:] = rng.permuted(values[:, cut:], axis=1) * rng.uniform(0.1, 9)

    def before(given_values: np.ndarray) -> np.ndarray:
        examples = training_examples(panel_of(given_values), HORIZONS, seed=1)
        known = given_values.shape[1] - 1 - examples.origin < cut
        return np.column_stack(
            [examples.series, examples.origin, examples.horizon, examples.features]
        )[known]

    np.testing.assert_array_equal(before(altered), before(values))


@settings(max_examples=20, deadline=None)
@given(factor=st.sampled_from([0.001, 0.5, 3.0, 1e6]))
def test_features_know_no_unit(factor: float) -> None:
    values = windows()
    seen = np.ones_like(values, dtype=bool)
    one = window_rows(values, seen, HORIZONS, DAILY)
    other = window_rows(values * factor, seen, HORIZONS, DAILY)
    free = [place for place, name in enumerate(NAMES) if name != "rounding"]
    np.testing.assert_allclose(other.features[:, free], one.features[:, free], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(other.base, one.base * factor)


def test_a_straight_line_is_continued_by_the_combination() -> None:
    line = np.arange(1_000.0, 1_600.0, 5.0)[None, :] + np.array([[0.0], [77.0]])
    rows = window_rows(line, np.ones_like(line, dtype=bool), (7, 20), DAILY)
    np.testing.assert_allclose(rows.base, [35, 100, 35, 100], rtol=1e-6)


def test_the_last_week_is_repeated_in_its_order() -> None:
    steps = np.array([1.0, 2, 3, 4, 5, 6, 7] * 4)
    values = 100 + np.concatenate([[0], np.cumsum(steps)])[None, :]
    rows = window_rows(values, np.ones_like(values, dtype=bool), (9,), DAILY)
    place = NAMES.index(f"gain_{METHODS[1]}")
    gain = rows.features[0, place] * rows.scale[0] + rows.base[0]
    assert gain == pytest.approx(28 + 1 + 2, rel=1e-4)


def test_a_rounded_counter_is_read_through_its_steps() -> None:
    true = 1_000_000 + 1_500.0 * np.arange(150)
    shown = (np.floor(true / 10_000) * 10_000)[None, :]
    assert rounding_unit(shown)[0] == 10_000
    rows = window_rows(shown, np.ones_like(shown, dtype=bool), (28,), DAILY)
    place = NAMES.index("gain_steps_long")
    gain = rows.features[0, place] * rows.scale[0] + rows.base[0]
    assert gain == pytest.approx(28 * 1_500, abs=5_000)


def test_a_purge_is_no_trend() -> None:
    values = windows(1)
    values[:, -3:] -= 2_000
    rows = window_rows(values, np.ones_like(values, dtype=bool), (7,), DAILY)
    at = {name: rows.features[0, place] for place, name in enumerate(NAMES)}
    gain = at["gain_clean_short"] * rows.scale[0] + rows.base[0]
    assert gain > -200
    assert at["gain_repeat_short"] * rows.scale[0] + rows.base[0] < -1_500


def test_before_anything_is_resolved_there_is_no_scale() -> None:
    short = np.full((1, 40), np.nan)
    short[0, -4:] = [5, 6, 8, 9]
    rows = window_rows(short, np.isfinite(short), (7,), DAILY)
    assert np.isnan(rows.scale[0])
    assert window_steps(DAILY, (90,)) > 90


def test_a_method_that_could_not_be_judged_leaves_no_hole_in_the_features() -> None:
    young = windows(3, 30)
    rows = window_rows(young, np.ones_like(young, dtype=bool), (4,), FREQUENCIES["W"])
    assert np.isfinite(rows.features).all()
    assert (rows.features[:, NAMES.index("error_seasonal")] > 5).all()
