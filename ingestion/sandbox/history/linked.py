"""Readings of a stream that builds on another: it is read where that one found something.

Its previous reading is therefore the last that found something, which may be older than the
account's.
"""

import numpy as np

from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.grid import Pairs, Readings, visible_posts
from ingestion.sandbox.world.model import Bools, PlatformBlock


def listed(block: PlatformBlock, context: Context, first: int, last: int) -> tuple[Readings, Pairs]:
    """The readings that found posts, and which."""
    seen = context.readings(block, context.start, last)
    has_posts = np.bincount(visible_posts(seen).reading, minlength=seen.size) > 0
    seen = relinked(seen, has_posts).only(has_posts & (seen.day >= first))
    return seen, visible_posts(seen)


def relinked(seen: Readings, there: Bools) -> Readings:
    """The readings, each with the last of its account before it that was ``there``."""
    previous = np.full(seen.size, -1, dtype=np.int64)
    for account in range(seen.block.account_id.size):
        mine = np.flatnonzero((seen.account == account) & there)
        previous[mine[1:]] = seen.day[mine[:-1]]
    return Readings(seen.block, seen.account, seen.day, previous)
