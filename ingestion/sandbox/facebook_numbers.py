"""How the world's numbers look on Facebook: counters, reactions by type, insights.

The routes ask for one page or post at a time, the history for all of them at once: every function
takes index arrays of equal length (positions in the block, day indices) and gives arrays of that
length, so both say the same. Counters are lifetime, as known at the end of the day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from ingestion.facebook import REACTION_TYPES
from ingestion.sandbox.world.model import NEVER, Bools, Ints, PlatformBlock, Texts
from ingestion.sandbox.world.restatement import restated

PACIFIC = ZoneInfo("America/Los_Angeles")
FEWEST_LIKES = 100
"""A page has insights from this many likes on."""
KEPT_DAYS = 730
"""Insights of older days are gone."""
VIDEO_ID_OFFSET = 10**15
"""A video's id lies this far above the own part of its post's id."""

PAGE_METRICS = (
    "page_media_view",
    "page_total_media_view_unique",
    "page_views_total",
    "page_post_engagements",
    "page_total_actions",
    "page_video_views",
    "page_follows",
    "page_daily_follows",
    "page_daily_follows_unique",
    "page_daily_unfollows_unique",
    *(
        f"page_actions_post_reactions_{name}_total"
        for name in ("like", "love", "haha", "wow", "sorry", "anger")
    ),
)
"""What a page can be asked for by day."""

VIDEO_FORMATS = ("reel", "video")
CLICK_TYPES: Mapping[str, Mapping[str, int]] = {
    "image": {"photo view": 30, "other clicks": 14},
    "link": {"link clicks": 42, "other clicks": 9},
    "text": {"other clicks": 11},
    "video": {"video play": 55, "other clicks": 8},
}
"""Clicks of each kind in a thousand views."""
CLICK_NAMES = ("link clicks", "other clicks", "photo view", "video play")
INSIGHT_REACTIONS: Mapping[str, Sequence[str]] = {
    "like": ("LIKE", "CARE"),
    "love": ("LOVE",),
    "haha": ("HAHA",),
    "wow": ("WOW",),
    "sorry": ("SAD",),
    "anger": ("ANGRY",),
}
"""Insights have names of their own for reactions, and count care as a like."""

_MOODS: tuple[tuple[int, ...], ...] = (
    (82, 9, 2, 3, 2, 1, 1),
    (70, 20, 4, 2, 2, 1, 1),
    (72, 6, 1, 16, 3, 1, 1),
    (74, 6, 2, 3, 12, 2, 1),
    (66, 5, 6, 3, 3, 12, 5),
)
"""Of a hundred reactions how many are of each of :data:`REACTION_TYPES`, by a post's mood."""

Parts = Mapping[str, Ints]
"""Values by segment; ``""`` for the whole."""
Insight = Callable[["PostDays"], Parts]


@dataclass(frozen=True)
class PostDays:
    """Posts of a block (positions) as each stands at the end of a day (index)."""

    block: PlatformBlock
    post: Ints
    day: Ints

    @property
    def views(self) -> Ints:
        return self.block.post_views[self.post, self.day]

    @property
    def reach(self) -> Ints:
        return self.block.post_reach[self.post, self.day]

    @property
    def likes(self) -> Ints:
        return self.block.post_likes[self.post, self.day]

    @property
    def comments(self) -> Ints:
        return self.block.post_comments[self.post, self.day]

    @property
    def shares(self) -> Ints:
        return self.block.post_shares[self.post, self.day]

    @property
    def watched(self) -> Ints:
        """Milliseconds that a play lasts on average."""
        return derived(self.block).watched[self.post]

    def reactions(self) -> Ints:
        """Counts by :data:`REACTION_TYPES`, [n, 7]; none of them ever falls."""
        return reactions(self.likes, self.block.post_created[self.post] % len(_MOODS))


def is_listed(block: PlatformBlock) -> Bools:
    """Which posts [P] stand on the page's list: stories do not."""
    found: Bools = block.post_format != "story"
    return found


def is_video(block: PlatformBlock) -> Bools:
    """Which posts [P] hold a video or are a reel."""
    return np.isin(block.post_format, VIDEO_FORMATS)


def fan_count(block: PlatformBlock, account: Ints, day: Ints) -> Ints:
    """Likes of the page: a few of its followers do not like it."""
    return block.followers[account, day] * 97 // 100


