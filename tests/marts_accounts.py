"""The accounts of the hand-made marts: whose they are, and their followers by day."""

from datetime import date, timedelta
from typing import Any

DAYS = (date(2026, 3, 1), date(2026, 3, 2))
LATEST = DAYS[-1]
# Key, name, followers by day (None: hidden; absent: not read), rate of the median post.
# What is awkward is here on purpose: a hidden count, no rate, an account not read on the last day,
# one that crossed a tier, markup in a name, two accounts of one name without an address.
ACCOUNTS: list[dict[str, Any]] = [
    {"key": "tiktok:t1", "name": "Mia <i>& Co</i>", "followers": [1000, 1010], "rate": 0.05},
    {"key": "tiktok:t2", "name": "Tom", "followers": [2_000_000, 2_000_500], "rate": 0.02},
    {"key": "facebook:f1", "name": "Uma", "followers": [200_000, 200_100], "rate": None},
    {"key": "instagram:i1", "name": "Vic", "followers": [20_000], "rate": 0.031},
    {"key": "youtube:y1", "name": "Wes", "followers": [None, None], "rate": 0.04},
    {"key": "youtube:y2", "name": "Xia", "followers": [999_000, 1_001_000], "rate": 0.0042},
    {"key": "youtube:y3", "name": "Yan", "followers": [3000, 2990], "rate": 0.07, "no_url": True},
    {"key": "youtube:y4", "name": "Yan", "followers": [4000, 4004], "rate": 0.07, "no_url": True},
]
# Two creators with accounts on several platforms; the other accounts are a third's.
CREATORS = {
    "tiktok:t1": "creator_mia",
    "youtube:y2": "creator_mia",
    "facebook:f1": "creator_uma",
    "instagram:i1": "creator_uma",
    "youtube:y1": "creator_uma",
}


def identity(key: str) -> dict[str, Any]:
    """What every mart with a row per account says of the account."""
    platform, account_id = key.split(":")
    return {
        "platform": platform,
        "account_key": key,
        "account_id": account_id,
        "creator_id": CREATORS.get(key, "creator_tom"),
        "display_name": next(row["name"] for row in ACCOUNTS if row["key"] == key),
    }


def days_before(days: int) -> date:
    """The day that many days before the latest."""
    return LATEST - timedelta(days=days)


def tier(followers: int | None) -> str | None:
    """The tier of an account with so many followers."""
    if followers is None:
        return None
    limits = {"nano": 10_000, "micro": 100_000, "mid": 1_000_000}
    return next((name for name, limit in limits.items() if followers < limit), "mega")
