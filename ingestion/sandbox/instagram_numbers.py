"""What Instagram shows of the world's arrays: one place for the routes and the history in bulk.

All functions are elementwise: positions of accounts, posts and days come as arrays of one shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import numpy as np

from ingestion.sandbox.world.model import (
    DAY_SECONDS,
    Bools,
    Floats,
    Ints,
    PlatformBlock,
    Texts,
    midnight,
)
from ingestion.sandbox.world.restatement import restated

PACIFIC = ZoneInfo("America/Los_Angeles")
MOST_SEGMENTS = 45
"""Segments of a breakdown that the platform shows."""
FEWEST_FOLLOWERS = 100
"""An account with fewer has no audience."""
FEWEST_VIEWERS = 5
"""A story that fewer have seen shows no insights."""
DIMENSIONS = ("age", "gender", "city", "country")
GENDERS: Mapping[str, str] = {"female": "F", "male": "M", "unknown": "U"}

KINDS: Mapping[str, tuple[str, str]] = {
    "image": ("IMAGE", "FEED"),
    "carousel": ("CAROUSEL_ALBUM", "FEED"),
    "video": ("VIDEO", "FEED"),
    "reel": ("VIDEO", "REELS"),
}
"""media_type and media_product_type of a format; a story is what was uploaded."""

SHORTCODE = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # pragma: allowlist secret
)
FIRST_MEDIUM = 17_000_000_000_000_000
FIRST_ACCOUNT = 17_841_400_000_000_000
CHILD_STEP = 10**15


def medium_counters(block: PlatformBlock, post: Ints | int, day: Ints | int) -> dict[str, Ints]:
    """The lifetime counters in a medium's fields at the end of the day."""
    shares = block.post_shares[post, day]
    return {
        "like_count": block.post_likes[post, day],
        "comments_count": block.post_comments[post, day],
        "view_count": block.post_views[post, day],
        "saved_count": block.post_saves[post, day],
        "shares_count": shares,
        "reposts_count": shares // 4,
    }


def medium_insights(block: PlatformBlock, post: Ints, day: Ints) -> dict[str, Ints | Floats]:
    """Every lifetime insight of a medium or story at the end of the day, by metric."""
    counters = medium_counters(block, post, day)
    reach, views = block.post_reach[post, day], counters["view_count"]
    likes, comments = counters["like_count"], counters["comments_count"]
    shares, saved = counters["shares_count"], counters["saved_count"]
    # What a medium does to its viewers is its own, and stays: taken from the second it came in.
    own = block.post_created[post] % 997
    watched = np.maximum(block.post_duration[post], 0) * (350 + own % 400)
    return {
        "reach": reach,
        "views": views,
        "likes": likes,
        "comments": comments,
        "shares": shares,
        "saved": saved,
        "reposts": counters["reposts_count"],
        "total_interactions": likes + comments + shares + saved,
        "replies": comments,
        "follows": reach // 400,
        "profile_visits": reach // 40,
        "profile_activity": reach // 250,
        "navigation": views * 9 // 10,
        "ig_reels_avg_watch_time": watched,
        "ig_reels_video_view_total_time": watched * views,
        "reels_skip_rate": (150 + own % 500) / 10,
    }


def account_totals(block: PlatformBlock, account: Ints, day: Ints, age: Ints) -> dict[str, Ints]:
    """The account's numbers of a day (index), read ``age`` days after it, by metric."""

    def shown(daily: Ints) -> Ints:
        return restated(daily[account, day], age)

    likes, comments = shown(block.likes), shown(block.comments)
    shares, saves = shown(block.shares), shown(block.saves)
    profile_views = shown(block.profile_views)
    return {
        "reach": shown(block.reach),
        "views": shown(block.views),
        "profile_views": profile_views,
        "accounts_engaged": shown(block.engaged),
        "total_interactions": likes + comments + shares + saves,
        "likes": likes,
        "comments": comments,
        "shares": shares,
        "saves": saves,
        "replies": comments // 10,
        "reposts": shares // 4,
        "profile_links_taps": profile_views // 20,
    }


def follower_changes(
    block: PlatformBlock, account: Ints, day: Ints, age: Ints
) -> tuple[Ints, Ints, Ints]:
    """Followers gained and lost on a day (index), and the difference, read ``age`` days later."""
    gained = restated(block.gained[account, day], age)
    lost = restated(block.lost[account, day], age)
    return gained, lost, gained - lost


def has_audience(block: PlatformBlock, account: Ints, day: Ints) -> Bools:
    """Whether the account is large enough to be told about its audience."""
    found: Bools = block.followers[account, day] >= FEWEST_FOLLOWERS
    return found


def audience(
    block: PlatformBlock, metric: str, dimension: str, account: Ints, day: Ints
) -> tuple[Texts, Ints, Bools]:
    """Segments [S], people in each of them [n, S], and which of those are shown [n, S].

    ``day`` is the reading's; what is counted are the people of the day before.
    """
    names, grown, bought = block.audience[dimension]
    before = np.maximum(day - 1, 0)
    followers = block.followers[account, before]
    part = (block.bought[account, before] / np.maximum(followers, 1))[:, None]
    if metric == "follower_demographics":
        people, shares = followers, grown[account] * (1 - part) + bought[account] * part
    elif metric == "engaged_audience_demographics":
        # Bought followers follow, and that is all they do.
        people, shares = 4 * block.engaged[account, before], grown[account]
    else:
        people, shares = 4 * block.reach[account, before], grown[account]
    counts = np.floor(shares * people[:, None]).astype(np.int64)
    rank = np.argsort(np.argsort(-counts, axis=1, kind="stable"), axis=1)
    told = np.array([GENDERS.get(str(name), name) for name in names], dtype=object)
    return told, counts, (counts > 0) & (rank < MOST_SEGMENTS)


