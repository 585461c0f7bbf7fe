"""TikTok's Display API v2: daily readings of connected accounts and their videos.

Lands in ``raw`` (one row per account or video and ``snapshot_date``; counters are lifetime):

- ``tiktok__users``: open_id, union_id, username, display_name, bio_description, profile_deep_link,
  avatar_url, is_verified, follower_count, following_count, likes_count, video_count;
- ``tiktok__videos``: open_id, id, create_time, title, video_description, duration (seconds), width,
  height, cover_image_url, share_url, embed_link, like_count, comment_count, share_count,
  view_count.

Each also has ``snapshot_date`` (UTC day of the reading) and ``fetched_at``. A run replaces an
account's rows of a day (``open_id, snapshot_date``); a video that the platform lists twice lands
twice. A field that the platform omits is NULL.

Alone: ``python -m ingestion.tiktok --dry-run`` reads and counts, without ``--dry-run`` it loads.
Facts: https://developers.tiktok.com/doc/display-api-overview (user info, video list, errors).
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.extract import DltResource

from ingestion.connections import Connection
from ingestion.http import (
    ApiClient,
    Json,
    Page,
    Problem,
    paging_error,
    part,
    part_list,
    walk_pages,
)
from ingestion.outcomes import Outcomes
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import COUNT, FLAG, MOMENT, TEXT, Row, snapshot_table

USER_FIELDS = {
    "union_id": TEXT,
    "username": TEXT,
    "display_name": TEXT,
    "bio_description": TEXT,
    "profile_deep_link": TEXT,
    "avatar_url": TEXT,
    "is_verified": FLAG,
    "follower_count": COUNT,
    "following_count": COUNT,
    "likes_count": COUNT,
    "video_count": COUNT,
}
VIDEO_FIELDS = {
    "id": TEXT,
    "create_time": MOMENT,
    "title": TEXT,
    "video_description": TEXT,
    "duration": COUNT,
    "width": COUNT,
    "height": COUNT,
    "cover_image_url": TEXT,
    "share_url": TEXT,
    "embed_link": TEXT,
    "like_count": COUNT,
    "comment_count": COUNT,
    "share_count": COUNT,
    "view_count": COUNT,
}
USERS = snapshot_table("users", "open_id", "open_id", {"open_id": TEXT, **USER_FIELDS})
VIDEOS = snapshot_table("videos", "open_id", "id", {"open_id": TEXT, **VIDEO_FIELDS})

PAGE_SIZE = 20
"""The most that the platform allows."""

DEAD_TOKEN = {"access_token_invalid", "access_token_expired", "scope_not_authorized"}
TRANSIENT = {"rate_limit_exceeded", "internal_error"}


@dlt.source(name="tiktok", spec=BaseConfiguration, max_table_nesting=0)
def tiktok_source(
    dates: Sequence[date] | None = None,
    settings: IngestionSettings | None = None,
    outcomes: Outcomes | None = None,
    limit: int | None = None,
) -> list[DltResource]:
    """The streams over all connected TikTok accounts (the first ``limit`` of them).

    ``dates`` are the days to read, today alone by default; ``outcomes`` collects how each account
    went. Settings and connections are read when the source runs, not when it is made.
    """
    run = SnapshotRun("tiktok", make_client, dates, settings, outcomes, limit)

    def users() -> Iterator[pa.Table]:
        return run.read(USERS, run.account_days(), partial(read_user, run))

    def videos() -> Iterator[pa.Table]:
        return run.read(VIDEOS, run.account_days(), partial(read_videos, run))

    return [USERS.resource(users), VIDEOS.resource(videos)]


def make_client(settings: IngestionSettings) -> ApiClient:
    """The shared client with TikTok's address, errors and rate limit."""
    limit = settings.tiktok_calls_per_minute
    return ApiClient("tiktok", str(settings.tiktok_base_url), classify, settings, limit)


def read_user(run: SnapshotRun, unit: AccountDay) -> list[Row]:
    """The account's profile and counters: one row."""
    answer = run.client.call(
        "GET",
        "/v2/user/info/",
        unit.account.handle or unit.account.account_id,
        headers=_headers(run, unit),
        params={"fields": ",".join(("open_id", *USER_FIELDS))},
    )
    return [{**part(part(answer, "data"), "user"), "open_id": unit.account.account_id}]


def read_videos(run: SnapshotRun, unit: AccountDay) -> list[Row]:
    """The account's public videos, newest first, in the platform's pages."""
    account = unit.account.handle or unit.account.account_id

    def fetch(cursor: int | None) -> Page:
        answer = run.client.call(
            "POST",
            "/v2/video/list/",
            account,
            headers=_headers(run, unit),
            params={"fields": ",".join(VIDEO_FIELDS)},
            body={"max_count": PAGE_SIZE} | ({"cursor": cursor} if cursor is not None else {}),
        )
        data = part(answer, "data")
        following = data.get("cursor") if data.get("has_more") else None
        if data.get("has_more") and following is None:
            raise paging_error(account, "more to come but no cursor")
        return Page(part_list(data, "videos"), following)

    return [{**video, "open_id": unit.account.account_id} for video in walk_pages(fetch, account)]


def classify(status: int, answer: Json) -> Problem | None:
    """TikTok's error object, which also comes with HTTP 200; success has the code ``ok``."""
    error = answer.get("error")
    if not isinstance(error, dict):
        return Problem("transient", f"HTTP {status}", "an answer without an error object")
    code, message = str(error.get("code", "")), str(error.get("message") or "")
    if code == "ok":
        return None
    if code in TRANSIENT or status == 429 or status >= 500:
        return Problem("transient", code, message, "Run again later.")
    if code in DEAD_TOKEN:
        return Problem("account", code, message, "Reconnect the account.")
    return Problem("account", code, message)


def _headers(run: SnapshotRun, unit: AccountDay) -> dict[str, str]:
    return {"Authorization": f"Bearer {_token(unit.account)}", **run.clock(unit.day)}


def _token(account: Connection) -> str:
    return account.access_token.get_secret_value() if account.access_token else ""


if __name__ == "__main__":
    from ingestion.command import main

    main(tiktok_source)
