"""One platform's part of a block of creators: accounts, posts, comments and audiences as arrays.

Shapes: A accounts, D days, P posts, C comments. Day index ``d`` is ``first_day + d`` (UTC). Times
are Unix seconds. Texts are arrays of ``object``. Everything the routes serve and the history writes
is read from here, so both say the same.
"""

from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
SmallInts = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

PLATFORMS = ("facebook", "instagram", "tiktok", "youtube")
BLOCK_SIZE = 10
"""Creators of a block."""

DAY_SECONDS = 86_400
NEVER = 2**62

ERROR_NONE, ERROR_SUSPENDED, ERROR_GAP = 0, 1, 2


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime.combine(day, time.min, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class PlatformBlock:
    """Up to :data:`BLOCK_SIZE` accounts of one platform with all that happened to them."""

    platform: str
    first_day: date
    days: int

    account_id: Texts
    creator_id: Texts
    handle: Texts
    handle_before: Texts
    """The handle up to ``rebrand_day``; equal to ``handle`` where it never changed."""
    display_name: Texts
    description: Texts
    country: Texts
    """ISO 3166-1 alpha-2."""
    language: Texts
    """ISO 639-1: what the account writes in when nothing is amiss."""
    category: Texts
    rebrand_day: Ints
    """Day index from which ``handle`` holds; 0 = always."""
    created: Ints
    is_verified: Bools
    hides_followers: Bools

    # [A, D]: the state at the end of the day, or the day's sum.
    followers: Ints
    gained: Ints
    lost: Ints
    following: Ints
    reach: Ints
    views: Ints
    profile_views: Ints
    engaged: Ints
    likes: Ints
    comments: Ints
    shares: Ints
    saves: Ints
    available: Bools
    error_kind: SmallInts
    """0 none, 1 suspended, 2 the platform answers a server error that day (a gap)."""
    previous: Ints
    """Index of the last available day before the day; -1 none."""
    bought: Ints
    """Bought followers among ``followers``: part of the truth, shown by no route."""

    # [P], sorted by (post_account, post_created)
    post_id: Texts
    post_account: Ints
    post_created: Ints
    post_deleted: Ints
    """:data:`NEVER` where the post still stands. Stories vanish after 24 hours."""
    post_format: Texts
    """``image|carousel|reel|story|video|short|text|link``, as the platform has."""
    post_duration: Ints
    """Seconds; -1 where the format has none."""
    post_title: Texts
    post_caption: Texts
    post_language: Texts
    post_sponsored: Bools
    post_synthetic: Bools
    post_kids: Bools
    comments_off: Bools
    likes_hidden: Bools

    # [P, D]: cumulative at the end of the day, 0 before the post is published
    post_views: Ints
    post_likes: Ints
    post_comments: Ints
    post_shares: Ints
    post_saves: Ints
    post_reach: Ints

    # [C], sorted by (comment_post, comment_created)
    comment_id: Texts
    comment_post: Ints
    comment_author: Ints
    """Index into the world's commenters."""
    comment_created: Ints
    comment_likes: Ints
    comment_parent: Ints
    """Index of the comment answered (always a top-level one), or -1."""
    comment_text: Texts
    comment_language: Texts
    """What the text is written in; ``und`` where it has no words (emoji, mentions)."""

    audience: dict[str, tuple[list[str], Floats, Floats]]
    """``age|gender|country|city`` -> segments, shares [A, S] of the grown and the bought part."""
    activity: Floats
    """Share of the active followers by UTC hour, [A, 24]."""

    _post_bounds: Ints = field(repr=False)
    _comment_bounds: Ints = field(repr=False)

    @property
    def nbytes(self) -> int:
        """About how much memory the block takes, in bytes."""
        arrays = [v for v in vars(self).values() if isinstance(v, np.ndarray)]
        # A text is about 90 bytes beside its pointer; texts are partly shared.
        return sum(a.nbytes + (90 * a.size if a.dtype == object else 0) for a in arrays)

    def first_accounts(self, count: int) -> "PlatformBlock":
        """The block with its first ``count`` accounts alone, and what belongs to them."""
        if count >= self.account_id.size:
            return self
        posts = int(self._post_bounds[count])
        ends = {"post": posts, "comment": int(self._comment_bounds[posts])}
        kept: dict[str, Any] = {}
        for member in fields(self):
            value = getattr(self, member.name)
            if isinstance(value, np.ndarray) and not member.name.startswith("_"):
                of = {"comments_off": "post", "likes_hidden": "post", "comments": "account"}
                owner = of.get(member.name, member.name.partition("_")[0])
                kept[member.name] = value[: ends.get(owner, count)]
        return replace(
            self,
            **kept,
            audience={k: (s, g[:count], b[:count]) for k, (s, g, b) in self.audience.items()},
            _post_bounds=self._post_bounds[: count + 1],
            _comment_bounds=self._comment_bounds[: posts + 1],
        )

    def posts_of(self, account: int) -> slice:
        """The positions of an account's posts, oldest first."""
        return slice(int(self._post_bounds[account]), int(self._post_bounds[account + 1]))

    def comments_of(self, post: int) -> slice:
        """The positions of a post's comments and replies, oldest first."""
        return slice(int(self._comment_bounds[post]), int(self._comment_bounds[post + 1]))

    def day_index(self, day: date) -> int:
        """The index of a UTC day; below 0 or >= ``days`` outside the world."""
        return (day - self.first_day).days

    def end_of(self, day: int) -> int:
        """The first Unix second after the day with this index."""
        return int(midnight(self.first_day).timestamp()) + (day + 1) * DAY_SECONDS

    def visible_posts(self, day: int) -> Bools:
        """Which posts [P] are published by the end of the day and not deleted by then."""
        end = self.end_of(day)
        found: Bools = (self.post_created < end) & (self.post_deleted >= end)
        return found

    def handle_on(self, day: int) -> Texts:
        """The handles [A] that hold at the end of the day."""
        return np.where(self.rebrand_day <= day, self.handle, self.handle_before)

    def audience_shares(self, dimension: str, day: int) -> Floats:
        """Shares [A, S] of the followers at the end of the day; each row sums to 1."""
        _, grown, bought = self.audience[dimension]
        part = self.bought[:, day] / np.maximum(self.followers[:, day], 1)
        mixed: Floats = grown * (1 - part)[:, None] + bought * part[:, None]
        return mixed


def bounds(owner: Ints, owners: int) -> Ints:
    """Where each owner's rows begin in an array sorted by owner; [owners + 1]."""
    return np.searchsorted(owner, np.arange(owners + 1)).astype(np.int64)
