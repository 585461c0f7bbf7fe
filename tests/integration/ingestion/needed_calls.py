"""The calls that a TikTok day needs, worked out from the world and not from the source."""

from collections import Counter
from datetime import date
from math import ceil
from zlib import crc32

from ingestion.sandbox.world import World

API = "/tiktok/open_api/v1.3/business"


def of_tiktok(world: World, day: date, accounts: set[str] | None = None) -> Counter[str]:
    """By endpoint, for a day that follows a reading of the day before; every account is there."""
    needed = Counter[str]()
    for block in world.blocks("tiktok"):
        today = block.day_index(day)
        there = block.visible_posts(today)
        new = there & (block.post_created >= block.end_of(today - 7))
        gone = block.visible_posts(today - 1) & ~there
        said = new & (block.post_comments[:, today] > 0)
        for account, account_id in enumerate(block.account_id):
            if accounts is not None and account_id not in accounts:
                continue
            own = block.posts_of(account)
            is_due = (crc32(account_id.encode()) + day.toordinal()) % 7 == 0
            needed["GET /tiktok/v2/user/info/"] += 1
            needed["POST /tiktok/v2/video/list/"] += max(1, ceil(there[own].sum() / 20))
            needed["POST /tiktok/v2/video/query/"] += ceil(gone[own].sum() / 20)
            needed[f"GET {API}/get/"] += 1 + is_due
            # A page that ends within the week has to be followed by the next.
            needed[f"GET {API}/video/list/"] += int(new[own].sum()) // 20 + 1
            needed[f"GET {API}/comment/list/"] += int(said[own].sum())
    return +needed
