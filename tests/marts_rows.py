"""Rows of posts, posting times and costs for the marts of :mod:`tests.marts`, written by hand."""

from datetime import UTC, date, datetime
from typing import Any

from tests.marts_accounts import LATEST, identity

POSTERS = {"youtube": "youtube:y1", "tiktok": "tiktok:t1", "facebook": "facebook:f1"}


def posts() -> list[dict[str, Any]]:
    """Four posts that may be ranked, and one for each reason not to be."""
    return [
        _post("a", "Go <b>now</b>", views=2000, interactions=100, is_sponsored=True),
        _post("b", "x" * 60, views=4000, interactions=100, is_sponsored=False),
        _post("c", None, views=1000, interactions=30, is_sponsored=False),
        _post("d", "Quiet", platform="tiktok", views=9000, interactions=900),
        _post("gone", "Gone", views=5000, interactions=4000, is_listed=False),
        _post("few", "Few", views=10, interactions=10),
        _post("new", "New", views=5000, interactions=3000, day=28),
        _post("image", "Image", platform="facebook", views=None, interactions=500),
    ]


def _post(
    key: str,
    title: str | None,
    *,
    views: int | None,
    interactions: int,
    platform: str = "youtube",
    is_sponsored: bool | None = None,
    is_listed: bool = True,
    day: int = 1,
) -> dict[str, Any]:
    marked = {"display_name": "Wes & Co"} if platform == "youtube" else {}
    return (
        identity(POSTERS[platform])
        | marked
        | {
            "post_key": f"{platform}:{key}",
            "post_id": key,
            "title": title,
            "post_url": f"https://example.com/{key}?a=1&b=2",
            "published_at": datetime(2026, 2, day, 9, tzinfo=UTC),
            "post_format": "video",
            "is_sponsored": is_sponsored,
            "snapshot_date": LATEST,
            "is_listed": is_listed,
            "follower_tier": "nano",
            "view_count": views,
            "interaction_count": interactions,
            "engagement_rate_by_views": None if views is None else interactions / views,
        }
    )


def posting_times() -> list[dict[str, Any]]:
    """An hour that two platforms know, one that one knows, one with too few posts."""
    hours = [
        ("tiktok", 1, 9, 10, 1.2),
        ("youtube", 1, 9, 5, 0.9),
        ("youtube", 7, 20, 6, 0.8),
        ("youtube", 3, 4, 2, None),
    ]
    return [
        {
            "platform": platform,
            "follower_tier": "nano",
            "weekday": weekday,
            "hour_utc": hour,
            "account_count": 6,
            "compared_post_count": compared,
            "median_lift": lift,
        }
        for platform, weekday, hour, compared, lift in hours
    ]


def costs() -> list[dict[str, Any]]:
    """Two days of building and of dashboards, and a day too long ago to be shown."""
    rows = [
        (LATEST, "model", "core/fct_post_day", 2, 1, 3.5, 700),
        (LATEST, "dashboard", "dashboards/overview", 15, 0, 1.5, 90),
        (date(2026, 3, 1), "dashboard", "dashboards/overview", 10, 0, 0.5, 60),
        (date(2026, 3, 1), "model", "core/fct_post_day", 1, 0, 2.0, 900),
        (date(2026, 1, 1), "model", "core/fct_post_day", 1, 0, 99.0, 5000),
    ]
    return [
        {
            "event_date": day,
            "kind": kind,
            "asset": asset,
            "query_count": queries,
            "failed_query_count": failed,
            "query_seconds": seconds,
            "peak_memory_bytes": memory,
        }
        for day, kind, asset, queries, failed, seconds, memory in rows
    ]
