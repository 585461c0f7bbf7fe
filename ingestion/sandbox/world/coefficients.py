"""Every number that generates the synthetic world, in one place, with its unit.

They are invented to be plausible, partly calibrated on published medians; they claim nothing about
real creators. They are fixed before any model is fitted: `docs/world.md` publishes them and
``truth.coefficient`` holds them, so that what a model recovers can be compared with what made the
data. Change one only together with both seeds' evaluation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

DEVELOPMENT_SEED = 7
EVALUATION_SEEDS = tuple(range(101, 111))
"""Kept for evaluation: no model is fitted, tuned or looked at on them before its final report."""

HELD_OUT_FRAUD = "comment_spam"
"""The fraud type that no training set may hold: it tells how a model meets the unknown."""

FRAUD_KINDS = (
    "bought_followers",
    "follow_unfollow",
    "bought_likes",
    "engagement_pod",
    "comment_spam",
)


def _c(default: Any, unit: str, doc: str) -> Any:
    return field(default=default, metadata={"unit": unit, "doc": doc})


@dataclass(frozen=True)
class Population:
    """Who the creators are."""

    size_median: float = _c(20_000.0, "followers", "median of the lognormal body")
    size_spread: float = _c(1.4, "log", "standard deviation of the body's log")
    tail_share: float = _c(0.08, "share", "creators in the Pareto tail")
    tail_start: float = _c(120_000.0, "followers", "where the tail begins")
    tail_exponent: float = _c(1.2, "1", "Pareto exponent of the tail")
    size_floor: float = _c(400.0, "followers", "smallest creator")
    size_ceiling: float = _c(2e7, "followers", "largest creator")
    platform_size_spread: float = _c(0.6, "log", "between accounts of one creator")
    platforms_count: tuple[float, ...] = _c(
        (0.45, 0.35, 0.15, 0.05), "share", "creators on 1, 2, 3 and 4 platforms (mean 1.8)"
    )
    home_audience: float = _c(0.6, "share", "followers of the creator's own country")
    verified_from: float = _c(250_000.0, "followers", "half of such accounts are verified")
    hidden_subscribers: float = _c(0.03, "share", "YouTube channels that hide their subscribers")
    fraud_share: tuple[float, float] = _c(
        (0.1, 0.2), "share", "creators with material fraud in a block: one of these, evenly"
    )


@dataclass(frozen=True)
class Growth:
    """How followers come and go when nothing is amiss."""

    monthly_mean: float = _c(0.017, "per 30 days", "mean net growth")
    monthly_spread: float = _c(0.022, "per 30 days", "standard deviation between accounts")
    daily_loss: float = _c(0.0007, "per day", "followers who leave")
    from_views: float = _c(0.5, "share", "part of the gain that follows the day's views")
    view_elasticity: float = _c(0.8, "1", "gain against views, on log scale")
    daily_noise: float = _c(0.25, "log", "day-to-day noise of the gain")
    purge_days_per_year: float = _c(5.0, "per year", "a platform removes followers it distrusts")
    purge_grown: float = _c(0.004, "share", "grown followers that a purge removes, median")
    purge_bought: float = _c(0.25, "share", "bought followers that a purge removes, mean")


@dataclass(frozen=True)
class Traits:
    """What sets one platform apart."""

    weight: float = _c(1.0, "1", "how likely a creator is there")
    size_factor: float = _c(1.0, "1", "followers against the creator's size")
    posts_per_day: float = _c(0.4, "per day", "posts of an account, median")
    story_per_day: float = _c(0.0, "per day", "stories of an account, median")
    views_per_follower: float = _c(0.16, "1", "views of a post by followers, median")
    views_size_exponent: float = _c(-0.05, "1", "views per follower against followers")
    engagement_rate: float = _c(0.1, "per view", "likes, comments and shares, median")
    engagement_size_exponent: float = _c(0.0, "1", "engagement rate against followers")
    comment_share: float = _c(0.02, "share", "comments among the engagements")
    share_share: float = _c(0.03, "share", "shares among the engagements")
    save_rate: float = _c(0.005, "per view", "saves")
    decay_days: float = _c(1.0, "days", "tau of a post's attention")
    catalogue_share: float = _c(0.1, "share", "views of posts older than the world, of a day's")
    reach_per_view: float = _c(0.75, "1", "accounts reached by views")


@dataclass(frozen=True)
class Posts:
    """What a post gathers, and when."""

    rate_spread: float = _c(0.5, "log", "posting rate between accounts")
    weekend_posts: float = _c(0.85, "1", "posts on a weekend day against a weekday")
    season: tuple[float, ...] = _c(
        (1.02, 0.96, 0.94, 0.95, 1.0, 1.08, 1.12), "1", "attention by weekday from Monday"
    )
    account_reach_spread: float = _c(0.35, "log", "views per follower between accounts")
    post_reach_spread: float = _c(0.6, "log", "views per follower between posts of an account")
    account_rate_spread: float = _c(
        0.169, "1", "relative spread of the root of the engagement rate between accounts"
    )
    post_rate_spread: float = _c(0.149, "1", "the same between posts of an account")
    viral_share: float = _c(0.007, "share", "viral posts")
    viral_factor: float = _c(12.0, "1", "views of a viral post against an ordinary one, median")
    viral_spread: float = _c(0.5, "log", "of the viral factor")
    decay_exponent: float = _c(1.2, "1", "attention after a days: 1 - (1 + a / tau) ^ -exponent")
    daily_noise: float = _c(0.15, "log", "day-to-day noise of a post's views")
    sponsored_share: float = _c(0.08, "share", "paid partnerships")
    synthetic_share: float = _c(0.03, "share", "posts marked as synthetic media")
    comments_off_share: float = _c(0.03, "share", "posts with comments switched off")
    likes_hidden_share: float = _c(0.03, "share", "posts with hidden likes")
    deleted_share: float = _c(0.012, "share", "posts that their owner deletes later")
    alien_language: float = _c(0.03, "share", "posts in another language than the account's")


@dataclass(frozen=True)
class Comments:
    """Which of a post's comments exist as rows."""

    rows_certain: int = _c(4, "rows", "comments of a post that are all kept")
    rows_beyond: float = _c(0.2, "share", "of the comments beyond, kept as rows")
    rows_cap: int = _c(60, "rows", "most rows of a post; its counter may be larger")
    commenters: int = _c(40_000, "people", "ordinary commenters of the world")
    pod_people: int = _c(2_400, "people", "members of pods")
    bots: int = _c(2_000, "people", "commenters that are for sale")
    fans: int = _c(400, "people", "those who comment on one account most of the time")
    fan_share: float = _c(0.7, "share", "comments written by an account's fans")
    reply_share: float = _c(0.12, "share", "comments that answer another")
    wordless_share: float = _c(0.18, "share", "ordinary comments of emoji alone")
    one_word_share: float = _c(0.12, "share", "ordinary comments of a word or two")
    mention_share: float = _c(0.07, "share", "ordinary comments that name a friend")
    foreign_share: float = _c(0.1, "share", "ordinary comments in another language")


