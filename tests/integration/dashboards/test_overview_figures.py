"""The figures of the newer charts of the Overview, against rows that were written by hand."""

from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from dashboards.assets import asset_uuid, load_assets
from dashboards.client import Superset
from dashboards.deploy import check_dashboard
from dashboards.settings import DashboardsSettings

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]


def chart_rows(superset: Superset, slug: str) -> list[dict[str, Any]]:
    data = superset.chart_data(asset_uuid("charts", slug))
    assert data.error is None
    return data.rows


def test_headline_figures(superset: Superset) -> None:
    # 10 + 500 + 100 + 2,000 - 10 + 4 followers; reach is a quarter of the followers of the three
    # that were read on the last day and are not on YouTube; four of six accounts meet the benchmark
    assert chart_rows(superset, "net-growth") == [{"net_growth": 2604}]
    assert chart_rows(superset, "daily-reach") == [{"daily_reach": 550_402.5}]
    assert chart_rows(superset, "engagement-rate") == [{"median_post": 0.04}]
    assert chart_rows(superset, "benchmark-met") == [{"benchmark_met": pytest.approx(4 / 6)}]


def test_net_growth_of_a_week_ends_on_the_latest_day(superset: Superset) -> None:
    rows = chart_rows(superset, "net-growth-by-week")
    assert [row["week_end"] for row in rows] == ["2026-03-02"]
    assert rows[0]["net_growth, tiktok"] == 510
    assert rows[0]["net_growth, youtube"] == 1994


def test_top_movers_are_those_of_the_latest_day(superset: Superset) -> None:
    rows = chart_rows(superset, "top-movers")
    names = [row["account"].split('"')[1] for row in rows]
    assert names[0] == "tiktok:t1"
    assert "instagram:i1" not in names, "it was not read on the latest day"
    growth = [row["growth_28d"] for row in rows]
    assert growth == sorted(growth, reverse=True)
    assert rows[0]["account"].endswith(">Mia &lt;i&gt;&amp; Co&lt;/i&gt;</span>")


def test_signals_are_those_of_the_latest_day(superset: Superset) -> None:
    found = [
        (row["account"].split('"')[1], row["reasons"], row["signals_raised"])
        for row in chart_rows(superset, "fraud-signals")
    ]
    assert found == [
        ("tiktok:t1", "FEW_COMMENTS, ROUND_LOT", 2),
        ("youtube:y2", "DECOUPLED", 1),
    ]


def test_formats_stand_in_the_order_of_their_posts(superset: Superset) -> None:
    found = [
        (row["platform"], row["post_format"], row["posts"], row["rate_by_views"])
        for row in chart_rows(superset, "formats")
    ]
    assert found == [
        ("tiktok", "video", 300, 0.04),
        ("youtube", "video", 200, 0.02),
        ("instagram", "carousel", 120, 0.03),
    ]


def test_freshness_counts_the_latest_state_alone(superset: Superset) -> None:
    found = [
        (row["platform"], row["streams"], row["late_streams"], row["failed_streams"])
        for row in chart_rows(superset, "data-freshness")
    ]
    assert found == [("tiktok", 2, 1, 1), ("youtube", 1, 0, 0)]


def test_empty_marts_fail_no_chart(
    superset_settings: DashboardsSettings, marts_owner: Client
) -> None:
    """Recorded data of one day leave some marts without rows, which is no error."""
    tables = [f"marts.{dataset.table}" for dataset in load_assets().datasets.values()]
    for table in tables:
        marts_owner.command(f"CREATE TABLE {table}_kept AS {table}")
        marts_owner.command(f"INSERT INTO {table}_kept SELECT * FROM {table}")
        marts_owner.command(f"TRUNCATE TABLE {table}")
    try:
        results = [
            result
            for slug in load_assets().dashboards
            for result in check_dashboard(slug, superset_settings)
        ]
    finally:
        for table in tables:
            marts_owner.command(f"EXCHANGE TABLES {table} AND {table}_kept")
            marts_owner.command(f"DROP TABLE {table}_kept")
    assert {result.status for result in results} <= {"ok", "empty"}
