"""What a TikTok account shows on a day: the same for an answer of the API and for history rows.

Numbers that a block does not hold as such (watch times, where views come from, activity by hour)
follow from its arrays here. Every function takes arrays and works element by element, so one value
comes out the same alone and among a million; hence no sums of fractions, no logarithms.

The Display API is live: counters as the day ends. The Accounts API is a day late (:data:`LAG`):
what it says on a day is known up to the end of the day before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
from starlette.requests import Request

from ingestion.sandbox.clock import as_of
from ingestion.sandbox.replay import RecordedBlock
from ingestion.sandbox.world.identity import digest
from ingestion.sandbox.world.model import Floats, Ints, PlatformBlock, Texts
from ingestion.sandbox.world.restatement import restated

LAG = 1
"""Days that the Accounts API is late."""
KEPT_DAYS = 60
LEAST_FOLLOWERS = 100
"""Below it the platform says nothing of an account's audience."""
LEAST_SHARE = 0.02
"""Of a video's viewers: rarer countries are left out."""
TEXT_LENGTH = 150
WIDTH, HEIGHT = 576, 1024
IMAGES = "https://images.invalid"
PICTURE, IDENTIFIER = f"{IMAGES}/people/", "u"
"""What stands before a commenter's id."""
LINK_SECONDS = 6 * 3_600
"""A signed link lives so long."""
MOST_REPLIES = 3
"""Replies that come along with a comment."""

SOURCES = ("For You", "Follow", "Personal Profile", "Search", "Sound", "Hashtag")
"""Where a video's views come from."""
_REST_OF_SOURCES = np.array([0.4, 0.25, 0.2, 0.1, 0.05])
GENDERS = {"female": "Female", "male": "Male", "unknown": "Other"}
DIMENSIONS = {
    "audience_ages": "age",
    "audience_genders": "gender",
    "audience_countries": "country",
    "audience_cities": "city",
}


@dataclass(frozen=True)
class Page:
    """Posts of a page (positions, newest first), where the next begins, whether there is one."""

    posts: Ints
    cursor: int
    has_more: bool


@dataclass(frozen=True)
class View:
    """An account as it stands when a day ends."""

    block: PlatformBlock
    account: int
    day: date
    index: int
    """The day's place in the block; the last one's after the world's end."""
    end: int
    """The first Unix second after the day."""

    @property
    def is_first_day(self) -> bool:
        """Nothing is known of the day before."""
        return self.index < LAG

    @property
    def handle(self) -> str:
        return str(self.block.handle_on(self.index)[self.account])

    def posts(self) -> Ints:
        """Positions of the posts that are there, newest first."""
        own = self.block.posts_of(self.account)
        created, deleted = self.block.post_created[own], self.block.post_deleted[own]
        there = np.flatnonzero((created < self.end) & (deleted >= self.end))
        return there[::-1] + own.start

    def page(self, cursor: int, limit: int) -> Page:
        """The next ``limit`` posts older than ``cursor`` (0: the newest).

        A cursor is Unix milliseconds while videos carry whole seconds, so the milliseconds tell
        rows of the same second apart: none is served twice or lost where a page ends between them.
        """
        posts = self.posts()
        created = self.block.post_created[posts]
        place = np.arange(created.size) - np.searchsorted(-created, -created)
        keys = created * 1_000 + 999 - place
        rest = np.flatnonzero(keys < cursor) if cursor else np.arange(keys.size)
        chosen = rest[:limit]
        last = int(keys[chosen[-1]]) if chosen.size else cursor
        return Page(posts[chosen], last, rest.size > limit)

    def only(self, post_ids: Sequence[str]) -> Page:
        """Those of the posts with these ids that are there, on one page."""
        posts = self.posts()
        chosen = np.isin(self.block.post_id[posts].astype(str), list(post_ids))
        return Page(posts[chosen], 0, has_more=False)

    def totals(self) -> tuple[int, int]:
        """Likes of all videos, and how many videos there are."""
        if isinstance(self.block, RecordedBlock):
            return (
                int(self.block.likes_count[self.account]),
                int(self.block.video_count[self.account]),
            )
        posts = self.posts()
        return int(self.block.post_likes[posts, self.index].sum()), int(posts.size)


def view(block: PlatformBlock, account: int, request: Request) -> View | None:
    """The account at the end of the day that the request asks for; None before the block's first.

    Raises :class:`ingestion.sandbox.clock.InvalidDateError`.
    """
    after = as_of(request)
    day = (after - timedelta(days=1)).date()
    index = block.day_index(day)
    if index < 0:
        return None
    return View(block, account, day, min(index, block.days - 1), int(after.timestamp()))


