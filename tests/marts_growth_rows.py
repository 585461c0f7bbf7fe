"""Rows of growth, cohorts and forecasts for the marts of :mod:`tests.marts`, written by hand."""

from datetime import UTC, date, datetime
from typing import Any

from tests.marts_accounts import LATEST, days_before, identity, tier

# What the marts say of an account's growth on the latest day, but for the 28 days.
RATES: dict[str, dict[str, Any]] = {
    "youtube:y2": {
        "follower_growth_rate_7d": 0.001,
        "follower_growth_rate_90d": 0.05,
        "churn_rate_28d": 0.02,
        "audience_growth_rate_28d": 0.03,
        "growth_percentile_28d_n": 24,
        # an insight of the latest day is not whole yet
        "gained_follower_count": 5,
        "lost_follower_count": 2,
    },
    "facebook:f1": {"churn_rate_28d": 0.01, "reach_growth_rate_28d": -0.1},
    "youtube:y3": {"follower_growth_rate_7d": -0.004, "churn_rate_28d": 0.04},
}


def growth(key: str, day: date) -> dict[str, Any]:
    """What the latest day of an account tells of its growth beyond its followers."""
    return RATES.get(key, {}) if day == LATEST else {}


def earlier_growth() -> list[dict[str, Any]]:
    """Days at the edges of 28 days and of weeks, where insights end three days before the latest.

    A day after a gap has no change of followers.
    """
    return [
        _day("facebook:f1", 3, 199_000, gained=10, lost=4),
        _day("youtube:y2", 3, 998_000, gained=120, lost=20),
        _day("youtube:y2", 9, 995_000, gained=60, lost=10),
        _day("youtube:y2", 10, 990_000, gained=30, lost=5, rate=0.01),
        _day("tiktok:t2", 27, 1_999_999, change=0),
        _day("tiktok:t2", 28, 1_999_999, change=9999),
        _day("youtube:y2", 30, 980_050, change=50, gained=7, lost=3),
        _day("youtube:y2", 31, 980_000, gained=1000, lost=500),
        _day("youtube:y2", 86, 900_000, gained=40, lost=4),
        _day("youtube:y2", 87, 899_000, gained=999, lost=999),
    ]


def _day(
    key: str,
    days_ago: int,
    followers: int,
    *,
    change: int | None = None,
    gained: int | None = None,
    lost: int | None = None,
    rate: float | None = None,
) -> dict[str, Any]:
    return identity(key) | {
        "snapshot_date": days_before(days_ago),
        "follower_count": followers,
        "follower_tier": tier(followers),
        "has_gap_before": change is None,
        "follower_change": change,
        "gained_follower_count": gained,
        "lost_follower_count": lost,
        "follower_growth_rate_28d": rate,
    }


def cohorts() -> list[dict[str, Any]]:
    """Seven cohorts with a rate in the latest week, one without, and a week before for one."""
    latest, before = date(2026, 2, 23), date(2026, 2, 16)
    rows = [
        ("tiktok", "nano", "under_1_year", latest, 30, 25, 0.03),
        ("tiktok", "nano", "under_1_year", before, 28, 20, 0.02),
        ("tiktok", "mega", "3_years_and_over", latest, 9, 9, 0.01),
        ("youtube", "nano", "1_to_3_years", latest, 8, 8, 0.04),
        ("youtube", "mega", "unknown", latest, 7, 7, -0.01),
        ("instagram", "micro", "unknown", latest, 6, 6, 0.05),
        ("facebook", "mid", "unknown", latest, 5, 5, 0.0),
        ("facebook", "nano", "unknown", latest, 4, 3, 0.5),
        ("instagram", "nano", "unknown", latest, 40, 0, None),
    ]
    return [
        {
            "platform": platform,
            "follower_tier": size,
            "age_band": age,
            "week_start_date": week,
            "cohort_account_count": accounts,
            "rated_by_growth_count": rated,
            "p25_follower_growth_rate_28d": None if median is None else median - 0.02,
            "p50_follower_growth_rate_28d": median,
            "p75_follower_growth_rate_28d": None if median is None else median + 0.04,
        }
        for platform, size, age, week, accounts, rated, median in rows
    ]


def forecasts() -> list[dict[str, Any]]:
    """Forecasts of days that have come and that have not, of several metrics, and of a day before.

    An account with a single forecast of followers is smaller than one with two.
    """
    followers, rate = "follower_count", "engagement_rate_by_views"
    return [
        _forecast("tiktok:t1", followers, 0, 1005.0, 10, actual=1010.0),
        _forecast("tiktok:t1", followers, -1, 1020.0, 10, reasons=["theta", "short_history"]),
        _forecast("tiktok:t2", followers, 0, 2_000_400.0, 100, actual=2_000_500.0),
        _forecast("tiktok:t2", followers, -6, 2_003_000.0, 900, reasons=["gbm+conformal"]),
        _forecast("youtube:y3", followers, -6, 2970.0, 30, reasons=["drift", "rounded"]),
        _forecast("youtube:y4", followers, -5, 4010.0, 10, made=2),
        _forecast("facebook:f1", "view_count", -1, 77.0, 10),
        _forecast("facebook:f1", rate, -6, 0.031, 0.004, reasons=["gbm+conformal", "gap"]),
    ]


def _forecast(
    key: str,
    metric: str,
    days_ago: int,
    value: float,
    spread: float,
    *,
    actual: float | None = None,
    reasons: list[str] | None = None,
    made: int = 1,
) -> dict[str, Any]:
    return identity(key) | {
        "metric": metric,
        "target_date": days_before(days_ago),
        "as_of_date": days_before(made),
        "horizon_days": made - days_ago,
        "forecast_value": value,
        "lower_value": value - spread,
        "upper_value": value + 1.5 * spread,
        "lower_95_value": value - 2 * spread,
        "upper_95_value": value + 4 * spread,
        "actual_value": actual,
        "reasons": reasons or [],
        "forecast_at": datetime(2026, 3, 1, 4, tzinfo=UTC),
    }
