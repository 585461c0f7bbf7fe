"""What the models know of an account on a day: one row per account and ``as_of``, point in time.

Every figure comes from rows of marts whose day lies in the 365 days up to and with ``as_of``; no
later day is read. Where a row of a mart knows more than its own day it is read only once that was
known: days that were filled in between two readings, which point to the later one, are left out;
whether a post explains a jump counts from two days after it; a post counts with what it had at the
age of seven days, once it is older. All are read as the warehouse's reader, who may not see the
truth of a synthetic world. What is not known is absent: NaN in a frame, missing from the map in
``ml.account_feature``. No gender, age or race of the owner, and nothing that stands for one, is a
feature.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from ml.tables import Tables, as_maps, from_maps

WINDOW_DAYS = 365
KEYS = ("creator_id", "platform", "account_id", "account_key", "as_of")
Source = Literal[
    "fraud", "jumps", "shared", "posts", "audience", "growth", "engagement", "exposure"
]


@dataclass(frozen=True)
class Feature:
    """A figure of an account: where it comes from and what it means."""

    name: str
    source: Source
    expression: str
    """An aggregate over the source's rows of the window."""
    meaning: str
    """With its unit."""


def _peak(column: str) -> str:
    return f"max({column})"


def _latest(column: str) -> str:
    """The last known value: an aggregate leaves NULLs out."""
    return f"argMax({column}, snapshot_date)"


def _judged(z: str, expression: str) -> str:
    """0 where there was no jump; NULL where not one day could be judged by its ``z``."""
    return f"if(count({z}) = 0, NULL, coalesce({expression}, 0))"


