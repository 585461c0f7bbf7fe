"""Which rows a run a day lands, as index arrays: the rules of :mod:`ingestion.snapshot` on arrays.

A reading is an available account on a day. Everything else is expanded from readings: an array
``reading`` of positions in :class:`Readings`, and beside it what was expanded (dates, posts,
comments). Order is that of the readings, by day and then account.
"""

import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ingestion.sandbox.world.model import Bools, Ints, PlatformBlock


@dataclass(frozen=True)
class Readings:
    """The readings of a stretch of days; one position for each."""

    block: PlatformBlock
    account: Ints
    """Position of the account in the block."""
    day: Ints
    """Index of the day."""
    previous: Ints
    """Index of the day of the reading before; -1 where this is the account's first."""

    @property
    def size(self) -> int:
        return int(self.account.size)

    def is_due(self, every: int) -> Bools:
        """Which readings look at what moves slowly; see ``AccountDay.is_due``."""
        spread = np.array([zlib.crc32(str(i).encode()) for i in self.block.account_id], np.int64)
        ordinal = self.block.first_day.toordinal() + self.day
        due: Bools = (self.previous < 0) | ((spread[self.account] + ordinal) % every == 0)
        return due

    def only(self, wanted: Bools) -> "Readings":
        """The readings where ``wanted`` holds."""
        return Readings(self.block, self.account[wanted], self.day[wanted], self.previous[wanted])


class Pairs(NamedTuple):
    """Readings and what each of them sees: position in the readings, position of the thing."""

    reading: Ints
    thing: Ints


def readings(block: PlatformBlock, start: int, first: int, last: int) -> Readings:
    """The readings of the days ``first`` to ``last - 1``; daily runs began on day ``start``."""
    day, account = np.nonzero(block.available[:, first:last].T)
    day = day + first
    previous = block.previous[account, day]
    return Readings(block, account, day, np.where(previous < start, -1, previous))


def asked_dates(
    seen: Readings, backfill_days: int, restated_days: int, lag: int = 1, most: int | None = None
) -> Pairs:
    """The days (index) whose dated numbers each reading asks for and the world has.

    As ``AccountDay.dates_since``; the platform knows numbers up to ``lag`` days before the reading,
    and of the last ``most`` days alone.
    """
    since = np.where(
        seen.previous < 0,
        seen.day - backfill_days,
        np.minimum(seen.previous, seen.day - 1) - restated_days + 1,
    )
    if most is not None:
        since = np.maximum(since, seen.day - most)
    since = np.maximum(since, 0)
    count = np.maximum(seen.day - lag - since + 1, 0)
    reading = np.repeat(np.arange(seen.size), count)
    return Pairs(reading, since[reading] + _position_within(count))


def visible_posts(
    seen: Readings, wanted: Bools | None = None, published_within: int | None = None
) -> Pairs:
    """The posts that each reading finds, newest first; of ``wanted`` [P] ones alone.

    ``published_within`` days: as the per-post calls, those of the days after ``day - days``.
    """
    block = seen.block
    found: list[tuple[Ints, Ints]] = []
    first_second = block.end_of(-1)
    for account in range(block.account_id.size):
        posts = np.arange(block.posts_of(account).stop - 1, block.posts_of(account).start - 1, -1)
        if wanted is not None:
            posts = posts[wanted[posts]]
        mine = np.flatnonzero(seen.account == account)
        end = (first_second + (seen.day[mine] + 1) * 86_400)[:, None]
        created, deleted = block.post_created[posts][None, :], block.post_deleted[posts][None, :]
        there = (created < end) & (deleted >= end)
        if published_within is not None:
            there &= created >= end - published_within * 86_400
        reading, post = np.nonzero(there)
        found.append((mine[reading], posts[post]))
    reading = np.concatenate([r for r, _ in found]) if found else np.empty(0, np.int64)
    post = np.concatenate([p for _, p in found]) if found else np.empty(0, np.int64)
    order = np.argsort(reading, kind="stable")
    return Pairs(reading[order], post[order])


def comments_of(seen: Readings, posts: Pairs, replies: bool | None = None) -> Pairs:
    """The comments under the posts that each reading looks at, oldest first.

    ``replies`` True: answers to comments alone, False: top-level ones alone, None: both.
    """
    block = seen.block
    bounds = np.array(
        [(s.start, s.stop) for s in map(block.comments_of, range(block.post_id.size))],
        dtype=np.int64,
    ).reshape(-1, 2)
    start, count = bounds[posts.thing, 0], np.diff(bounds[posts.thing], axis=1).ravel()
    place = np.repeat(np.arange(posts.thing.size), count)
    comment = start[place] + _position_within(count)
    reading = posts.reading[place]
    end = block.end_of(-1) + (seen.day[reading] + 1) * 86_400
    there = block.comment_created[comment] < end
    if replies is not None:
        there &= (block.comment_parent[comment] >= 0) == replies
    return Pairs(reading[there], comment[there])


def _position_within(count: Ints) -> Ints:
    """0, 1, ... count - 1 for each entry of ``count``, one after the other."""
    total = int(count.sum())
    begins = np.repeat(np.cumsum(count) - count, count)
    return np.arange(total, dtype=np.int64) - begins