TRAITS: dict[str, Traits] = {
    "facebook": Traits(
        weight=0.25,
        size_factor=0.8,
        posts_per_day=0.5,
        views_per_follower=0.09,
        views_size_exponent=-0.12,
        engagement_rate=0.05,
        engagement_size_exponent=-0.05,
        comment_share=0.08,
        share_share=0.06,
        save_rate=0.0005,
        decay_days=0.35,
        catalogue_share=0.06,
        reach_per_view=0.72,
    ),
    "instagram": Traits(
        weight=0.62,
        size_factor=1.0,
        posts_per_day=0.35,
        story_per_day=0.5,
        views_per_follower=0.32,
        views_size_exponent=-0.1,
        engagement_rate=0.128,
        engagement_size_exponent=-0.07,
        comment_share=0.03,
        share_share=0.05,
        save_rate=0.006,
        decay_days=0.45,
        catalogue_share=0.08,
        reach_per_view=0.7,
    ),
    "tiktok": Traits(
        weight=0.55,
        size_factor=1.3,
        posts_per_day=0.45,
        views_per_follower=0.16,
        views_size_exponent=-0.03,
        engagement_rate=0.153,
        engagement_size_exponent=0.0,
        comment_share=0.018,
        share_share=0.025,
        save_rate=0.012,
        decay_days=1.2,
        catalogue_share=0.15,
        reach_per_view=0.85,
    ),
    "youtube": Traits(
        weight=0.38,
        size_factor=0.7,
        posts_per_day=0.2,
        views_per_follower=0.13,
        views_size_exponent=-0.05,
        engagement_rate=0.048,
        engagement_size_exponent=-0.03,
        comment_share=0.06,
        share_share=0.05,
        save_rate=0.004,
        decay_days=3.0,
        catalogue_share=0.5,
        reach_per_view=0.7,
    ),
}


def rows() -> Iterator[tuple[str, float, str, str]]:
    """Each coefficient as (name, value, unit, meaning); one row for each member of a tuple."""
    groups: list[tuple[str, Any]] = [
        ("population", Population()),
        ("growth", Growth()),
        ("posts", Posts()),
        ("comments", Comments()),
        *((f"platform.{name}", traits) for name, traits in TRAITS.items()),
    ]
    for prefix, group in groups:
        for member in fields(group):
            value = getattr(group, member.name)
            unit, doc = member.metadata["unit"], member.metadata["doc"]
            if isinstance(value, tuple):
                for number, part in enumerate(value):
                    yield f"{prefix}.{member.name}[{number}]", float(part), unit, doc
            else:
                yield f"{prefix}.{member.name}", float(value), unit, doc
