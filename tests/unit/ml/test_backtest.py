"""A growth backtest: the model and its baseline stand at the same origins and are held alike."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from ml.backtest import backtest, growth_figures
from ml.candidate import named

AS_OF = date(2026, 6, 28)


def line(name: str, ends: int, length: int = 100, step: float = 10.0) -> pd.DataFrame:
    """A straight line whose last day lies ``ends`` days before ``AS_OF``."""
    days = pd.date_range(end=pd.Timestamp(AS_OF) - pd.Timedelta(days=ends), periods=length)
    return pd.DataFrame({"series_id": name, "date": days, "value": 1e4 + step * np.arange(length)})


def test_drift_starts_at_each_series_own_last_day_and_knows_its_gaps() -> None:
    silent = line("x:silent", 0)
    before = pd.Timestamp(AS_OF) - pd.Timedelta(days=28)
    # nothing between ten days before the origin and the origin itself
    silent = silent[(silent.date <= before - pd.Timedelta(days=10)) | (silent.date > before)]
    gap = line("x:gap", 0).drop(index=range(20, 40))
    history = pd.concat([silent, gap, line("x:whole", 0)], ignore_index=True)

    judged = backtest(history, AS_OF, seed=0)

    assert judged.groupby("series_id").size().to_dict() == {
        "x:gap": 3,
        "x:silent": 2,  # 7 days ahead of its origin nothing was seen
        "x:whole": 3,
    }
    np.testing.assert_allclose(judged.drift_point, judged.actual)


def test_losses_are_of_the_rows_where_both_have_an_interval() -> None:
    ends = {"lo_95": 80.0, "lo_80": 90.0, "point": 100.0, "hi_80": 110.0, "hi_95": 120.0}
    rows = pd.DataFrame({"series_id": ["x:1", "x:2"], "horizon": 7, "start": 95.0, **ends})
    rows = rows.assign(actual=[100.0, 900.0], drift_point=100.0)
    rows["drift_lo_80"], rows["drift_hi_80"] = [90.0, np.nan], [110.0, np.nan]

    figures = named(growth_figures(rows), "follower_count")

    assert figures["pinball_loss"] == pytest.approx(figures["pinball_loss_of_drift"])
    alone = named(growth_figures(rows.iloc[1:]), "follower_count")
    assert "pinball_loss" not in alone


def test_a_metric_is_judged_as_far_ahead_as_it_is_forecast() -> None:
    """The last three days of reach are not final when it is forecast: they are not known then."""
    history = pd.concat([line("x:1", 0), line("x:2", 0)], ignore_index=True)

    judged = backtest(history, AS_OF, seed=0, metric="reach_count")

    assert sorted(judged.horizon.unique()) == [7, 14, 28]
    ahead = judged.actual - judged.start
    np.testing.assert_allclose(ahead, 10 * (judged.horizon + 3))