def has_insights(block: PlatformBlock, account: Ints, day: Ints) -> Bools:
    """Whether the platform shows the page's insights."""
    found: Bools = fan_count(block, account, day) >= FEWEST_LIKES
    return found


def talking_about(block: PlatformBlock, account: Ints, day: Ints) -> Ints:
    """People who did something with the page in the week that ends with the day."""
    so_far = derived(block).engaged_so_far
    return so_far[account, day + 1] - so_far[account, np.maximum(day - 6, 0)]


def reactions(total: Ints, mood: npt.ArrayLike) -> Ints:
    """``total`` reactions by type, [n, 7]: the n-th is always of the same type."""
    every, begun = _sequences()
    moods = np.asarray(mood, dtype=np.int64)
    found: Ints = (total // 100)[:, None] * every[moods] + begun[moods, total % 100]
    return found


def insight_reactions(counts: Ints) -> Parts:
    """Counts by type as insights name them."""
    return {
        name: sum(
            (counts[:, REACTION_TYPES.index(one)] for one in types),
            np.zeros(counts.shape[0], np.int64),
        )
        for name, types in INSIGHT_REACTIONS.items()
    }


def clicks(posts: PostDays) -> Parts:
    """Clicks by what was clicked."""
    rates = derived(posts.block).click_rates
    return {name: posts.views * rate[posts.post] // 1000 for name, rate in rates.items()}


def page_metric(name: str, block: PlatformBlock, account: Ints, measured: Ints, read: Ints) -> Ints:
    """A page's number of the day ``measured`` as shown at the end of the day ``read``."""
    final = derived(block).finals[name][account, measured]
    return final if name == "page_follows" else restated(final, read - measured)


def end_time(measured: date) -> datetime:
    """The end of a page's day: midnight in Pacific time, 07:00 or 08:00 UTC on the next day."""
    return datetime.combine(measured + timedelta(days=1), time.min, PACIFIC)


POST_INSIGHTS: Mapping[str, Insight] = {
    "post_media_view": lambda posts: {"": posts.views},
    "post_total_media_view_unique": lambda posts: {"": posts.reach},
    "post_clicks": lambda posts: {"": sum(clicks(posts).values(), np.zeros_like(posts.views))},
    "post_clicks_by_type": clicks,
    "post_reactions_by_type_total": lambda posts: insight_reactions(posts.reactions()),
}
VIDEO_INSIGHTS: Mapping[str, Insight] = {
    "total_video_views": lambda posts: {"": posts.views},
    "total_video_views_unique": lambda posts: {"": posts.reach},
    "total_video_complete_views": lambda posts: {"": posts.views * 21 // 100},
    "total_video_avg_time_watched": lambda posts: {"": posts.watched},
    "total_video_view_total_time": lambda posts: {"": posts.views * posts.watched},
    "total_video_reactions_by_type_total": lambda posts: insight_reactions(posts.reactions()),
}
REEL_INSIGHTS: Mapping[str, Insight] = {
    "blue_reels_play_count": lambda posts: {"": posts.views},
    "fb_reels_total_plays": lambda posts: {"": posts.views + posts.views * 13 // 100},
    "fb_reels_replay_count": lambda posts: {"": posts.views * 13 // 100},
    "post_video_avg_time_watched": lambda posts: {"": posts.watched},
    "post_video_view_time": lambda posts: {"": posts.views * posts.watched},
    "post_video_likes_by_reaction_type": lambda posts: {
        f"REACTION_{name}": posts.reactions()[:, place] for place, name in enumerate(REACTION_TYPES)
    },
    "post_video_social_actions": lambda posts: {"COMMENT": posts.comments, "SHARE": posts.shares},
}
SEGMENTED = frozenset(
    {
        "post_clicks_by_type",
        "post_reactions_by_type_total",
        "total_video_reactions_by_type_total",
        "post_video_likes_by_reaction_type",
        "post_video_social_actions",
    }
)
"""Metrics whose value is an object; it leaves out what is zero."""


def video_ids(block: PlatformBlock) -> Texts:
    """The id of each post's video or reel, [P]; None where the post has none."""
    return derived(block).video_ids


def own_part(video_id: str) -> str | None:
    """The own part of the id of the post that a video stands in; None for no video's id."""
    if not (video_id.isascii() and video_id.isdecimal()) or int(video_id) < VIDEO_ID_OFFSET:
        return None
    return str(int(video_id) - VIDEO_ID_OFFSET)


def stands(block: PlatformBlock, post: int, day: int) -> bool:
    """Whether a post is published by the end of the day and not deleted by then."""
    end = block.end_of(day)
    deleted = int(block.post_deleted[post])
    return bool(block.post_created[post] < end and (deleted == NEVER or deleted >= end))


@cache
def _sequences() -> tuple[Ints, Ints]:
    """By mood: how many of a hundred are of each type [M, 7], and of the first k [M, 100, 7].

    Each next one is of the type that is furthest behind its share.
    """
    shares = np.array(_MOODS, dtype=np.int64)
    begun = np.zeros((len(_MOODS), 100, len(REACTION_TYPES)), dtype=np.int64)
    for mood, share in enumerate(shares):
        count = np.zeros(len(REACTION_TYPES), dtype=np.int64)
        for k in range(100):
            begun[mood, k] = count
            count[np.argmax(share * (k + 1) - count * 100)] += 1
    return shares, begun


class Derived:
    """What is worked out of a block once: daily numbers of its pages [A, D], ids of its videos."""

    def __init__(self, block: PlatformBlock) -> None:
        self.said: dict[str, dict[int, dict[str, Any]]] = {}
        """Posts as they were asked for, without what is counted: by fields and position."""
        self.video_ids = _video_ids(block)
        self.watched = block.post_duration * np.where(block.post_format == "reel", 620, 340)
        self.click_rates = {name: _click_rates(block, name) for name in CLICK_NAMES}
        self.engaged_so_far = np.pad(np.cumsum(block.engaged, axis=1), ((0, 0), (1, 0)))
        """Sum over the days before, [A, D + 1]."""
        self.finals: Mapping[str, Ints] = {
            "page_media_view": block.views,
            "page_total_media_view_unique": block.reach,
            "page_views_total": block.profile_views,
            "page_post_engagements": block.likes + block.comments + block.shares,
            "page_total_actions": block.profile_views * 3 // 100,
            "page_video_views": _video_views(block),
            "page_follows": block.followers,
            "page_daily_follows": block.gained,
            "page_daily_follows_unique": block.gained,
            "page_daily_unfollows_unique": block.lost,
            **_day_reactions(block),
        }


_derived: "WeakKeyDictionary[PlatformBlock, Derived]" = WeakKeyDictionary()


def derived(block: PlatformBlock) -> Derived:
    """What belongs to the block, for as long as the block is kept."""
    found = _derived.get(block)
    if found is None:
        found = _derived[block] = Derived(block)
    return found


def _click_rates(block: PlatformBlock, name: str) -> Ints:
    """Clicks of one kind in a thousand views of each post, [P]."""
    rates = [CLICK_TYPES[str(f)].get(name, 0) if f in CLICK_TYPES else 0 for f in block.post_format]
    return np.array(rates, dtype=np.int64)


def _day_reactions(block: PlatformBlock) -> Parts:
    """A day's reactions to anything on the page by kind, [A, D] each."""
    counts = insight_reactions(reactions(block.likes.ravel(), 0))
    return {
        f"page_actions_post_reactions_{name}_total": count.reshape(block.likes.shape)
        for name, count in counts.items()
    }


def _video_views(block: PlatformBlock) -> Ints:
    """Views of the page's videos and reels by day, [A, D]."""
    holds = np.flatnonzero(is_video(block))
    counter = block.post_views[holds]
    # What a post had gathered before the first day is not that day's.
    is_older = block.post_created[holds] < block.end_of(-1)
    before = np.where(is_older, counter[:, 0], 0)[:, None]
    found = np.zeros((block.account_id.size, block.days), dtype=np.int64)
    np.add.at(found, block.post_account[holds], np.diff(counter, axis=1, prepend=before))
    return found


def _video_ids(block: PlatformBlock) -> Texts:
    own = (str(post_id).partition("_")[2] for post_id in block.post_id)
    made = [
        str(int(number) + VIDEO_ID_OFFSET) if holds else None
        for number, holds in zip(own, is_video(block), strict=True)
    ]
    return np.array(made, dtype=object)
