"""forecast(...): its shape, its fallbacks, its refusals, and that it says the same thing twice."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml import artifact
from ml.evaluation.forecast_metrics import coverage
from ml.evaluation.simulated_series import simulate
from ml.forecast import ForecastModel, fit, forecast

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
ENDS = ["lo_95", "lo_80", "point", "hi_80", "hi_95"]


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return simulate(24, 70, seed=4)[0]


@pytest.fixture(scope="module")
def model(history: pd.DataFrame) -> ForecastModel:
    return fit(history, [3, 7], now=NOW)


@pytest.fixture(scope="module")
def made(history: pd.DataFrame, model: ForecastModel) -> pd.DataFrame:
    return model.predict(history, now=NOW)


def counter(values: list[float], name: str = "a", end: str = "2026-06-28") -> pd.DataFrame:
    days = pd.date_range(end=end, periods=len(values))
    return pd.DataFrame({"series_id": name, "date": days, "value": values})


def test_a_row_per_series_and_horizon_with_nested_intervals(
    history: pd.DataFrame, made: pd.DataFrame
) -> None:
    assert list(made.columns) == [
        *("series_id", "origin", "horizon", "date", "point"),
        *("lo_80", "hi_80", "lo_95", "hi_95", "method"),
    ]
    assert len(made) == 2 * history["series_id"].nunique()
    assert made["method"].str.match(r"(gbm|blend)\+conformal").all()
    ends = made[ENDS].to_numpy()
    assert np.isfinite(ends).all()
    assert (np.diff(ends, axis=1) >= 0).all()
    assert (ends >= 0).all()
    assert ((made["date"] - made["origin"]).dt.days == made["horizon"]).all()
    last = history.groupby("series_id")["date"].max()
    assert (made["origin"] == made["series_id"].map(last)).all()


def test_the_same_history_and_seed_are_forecast_alike(
    history: pd.DataFrame, made: pd.DataFrame
) -> None:
    pd.testing.assert_frame_equal(forecast(history, [3, 7], now=NOW), made)


def test_a_stored_model_says_the_same(
    tmp_path: Path, history: pd.DataFrame, model: ForecastModel, made: pd.DataFrame
) -> None:
    name, digest = artifact.save(model, tmp_path)
    loaded = artifact.load(tmp_path / name, digest, artifact.libraries())
    assert isinstance(loaded, ForecastModel)
    pd.testing.assert_frame_equal(loaded.predict(history, now=NOW), made)


def test_a_model_forecasts_series_it_never_saw_at_some_of_its_horizons(
    model: ForecastModel,
) -> None:
    said = model.predict(counter([100.0 + 3 * day for day in range(40)], "new"), [7], now=NOW)
    assert said["point"].item() == pytest.approx(100 + 3 * 46, abs=3)
    with pytest.raises(ValueError, match="horizons: 8 was not fitted"):
        model.predict(counter([1, 2]), [8], now=NOW)


def test_weeks_are_counted_in_weeks_and_levels_name_their_columns() -> None:
    weeks, _ = simulate(20, 45, seed=5, freq="W")
    said = forecast(weeks, [4], levels=(0.5, 0.975), freq="W", now=NOW)
    assert ((said["date"] - said["origin"]).dt.days == 28).all()
    assert said["method"].str.contains("conformal").all()
    assert {"lo_50", "hi_50", "lo_97.5", "hi_97.5"} <= set(said.columns)


@pytest.mark.parametrize(
    ("values", "method", "point", "has_interval"),
    [
        ([7], "last_value|single_point", 7, False),
        ([np.nan], "none|no_values|nan", np.nan, False),
        ([0] * 20, "last_value|all_zero", 0, False),
        ([0] * 60, "last_value|all_zero", 0, True),
        ([3] * 60, "last_value|constant", 3, True),
        ([10, 12], "drift|short_history", 24, False),
        ([10, 13, 15, 16, 18], "drift|short_history", 32, True),
        ([100 + 3 * day + day % 2 for day in range(12)], "ets|short_history", 155, True),
        ([100 + 3 * day + day % 2 for day in range(20)], "ets|few_origins", 179, True),
    ],
)
def test_what_cannot_be_learnt_is_answered_simply_and_says_so(
    values: list[float], method: str, point: float, has_interval: bool
) -> None:
    said = forecast(counter(values), [7], levels=(0.8,), now=NOW).iloc[0]
    assert said["method"].startswith(method)
    assert said["point"] == pytest.approx(point, abs=2.5, nan_ok=True)
    assert np.isfinite(said["lo_80"]) == np.isfinite(said["hi_80"]) == has_interval


def test_a_series_without_a_value_has_no_origin_and_the_others_are_answered() -> None:
    said = forecast(pd.concat([counter([np.nan]), counter([1, 2, 3, 4], "b")]), [1], now=NOW)
    assert said["origin"].isna().tolist() == [True, False]
    assert said["point"].isna().tolist() == [True, False]


def test_odd_series_are_answered_beside_the_others(
    history: pd.DataFrame, model: ForecastModel
) -> None:
    odd = [
        counter([5], "one"),
        counter([0] * 40, "zeros"),
        counter([1_230_000] * 40, "rounded"),
        counter([9, 9, 8, 12], "short"),
        counter([50.0 + day if day % 9 else np.nan for day in range(60)], "holes", "2026-05-01"),
        counter([-3.0 + (day * 7) % 5 for day in range(60)], "below zero"),
    ]
    said = model.predict(pd.concat([history, *odd]), [7], now=NOW).set_index("series_id")
    assert said.loc["one", "method"] == "last_value|single_point"
    assert said.loc["zeros", "method"] == "last_value|all_zero"
    assert said.loc["rounded", "method"].endswith("+conformal")
    assert said.loc["rounded", "lo_95"] < said.loc["rounded", "hi_95"]
    assert said.loc["short", "method"] == "drift|short_history|negative_steps"
    assert said.loc["holes", "method"].endswith("conformal|nan|gap")
    assert said.loc["holes", "date"] == pd.Timestamp("2026-05-08")
    assert said.loc["below zero", "lo_95"] < 0
    assert said["point"].notna().all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizons": []}, r"horizons: \[\] is empty"),
        ({"horizons": [0]}, "horizons: 0 is no step"),
        ({"horizons": [7, 7]}, "repeats itself"),
        ({"horizons": [1.5]}, "horizons: 1.5 is no step"),
        ({"horizons": [True]}, "horizons: True is no step"),
        ({"horizons": 7}, "horizons: 7 is no list"),
        ({"levels": (80,)}, "levels: 80 is no share"),
        ({"levels": (1.0,)}, "levels: 1.0 is no share"),
        ({"levels": ()}, "levels: .* is empty"),
        ({"freq": "M"}, "freq: 'M' is unknown"),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        forecast(**{"history": counter([1, 2, 3]), "horizons": [1], "now": NOW} | arguments)


def test_a_future_day_is_refused_by_the_clock() -> None:
    with pytest.raises(ValueError, match="lies in the future"):
        forecast(counter([1, 2], end="2200-01-01"), [1])


def test_a_bursty_flow_is_not_forecast_beyond_every_bound() -> None:
    """Reach jumps with a post and fades; where errors multiply, its interval leaves every bound."""
    rng = np.random.default_rng(5)
    flows = np.full((12, 120), 50.0)
    for day in range(1, 120):
        posts = (rng.random(12) < 0.15) * rng.lognormal(7, 1.5, 12)
        flows[:, day] = np.round(30 + 0.5 * flows[:, day - 1] + posts)
    history = pd.DataFrame(
        {
            "series_id": np.repeat([f"flow-{n}" for n in range(12)], 120),
            "date": np.tile(pd.date_range("2026-01-01", periods=120, freq="D"), 12),
            "value": flows.ravel(),
        }
    )
    made = forecast(history, [90])
    assert made.method.str.startswith("ets").all()
    assert (made.hi_95.to_numpy() < 5 * flows.max(axis=1)).all()


def few_series_told(steps: int, horizons: list[int]) -> pd.DataFrame:
    """Panels of ten series each, forecast from before their last days, and what came."""
    told = []
    for seed in range(8):
        history, _ = simulate(10, steps, seed)
        origin = history["date"].max() - pd.Timedelta(days=max(horizons))
        made = forecast(history[history["date"] <= origin], horizons, now=NOW)
        told.append(made.merge(history, on=["series_id", "date"]))
    return pd.concat(told)


@pytest.mark.parametrize(
    ("steps", "horizons"), [(240, [7, 28, 80]), (120, [7, 14, 28]), (70, [7, 14])]
)
def test_intervals_of_ten_series_cover_days_that_their_fit_had_not_seen(
    steps: int, horizons: list[int]
) -> None:
    told = few_series_told(steps, horizons)
    told = told[told["method"].str.startswith(("gbm", "blend", "combination"))]
    assert set(told["horizon"]) >= {7, 14} & set(horizons)
    assert coverage(told["value"], told["lo_80"], told["hi_80"]) >= 0.72
    assert coverage(told["value"], told["lo_95"], told["hi_95"]) >= 0.9


def test_few_series_are_learnt_from_only_where_time_parts_what_is_fitted_from_what_judges() -> None:
    few = simulate(10, 100, seed=6)[0]
    short = forecast(few, [7, 40], now=NOW)
    assert short["method"].str.startswith(("combination+conformal", "ets|few_origins")).all()
    assert short.loc[short["horizon"] == 7, "method"].str.startswith("combination").all()
    assert forecast(few, [3, 7], now=NOW)["method"].str.match(r"(gbm|blend)\+conformal").all()


def test_errors_of_young_origins_do_not_narrow_the_intervals_of_few_series() -> None:
    """Of lines that jitter, the usual error is told far too large until it is told often."""
    rng = np.random.default_rng(3)
    lines = [
        counter(
            [1_000 * (n + 1) + 10 * day + int(rng.integers(0, 5)) for day in range(130)], str(n)
        )
        for n in range(12)
    ]
    history = pd.concat(lines)
    origin = history["date"].max() - pd.Timedelta(days=40)
    made = forecast(history[history["date"] <= origin], [7, 14, 40], now=NOW)
    told = made.merge(history, on=["series_id", "date"])
    assert told["method"].str.startswith("combination").all()
    assert coverage(told["value"], told["lo_80"], told["hi_80"]) >= 0.7


def test_a_horizon_that_is_not_learnt_is_never_surer_than_a_learnt_one_before_it() -> None:
    known = simulate(40, 210, seed=9)[0]
    origin = known["date"].max() - pd.Timedelta(days=90)
    made = forecast(known[known["date"] <= origin], [28, 7, 90], now=NOW)
    far = made[made["horizon"] == 90].set_index("series_id")
    near = made[made["horizon"] == 28].set_index("series_id")
    assert near["method"].str.contains("conformal").all()
    assert far["method"].str.startswith("ets|short_history").all()
    assert far["method"].str.contains(r"\|widened").any()
    root = np.sqrt(90 / 28)
    for low, high in (("lo_80", "hi_80"), ("lo_95", "hi_95")):
        needed = root * (near[high] - near["point"])
        assert (far[high] - far["point"] >= needed - 1e-6).all()
        above_zero = far[low] > 0
        needed = root * (near["point"] - near[low])
        assert (far["point"] - far[low] >= needed - 1e-6)[above_zero].all()
    assert (far["lo_95"] <= far["lo_80"]).all()
    assert (far["hi_80"] <= far["hi_95"]).all()
    told = far.reset_index().merge(known, on=["series_id", "date"])
    assert coverage(told["value"], told["lo_80"], told["hi_80"]) >= 0.65
