"""Rows of signals, spikes, comments and audiences for the marts of :mod:`tests.marts`, by hand."""

from datetime import date
from typing import Any

from tests.marts_accounts import LATEST, days_before, identity

REASONS = {"tiktok:t1": ["FEW_COMMENTS", "ROUND_LOT"], "youtube:y2": ["DECOUPLED"]}
# How many signals are known of an account on the latest day; 9 of the others.
KNOWN = {"tiktok:t1": 12, "facebook:f1": 3, "youtube:y1": 7, "youtube:y2": 5, "youtube:y3": 4}
SIGNALS: dict[str, dict[str, float]] = {
    "tiktok:t1": {
        "spike_value": 8.0,
        "unexplained_spike_value": 7.5,
        "round_lot_value": 0.004,
        "spike_decay_value": 0.3,
        "sawtooth_value": 4.0,
        "geography_value": 0.5,
        "engagement_residual_value": -0.7,
        "likes_spread_value": 0.2,
        "comment_like_value": 0.01,
        "velocity_value": 0.9,
        "comment_quality_value": 0.6,
        "near_duplicate_comment_share": 0.25,
        "pod_value": 0.4,
        "benford_value": 0.02,
    },
    "youtube:y2": {
        "spike_value": 7.0,
        "decoupling_value": 0.1,
        "engagement_residual_value": 0.125,
        "comment_like_value": 0.03,
        "comment_quality_value": 0.3,
        "near_duplicate_comment_share": 0.05,
        "benford_value": 0.01,
    },
    "youtube:y3": {"comment_quality_value": 0.1},
}
# Who reacts like this on the day before would be found in a chart of the latest day.
DAY_BEFORE = {"engagement_residual_value": -9.0, "comment_quality_value": 0.99}


def signals(key: str, day: date) -> dict[str, Any]:
    """An account's signals; the day before has a reason that the latest day no longer has."""
    if day != LATEST:
        return DAY_BEFORE | {"reason_codes": ["COMMENT_POD"], "signal_count": 13}
    known = {"reason_codes": REASONS.get(key, []), "signal_count": KNOWN.get(key, 9)}
    return SIGNALS.get(key, {}) | known


def spikes() -> list[dict[str, Any]]:
    """Spikes of each verdict, at the edges of 28 and of 90 days, and days without one."""
    return [
        _spike("tiktok:t1", 0, 1010, 8.0, explained=False, excess=95.0, lot=0.004),
        _spike("tiktok:t1", 1, 1000, 0.5, is_spike=False),
        _spike("tiktok:t1", 5, 900, 6.1, explained=False, excess=90.0, lot=0.1),
        _spike("youtube:y2", 0, 1_001_000, 7.0, explained=None, excess=1900.0),
        _spike("youtube:y2", 10, 990_000, 6.5, explained=True, excess=5000.0, lot=0.0),
        _spike("youtube:y3", 28, 3100, 6.2, explained=False, excess=500.0, lot=0.0),
        _spike("facebook:f1", 91, 190_000, 7.9, explained=False, excess=1000.0, lot=0.0),
        _spike("instagram:i1", 1, 20_000, None, is_spike=None),
    ]


def _spike(
    key: str,
    days_ago: int,
    followers: int,
    z: float | None,
    *,
    is_spike: bool | None = True,
    explained: bool | None = None,
    excess: float | None = None,
    lot: float | None = None,
) -> dict[str, Any]:
    return identity(key) | {
        "snapshot_date": days_before(days_ago),
        "follower_count": followers,
        "spike_z": z,
        "spike_n": 0 if z is None else 40,
        "is_spike": is_spike,
        "is_spike_explained": explained,
        "excess_followers": excess,
        "round_lot_distance": lot,
    }


def comments() -> list[dict[str, Any]]:
    """Comments of three accounts, one of which has too few, and of the day before."""
    rows = [
        ("tiktok:t1", 0, 80, 0.6, 0.25),
        ("youtube:y2", 0, 60, 0.3, 0.05),
        ("youtube:y1", 0, 20, 0.9, 0.95),
        ("tiktok:t1", 1, 70, 0.5, 0.125),
    ]
    return [
        identity(key)
        | {
            "snapshot_date": days_before(days_ago),
            "content_language": "de",
            "comment_quality_n": n,
            "emoji_comment_share": hollow / 2,
            "one_word_comment_share": hollow / 4,
            "mention_comment_share": hollow / 8,
            "hollow_comment_share": hollow,
            "near_duplicate_comment_share": copied,
            "comment_language_mismatch_share": 0.2,
            "distinct_commenters": n // 2,
            "top_commenter_share": 0.15,
        }
        for key, days_ago, n, hollow, copied in rows
    ]


