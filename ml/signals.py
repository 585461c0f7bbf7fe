"""The features that may speak for fraud, each in one direction, with its code and its words."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Signal:
    """A feature that may speak for fraud: in which direction, and how that is said."""

    feature: str
    direction: int
    """1: suspicious where high, -1: where low."""
    code: str
    words: str


SIGNALS = (
    Signal("spike_peak", 1, "SPIKE", "Followers jumped in a day far beyond the usual gain."),
    Signal(
        "unexplained_spike_peak",
        1,
        "UNEXPLAINED_SPIKE",
        "Followers jumped in a day, and no post explains it.",
    ),
    Signal(
        "unexplained_spike_days",
        1,
        "UNEXPLAINED_SPIKE",
        "Followers jumped on several days that no post explains.",
    ),
    Signal(
        "round_lot_distance",
        -1,
        "ROUND_LOT",
        "The followers of a jump come close to a lot as sellers offer it.",
    ),
    Signal(
        "unexplained_jump_share",
        1,
        "UNEXPLAINED_SPIKE",
        "A large part of the followers came in jumps that no post explains.",
    ),
    Signal(
        "round_lot_jumps",
        1,
        "ROUND_LOT",
        "Jumps of followers are as large as lots that sellers offer.",
    ),
    Signal(
        "country_change",
        1,
        "COUNTRIES_CHANGED",
        "The followers' countries changed within a month.",
    ),
    Signal("churn_high", 1, "FOLLOWERS_LEAVE", "Unusually many followers left within a month."),
    Signal(
        "interaction_rate_outlier",
        1,
        "LIKES_BEYOND_POSTS",
        "A post has far more reactions for its views than the account's others.",
    ),
    Signal(
        "interaction_rate_outliers",
        1,
        "LIKES_BEYOND_POSTS",
        "Several posts have far more reactions for their views than the others.",
    ),
    Signal(
        "first_day_outlier",
        1,
        "FAST_ENGAGEMENT",
        "A post's reactions came on the first day and then stopped.",
    ),
    Signal("spike_lost", 1, "SPIKE_LOST", "Many who came in a jump were gone 30 days later."),
    Signal("spike_lost_60", 1, "SPIKE_LOST", "Many who came in a jump were gone 60 days later."),
    Signal("decoupling", -1, "DECOUPLED", "Followers jumped and reach did not follow."),
    Signal(
        "follow_turns",
        1,
        "FOLLOW_UNFOLLOW",
        "The account follows many others and later unfollows them.",
    ),
    Signal(
        "follower_churn", 1, "FOLLOWERS_LEAVE", "Unusually many followers leave for each who comes."
    ),
    Signal(
        "likes_spread_low", -1, "LIKES_UNIFORM", "Posts have had nearly the same number of likes."
    ),
    Signal("likes_spread_high", 1, "LIKES_UNEVEN", "Some posts have many times the usual likes."),
    Signal(
        "comments_per_like_low", -1, "FEW_COMMENTS", "There are hardly any comments for the likes."
    ),
    Signal("likes_beyond_views", 1, "LIKES_BEYOND_VIEWS", "Posts have more likes than views."),
    Signal(
        "first_day_share_high",
        1,
        "FAST_ENGAGEMENT",
        "Nearly all reactions come on the first day and then stop.",
    ),
    Signal(
        "hollow_comments", 1, "HOLLOW_COMMENTS", "Many comments are emoji, one word or names alone."
    ),
    Signal("copied_comments", 1, "COPIED_COMMENTS", "Many comments repeat one another."),
    Signal(
        "foreign_comments",
        1,
        "FOREIGN_COMMENTS",
        "Many comments are in another language than the posts.",
    ),
    Signal("pod_share", 1, "COMMENT_POD", "A fixed circle comments under post after post."),
    Signal("pod_early_share", 1, "COMMENT_POD", "A fixed circle is the first to comment."),
    Signal(
        "foreign_audience",
        1,
        "FOREIGN_AUDIENCE",
        "Many followers live where the posts' language is not spoken.",
    ),
)
