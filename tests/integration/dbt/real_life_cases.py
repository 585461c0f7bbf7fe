"""Rows of raw written by hand: what happens to real data, each case with an account of its own.

The stages are landed one after the other, each with the run that production would make of it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from clickhouse_connect.driver.client import Client
from raw_tables import day

FIRST, NEXT, MISSED, MONTH_ON = "first", "next", "missed", "month on"

RUNS = {NEXT: (5, 6), MISSED: (2, 2), MONTH_ON: (30, 30)}

Landed = tuple[str, str, Sequence[tuple[Any, ...]]]

Case = dict[str, list[Landed]]

USERS = "snapshot_date open_id username follower_count video_count"

VIDEOS = "snapshot_date open_id id create_time view_count like_count comment_count share_count"

CHANNELS = "snapshot_date id title subscriber_count hidden_subscriber_count video_count"

STATS = "snapshot_date channel_id id view_count like_count comment_count"

INSTAGRAM = "snapshot_date id username name followers_count media_count"

PAGES = "snapshot_date id username followers_count"

PAGE_POSTS = "snapshot_date page_id id created_time reaction_count comment_count share_count"

PAGE_VIDEOS = "snapshot_date page_id id post_id views"

INSIGHTS = "snapshot_date account_id object_id metric period breakdown segment date value"


def moment(number: int, hour: int = 9) -> datetime:
    """An hour (UTC) of the n-th day."""
    return datetime.combine(day(number), time(hour), tzinfo=UTC)


def metric(
    read_on: date, account: str, name: str, measured: date, value: float | None
) -> tuple[Any, ...]:
    """What one reading has of a day of an account."""
    return (read_on, account, account, name, "day", "", "", measured, value)


def hour_of(read_on: date, account: str, measured: date, hour: int, value: int) -> tuple[Any, ...]:
    """Followers online in an hour of the platform's clock."""
    row = (read_on, account, account, "online_followers", "day", "hour", str(hour), measured)
    return (*row, value)


# reach of the days before, given again by every reading, and once of 28 days before
RESTATED: Case = {
    FIRST: [
        ("tiktok__users", USERS, [(day(n), "restated", "r", 1_000, 0) for n in (1, 2, 3, 4)]),
        (
            "tiktok__account_insights",
            INSIGHTS,
            [
                metric(day(4), "restated", "unique_video_views", day(1), 100),
                metric(day(4), "restated", "unique_video_views", day(2), 90),
                metric(day(4), "restated", "unique_video_views", day(3), 50),
                metric(day(4), "restated", "daily_new_followers", day(3), 7),
            ],
        ),
    ],
    NEXT: [
        ("tiktok__users", USERS, [(day(5), "restated", "r", 1_000, 0)]),
        (
            "tiktok__account_insights",
            INSIGHTS,
            [
                metric(day(5), "restated", "unique_video_views", day(2), 95),
                metric(day(5), "restated", "unique_video_views", day(3), 80),
                metric(day(5), "restated", "unique_video_views", day(4), 40),
                metric(day(5), "restated", "daily_new_followers", day(3), 9),
            ],
        ),
    ],
    MONTH_ON: [
        ("tiktok__users", USERS, [(day(30), "restated", "r", 1_000, 0)]),
        (
            "tiktok__account_insights",
            INSIGHTS,
            [metric(day(30), "restated", "unique_video_views", day(2), 99)],
        ),
    ],
}

GAP: Case = {
    FIRST: [
        (
            "tiktok__users",
            USERS,
            [(day(1), "gap", "g", 100, 1), (day(2), "gap", "g", 200, 1)],
        ),
        ("tiktok__videos", VIDEOS, [(day(2), "gap", "g1", moment(1), 50, 5, 1, 0)]),
    ],
    NEXT: [
        ("tiktok__users", USERS, [(day(5), "gap", "g", 230, 1)]),
        ("tiktok__videos", VIDEOS, [(day(5), "gap", "g1", moment(1), 80, 8, 1, 0)]),
    ],
}

FILLED_IN: Case = {
    FIRST: [
        ("tiktok__users", USERS, [(day(n), "missed", "m", 100 * n, 1) for n in (1, 3)]),
        (
            "tiktok__videos",
            VIDEOS,
            [(day(n), "missed", "m1", moment(1), 10 * n, 1, 0, 0) for n in (1, 3)],
        ),
    ],
    MISSED: [
        ("tiktok__users", USERS, [(day(2), "missed", "m", 250, 1)]),
        ("tiktok__videos", VIDEOS, [(day(2), "missed", "m1", moment(1), 26, 1, 0, 0)]),
    ],
}

