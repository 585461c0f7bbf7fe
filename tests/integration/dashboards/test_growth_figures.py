"""The figures of the Growth dashboard, against rows that were written by hand."""

from collections.abc import Callable
from statistics import median

import pytest
from clickhouse_connect.driver.client import Client

from dashboards.client import Superset
from tests.superset_fixtures import ChartRows
from tests.superset_questions import CHART_DATA, rows, saved

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]

LINES = ("Lower 95", "Lower", "Forecast", "Upper", "Upper 95", "Actual")


def latest_rates(reader: Client, column: str) -> list[float]:
    """A rate's values of the accounts on the latest day, as far as they are known."""
    rows = reader.query(
        f"SELECT {column} FROM marts.mart_growth__account_day "
        f"WHERE snapshot_date = '2026-03-02' AND {column} IS NOT NULL"
    ).result_rows
    return [rate for (rate,) in rows]


def test_gained_and_lost_are_of_28_days_up_to_three_before_the_latest(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT sum(gained_follower_count), sum(lost_follower_count) "
        "FROM marts.mart_growth__account_day "
        "WHERE snapshot_date BETWEEN '2026-01-31' AND '2026-02-27'"
    ).result_rows
    (gained,) = chart_rows("gained-followers")
    (lost,) = chart_rows("lost-followers")
    assert [(gained["gained"], lost["lost"])] == expected
    # 120 + 60 + 30 + 7 + 10 and 20 + 10 + 5 + 3 + 4
    assert expected == [(227, 42)]


def test_weeks_of_insights_end_three_days_before_the_latest(chart_rows: ChartRows) -> None:
    found = [
        (row["insights_week_end"], row["gained"], row["lost"])
        for row in chart_rows("gained-and-lost")
    ]
    assert found == [
        ("2025-12-12", 40, 4),
        ("2026-01-30", 1000, 500),
        ("2026-02-06", 7, 3),
        ("2026-02-20", 30, 5),
        ("2026-02-27", 190, 34),
    ]


