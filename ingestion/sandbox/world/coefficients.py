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

    monthly_mean: float = _c(
        0.012, "per 30 days", "mean net growth before giveaways and the like, which make it 0.017"
    )
    monthly_spread: float = _c(0.022, "per 30 days", "standard deviation between accounts")
    daily_loss: float = _c(0.0007, "per day", "followers who leave")
    from_views: float = _c(0.5, "share", "part of the gain that follows the day's views")
    view_elasticity: float = _c(0.8, "1", "gain against views, on log scale")
    daily_noise: float = _c(0.25, "log", "day-to-day noise of the gain")
    purge_days_per_year: float = _c(5.0, "per year", "a platform removes followers it distrusts")
    purge_grown: float = _c(0.004, "share", "grown followers that a purge removes, median")
    purge_spread: float = _c(0.6, "log", "of the grown share between accounts")
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
    following: float = _c(100.0, "accounts", "followed by an account, median")
    youth: float = _c(0.0, "1", "how much younger than average the audience is")


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
    viral_engagement: float = _c(0.8, "1", "engagement rate of viral posts against others")
    root_range: tuple[float, float] = _c(
        (0.25, 2.2), "1", "the root of a post's engagement rate against the median stays within"
    )
    rate_ceiling: float = _c(0.7, "per view", "highest engagement rate")
    story_reach: float = _c(0.22, "1", "views of a story against a post")
    story_engagement: float = _c(0.25, "1", "engagement rate of a story against a post")
    comment_spread: float = _c(0.5, "log", "of the share of comments between posts")
    share_spread: float = _c(0.6, "log", "of the share of shares between posts")
    part_ceiling: float = _c(0.4, "share", "largest share of either")
    save_spread: float = _c(0.6, "log", "of the saves between posts")
    reach_spread: float = _c(0.06, "1", "relative spread of reach per view between posts")
    hour: float = _c(17.0, "local hour", "when people post, mean")
    hour_spread: float = _c(3.2, "hours", "standard deviation of it")
    kids_share: float = _c(0.03, "share", "accounts made for kids")
    hashtag_share: float = _c(0.7, "share", "captions with a hashtag")
    emoji_share: float = _c(0.5, "share", "captions with an emoji")
    profile_visits: float = _c(0.012, "per view", "visits of the profile")
    gain_visits: tuple[float, float] = _c((3.0, 6.0), "1", "visits for each follower gained")
    engaged_accounts: float = _c(0.84, "1", "different accounts among a day's engagements")
    alien_language: float = _c(0.03, "share", "posts in another language than the account's")


@dataclass(frozen=True)
class Audience:
    """Who the followers are, and when they are awake."""

    home_spread: float = _c(0.12, "share", "of the home audience between accounts")
    age_weights: tuple[float, ...] = _c(
        (2.0, 9.0, 10.0, 6.0, 3.0, 1.5, 0.8), "1", "ages from 13-17 to 65+"
    )
    age_tilt: float = _c(0.35, "log per age group", "at youth 1")
    bought_age_weights: tuple[float, ...] = _c(
        (1.0, 12.0, 10.0, 2.0, 1.0, 0.5, 0.5), "1", "ages of bought followers"
    )
    women: tuple[float, float] = _c((4.0, 4.0), "1", "Beta distribution of the share of women")
    unknown_gender: float = _c(0.04, "share", "followers of unknown gender")
    bought_gender_weights: tuple[float, ...] = _c(
        (3.0, 6.0, 1.5), "1", "women, men, unknown among bought followers"
    )
    concentration: float = _c(40.0, "1", "of the Dirichlet draws; higher is more alike")
    farm_shares: tuple[float, float, float] = _c(
        (0.6, 0.25, 0.15), "share", "bought followers of an account by its three countries"
    )
    farm_stealth: float = _c(0.7, "share", "bought followers from home at stealth 1")
    evening: tuple[float, float, float] = _c(
        (2.2, 20.0, 3.5), "1, hour, hours", "activity peak: height, place, width"
    )
    noon: tuple[float, float, float] = _c((1.0, 12.0, 3.0), "1, hour, hours", "the smaller peak")
    night: tuple[float, float, float] = _c((0.85, 3.5, 2.5), "1, hour, hours", "the trough")