DELETED: Case = {
    FIRST: [
        ("tiktok__users", USERS, [(day(n), "deleted", "d", 1_000, 3 - n // 3) for n in (1, 2, 3)]),
        (
            "tiktok__videos",
            VIDEOS,
            [
                (day(1), "deleted", "d1", moment(1), 10, 1, 0, 0),
                (day(1), "deleted", "d2", moment(1), 70, 7, 0, 0),
                (day(2), "deleted", "d1", moment(1), 12, 1, 0, 0),
                (day(2), "deleted", "d2", moment(1), 75, 7, 0, 0),
                (day(3), "deleted", "d1", moment(1), 15, 1, 0, 0),
            ],
        ),
    ],
}

RENAMED: Case = {
    FIRST: [
        (
            "instagram__accounts",
            INSTAGRAM,
            [
                # longer ago than a run rebuilds
                (date(2026, 1, 10), "renamed", "old", "N", 100, 0),
                (day(1), "renamed", "old", "N", 100, 0),
                (day(2), "renamed", "old", "N", 100, 0),
                (day(3), "renamed", "new", "N", 100, 0),
                (day(4), "renamed", "new", "N", 100, 0),
            ],
        )
    ],
    NEXT: [("instagram__accounts", INSTAGRAM, [(day(5), "renamed", "newest", "N", 100, 0)])],
}

PURGED: Case = {
    FIRST: [
        (
            "youtube__channels",
            CHANNELS,
            [
                (day(1), "purged", "p", 500, False, 1),
                (day(2), "purged", "p", 520, False, 1),
                (day(3), "purged", "p", 450, False, 1),
            ],
        ),
        (
            "youtube__video_stats",
            STATS,
            [
                (day(1), "purged", "p1", 1_000, 100, 10),
                (day(2), "purged", "p1", 1_200, 120, 12),
                (day(3), "purged", "p1", 900, 120, 12),
            ],
        ),
    ],
}

# day 2 was landed twice as it was, day 3 again an hour later with other figures
TWICE: Case = {
    FIRST: [
        (
            "tiktok__users",
            USERS,
            [(day(n), "twice", "w", 100 * n, 1) for n in (1, 2, 2, 3)],
        ),
        ("tiktok__users", f"fetched_at {USERS}", [(moment(3, 13), day(3), "twice", "w", 290, 1)]),
        (
            "tiktok__videos",
            VIDEOS,
            [(day(n), "twice", "w1", moment(1), 10 * n, n, 0, 0) for n in (1, 2, 2, 3)],
        ),
        (
            "tiktok__videos",
            f"fetched_at {VIDEOS}",
            [(moment(3, 13), day(3), "twice", "w1", moment(1), 33, 3, 0, 0)],
        ),
    ],
}

TWO_DAYS: Case = {
    FIRST: [
        ("facebook__pages", PAGES, [(day(n), "two_days", "t", 1_000) for n in (1, 2)]),
        (
            "facebook__posts",
            PAGE_POSTS,
            [
                (day(1), "two_days", "f1", moment(1), 4, 1, 0),
                (day(2), "two_days", "f1", moment(1), 9, 2, 1),
            ],
        ),
        (
            "facebook__videos",
            PAGE_VIDEOS,
            [(day(1), "two_days", "v1", "f1", 30), (day(2), "two_days", "v1", "f1", 55)],
        ),
    ],
}

# its clock goes forward on 8 March and back on 1 November
ZONED: Case = {
    FIRST: [
        (
            "instagram__account_insights",
            INSIGHTS,
            [
                metric(day(9), "zoned", "reach", day(7), 7),
                metric(day(9), "zoned", "reach", day(8), 8),
                metric(date(2026, 11, 3), "zoned", "reach", date(2026, 11, 1), 1),
                metric(date(2026, 11, 3), "zoned", "reach", date(2026, 11, 2), 2),
            ],
        ),
        (
            "instagram__online_followers",
            INSIGHTS,
            [
                hour_of(day(9), "zoned", day(7), 23, 10),
                hour_of(day(9), "zoned", day(8), 1, 11),
                hour_of(day(9), "zoned", day(8), 2, 99),
                hour_of(day(9), "zoned", day(8), 3, 12),
                hour_of(date(2026, 11, 3), "zoned", date(2026, 11, 1), 0, 20),
                hour_of(date(2026, 11, 3), "zoned", date(2026, 11, 1), 2, 21),
            ],
        ),
        (
            "instagram__accounts",
            INSTAGRAM,
            [(on, "zoned", "z", "Z", 100, 0) for on in (day(9), date(2026, 11, 3))],
        ),
        (
            "tiktok__account_insights",
            INSIGHTS,
            [metric(day(9), "unzoned", "unique_video_views", day(8), 8)],
        ),
        ("tiktok__users", USERS, [(day(9), "unzoned", "u", 100, 0)]),
    ],
}

ABSENT: Case = {
    FIRST: [
        ("tiktok__users", USERS, [(day(1), "zero", "z", 0, 1), (day(1), "none", "n", 500, 0)]),
        ("tiktok__videos", VIDEOS, [(day(1), "zero", "z1", moment(1), 0, 0, 0, 0)]),
        (
            "youtube__channels",
            CHANNELS,
            # a hidden count may still be reported: it is not the count
            [
                (day(1), "hidden", "h", 700, True, 1),
                (day(2), "hidden", "h", None, True, None),
            ],
        ),
        ("youtube__video_stats", STATS, [(day(1), "hidden", "h1", 100, None, 3)]),
    ],
}

CASES = (
    RESTATED,
    GAP,
    FILLED_IN,
    DELETED,
    RENAMED,
    PURGED,
    TWICE,
    TWO_DAYS,
    ZONED,
    ABSENT,
)


def land(client: Client, raw: str, stage: str) -> None:
    """Land what a stage brings of every case, fetched at noon unless it says when."""
    for case in CASES:
        for table, columns, rows in case.get(stage, []):
            names, found = columns.split(), [list(row) for row in rows]
            if "fetched_at" not in names:
                names = ["fetched_at", *names]
                found = [[datetime.combine(row[0], time(12), tzinfo=UTC), *row] for row in found]
            client.insert(f"{raw}.{table}", found, column_names=names)
