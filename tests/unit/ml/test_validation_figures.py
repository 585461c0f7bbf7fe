"""Figures by segment: who has one, what they come to, and who is left out."""

import numpy as np
import pandas as pd
import pytest

from ml.authenticity import MODEL_FEATURES, AuthenticityModel
from ml.backtest import growth_figures
from ml.candidate import Metric, defined
from ml.segments import LEAST_ACCOUNTS, parts, size_of
from ml.validation import (
    authenticity_figures,
    authenticity_gates,
    double_lift_figures,
    risk_figures,
)

ACCOUNTS = 90


def accounts() -> pd.DataFrame:
    """Sixty accounts of tiktok and thirty of youtube, of which ten have no known size."""
    place = np.arange(ACCOUNTS)
    return pd.DataFrame(
        {
            "account_key": [f"account:{n}" for n in place],
            "platform": np.where(place < 60, "tiktok", "youtube"),
            "follower_log": np.where(place < 80, np.where(place < 65, 4.5, 5.5), np.nan),
            "language": np.where(place < 40, "en", None),
        }
    )


def by_segment(metrics: list[Metric], name: str) -> dict[str, float]:
    return {metric.segment: metric.value for metric in metrics if metric.metric == name}


def test_a_part_has_enough_accounts_and_a_known_value() -> None:
    found = {name: int(chosen.sum()) for name, chosen in parts(accounts())}
    # fifteen accounts from 100k on are too few, those of unknown size or language are no part
    assert found == {
        "platform:tiktok": 60,
        "platform:youtube": 30,
        "size:10k-100k": 65,
        "language:en": 40,
    }
    again = pd.concat([accounts().iloc[: LEAST_ACCOUNTS - 1]] * 3)
    assert list(parts(again)) == []  # rows of the same accounts make no more of them


def test_the_edges_of_a_size_belong_to_the_larger() -> None:
    assert size_of([0, 2.99, 3, 4, 5, 6, np.nan]).tolist() == [
        *("below 1k", "below 1k", "1k-10k", "10k-100k", "100k-1m", "from 1m"),
        None,
    ]


def test_what_is_not_defined_is_left_out() -> None:
    found = defined({"known": 0.5, "absent": float("nan"), "beyond": float("inf")}, 7)
    assert found == [Metric("validation", "all", "known", 0.5, 7)]


def unseen(model: AuthenticityModel, examples: pd.DataFrame) -> pd.DataFrame:
    """As the model would say it: innocents of youtube are flagged, those of tiktok are not."""
    rows = examples[examples.as_of == examples.as_of.max()]
    wrong = rows.platform.eq("youtube") & (np.arange(len(rows)) % 3 == 0)
    model.earlier_probability = np.full(60, 0.1)
    return rows.assign(fraud_probability=np.where(rows.is_fraud | wrong, 0.9, 0.1))


@pytest.mark.parametrize(
    ("order", "brier", "holds"),
    [(0.2, 0.09, [True, True]), (0.12, 0.09, [False, True]), (0.33, 0.0901, [True, False])],
)
def test_what_chance_reaches_is_not_enough_to_speak(
    order: float, brier: float, holds: list[bool]
) -> None:
    figures = {"base_rate": 0.1, "average_precision": order}
    gates = authenticity_gates(
        defined({**figures, "brier_score": brier, "brier_score_of_base_rate": 0.09}, 500)
    )
    assert [gate.holds for gate in gates] == holds


def test_bias_shows_by_platform_and_drift_by_feature() -> None:
    rng = np.random.default_rng(1)
    parts_of_time = []
    for place, day in enumerate(pd.date_range("2026-01-01", periods=3, freq="14D")):
        values = pd.DataFrame(
            rng.normal(size=(ACCOUNTS, len(MODEL_FEATURES))), columns=list(MODEL_FEATURES)
        ).drop(columns="follower_log")
        values["pod_share"] += 3.0 * (place == 2)
        values["spike_lost"] = np.nan
        guilty = np.arange(ACCOUNTS) % 5 == 0
        guilty[60:] = np.arange(30) < 3  # fewer than give an order of youtube's accounts
        parts_of_time.append(accounts().join(values).assign(as_of=day, is_fraud=guilty))
    examples = pd.concat(parts_of_time, ignore_index=True)
    model = AuthenticityModel()
    metrics = authenticity_figures(model, examples, unseen(model, examples))
    wrong = by_segment(metrics, "false_positive_rate")
    assert wrong["platform:tiktok"] == 0
    assert wrong["platform:youtube"] == pytest.approx(9 / 27)
    assert set(by_segment(metrics, "average_precision")) == {
        *("all", "platform:tiktok", "size:10k-100k", "language:en")
    }
    drift = by_segment(metrics, "psi")
    assert max(drift, key=lambda name: drift[name]) == "feature:pod_share"
    assert drift["feature:pod_share"] > 0.25
    assert "feature:spike_lost" not in drift
    assert by_segment(metrics, "score_psi")["all"] > 0.25
    bands = by_segment(metrics, "event_rate")
    assert list(bands) == ["band:1", "band:2", "band:3", "band:4"]
    assert all(np.isfinite(metric.value) for metric in metrics)