# A jump is explained by what a post of its day, or of the two before, had reached a day later.
_EXPLAINED = "snapshot_date <= as_of - 2"
SIGNALS = (
    Feature("spike_peak", "fraud", _peak("spike_value"), "largest jump of followers, robust z"),
    Feature(
        "unexplained_spike_peak",
        "fraud",
        _judged("spike_value", f"maxIf(unexplained_spike_value, {_EXPLAINED})"),
        "largest jump of followers that no post explains, robust z; 0 without one",
    ),
    Feature(
        "unexplained_spike_days",
        "fraud",
        _judged("spike_value", f"countIf(unexplained_spike_value > 6 AND {_EXPLAINED})"),
        "days of such jumps beyond 6",
    ),
    Feature(
        "round_lot_distance",
        "fraud",
        "min(round_lot_value)",
        "smallest distance of a jump from a lot as sellers offer it, relative",
    ),
    Feature(
        "spike_lost", "fraud", _peak("spike_decay_value"), "share of a jump gone 30 days later"
    ),
    Feature(
        "spike_lost_60",
        "fraud",
        _peak("spike_decay_60_share"),
        "share of a jump gone 60 days later",
    ),
    Feature(
        "decoupling", "fraud", "min(decoupling_value)", "slope of log reach on log followers, least"
    ),
    Feature("follow_turns", "fraud", _peak("sawtooth_value"), "turns of following in 56 days"),
    Feature("following_churn", "fraud", _peak("following_churn"), "unfollows per follow"),
    Feature("follower_churn", "fraud", _latest("follower_churn"), "followers lost per gained"),
    Feature(
        "engagement_residual",
        "fraud",
        _latest("engagement_residual_value"),
        "log engagement rate against the cohort's median",
    ),
    Feature(
        "likes_spread", "fraud", _latest("likes_spread_value"), "(p90 - p10) / median of likes"
    ),
    Feature("likes_spread_low", "fraud", "min(likes_spread_value)", "the least of it"),
    Feature("likes_spread_high", "fraud", _peak("likes_spread_value"), "the most of it"),
    Feature("comments_per_like", "fraud", _latest("comment_like_value"), "comments per like"),
    Feature("comments_per_like_low", "fraud", "min(comment_like_value)", "the least of it"),
    Feature(
        "likes_beyond_views",
        "fraud",
        _peak("liked_beyond_views_share"),
        "share of posts with more likes than views, most",
    ),
    Feature(
        "first_day_share",
        "fraud",
        _latest("velocity_value"),
        "share of the interactions of 28 days on the first",
    ),
    Feature("first_day_share_high", "fraud", _peak("velocity_value"), "the most of it"),
    Feature(
        "hollow_comments",
        "fraud",
        _peak("comment_quality_value"),
        "share of comments that are emoji, a word or names alone, most",
    ),
    Feature(
        "copied_comments",
        "fraud",
        _peak("near_duplicate_comment_share"),
        "share of near-duplicate comments, most",
    ),
    Feature(
        "foreign_comments",
        "fraud",
        _peak("comment_language_mismatch_share"),
        "share of comments in another language than the posts, most",
    ),
    Feature("pod_share", "fraud", _peak("pod_value"), "share of comments by a fixed circle, most"),
    Feature("pod_lift", "fraud", _peak("pod_lift"), "how much more often than by chance they meet"),
    Feature(
        "pod_early_share", "fraud", _peak("pod_early_share"), "share of its comments that are early"
    ),
    Feature(
        "foreign_audience",
        "fraud",
        _latest("geography_value"),
        "Jensen-Shannon distance of followers' countries and language",
    ),
    Feature(
        "reason_code_count",
        "fraud",
        "length(arrayDistinct(arrayFlatten(groupArray("
        f"arrayFilter(code -> code != 'UNEXPLAINED_SPIKE' OR {_EXPLAINED}, reason_codes)))))",
        "different reason codes",
    ),
    Feature(
        "jump_share",
        "jumps",
        _judged("spike_z", "max(episode_excess_followers / nullIf(follower_count, 0))"),
        "followers of the largest jump, share of all; 0 without one",
    ),
    Feature(
        "unexplained_jump_share",
        "jumps",
        _judged(
            "spike_z",
            "sumIf(episode_excess_followers / nullIf(follower_count, 0), "
            f"is_spike_explained = false AND {_EXPLAINED})",
        ),
        "followers of all jumps that no post explains, share of all; 0 without one",
    ),
    Feature(
        "round_lot_jumps",
        "jumps",
        _judged("spike_z", "countIf(round_lot_distance < 0.02)"),
        "jumps within 2 % of a lot as sellers offer it",
    ),
    Feature(
        "other_jumps",
        "jumps",
        _judged("spike_z", "countIf(round_lot_distance >= 0.02)"),
        "jumps that are not",
    ),
    Feature(
        "country_change",
        "audience",
        _peak("country_change_28d"),
        "Jensen-Shannon distance of the followers' countries and those 28 days before, most",
    ),
    Feature(
        "interaction_rate_outlier",
        "posts",
        "if(n < 10, NULL, (arrayMax(rates) - middle) / greatest(spread, 0.05))",
        "largest log interactions per view of a post against the account's others, robust z",
    ),
    Feature(
        "interaction_rate_outliers",
        "posts",
        "if(n < 10, NULL, "
        "arrayCount(r -> r - middle > 4 * greatest(spread, 0.05), rates) / n)",
        "share of posts beyond a z of 4",
    ),
    Feature(
        "first_day_outlier",
        "posts",
        "if(n < 10, NULL, arrayMax(firsts) - arrayReduce('median', firsts))",
        "largest share of a week's interactions on the first day against the account's others",
    ),
    Feature(
        "shared_spike_count",
        "shared",
        "sum(pairs)",
        "pairs of jumps on this and another account of the creator within a day",
    ),
    Feature(
        "views_per_follower_log",
        "engagement",
        _latest("if(view_count_28d > 0 AND follower_count > 0, "
                "log(view_count_28d / follower_count), NULL)"),
        "log of views of 28 days per follower",
    ),
)  # fmt: skip
STANDING = (
    Feature(
        "follower_log",
        "growth",
        _latest("if(follower_count > 0, log10(follower_count), NULL)"),
        "log10 of followers",
    ),
    Feature("growth_28d", "growth", _latest("follower_growth_rate_28d"), "growth in 28 days"),
    Feature("growth_90d", "growth", _latest("follower_growth_rate_90d"), "growth in 90 days"),
    Feature("churn_28d", "growth", _latest("churn_rate_28d"), "followers lost in 28 days, share"),
    Feature("churn_high", "growth", _peak("churn_rate_28d"), "the most of it"),
    Feature("account_age_days", "growth", _latest("account_age_days"), "days"),
    Feature(
        "is_verified", "exposure", _latest("toUInt8OrNull(toString(toUInt8(is_verified)))"), "0, 1"
    ),
    Feature("reach_volatility", "exposure", _latest("reach_volatility_90d"), "of daily log reach"),
    Feature("view_volatility", "exposure", _latest("view_volatility_90d"), "of daily log views"),
    Feature("sponsored_share", "exposure", _latest("sponsored_share_365d"), "share of posts"),
    Feature(
        "modelled_income_amount",
        "exposure",
        "toFloat64(" + _latest("modelled_income_amount") + ")",
        "USD a year",
    ),
)
FEATURES = (*SIGNALS, *STANDING)
_TABLES = {
    "fraud": "{marts}.mart_fraud__account_day",
    "jumps": "{marts}.mart_fraud__follower_spike",
    "audience": "{marts}.mart_audience__account_day",
    "growth": "{marts}.mart_growth__account_day",
    "engagement": "{marts}.mart_engagement__account_day",
    "exposure": "{marts}.mart_insurance__account_exposure",
}
# Two accounts of a creator that jump within a day: known on the later of the two days. Beside them
# stand the days of an account that could be judged, with no pair.
_SHARED = """
(
    SELECT one.account_key AS account_key, greatest(one.day, other.day) AS snapshot_date, 1 AS pairs
    FROM spikes AS one
    INNER JOIN spikes AS other ON one.creator_id = other.creator_id
    WHERE one.account_key != other.account_key AND abs(one.day - other.day) <= 1
    UNION ALL
    SELECT account_key, snapshot_date, 0 AS pairs
    FROM {marts}.mart_fraud__account_day
    WHERE spike_value IS NOT NULL AND creator_id IS NOT NULL
)
"""
_SPIKES = """
spikes AS (
    SELECT creator_id, account_key, snapshot_date AS day
    FROM {marts}.mart_fraud__account_day
    WHERE spike_value > 4 AND creator_id IS NOT NULL
        AND snapshot_date > {first:Date} - {window:UInt16} AND snapshot_date <= {last:Date}
)
"""
_PAST = "snapshot_date <= d AND snapshot_date > d - {window:UInt16}"
_UNTIL_LAST = "snapshot_date <= {last:Date}"
# A filled day lies on the line to the next reading, which was not known on it.
_READ = {"growth": "NOT is_filled"}
# An account has a row on a day when it was read in the week before.
_ACCOUNTS = """
accounts AS (
    SELECT
        argMax(creator_id, snapshot_date) AS creator_id,
        any(platform) AS platform,
        any(account_id) AS account_id,
        account_key,
        arrayJoin(arrayFilter(
            d -> snapshot_date <= d AND snapshot_date > d - 7, {days:Array(Date)}
        )) AS as_of
    FROM {marts}.mart_growth__account_day
    WHERE snapshot_date > {first:Date} - 7 AND snapshot_date <= {last:Date} AND NOT is_filled
    GROUP BY account_key, as_of
)
"""


