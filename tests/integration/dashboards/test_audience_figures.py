"""The figures of Audience and authenticity, against rows that were written by hand."""

from statistics import mean, median
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from tests.marts_audience_rows import AGES
from tests.superset_fixtures import ChartRows

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]


def latest(reader: Client, mart: str, column: str) -> list[Any]:
    """A column's values of the accounts on the mart's latest day, as far as they are known."""
    rows = reader.query(
        f"SELECT {column} FROM marts.{mart} "
        f"WHERE snapshot_date = '2026-03-02' AND {column} IS NOT NULL"
    ).result_rows
    return [value for (value,) in rows]


def key(row: dict[str, Any]) -> str:
    """The account of a table's row, which is the tip of its name."""
    return str(row["account"].split('"')[1])


def test_headline_figures_are_of_the_latest_day(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    raised = latest(marts_reader, "mart_fraud__account_day", "reason_codes")
    assert chart_rows("flagged-accounts") == [{"flagged": sum(bool(codes) for codes in raised)}]
    assert len(raised) == 7
    counts = latest(marts_reader, "mart_fraud__account_day", "signal_count")
    assert chart_rows("known-signals") == [{"known": median(counts)}]
    hollow = latest(marts_reader, "mart_fraud__account_day", "comment_quality_value")
    assert chart_rows("hollow-comments") == [{"hollow": median(hollow)}]
    copied = latest(marts_reader, "mart_fraud__account_day", "near_duplicate_comment_share")
    assert chart_rows("copied-comments") == [{"copied": pytest.approx(median(copied))}]
    match = "content_language_country_match_share"
    speaks = latest(marts_reader, "mart_audience__account_day", match)
    assert chart_rows("speaks-the-language") == [{"speaks": median(speaks)}]
    assert [len(known) for known in (counts, hollow, copied, speaks)] == [7, 3, 2, 3]


def test_jumps_that_nothing_explains_are_of_28_days_and_count_an_account_once(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT count(), count(DISTINCT account_key) FROM marts.mart_fraud__follower_spike "
        "WHERE is_spike AND NOT is_spike_explained AND snapshot_date > '2026-02-02'"
    ).result_rows
    assert expected == [(2, 1)]
    assert chart_rows("unexplained-spikes") == [{"accounts": 1}]


def test_scores_of_the_latest_day_stand_with_their_reasons_the_highest_risk_first(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT account_key, platform, authenticity_score, fraud_probability, "
        "fraud_probability_lower, fraud_probability_upper FROM marts.mart_fraud__authenticity "
        "WHERE snapshot_date = '2026-03-02' ORDER BY fraud_probability DESC NULLS LAST"
    ).result_rows
    rows = chart_rows("authenticity-scores")
    names = ("platform", "score", "probability", "at_least", "at_most")
    assert [(key(row), *(row[name] for name in names)) for row in rows] == expected
    assert [(key(row), row["band"], row["reasons"]) for row in rows] == [
        (
            "tiktok:t1",
            "5 very suspicious",
            "Many who came in a jump were gone. A fixed circle comments.",
        ),
        ("youtube:y2", "4 suspicious", "A fixed circle comments."),
        ("tiktok:t2", "3 unclear", "Many who came in a jump were gone."),
        ("youtube:y3", "1 genuine", "no signal raises it"),
        ("facebook:f1", "1 genuine", "no signal raises it"),
        ("youtube:y1", "6 N/A", "N/A: fewer than five signals are known"),
    ]
    assert rows[-1]["score"] is None, "what is not known is no 0"


def test_accounts_stand_by_band_from_genuine_to_very_suspicious(chart_rows: ChartRows) -> None:
    platforms = ("facebook", "tiktok", "youtube")
    found = [
        (row["band"], *(row[f"accounts, {name}"] for name in platforms))
        for row in chart_rows("authenticity-bands")
    ]
    assert found == [
        ("1 genuine", 1, None, 1),
        ("3 unclear", None, 1, None),
        ("4 suspicious", None, None, 1),
        ("5 very suspicious", None, 1, None),
        ("6 N/A", None, None, 1),
    ]


def test_the_model_flags_accounts_of_the_latest_day(chart_rows: ChartRows) -> None:
    assert chart_rows("flagged-by-model") == [{"flagged": 2}]


def test_an_account_counts_once_for_each_of_its_reasons(chart_rows: ChartRows) -> None:
    found = {
        row["reason"]: (row["accounts, tiktok"], row["accounts, youtube"])
        for row in chart_rows("reasons")
    }
    assert found == {"DECOUPLED": (None, 1), "FEW_COMMENTS": (1, None), "ROUND_LOT": (1, None)}


def test_flagged_accounts_are_counted_day_by_day(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    platforms = ("facebook", "instagram", "tiktok", "youtube")
    counts = ", ".join(
        f"if(countIf(platform = '{name}') = 0, NULL, "
        f"countIf(platform = '{name}' AND length(reason_codes) > 0))"
        for name in platforms
    )
    expected = marts_reader.query(
        f"SELECT {counts} FROM marts.mart_fraud__account_day "
        "GROUP BY snapshot_date ORDER BY snapshot_date"
    ).result_rows
    rows = chart_rows("signals-over-time")
    assert [tuple(row[f"flagged, {name}"] for name in platforms) for row in rows] == expected
    assert expected == [(1, 1, 2, 4), (0, None, 1, 1)]


def test_spikes_stand_by_week_and_verdict(chart_rows: ChartRows) -> None:
    verdicts = ("not explained", "not judged yet", "a post explains it")
    found = {
        row["week_end"]: tuple(row[f"accounts, {verdict}"] for verdict in verdicts)
        for row in chart_rows("spikes-by-week")
    }
    assert found == {
        "2026-02-02": (1, None, None),
        "2026-02-23": (None, None, 1),
        "2026-03-02": (1, 1, None),
    }


def test_spikes_of_90_days_are_listed_strongest_first(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT account_key, spike_z, excess_followers, round_lot_distance, "
        "toUnixTimestamp(toDateTime(snapshot_date, 'UTC')) * 1000 "
        "FROM marts.mart_fraud__follower_spike "
        "WHERE is_spike AND snapshot_date > '2025-12-02' ORDER BY spike_z DESC"
    ).result_rows
    rows = chart_rows("spikes")
    names = ("spike", "excess_followers", "lot_distance", "snapshot_date")
    assert [(key(row), *(row[name] for name in names)) for row in rows] == expected
    verdicts = [row["verdict"] for row in rows]
    assert verdicts[:3] == ["not explained", "not judged yet", "a post explains it"]
    assert len(expected) == 5


def test_the_curve_is_that_of_the_strongest_spike(chart_rows: ChartRows) -> None:
    rows = chart_rows("spikes-on-the-curve")
    account = "Mia i Co/i, tiktok t1"
    assert [row[f"Followers, {account}"] for row in rows] == [900, 1000, 1010]
    assert [row[f"Jump, {account}"] for row in rows] == [900, None, 1010]
    assert len(rows[0]) == 3, "one account"


def test_signals_of_followers_are_each_accounts_latest(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT account_key, length(reason_codes), signal_count, unexplained_spike_value, "
        "round_lot_value, spike_decay_value, sawtooth_value, decoupling_value, geography_value "
        "FROM marts.mart_fraud__account_day WHERE snapshot_date = '2026-03-02'"
    ).result_rows
    rows = chart_rows("signals-of-followers")
    names = ("signals_raised", "known", "spike", "lot", "decay", "turns", "elasticity", "distance")
    found = [(key(row), *(row[name] for name in names)) for row in rows]
    assert sorted(found) == sorted(expected)
    assert found[:2] == [
        ("tiktok:t1", 2, 12, 7.5, 0.004, 0.3, 4, None, 0.5),
        ("youtube:y2", 1, 5, None, None, None, None, 0.1, None),
    ]


def test_signals_of_posts_begin_with_the_lowest_engagement(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT account_key, engagement_residual_value, likes_spread_value, comment_like_value, "
        "velocity_value, comment_quality_value, near_duplicate_comment_share, pod_value, "
        "benford_value FROM marts.mart_fraud__account_day WHERE snapshot_date = '2026-03-02' "
        "ORDER BY engagement_residual_value"
    ).result_rows
    expected = [row for row in expected if any(value is not None for value in row[1:])]
    names = ("residual", "likes_spread", "comments_per_like", "first_day", "hollow", "copied")
    found = [
        (key(row), *(row[name] for name in (*names, "circle", "benford")))
        for row in chart_rows("signals-of-posts")
    ]
    assert found == expected
    assert found[0] == ("tiktok:t1", -0.7, 0.2, 0.01, 0.9, 0.6, 0.25, 0.4, 0.02)
    assert found[-1][1] is None, "one whose posts are compared with no others is listed too"


def test_comments_are_judged_from_fifty_on(chart_rows: ChartRows, marts_reader: Client) -> None:
    expected = marts_reader.query(
        "SELECT account_key, comment_quality_n, hollow_comment_share, "
        "near_duplicate_comment_share FROM marts.mart_fraud__comment_quality "
        "WHERE snapshot_date = '2026-03-02' AND comment_quality_n >= 50 "
        "ORDER BY near_duplicate_comment_share DESC"
    ).result_rows
    found = [
        (key(row), row["comment_quality_n"], row["hollow"], row["copied"])
        for row in chart_rows("comment-quality")
    ]
    assert found == expected
    assert [account for account, *_ in found] == ["tiktok:t1", "youtube:y2"]
    before, after = chart_rows("comment-quality-over-time")
    assert (before["hollow"], before["copied"]) == (0.5, 0.125)
    assert after["hollow"] == pytest.approx((0.6 + 0.3) / 2)
    assert after["copied"] == pytest.approx((0.25 + 0.05) / 2)


def test_circles_are_those_of_the_latest_monday(chart_rows: ChartRows) -> None:
    names = ("pod_size", "circle", "pod_lift", "pod_early_share")
    found = [(key(row), *(row[name] for name in names)) for row in chart_rows("comment-circles")]
    assert found == [("tiktok:t1", 6, 0.4, 12.5, 0.5), ("facebook:f1", 3, 0.1, 4.5, 0.25)]


def test_audiences_are_the_mean_of_a_platforms_accounts(chart_rows: ChartRows) -> None:
    ages = {row["platform"]: row for row in chart_rows("audience-age")}
    assert [ages["tiktok"][f"age_{age}"] for age in AGES] == [0.1, 0.4, 0.3, 0.1, 0.05, 0.03, 0.02]
    assert ages["youtube"]["age_18_24"] == pytest.approx(mean([0.4, 0.1]))
    genders = {row["platform"]: row for row in chart_rows("audience-gender")}
    assert genders["tiktok"] == {
        "platform": "tiktok",
        "female": 0.7,
        "male": pytest.approx(0.25),
        "other": 0.05,
    }
    assert genders["youtube"]["female"] == pytest.approx(mean([0.6, 0.2]))
    assert set(ages) == set(genders) == {"tiktok", "youtube"}, "Facebook tells no audience"


def test_countries_and_languages_begin_with_the_worst_match(
    chart_rows: ChartRows, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT account_key, content_language, top_country, "
        "content_language_country_match_share, top_country_share, country_concentration, "
        "country_change_28d, comment_language_match_share_28d "
        "FROM marts.mart_audience__account_day WHERE snapshot_date = '2026-03-02' "
        "AND content_language_country_match_share IS NOT NULL "
        "ORDER BY content_language_country_match_share"
    ).result_rows
    names = ("content_language", "top_country", "speaks", "top_share", "concentration", "change")
    found = [
        (key(row), *(row[name] for name in (*names, "comments_in_it")))
        for row in chart_rows("audience-countries")
    ]
    assert found == expected
    assert len(found) == 3


def test_a_languages_match_is_that_of_its_median_account(chart_rows: ChartRows) -> None:
    found = {row["content_language"]: row["speaks"] for row in chart_rows("language-match")}
    assert found == {"de": 0.5, "en": pytest.approx((0.8 + 0.6) / 2)}