@dataclass(frozen=True)
class Profiles:
    """Public profiles of commenters; triples are ordinary people, members of pods, empty ones."""

    empty_bots: float = _c(0.8, "share", "bots whose profile is empty")
    empty_people: float = _c(0.1, "share", "ordinary commenters whose profile is as empty")
    young: float = _c(0.6, "share", "empty profiles made within the last year")
    followers: tuple[float, float, float] = _c((180.0, 6_000.0, 12.0), "followers", "median")
    following: tuple[float, float, float] = _c((320.0, 1_800.0, 1_400.0), "accounts", "median")
    posts: tuple[float, float, float] = _c((35.0, 240.0, 1.0), "posts", "median")
    spread: float = _c(1.1, "log", "of followers and posts")
    following_spread: float = _c(0.8, "log", "of the accounts followed")
    picture: tuple[float, float] = _c((0.96, 0.35), "share", "with a picture: others, empty ones")
    no_bio: tuple[float, float] = _c((0.2, 0.75), "share", "without a bio: others, empty ones")
    private: tuple[float, float] = _c((0.35, 0.05), "share", "private: ordinary people, others")


@dataclass(frozen=True)
class Comments:
    """Which of a post's comments exist as rows."""

    rows_certain: int = _c(4, "rows", "comments of a post that are all kept")
    rows_beyond: float = _c(0.2, "share", "of the comments beyond, kept as rows")
    rows_cap: int = _c(60, "rows", "most rows of a post; its counter may be larger")
    commenters: int = _c(40_000, "people", "ordinary commenters of the world")
    pod_people: int = _c(2_400, "people", "members of pods")
    pod_size: int = _c(24, "people", "of a pod; not all are there for each post")
    bots: int = _c(2_000, "people", "commenters that are for sale")
    fans: int = _c(400, "people", "those who comment on one account most of the time")
    fan_share: float = _c(0.7, "share", "comments written by an account's fans")
    reply_share: float = _c(0.12, "share", "comments that answer another")
    wordless_share: float = _c(0.18, "share", "ordinary comments of emoji alone")
    one_word_share: float = _c(0.12, "share", "ordinary comments of a word or two")
    mention_share: float = _c(0.07, "share", "ordinary comments that name a friend")
    foreign_share: float = _c(0.1, "share", "ordinary comments in another language")
    second_sentence: float = _c(0.5, "share", "ordinary sentences that another follows")
    opening_word: float = _c(0.3, "share", "ordinary sentences that open with a word or two")
    giveaway_mentions: float = _c(0.75, "share", "comments of a giveaway that name two friends")
    spam_foreign: float = _c(0.6, "share", "spam in English whatever the account writes in")
    pod_words: float = _c(0.6, "share", "pod comments of a word or two; the rest are sentences")


@dataclass(frozen=True)
class Fraud:
    """What cheating creators do."""

    kind_shares: tuple[float, ...] = _c(
        (0.36, 0.18, 0.16, 0.16, 0.14), "share", "cheats by kind, in the order of FRAUD_KINDS"
    )
    likes_too: float = _c(0.3, "share", "buyers of followers who also buy likes")
    elsewhere: float = _c(0.5, "share", "further accounts of a cheat that cheat too")
    stealth_spread: float = _c(0.15, "1", "standard deviation of stealth around the dial")
    stealth_days: float = _c(14.0, "days", "longest extra delivery at stealth 1")
    lots_per_day: float = _c(0.012, "per day", "further lots after the first")
    lot_share: tuple[float, float] = _c((0.05, 0.35), "share", "of the followers, per buyer")
    lot_days: tuple[int, int] = _c((1, 3), "days", "delivery at stealth 0")
    lot_loss: tuple[float, float] = _c(
        (0.01, 0.02), "per day", "of a lot lost in its first month; an eighth of it later"
    )
    bought_attention: float = _c(0.05, "1", "views of a bought follower against a grown one")
    follows_per_day: tuple[float, float] = _c((60.0, 350.0), "per day", "follows while ramping up")
    follow_back: float = _c(0.17, "share", "of the followed who follow back, a day later")
    follow_back_lost: float = _c(0.35, "share", "of those who leave when unfollowed")
    unfollowed: float = _c(0.85, "share", "of the followed who are unfollowed")
    campaign_days: tuple[int, int] = _c(
        (25, 90), "days", "bought likes, pods and spam: length, upper end exclusive"
    )
    campaign_posts: float = _c(0.85, "share", "posts of a campaign that are inflated")
    likes_bought: tuple[float, float] = _c(
        (0.5, 2.5), "1", "bought likes of a post against its own"
    )
    likes_hours: float = _c(8.0, "hours", "delivery of bought likes at stealth 0")
    pod_present: tuple[float, float] = _c((0.5, 0.9), "share", "of a pod that comments on a post")
    pod_hours: float = _c(1.5, "hours", "mean delay of a pod's comments at stealth 0")
    spam_count: tuple[float, float] = _c(
        (0.8, 3.0), "1", "spam comments of a post against its own, before the cap"
    )
    spam_cap: int = _c(24, "rows", "most spam or pod comments of a post")
    spam_hours: float = _c(3.0, "hours", "mean delay of spam at stealth 0")
    lot_jitter: float = _c(0.07, "share", "by which a lot that is not round misses the order")
    lot_extra: float = _c(0.015, "share", "most that a round lot delivers beyond the order")
    follows_of_size: float = _c(0.02, "share", "follows a day against followers, within the limits")
    ramp_days: tuple[int, int] = _c((6, 11), "days", "following, upper end exclusive")
    hold_days: tuple[int, int] = _c((2, 6), "days", "waiting, upper end exclusive")
    drop_days: tuple[int, int] = _c((2, 5), "days", "unfollowing, upper end exclusive")
    rest_days: tuple[int, int] = _c(
        (3, 11), "days", "until the next cycle; up to 10 more by stealth"
    )
    stealth_lot: float = _c(0.4, "share", "smaller lots at stealth 1")
    stealth_loss: float = _c(0.5, "share", "smaller loss of lots at stealth 1")
    stealth_follows: float = _c(0.4, "share", "fewer follows at stealth 1")
    stealth_likes: float = _c(0.6, "share", "fewer bought likes at stealth 1")
    stealth_comments: float = _c(0.5, "share", "fewer pod and spam comments at stealth 1")
    stealth_likes_slower: float = _c(6.0, "1", "times longer delivery of likes at stealth 1")
    stealth_comments_slower: float = _c(8.0, "1", "times longer delay of comments at stealth 1")