def online_followers(block: PlatformBlock, account: Ints, day: Ints) -> Ints:
    """Followers online in each hour of a day (index), [n, 24]."""
    awake = (block.followers[account, day] * 3)[:, None]
    return np.floor(block.activity[account] * awake).astype(np.int64)


@lru_cache(maxsize=32)
def day_ends(first_day: date, days: int) -> Ints:
    """The second at which the platform's day ends, midnight Pacific, for each day index."""
    return np.array(
        [
            int(
                datetime.combine(
                    first_day + timedelta(days=day + 1), time.min, tzinfo=PACIFIC
                ).timestamp()
            )
            for day in range(days)
        ],
        dtype=np.int64,
    )


@dataclass(frozen=True, eq=False)
class Shown:
    """What does not change of a block's posts [P] and accounts [A], in the platform's words."""

    is_story: Bools
    media_type: Texts
    product_type: Texts
    shortcode: Texts
    permalink: Texts
    children: Texts
    """The media of a carousel, a list of objects; None for any other."""
    is_converted: Bools
    """Posts that were published after their account became a professional one."""
    website: Texts
    """Half of the accounts name one."""
    ig_id: Texts
    media_count: Ints
    """Published media that stand at the end of each day, stories apart, [A, D]."""


_shown: WeakKeyDictionary[PlatformBlock, Shown] = WeakKeyDictionary()


def shown(block: PlatformBlock) -> Shown:
    """What is fixed of a block, made once while the block lives."""
    found = _shown.get(block)
    if found is None:
        found = _shown[block] = _show(block)
    return found


def _show(block: PlatformBlock) -> Shown:
    is_story: Bools = block.post_format == "story"
    kinds = [
        KINDS.get(str(word), ("IMAGE" if duration < 0 else "VIDEO", "STORY"))
        for word, duration in zip(block.post_format, block.post_duration, strict=True)
    ]
    codes = [shortcode(str(post_id)) for post_id in block.post_id]
    handles = block.handle[block.post_account]
    return Shown(
        is_story=is_story,
        media_type=_texts([media_type for media_type, _ in kinds]),
        product_type=_texts([product for _, product in kinds]),
        shortcode=_texts(codes),
        permalink=_texts(
            [
                _permalink(product, code, str(handle), str(post_id))
                for (_, product), code, handle, post_id in zip(
                    kinds, codes, handles, block.post_id, strict=True
                )
            ]
        ),
        children=_texts(
            [
                _children(int(post_id), 2 + int(created) % 5) if word == "carousel" else None
                for post_id, word, created in zip(
                    block.post_id, block.post_format, block.post_created, strict=True
                )
            ]
        ),
        is_converted=block.post_created >= block.end_of(-1),
        website=_texts(
            [
                f"https://{handle}.example/" if created % 2 else None
                for handle, created in zip(block.handle, block.created, strict=True)
            ]
        ),
        ig_id=_texts([str(int(account_id) - FIRST_ACCOUNT) for account_id in block.account_id]),
        media_count=_media_count(block, is_story),
    )


def _permalink(product: str, code: str, handle: str, post_id: str) -> str:
    if product == "STORY":
        return f"https://www.instagram.com/stories/{handle}/{post_id}/"
    return f"https://www.instagram.com/{'reel' if product == 'REELS' else 'p'}/{code}/"


def _children(post_id: int, count: int) -> list[dict[str, str]]:
    return [{"id": str(post_id + CHILD_STEP * (2 + child))} for child in range(count)]


def _media_count(block: PlatformBlock, is_story: Bools) -> Ints:
    changes = np.zeros((block.account_id.size, block.days + 1), dtype=np.int64)
    first = block.end_of(-1)
    for moments, change in ((block.post_created, 1), (block.post_deleted, -1)):
        day = np.clip((moments - first) // DAY_SECONDS, 0, block.days)
        np.add.at(changes, (block.post_account[~is_story], day[~is_story]), change)
    return np.cumsum(changes, axis=1)[:, : block.days]


def picture_base(account_id: str) -> str:
    """Address of a profile's picture, up to the day's signature."""
    return f"https://scontent.cdninstagram.com/v/t51.2885-19/{account_id}_n.jpg?_nc_ohc="


def picture_signature(day: date) -> str:
    """What makes a picture's address another one every day."""
    seconds = int(midnight(day).timestamp())
    return f"{seconds % 999_983:06d}&oe={seconds + 5 * DAY_SECONDS:X}"


def shortcode(media_id: str) -> str:
    """The short name of a medium in its address."""
    number, code = int(media_id) - FIRST_MEDIUM, ""
    while number:
        number, digit = divmod(number, len(SHORTCODE))
        code = SHORTCODE[digit] + code
    return f"D{code}"


def _texts(values: list[Any]) -> Texts:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made