def union_id(account_id: str) -> str:
    return digest("union", account_id)[:36]


def avatar_stem(account_id: str) -> str:
    """The link to a profile picture up to the second when it expires."""
    return f"{IMAGES}/avatar/{account_id}.jpeg?x-signature={digest(account_id)[:16]}&x-expires="


def cover_stem(post_id: str) -> str:
    """The link to a cover up to the second when it expires."""
    return f"{IMAGES}/cover/{post_id}.jpeg?x-signature={digest(post_id)[:16]}&x-expires="


def embed_link(post_id: str) -> str:
    return f"https://www.tiktok.com/player/v1/{post_id}"


def profile_link(account_id: str) -> str:
    return f"https://vm.tiktok.com/{digest('link', account_id)[:9]}/"


def unique_identifier(user_id: str) -> str:
    """What a commenter is called where ids of users are not given out."""
    return f"{IDENTIFIER}{user_id}"


def picture(user_id: str) -> str:
    """A commenter's profile picture."""
    return f"{PICTURE}{user_id}.jpeg"


def short(texts: Texts) -> list[str]:
    """Titles and descriptions are cut by the platform."""
    return [str(text)[:TEXT_LENGTH] for text in texts]


def account_metrics(
    block: PlatformBlock, account: npt.ArrayLike, measured: Ints, read: npt.ArrayLike
) -> Mapping[str, Ints]:
    """The numbers of the days ``measured`` as they are told on the days ``read`` (indices)."""
    place = (np.asarray(account), measured)
    age = np.asarray(read) - measured
    gained, lost = restated(block.gained[place], age), restated(block.lost[place], age)
    return {
        "video_views": restated(block.views[place], age),
        "unique_video_views": restated(block.reach[place], age),
        "profile_views": restated(block.profile_views[place], age),
        "likes": restated(block.likes[place], age),
        "comments": restated(block.comments[place], age),
        "shares": restated(block.shares[place], age),
        "followers_count": block.followers[place],
        "daily_new_followers": gained,
        "daily_lost_followers": lost,
        "daily_total_followers": gained - lost,
        "engaged_audience": restated(block.engaged[place], age),
    }


def activity(block: PlatformBlock, account: Ints, day: Ints) -> Ints:
    """Followers who were active in each hour (UTC) of the day, [n, 24]."""
    followers = block.followers[account, day][:, None]
    # An active follower comes by in seven hours of a day.
    active = np.floor(followers * block.activity[account] * 7).astype(np.int64)
    return np.minimum(active, followers)


def audience_shares(block: PlatformBlock, dimension: str, account: Ints, day: Ints) -> Floats:
    """Shares of the followers at the end of the day to four digits, [n, S]."""
    _, grown, bought = block.audience[dimension]
    part = block.bought[account, day] / np.maximum(block.followers[account, day], 1)
    mixed: Floats = grown[account] * (1 - part)[:, None] + bought[account] * part[:, None]
    return np.round(mixed, 4)


def segments(block: PlatformBlock, dimension: str) -> list[str]:
    """The segments as TikTok names them."""
    names = block.audience[dimension][0]
    return [GENDERS.get(name, name) for name in names] if dimension == "gender" else names


def video_metrics(
    block: PlatformBlock, posts: Ints, day: npt.ArrayLike
) -> Mapping[str, Ints | Floats]:
    """Lifetime numbers of posts as the day with this index ends."""
    place = (posts, np.asarray(day))
    seconds, own = np.maximum(block.post_duration[posts], 1), _own(block, posts)
    watched = np.round(seconds * (0.3 + 0.4 * own) * 30 / (30 + seconds), 2)
    views = block.post_views[place]
    return {
        "video_views": views,
        "reach": block.post_reach[place],
        "likes": block.post_likes[place],
        "comments": block.post_comments[place],
        "shares": block.post_shares[place],
        "favorites": block.post_saves[place],
        "full_video_watched_rate": np.round((0.15 + 0.35 * own) * 20 / (20 + seconds), 4),
        "total_time_watched": np.round(views * watched, 2),
        "average_time_watched": watched,
    }


def impression_sources(block: PlatformBlock, posts: Ints) -> Floats:
    """Shares of :data:`SOURCES`, [n, 6]."""
    for_you = 0.6 + 0.3 * _own(block, posts)
    rest = (1 - for_you)[:, None] * _REST_OF_SOURCES
    return np.round(np.concatenate([for_you[:, None], rest], axis=1), 4)


def _own(block: PlatformBlock, posts: Ints) -> Floats:
    """A post's own number between 0 and 1."""
    found: Floats = (block.post_created[posts] * 7_919 % 1_000) / 1_000
    return found