def account_features(tables: Tables, days: Sequence[date]) -> pd.DataFrame:
    """The features of every account on each of the days.

    Args:
        tables: of the reader.
        days: values of ``as_of``.

    Returns:
        ``creator_id``, ``platform``, ``account_id``, ``account_key``, ``as_of`` and one float
        column per feature of ``FEATURES``; ordered by ``as_of`` and account. An account has a row
        on a day when it was read in the week up to it.

    Raises:
        ValueError: no days.
    """
    if not days:
        raise ValueError("account_features: no days were given. Pass at least one.")
    parameters = {
        "days": sorted(set(days)),
        "first": min(days),
        "last": max(days),
        "window": WINDOW_DAYS,
    }
    frame = tables.read(_query(), parameters)
    return frame.astype({feature.name: float for feature in FEATURES})


def as_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Features as rows of ``ml.account_feature``: the keys, and the known values in one map."""
    names = [feature.name for feature in FEATURES]
    return frame[list(KEYS)].assign(features=as_maps(frame[names]))


def from_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with a map ``features`` as a frame with a column per feature."""
    names = [feature.name for feature in FEATURES]
    return rows.drop(columns="features").join(from_maps(rows["features"], names))


def _query() -> str:
    sources = dict.fromkeys(feature.source for feature in FEATURES)
    parts = [_SPIKES, _ACCOUNTS, *(_part(source) for source in sources)]
    columns = ", ".join(f"accounts.{key} AS {key}" for key in KEYS)
    names = ", ".join(f"{f.source}.{f.name} AS {f.name}" for f in FEATURES)
    joins = " ".join(
        f"LEFT JOIN {source} ON accounts.account_key = {source}.account_key "
        f"AND accounts.as_of = {source}.as_of"
        for source in sources
    )
    return (
        f"WITH {', '.join(parts)} SELECT {columns}, {names} FROM accounts {joins} "  # noqa: S608
        "ORDER BY as_of, account_key SETTINGS join_use_nulls = 1"
    )


