"""The figures of the Overview, against rows that were written by hand and queries on them."""

import pytest
from clickhouse_connect.driver.client import Client

from tests.superset_fixtures import ChartRows

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]


def test_headline_figures(chart_rows: ChartRows) -> None:
    # 10 + 500 + 100 + 2,000 - 10 + 4 followers; reach is a quarter of the followers of the three
    # that were read on the last day and are not on YouTube; four of six accounts meet the benchmark
    assert chart_rows("net-growth") == [{"net_growth": 2604}]
    assert chart_rows("daily-reach") == [{"daily_reach": 550_402.5}]
    assert chart_rows("engagement-rate") == [{"median_post": 0.04}]
    assert chart_rows("benchmark-met") == [{"benchmark_met": pytest.approx(4 / 6)}]


def test_accounts(chart_rows: ChartRows, marts_reader: Client) -> None:
    expected = marts_reader.query(
        "SELECT count() FROM (SELECT DISTINCT account_key FROM marts.mart_engagement__account_day)"
    ).result_rows
    assert chart_rows("accounts") == [{"accounts": expected[0][0]}]
    assert expected == [(8,)]


def test_followers_are_each_accounts_latest_and_never_summed_over_days(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT sum(latest.1) FROM (SELECT argMax(tuple(follower_count), snapshot_date) AS latest "
        "FROM marts.mart_engagement__account_day GROUP BY account_key)"
    ).result_rows
    assert chart_rows("followers") == [{"followers": expected[0][0]}]
    assert expected == [(3_229_604,)]


def test_followers_over_time(chart_rows: ChartRows, marts_reader: Client) -> None:
    platforms = ("facebook", "instagram", "tiktok", "youtube")
    # a platform that was not read on a day is not known there, and not zero
    sums = ", ".join(
        f"if(has(groupArray(platform), '{name}'), sumIf(follower_count, platform = '{name}'), NULL)"
        for name in platforms
    )
    expected = marts_reader.query(
        f"SELECT toUnixTimestamp(toDateTime(snapshot_date, 'UTC')) * 1000, {sums} "
        "FROM marts.mart_growth__account_day GROUP BY snapshot_date ORDER BY snapshot_date"
    ).result_rows
    rows = chart_rows("followers-over-time")
    assert [
        (row["snapshot_date"], *(row[f"followers, {name}"] for name in platforms)) for row in rows
    ] == expected
    assert [row[2] for row in expected[-2:]] == [20_000, None]
    assert len(expected) == 11


def test_engagement_against_benchmark(chart_rows: ChartRows, marts_reader: Client) -> None:
    expected = marts_reader.query(
        """
        SELECT
            follower_tier,
            countIf(rate < q25),
            countIf(rate >= q25 AND rate < q50),
            countIf(rate >= q50 AND rate < q75),
            countIf(rate >= q75)
        FROM (
            SELECT platform, follower_tier, median_engagement_rate_by_views AS rate
            FROM marts.mart_engagement__account
        ) AS account
        INNER JOIN (
            SELECT
                platform,
                follower_tier,
                p25_engagement_rate_by_views AS q25,
                p50_engagement_rate_by_views AS q50,
                p75_engagement_rate_by_views AS q75
            FROM marts.mart_engagement__benchmark
            WHERE post_format = 'all'
        ) AS benchmark USING (platform, follower_tier)
        WHERE rate IS NOT NULL
        GROUP BY follower_tier
        ORDER BY follower_tier
        """
    ).result_rows
    quartiles = ("Q1 lowest", "Q2", "Q3", "Q4 highest")
    rows = chart_rows("engagement-against-benchmark")
    assert [row["tier"] for row in rows] == ["1 nano", "2 micro", "4 mega"]
    found = sorted(
        (row["tier"][2:], *(row[f"accounts, {name}"] or 0 for name in quartiles)) for row in rows
    )
    assert found == expected
    assert sum(sum(row[1:]) for row in expected) == 6


def test_top_accounts(chart_rows: ChartRows, marts_reader: Client) -> None:
    expected = marts_reader.query(
        "SELECT account_key, follower_count, follower_change, "
        "engagement_rate_by_views, benchmark_engagement_rate_by_views, "
        "median_engagement_rate_by_views, engagement_rate_by_followers, benchmark_quartile, "
        "toUnixTimestamp(toDateTime(snapshot_date, 'UTC')) * 1000 "
        "FROM marts.mart_engagement__account"
    ).result_rows
    rows = chart_rows("top-accounts")
    found = [
        (
            row["account"].split('"')[1],
            row["followers"],
            row["net_growth"],
            row["rate_by_views"],
            row["benchmark"],
            row["median_post"],
            row["rate_by_followers"],
            row["benchmark_quartile"],
            row["snapshot_date"],
        )
        for row in rows
    ]
    assert sorted(found) == sorted(expected)
    followers = [row["followers"] for row in rows if row["followers"] is not None]
    assert followers == sorted(followers, reverse=True)
    assert rows[-1]["followers"] is None, "an account that hides its followers comes last"


def test_what_an_owner_writes_is_no_markup(chart_rows: ChartRows) -> None:
    names = [row["account"] for row in chart_rows("top-accounts")]
    mia = next(name for name in names if "Mia" in name)
    assert ">Mia &lt;i&gt;&amp; Co&lt;/i&gt;</a>" in mia
    assert 'href="https://example.com/t1?a=1&amp;b=2"' in mia


def test_benchmark(chart_rows: ChartRows, marts_reader: Client) -> None:
    columns = [f"{name}_engagement_rate_by_views" for name in ("p05", "p25", "p50", "p75", "p95")]
    expected = marts_reader.query(
        f"SELECT platform, follower_tier, account_count, post_count, {', '.join(columns)}, "
        "p50_engagement_rate_by_followers FROM marts.mart_engagement__benchmark "
        "WHERE post_format = 'all' "
        "ORDER BY platform, indexOf(['nano', 'micro', 'mid', 'mega'], follower_tier)"
    ).result_rows
    rows = chart_rows("benchmark")
    names = ["accounts", "posts", *(f"{name}_by_views" for name in ("p05", "p25", "p50"))]
    names += ["p75_by_views", "p95_by_views", "p50_by_followers"]
    found = [(row["platform"], row["tier"][2:], *(row[name] for name in names)) for row in rows]
    assert found == expected
    assert len(expected) == 6


def test_net_growth_of_a_week_ends_on_the_latest_day(chart_rows: ChartRows) -> None:
    weeks = {
        row["week_end"]: (row["net_growth, tiktok"], row["net_growth, youtube"])
        for row in chart_rows("net-growth-by-week")
    }
    # The days of the week up to 2026-02-23 come after gaps, so that they have no change.
    assert weeks == {
        "2026-02-02": (9999, 50),
        "2026-02-09": (0, None),
        "2026-03-02": (510, 1994),
    }


def test_top_movers_are_those_of_the_latest_day(chart_rows: ChartRows) -> None:
    rows = chart_rows("top-movers")
    names = [row["account"].split('"')[1] for row in rows]
    assert names[0] == "tiktok:t1"
    assert "instagram:i1" not in names, "it was not read on the latest day"
    growth = [row["growth_28d"] for row in rows]
    assert growth == sorted(growth, reverse=True)
    assert rows[0]["account"].endswith(">Mia &lt;i&gt;&amp; Co&lt;/i&gt;</span>")


def test_signals_are_those_of_the_latest_day(chart_rows: ChartRows) -> None:
    found = [
        (row["account"].split('"')[1], row["reasons"], row["signals_raised"])
        for row in chart_rows("fraud-signals")
    ]
    assert found == [
        ("tiktok:t1", "FEW_COMMENTS, ROUND_LOT", 2),
        ("youtube:y2", "DECOUPLED", 1),
    ]


def test_formats_stand_in_the_order_of_their_posts(chart_rows: ChartRows) -> None:
    found = [
        (row["platform"], row["post_format"], row["posts"], row["rate_by_views"])
        for row in chart_rows("formats")
    ]
    assert found == [
        ("tiktok", "video", 300, 0.04),
        ("youtube", "video", 200, 0.02),
        ("instagram", "carousel", 120, 0.03),
    ]


def test_freshness_counts_the_latest_state_alone(chart_rows: ChartRows) -> None:
    found = [
        (row["platform"], row["streams"], row["late_streams"], row["failed_streams"])
        for row in chart_rows("data-freshness")
    ]
    assert found == [("tiktok", 2, 1, 1), ("youtube", 1, 0, 0)]