def circles() -> list[dict[str, Any]]:
    """Circles of the latest Monday, an account without one, and a circle of the Monday before."""
    rows = [
        ("facebook:f1", 0, 3, 0.1, 4.5, 0.25),
        ("tiktok:t1", 0, 6, 0.4, 12.5, 0.5),
        ("youtube:y2", 0, 0, None, None, None),
        ("tiktok:t1", 7, 9, 0.9, 99.0, 0.75),
    ]
    return [
        identity(key)
        | {
            "snapshot_date": days_before(days_ago),
            "pod_posts": 10,
            "pod_comments": 100,
            "pod_size": size,
            "pod_comment_share": share,
            "pod_lift": lift,
            "pod_early_share": early,
        }
        for key, days_ago, size, share, lift, early in rows
    ]


def scores() -> list[dict[str, Any]]:
    """Scores of most bands, an account of which too little is known, and two of the day before."""
    lost, comes = "Many who came in a jump were gone.", "A fixed circle comments."
    return [
        _score("tiktok:t1", 0, "very_suspicious", (0.91, 0.8, 0.97), [lost, comes], flagged=True),
        _score("youtube:y2", 0, "suspicious", (0.5, 0.3, 0.75), [comes], flagged=True),
        _score("tiktok:t2", 0, "unclear", (0.3, 0.1, 0.6), [lost], flagged=False),
        _score("youtube:y3", 0, "genuine", (0.04, 0.02, 0.1), [], flagged=False),
        _score("facebook:f1", 0, "genuine", (0.02, 0.01, 0.06), [], flagged=False),
        _score("youtube:y1", 0, None, (None, None, None), [], flagged=None),
        _score("tiktok:t2", 1, "suspicious", (0.7, 0.5, 0.9), [comes], flagged=True),
        _score("youtube:y4", 1, "likely_genuine", (0.1, 0.05, 0.3), [], flagged=True),
    ]


def _score(
    key: str,
    days_ago: int,
    band: str | None,
    probability: tuple[float | None, float | None, float | None],
    reasons: list[str],
    *,
    flagged: bool | None,
) -> dict[str, Any]:
    point, lower, upper = probability
    return identity(key) | {
        "snapshot_date": days_before(days_ago),
        "is_latest": days_ago == 0,
        "authenticity_score": None if point is None else 100 * (1 - point),
        "authenticity_band": band,
        "fraud_probability": point,
        "fraud_probability_lower": lower,
        "fraud_probability_upper": upper,
        "is_flagged": flagged,
        "authenticity_reasons": reasons,
        "known_signal_count": 3 if point is None else 20,
    }


AGES = ("13_17", "18_24", "25_34", "35_44", "45_54", "55_64", "65_plus")


def audiences() -> list[dict[str, Any]]:
    """Followers of one platform, viewers of two accounts of another, none of a third."""
    young, grown = (0.1, 0.4, 0.3, 0.1, 0.05, 0.03, 0.02), (0.0, 0.1, 0.2, 0.3, 0.2, 0.1, 0.1)
    return [
        _audience("tiktok:t1", 0, "followers", young, female=0.7, language="de", speaks=0.5),
        _audience("youtube:y1", 0, "viewers", young, female=0.6, language="en", speaks=0.8),
        _audience("youtube:y2", 0, "viewers", grown, female=0.2, language="en", speaks=0.6),
        _audience("tiktok:t1", 1, "followers", grown, female=0.1, language="de", speaks=0.1),
        identity("facebook:f1") | {"snapshot_date": LATEST, "content_language": "fr"},
    ]


def _audience(
    key: str,
    days_ago: int,
    audience: str,
    ages: tuple[float, ...],
    *,
    female: float,
    language: str,
    speaks: float,
) -> dict[str, Any]:
    shares = {f"audience_share_{age}": share for age, share in zip(AGES, ages, strict=True)}
    return (
        identity(key)
        | shares
        | {
            "snapshot_date": days_before(days_ago),
            "audience": audience,
            "audience_read_date": days_before(3),
            "audience_share_female": female,
            "audience_share_male": 0.95 - female,
            "audience_share_other": 0.05,
            "top_country": "US",
            "top_country_share": speaks / 2,
            "country_concentration": 0.25,
            "country_change_28d": 0.06,
            "content_language": language,
            "content_language_country_match_share": speaks,
            "comment_language_match_share_28d": speaks / 4,
        }
    )