def test_growth_and_churn_are_the_median_accounts(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    growth = latest_rates(marts_reader, "follower_growth_rate_28d")
    assert chart_rows("median-growth") == [{"growth_28d": pytest.approx(median(growth))}]
    churn = latest_rates(marts_reader, "churn_rate_28d")
    assert chart_rows("median-churn") == [{"churn_28d": median(churn)}]
    assert (len(growth), len(churn)) == (6, 3)


def test_growth_over_time_is_the_median_accounts_of_each_platform(chart_rows: ChartRows) -> None:
    earlier, latest = chart_rows("growth-over-time")
    assert earlier["growth_28d, youtube"] == 0.01
    assert earlier["growth_28d, tiktok"] is None
    assert latest["growth_28d, tiktok"] == pytest.approx((10 / 1010 + 500 / 2_000_500) / 2)
    assert latest["growth_28d, youtube"] == pytest.approx(4 / 4004), "the second of three"


def test_every_account_stands_beside_its_cohort(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT account_key, follower_count, follower_growth_rate_7d, follower_growth_rate_28d, "
        "follower_growth_rate_90d, growth_percentile_28d, growth_percentile_28d_n, "
        "churn_rate_28d, reach_growth_rate_28d, audience_growth_rate_28d "
        "FROM marts.mart_growth__account_day WHERE snapshot_date = '2026-03-02' "
        "ORDER BY follower_count DESC NULLS LAST"
    ).result_rows
    names = ("followers", "growth_7d", "days_28", "growth_90d", "percentile")
    names += ("growth_percentile_28d_n", "churn_28d", "reach_growth_28d", "audience_growth_28d")
    found = [
        (row["account"].split('"')[1], *(row[name] for name in names))
        for row in chart_rows("growth-by-account")
    ]
    assert found == expected
    rates = (0.001, 2000 / 1_001_000, 0.05, 0.5, 24, 0.02, None, 0.03)
    assert found[1] == ("youtube:y2", 1_001_000, *rates)


def test_falls_are_those_who_lost(chart_rows: ChartRows) -> None:
    (fall,) = chart_rows("largest-falls")
    assert fall["account"].startswith('<span title="youtube:y3">')
    assert fall["growth_28d"] == pytest.approx(-10 / 2990)
    assert (fall["tier"], fall["followers"], fall["percentile"]) == ("1 nano", 2990, 0.5)


def test_cohorts_of_the_latest_week_stand_in_the_order_of_their_accounts(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT platform, follower_tier, replaceAll(toString(age_band), '_', ' '), "
        "rated_by_growth_count, p25_follower_growth_rate_28d, p50_follower_growth_rate_28d, "
        "p75_follower_growth_rate_28d FROM marts.mart_growth__cohort "
        "WHERE week_start_date = '2026-02-23' AND rated_by_growth_count > 0 "
        "ORDER BY rated_by_growth_count DESC"
    ).result_rows
    names = ("age", "rated", "p25", "p50", "p75")
    found = [
        (row["platform"], row["tier"][2:], *(row[name] for name in names))
        for row in chart_rows("cohorts")
    ]
    assert found == expected
    assert len(found) == 7


def test_the_six_largest_cohorts_have_a_line_each(chart_rows: ChartRows) -> None:
    before, latest = chart_rows("cohort-growth")
    assert [name for name in latest if name.startswith("p50, ")] == [
        "p50, facebook mid",
        "p50, instagram micro",
        "p50, tiktok mega, 3+ years",
        "p50, tiktok nano, under 1 year",
        "p50, youtube mega",
        "p50, youtube nano, 1-3 years",
    ]
    assert latest["p50, youtube mega"] == -0.01
    name = "p50, tiktok nano, under 1 year"
    assert (before[name], latest[name]) == (0.02, 0.03)


def test_a_forecast_stands_between_its_bounds_beside_what_came_of_it(
    chart_rows: ChartRows,
) -> None:
    come, ahead = chart_rows("forecast")
    names = [f"{line}, Tom, tiktok t2" for line in LINES]
    assert [come[name] for name in names] == [
        *(2_000_200, 2_000_300, 2_000_400, 2_000_550, 2_000_800),
        2_000_500,
    ]
    assert [ahead[name] for name in names] == [
        *(2_001_200, 2_002_100, 2_003_000, 2_004_350, 2_006_600),
        None,
    ]
    assert len(come) == 7, "the account expected to be largest, its followers alone"


def test_the_largest_account_that_a_creator_sees_is_its_own(
    superset: Superset, sign_in: Callable[[str, str], Superset]
) -> None:
    asked = saved(superset, "growth", "forecast")
    come, ahead = rows(sign_in("creator_mia", "creator").ask("POST", CHART_DATA, asked))
    names = [f"{line}, Mia i Co/i, tiktok t1" for line in LINES]
    assert [come[name] for name in names] == [985, 995, 1005, 1020, 1045, 1010]
    assert [ahead[name] for name in names] == [1000, 1010, 1020, 1035, 1060, None]


def test_the_latest_forecasts_of_every_measure_are_listed_the_largest_first(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT account_key, horizon_days, forecast_value, lower_value, upper_value, "
        "lower_95_value, upper_95_value FROM marts.mart_growth__forecast "
        "WHERE as_of_date = '2026-03-01' ORDER BY forecast_value DESC"
    ).result_rows
    listed = chart_rows("forecast-table")
    names = ("horizon_days", "Forecast", "Lower", "Upper", "Lower 95", "Upper 95")
    found = [(row["account_link"].split('"')[1], *(row[name] for name in names)) for row in listed]
    assert found == expected
    assert len(found) == 7, "without that of the day before"
    last = listed[-1]
    assert (last["measure"], last["trust"]) == ("engagement rate", "gbm+conformal, gap")
    assert (last["horizon_days"], last["Forecast"]) == (7, 0.031)
    of_mia = next(row for row in listed if row["trust"] == "theta, short history")
    assert (
        of_mia["account_link"] == '<span title="tiktok:t1">Mia &lt;i&gt;&amp; Co&lt;/i&gt;</span>'
    )
    assert of_mia["measure"] == "followers"