@dataclass(frozen=True)
class Disturbances:
    """Hard negatives: honest causes of suspicious numbers; frequencies per account and year."""

    giveaway: float = _c(0.8, "per year", "giveaways")
    giveaway_gain: tuple[float, float] = _c((0.02, 0.12), "share", "of followers, in three days")
    giveaway_days: tuple[float, float, float] = _c((0.5, 0.3, 0.2), "share", "of the gain by day")
    giveaway_lost: float = _c(0.3, "share", "of those who leave in days 7 to 26")
    giveaway_comments: float = _c(4.0, "1", "comments of the giveaway post against an ordinary one")
    advertising: float = _c(0.8, "per year", "advertising campaigns of 4 to 12 days")
    advertising_days: tuple[int, int] = _c((4, 13), "days", "length, upper end exclusive")
    advertising_views: float = _c(25.0, "1", "paid views for each follower gained")
    advertising_gain: tuple[float, float] = _c((0.002, 0.008), "per day", "of followers")
    television: float = _c(0.3, "per year", "appearances of a creator, on all platforms at once")
    television_gain: tuple[float, float] = _c((0.03, 0.18), "share", "of followers, in three days")
    television_days: tuple[float, float, float] = _c(
        (0.6, 0.28, 0.12), "share", "of the gain by day"
    )
    television_attention: float = _c(1.4, "1", "views of posts on those days")
    api_gap: float = _c(1.5, "per year", "the platform fails for 1 or 2 days")
    rebrand: float = _c(0.15, "per year", "new handles")


@dataclass(frozen=True)
class Incidents:
    """Insured events; frequencies per account and year, or per creator where said."""

    frailty_spread: float = _c(0.6, "log", "of the frequency between creators (lognormal, mean 1)")
    takeover: float = _c(0.04, "per year", "account taken over")
    takeover_fraud: float = _c(2.0, "1", "the same for accounts with fraud (third-party tools)")
    takeover_forever: float = _c(0.3, "share", "never recovered")
    takeover_days: float = _c(5.0, "days", "median duration of the others")
    takeover_spread: float = _c(1.0, "log", "of the duration")
    takeover_loss: tuple[float, float] = _c((0.004, 0.02), "per day", "followers lost at first")
    takeover_posts: float = _c(1.5, "per day", "alien posts in the first week")
    takeover_renamed: float = _c(0.5, "share", "of the never recovered, with a new handle")
    suspension: float = _c(0.035, "per year", "account suspended")
    suspension_fraud: float = _c(4.0, "1", "the same for accounts with fraud")
    suspension_forever: float = _c(0.2, "share", "permanent")
    suspension_days: float = _c(6.0, "days", "median duration of the others")
    suspension_spread: float = _c(0.9, "log", "of the duration")
    suspension_right: float = _c(0.7, "share", "rightful where the account has fraud, else none")
    collapse: float = _c(0.03, "per year", "engagement collapse: the platform shows the posts less")
    collapse_factor: tuple[float, float] = _c((0.15, 0.35), "1", "attention that is left")
    collapse_days: tuple[int, int] = _c((20, 61), "days", "duration, upper end exclusive")
    collapse_cost: float = _c(0.5, "1", "loss of income against loss of attention")
    reputation_attention: tuple[float, float] = _c(
        (1.6, 0.6), "1", "views on the first three days, and on the twenty-one after"
    )
    reputation_angry: float = _c(0.6, "share", "angry comments in the first ten days")
    liability_angry: float = _c(0.3, "share", "angry comments in the first four days")
    longest_paid: int = _c(90, "days", "counted where an incident never ends")
    reputation: float = _c(0.03, "per creator and year", "reputation incidents")
    reputation_loss: tuple[float, float] = _c((0.005, 0.03), "per day", "followers lost at first")
    reputation_amount: tuple[float, float] = _c((2_500.0, 1.0), "USD, log", "median, spread")
    liability: float = _c(0.03, "per creator and year", "content liability; the post is taken down")
    liability_amount: tuple[float, float] = _c((6_000.0, 1.3), "USD, log", "median, spread")
    daily_income: float = _c(2.0, "USD per 1,000 followers", "what a day without the account costs")
    daily_income_spread: float = _c(0.5, "log", "between creators")


