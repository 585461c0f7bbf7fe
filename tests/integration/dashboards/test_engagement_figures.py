"""The figures of the Engagement dashboard, against rows that were written by hand."""

import pytest
from clickhouse_connect.driver.client import Client

from tests.superset_fixtures import ChartRows

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]


def test_headline_figures(chart_rows: ChartRows, marts_reader: Client) -> None:
    # eight accounts of three posts each, seven of which were read on the last day
    assert chart_rows("posts-listed") == [{"posts": 24}]
    assert chart_rows("views-gained") == [{"views_28d": 7000.0}]
    assert chart_rows("interactions-gained") == [{"interactions_28d": 280.0}]
    expected = marts_reader.query(
        "SELECT quantileExactInclusive(0.5)(engagement_rate_by_followers) "
        "FROM marts.mart_engagement__account"
    ).result_rows[0][0]
    assert chart_rows("rate-by-followers") == [{"rate_by_followers": expected}]


def test_the_rate_over_time_is_the_median_accounts(chart_rows: ChartRows) -> None:
    rows = chart_rows("engagement-over-time")
    assert len(rows) == 2
    for row in rows:
        assert row["rate_by_views_28d, tiktok"] == pytest.approx(0.035)
        assert row["rate_by_views_28d, youtube"] == pytest.approx(0.055)
    instagram = [row["rate_by_views_28d, instagram"] for row in rows]
    assert instagram == [0.031, None], "it was not read on the latest day"


def test_interactions_of_a_week_end_on_the_latest_day(chart_rows: ChartRows) -> None:
    (week,) = chart_rows("interactions-by-week")
    assert week["week_end"] == "2026-03-02"
    assert week["interactions_of_days, youtube"] == 40
    assert week["interactions_of_days, instagram"] == 5


def test_quartiles_are_of_all_formats(chart_rows: ChartRows) -> None:
    rows = {row["platform_tier"]: row for row in chart_rows("quartiles-by-tier")}
    assert len(rows) == 6
    found = rows["youtube 4 mega"]
    names = ("p25_by_views", "p50_by_views", "p75_by_views")
    assert [found[name] for name in names] == [0.004, 0.005, 0.006]


def test_a_format_stands_by_itself(chart_rows: ChartRows) -> None:
    rows = chart_rows("rate-by-format")
    found = {(row["post_format"], row["platform_tier"]): row["p50_by_views"] for row in rows}
    assert found[("video", "youtube 4 mega")] == 0.0025
    assert {post_format for post_format, _ in found} == {"video"}


def test_accounts_stand_in_one_quartile_each(chart_rows: ChartRows) -> None:
    rows = {row["platform"]: row for row in chart_rows("accounts-by-quartile")}
    assert rows["youtube"]["accounts, Q3"] == 2
    assert rows["tiktok"]["accounts, Q1 lowest"] == 1
    assert "facebook" not in rows, "its account has no rate"


def test_sponsored_posts_stand_beside_the_others(chart_rows: ChartRows) -> None:
    rows = {row["platform"]: row for row in chart_rows("sponsored-against-organic")}
    assert rows["tiktok"]["rate_by_views, unknown"] == 0.1, "it tells of no post"
    youtube = rows["youtube"]
    assert youtube["rate_by_views, sponsored"] == 0.05
    assert youtube["rate_by_views, organic"] == pytest.approx((0.025 + 0.03) / 2)


def test_lifts_of_platforms_are_weighted_by_their_posts(chart_rows: ChartRows) -> None:
    rows = chart_rows("posting-time")
    found = {(row["day"], row["hour_utc"]): row["lift"] for row in rows}
    assert found == {("1 Mon", 9): pytest.approx(1.1), ("7 Sun", 20): pytest.approx(0.8)}
    best = chart_rows("best-posting-times")
    assert [(row["day"], row["compared_posts"]) for row in best] == [("1 Mon", 15), ("7 Sun", 6)]


def test_best_and_worst_posts_are_listed_seen_and_a_week_old(chart_rows: ChartRows) -> None:
    best = chart_rows("best-posts")
    keys = [row["post"].split('"')[1].split(":")[1] for row in best]
    assert keys == ["d", "a", "c", "b"]
    assert [row["rate_by_views"] for row in best] == [0.1, 0.05, 0.03, 0.025]
    worst = chart_rows("worst-posts")
    assert [row["post"] for row in worst] == [row["post"] for row in reversed(best)]


def test_titles_are_links_and_no_markup(chart_rows: ChartRows) -> None:
    posts = {row["post"].split('"')[1]: row for row in chart_rows("best-posts")}
    marked = posts["youtube:a"]["post"]
    assert 'href="https://example.com/a?a=1&amp;b=2"' in marked
    assert marked.endswith(">Go &lt;b&gt;now&lt;/b&gt;</a>")
    assert posts["youtube:b"]["post"].endswith(">" + "x" * 45 + "…</a>")
    assert posts["youtube:c"]["post"].endswith(">c</a>"), "without a title its id stands"
    assert posts["youtube:c"]["account"].endswith(">Wes &amp; Co</span>")