# What a post had at seven days, known from the eighth day after its publication on.
_POSTS = """
posts AS (
    SELECT account_key, as_of, {columns}
    FROM (
        SELECT
            account_key, as_of,
            groupArray(rate) AS rates,
            groupArray(first) AS firsts,
            length(rates) AS n,
            arrayReduce('median', rates) AS middle,
            1.4826 * arrayReduce('median', arrayMap(r -> abs(r - middle), rates)) AS spread
        FROM (
            SELECT
                account_key,
                arrayJoin(arrayFilter(
                    d -> toDate(published_at) + 8 <= d
                        AND toDate(published_at) > d - {window:UInt16},
                    {days:Array(Date)}
                )) AS as_of,
                log((assumeNotNull(day_7_interaction_count) + 1)
                    / (assumeNotNull(day_7_view_count) + 1)) AS rate,
                assumeNotNull(day_1_interaction_count)
                    / greatest(assumeNotNull(day_7_interaction_count), 1) AS first
            FROM {marts}.mart_engagement__post
            WHERE day_7_interaction_count IS NOT NULL AND day_7_view_count > 0
                AND day_1_interaction_count IS NOT NULL
                AND published_at > toDateTime({first:Date} - {window:UInt16})
                AND published_at < toDateTime({last:Date})
            ORDER BY account_key, as_of, published_at, post_key
        )
        GROUP BY account_key, as_of
    )
)
"""


def _part(source: str) -> str:
    columns = ", ".join(f"{f.expression} AS {f.name}" for f in FEATURES if f.source == source)
    if source == "posts":
        return _POSTS.replace("{columns}", columns)
    table = _TABLES.get(source, _SHARED)
    return f"""
    {source} AS (
        SELECT account_key, as_of, {columns}
        FROM (
            SELECT *, arrayJoin(arrayFilter(d -> {_PAST}, {{days:Array(Date)}})) AS as_of
            FROM {table}
            WHERE snapshot_date > {{first:Date}} - {{window:UInt16}} AND {_UNTIL_LAST}
                AND {_READ.get(source, "true")}
        )
        GROUP BY account_key, as_of
    )
    """  # noqa: S608 - every part is written in this file