def judged() -> pd.DataFrame:
    """Events fall on the first twenty accounts alone; the model expects twice as many there."""
    rows = accounts().assign(exposure_years=1.0, event_count=0.0, constant_frequency=0.2)
    rows.loc[:19, "event_count"] = 1.0
    rows["event_frequency"] = np.where(np.arange(ACCOUNTS) < 20, 0.9, 0.05)
    return rows


def test_risk_is_told_by_part_and_by_band() -> None:
    metrics = risk_figures("suspension", judged())
    ratio = by_segment(metrics, "actual_to_expected")
    assert ratio["suspension"] == pytest.approx(20 / (18 + 70 * 0.05))
    assert ratio["suspension/platform:tiktok"] == pytest.approx(20 / (18 + 40 * 0.05))
    assert ratio["suspension/platform:youtube"] == 0  # 1.5 expected, none came
    assert by_segment(metrics, "deviance_reduction")["suspension"] > 0.5
    assert by_segment(metrics, "gini")["suspension"] > 0.5
    lifts = by_segment(metrics, "lift")
    assert list(lifts) == [f"suspension/band:{n}" for n in range(1, 6)]
    assert lifts["suspension/band:5"] == pytest.approx(4.5)


def test_few_events_tell_no_order() -> None:
    few = judged()
    few.loc[5:, "event_count"] = 0.0
    few["event_frequency"] = few.event_frequency / 100
    assert risk_figures("suspension", few) == [
        Metric("validation", "suspension", "events", 5.0, ACCOUNTS)
    ]
    assert double_lift_figures("suspension", few, few) == []


def test_a_double_lift_shows_who_follows_what_came() -> None:
    champion = judged().assign(event_frequency=0.2)
    metrics = double_lift_figures("suspension", champion, judged())
    top = "suspension/double_lift:5"
    actual, other = (by_segment(metrics, name)[top] for name in ("actual", "challenger"))
    assert actual == pytest.approx(4.5)
    assert abs(other - actual) < abs(by_segment(metrics, "champion")[top] - actual)


@pytest.mark.filterwarnings("error")
def test_a_backtest_is_told_by_horizon_platform_and_size() -> None:
    count = 25
    rows = pd.DataFrame(
        {
            "series_id": [f"{p}:{n}" for p in ("tiktok", "youtube") for n in range(count)] * 2,
            "horizon": np.repeat([7, 14], 2 * count),
            "start": 20_000.0,
            "actual": 20_100.0,
            "point": 20_050.0,
            "drift_point": 20_000.0,
            "lo_80": 20_040.0,
            "hi_80": np.repeat([20_060.0, 20_160.0], 2 * count),
            "lo_95": 20_000.0,
            "hi_95": 20_200.0,
        }
    ).assign(drift_lo_80=19_900.0, drift_hi_80=20_100.0)
    metrics = growth_figures(rows)
    assert by_segment(metrics, "coverage_80") == {
        "follower_count": 0.5,
        "follower_count/horizon:7": 0.0,
        "follower_count/horizon:14": 1.0,
        "follower_count/platform:tiktok": 0.5,
        "follower_count/platform:youtube": 0.5,
        "follower_count/size:10k-100k": 0.5,
    }
    assert set(by_segment(metrics, "gain_wape").values()) == {0.5}
    assert set(by_segment(metrics, "gain_wape_of_drift").values()) == {1.0}
    still = growth_figures(rows.assign(actual=rows.start))
    assert by_segment(still, "gain_wape") == {}
    reach = growth_figures(rows, "reach_count")
    # reach says nothing of an account's size
    assert set(by_segment(reach, "coverage_80")) == {
        "reach_count",
        "reach_count/horizon:7",
        "reach_count/horizon:14",
        "reach_count/platform:tiktok",
        "reach_count/platform:youtube",
    }