@dataclass(frozen=True)
class Claims:
    """How incidents become claims; pairs are (honest creators, creators with fraud)."""

    reported: float = _c(0.8, "share", "incidents that are claimed")
    delay_days: float = _c(4.0, "days", "median delay of the claim")
    delay_spread: float = _c(0.9, "log", "of the delay")
    inflated_share: tuple[float, float] = _c((0.08, 0.25), "share", "creators who inflate")
    staged_share: tuple[float, float] = _c((0.02, 0.12), "share", "creators who stage losses")
    inflation: tuple[float, float] = _c((1.4, 3.0), "1", "claimed against true amount")
    honest_spread: float = _c(0.08, "log", "claimed against true amount of the honest")
    staged_per_year: float = _c(1.5, "per year", "staged takeovers of a creator who stages")
    staged_days: tuple[int, int] = _c((5, 21), "days", "claimed outage, upper end exclusive")


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
        following=40.0,
        youth=-0.8,
    ),
    "instagram": Traits(
        weight=0.62,
        size_factor=1.0,
        posts_per_day=0.35,
        story_per_day=0.5,
        views_per_follower=0.32,
        views_size_exponent=-0.1,
        engagement_rate=0.113,
        engagement_size_exponent=-0.085,
        comment_share=0.03,
        share_share=0.05,
        save_rate=0.006,
        decay_days=0.45,
        catalogue_share=0.08,
        reach_per_view=0.7,
        following=500.0,
        youth=0.8,
    ),
    "tiktok": Traits(
        weight=0.55,
        size_factor=1.3,
        posts_per_day=0.45,
        views_per_follower=0.168,
        views_size_exponent=-0.03,
        engagement_rate=0.147,
        engagement_size_exponent=0.0,
        comment_share=0.018,
        share_share=0.025,
        save_rate=0.012,
        decay_days=1.2,
        catalogue_share=0.15,
        reach_per_view=0.85,
        following=180.0,
        youth=1.6,
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
        following=60.0,
        youth=0.3,
    ),
}


# Format: share of the posts, views against the platform's median, seconds (from, to) or None.
FORMATS: dict[str, dict[str, tuple[float, float, tuple[int, int] | None]]] = {
    "facebook": {
        "image": (0.40, 0.9, None),
        "video": (0.15, 1.0, (40, 600)),
        "reel": (0.25, 1.6, (8, 90)),
        "text": (0.10, 0.7, None),
        "link": (0.10, 0.6, None),
    },
    "instagram": {
        "image": (0.28, 0.8, None),
        "carousel": (0.30, 0.95, None),
        "reel": (0.42, 1.35, (7, 90)),
    },
    "tiktok": {"video": (1.0, 1.0, (8, 180))},
    "youtube": {"video": (0.45, 0.9, (200, 1800)), "short": (0.55, 1.1, (12, 60))},
}


def rows() -> Iterator[tuple[str, float, str, str]]:
    """Each coefficient as (name, value, unit, meaning); one row for each member of a tuple."""
    groups: list[tuple[str, Any]] = [
        ("population", Population()),
        ("growth", Growth()),
        ("posts", Posts()),
        ("audience", Audience()),
        ("profiles", Profiles()),
        ("comments", Comments()),
        ("fraud", Fraud()),
        ("disturbances", Disturbances()),
        ("incidents", Incidents()),
        ("claims", Claims()),
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
    for platform, formats in FORMATS.items():
        for name, (share, views, seconds) in formats.items():
            prefix = f"format.{platform}.{name}"
            yield f"{prefix}.share", share, "share", "of the account's posts"
            yield f"{prefix}.views", views, "1", "views against the platform's median"
            for end, second in zip(("shortest", "longest"), seconds or (), strict=False):
                yield f"{prefix}.{end}", float(second), "seconds", "duration"
