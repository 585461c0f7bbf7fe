"""The judges of forecasts on rolling origins, on frames whose answer is known by hand."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from ml.evaluation import world_forecasts
from ml.evaluation.world_forecasts import (
    ORIGINS,
    QUANTILES,
    coverage_by_group,
    coverage_error,
    figures,
    groups_of,
    judge,
    relative_pinball,
    rolling_origins,
)

FIRST, LAST = pd.Timestamp("2025-07-01"), pd.Timestamp("2026-06-30")


def told(rows: int = 4) -> pd.DataFrame:
    """Forecasts of 100 with ends at 90 and 110, of which half came true."""
    ends = {"lo_95": 80.0, "lo_80": 90.0, "point": 100.0, "hi_80": 110.0, "hi_95": 120.0}
    return pd.DataFrame(
        {
            "series_id": ["0/x:1", "0/x:2"] * (rows // 2),
            "horizon": 7,
            "asked_on": FIRST,
            "start": 100.0,
            "actual": [100.0, 115.0] * (rows // 2),
            **ends,
            **{f"drift_{name}": ends[name] for name in QUANTILES},
        }
    )


@pytest.mark.parametrize(("days", "apart"), [(365, 28), (180, 12)])
def test_origins_lie_in_the_last_half_and_the_nearest_horizons_come_to_pass(
    days: int, apart: int
) -> None:
    origins = rolling_origins(LAST - pd.Timedelta(days=days), LAST)
    assert len(origins) == ORIGINS
    assert origins[-1] == LAST - pd.Timedelta(days=28)
    assert {(b - a).days for a, b in pairwise(origins)} == {apart}
    assert origins[0] >= LAST - pd.Timedelta(days=days / 2)


def test_coverage_is_told_by_group() -> None:
    rows = told()
    table = coverage_by_group(rows, 80, rows.series_id)
    assert table.coverage.to_dict() == {"0/x:1": 1.0, "0/x:2": 0.0}
    below = rows.assign(actual=200 - rows.actual)
    assert coverage_by_group(below, 80, rows.series_id).coverage.tolist() == [1.0, 0.0]
    assert table.rows.to_dict() == {"0/x:1": 2, "0/x:2": 2}
    assert coverage_by_group(rows, 95, rows.series_id).coverage.tolist() == [1.0, 1.0]


def test_a_group_is_the_platform_and_the_first_known_followers() -> None:
    followers = pd.DataFrame(
        {
            "series_id": ["0/tiktok:1", "0/tiktok:1", "youtube:2", "1/instagram:3"],
            "date": [LAST, FIRST, FIRST, FIRST],
            "value": [2e6, 9_999.0, 1e4, np.nan],
        }
    )
    assert groups_of(followers).to_dict() == {
        "0/tiktok:1": "tiktok nano",
        "youtube:2": "youtube micro",
    }


def test_the_farthest_group_is_judged_and_small_groups_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = pd.Series({"0/x:1": "x nano", "0/x:2": "x mid"})
    monkeypatch.setattr(world_forecasts, "LEAST", 2)
    found = {figure.name: figure for figure in figures({"reach": told()}, groups)}
    assert found["reach: coverage of 80"].value == 0.5
    farthest = found["reach: coverage of 80, farthest of 2 groups (x mid)"]
    assert farthest.value == 0.0
    assert not farthest.holds
    assert found["reach: pinball loss to drift's"].value == pytest.approx(1.0)
    monkeypatch.setattr(world_forecasts, "LEAST", 3)
    none = [one for one in figures({"reach": told()}, groups) if "no group" in one.name]
    assert none
    assert not any(figure.holds for figure in none)


def test_the_error_of_a_coverage_counts_a_platform_on_a_day_once() -> None:
    rows = told()
    # one block holds both the hits and the misses: they cancel
    assert coverage_error(rows, 80) == pytest.approx(0.0)
    apart = rows.assign(series_id=["0/x:1", "0/y:2"] * 2)
    # two blocks of two rows, each half a point per row away from the mean
    assert coverage_error(apart, 80) == pytest.approx(np.sqrt(2) / 4)
    worlds = rows.assign(series_id=["0/x:1", "1/x:1"] * 2)
    assert coverage_error(worlds, 80) == pytest.approx(np.sqrt(2) / 4)


def test_pinball_is_in_units_of_the_start_and_leaves_out_what_drift_does_not_say() -> None:
    rows = told(2)
    # 0 above the middle by 0 and by 15: hand-computed over the five quantiles, halved
    by_hand = {"lo_95": (20, 35), "lo_80": (10, 25), "point": (0, 15), "hi_80": (-10, 5)}
    by_hand["hi_95"] = (-20, -5)
    losses = [
        np.mean([max(q * away, (q - 1) * away) for away in by_hand[name]]) / 100
        for name, q in QUANTILES.items()
    ]
    assert relative_pinball(rows) == pytest.approx(np.mean(losses))
    silent = rows.assign(drift_lo_95=[np.nan, 80.0], start=[0.0, 100.0])
    assert relative_pinball(silent) == pytest.approx(relative_pinball(rows.iloc[1:]))


def test_an_origin_knows_nothing_that_came_after_it() -> None:
    days = pd.date_range(FIRST, periods=40)
    history = pd.DataFrame(
        {"series_id": "0/x:1", "date": days, "value": 1_000.0 + 10 * np.arange(40)}
    )
    origin = days[29]
    changed = history.assign(value=history.value.where(history.date <= origin, 5.0))
    once, twice = (judge(one, [origin], [7]) for one in (history, changed))
    assert once.actual.tolist() == [1_360.0]
    assert twice.actual.tolist() == [5.0]
    assert once.drop(columns="actual").equals(twice.drop(columns="actual"))
    assert once.start.tolist() == [1_290.0]
