"""YouTube's Data API v3: daily readings of connected channels, their uploads and comments.

Lands in ``raw`` (one row per object and ``snapshot_date``; counters are lifetime):

- ``youtube__channels``: id, title, description, custom_url, country, published_at,
  uploads_playlist_id, view_count, subscriber_count (rounded to three digits by the platform; NULL
  where hidden), hidden_subscriber_count, video_count;
- ``youtube__playlist_items``: the uploads playlist: playlist_id, video_id, channel_id,
  published_at, position;
- ``youtube__videos``: id, channel_id, title, description, published_at, duration (ISO 8601) and
  duration_seconds, category_id, default_audio_language, privacy_status, made_for_kids,
  contains_synthetic_media, has_paid_product_placement, view_count, like_count, comment_count;
- ``youtube__comment_threads``: id, video_id, channel_id, author_channel_id, author_display_name,
  text_original, like_count, total_reply_count, published_at, updated_at: the newest threads
  (``YOUTUBE_COMMENT_PAGES`` of 100) of videos published in the last ``YOUTUBE_COMMENT_DAYS`` days.

Each also has ``snapshot_date`` (UTC day of the reading) and ``fetched_at``. A run replaces a
channel's rows of a day. A field that the platform omits (hidden likes, comments off) is NULL.

Every call costs one unit of the key's daily 10,000. A channel costs 1/50 (channels) + 1 per 50
uploads (playlist) + 1 per 50 uploads (videos) + 1 per recent video (comments).

Alone: ``python -m ingestion.youtube --dry-run`` reads and counts, without ``--dry-run`` it loads.
Facts: https://developers.google.com/youtube/v3/docs, discovery document ``youtube.v3.json``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.extract import DltResource

from ingestion.http import (
    AccountError,
    ApiClient,
    Json,
    Page,
    PlatformError,
    Problem,
    part,
    part_list,
    walk_pages,
)
from ingestion.outcomes import Outcomes
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun, attempt_to_read
from ingestion.tables import COUNT, FLAG, MOMENT, TEXT, Row, snapshot_table

CHANNELS = snapshot_table(
    "channels",
    "id",
    "id",
    {
        "id": TEXT,
        "title": TEXT,
        "description": TEXT,
        "custom_url": TEXT,
        "country": TEXT,
        "published_at": MOMENT,
        "uploads_playlist_id": TEXT,
        "view_count": COUNT,
        "subscriber_count": COUNT,
        "hidden_subscriber_count": FLAG,
        "video_count": COUNT,
    },
)
PLAYLIST_ITEMS = snapshot_table(
    "playlist_items",
    "channel_id",
    "video_id",
    {
        "playlist_id": TEXT,
        "video_id": TEXT,
        "channel_id": TEXT,
        "published_at": MOMENT,
        "position": COUNT,
    },
)
VIDEOS = snapshot_table(
    "videos",
    "channel_id",
    "id",
    {
        "id": TEXT,
        "channel_id": TEXT,
        "title": TEXT,
        "description": TEXT,
        "published_at": MOMENT,
        "duration": TEXT,
        "duration_seconds": COUNT,
        "category_id": TEXT,
        "default_audio_language": TEXT,
        "privacy_status": TEXT,
        "made_for_kids": FLAG,
        "contains_synthetic_media": FLAG,
        "has_paid_product_placement": FLAG,
        "view_count": COUNT,
        "like_count": COUNT,
        "comment_count": COUNT,
    },
)
COMMENT_THREADS = snapshot_table(
    "comment_threads",
    "channel_id",
    "id",
    {
        "id": TEXT,
        "video_id": TEXT,
        "channel_id": TEXT,
        "author_channel_id": TEXT,
        "author_display_name": TEXT,
        "text_original": TEXT,
        "like_count": COUNT,
        "total_reply_count": COUNT,
        "published_at": MOMENT,
        "updated_at": MOMENT,
    },
)

IDS_PER_CALL = 50
THREADS_PER_CALL = 100

RATE_LIMITED = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
QUOTA_USED_UP = {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"}
BAD_KEY = {"keyInvalid", "keyExpired", "accessNotConfigured", "ipRefererBlocked"}
BAD_KEY_DETAIL = re.compile("API_KEY_.*|CONSUMER_(INVALID|SUSPENDED)|(SERVICE|BILLING)_DISABLED")
"""Google's own reasons, in ``details``; the ``errors`` beside them may say only ``forbidden``."""
VIDEO_WITHOUT_COMMENTS = {"commentsDisabled", "videoNotFound", "forbidden"}
DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dlt.source(name="youtube", spec=BaseConfiguration, max_table_nesting=0)
def youtube_source(
    dates: Sequence[date] | None = None,
    settings: IngestionSettings | None = None,
    outcomes: Outcomes | None = None,
    limit: int | None = None,
) -> list[DltResource]:
    """The streams over all connected channels (the first ``limit`` of them).

    Each stream builds on the one before it: channels name their uploads playlist, its items name
    the videos, recent videos are asked for comments. ``dates`` are the days to read, today alone by
    default; ``outcomes`` collects how each channel went. Settings and connections are read when the
    source runs, not when it is made.
    """
    run = SnapshotRun("youtube", make_client, dates, settings, outcomes, limit)

    def channels() -> Iterator[pa.Table]:
        return read_channels(run)

    def playlist_items(rows: pa.Table) -> Iterator[pa.Table]:
        units = run.units_of(rows, "id")
        return run.read(PLAYLIST_ITEMS, units, partial(read_playlist_items, run))

    def videos(rows: pa.Table) -> Iterator[pa.Table]:
        return run.read(VIDEOS, run.units_of(rows, "channel_id"), partial(read_videos, run))

    def comment_threads(rows: pa.Table) -> Iterator[pa.Table]:
        units = run.units_of(rows, "channel_id")
        return run.read(COMMENT_THREADS, units, partial(read_threads, run))

    first = CHANNELS.resource(channels)
    second = PLAYLIST_ITEMS.resource(playlist_items, data_from=first)
    third = VIDEOS.resource(videos, data_from=second)
    return [first, second, third, COMMENT_THREADS.resource(comment_threads, data_from=third)]


def make_client(settings: IngestionSettings) -> ApiClient:
    """The shared client with YouTube's address and errors."""
    return ApiClient("youtube", str(settings.youtube_base_url), classify, settings)


def read_channels(run: SnapshotRun) -> Iterator[pa.Table]:
    """The channels, 50 to a call; a channel that the platform does not know is set aside."""
    yield CHANNELS.to_arrow([])
    for day in run.dates:
        units = [AccountDay(account, day) for account in run.accounts]
        for start in range(0, len(units), IDS_PER_CALL):
            yield from _read_channel_batch(run, units[start : start + IDS_PER_CALL])


def read_playlist_items(run: SnapshotRun, unit: AccountDay) -> list[Row]:
    """The items of the channel's uploads playlist, newest first."""
    channel = unit.known[0]
    try:
        items = list(
            _walk(
                run,
                unit,
                "playlistItems",
                {
                    "part": "snippet,contentDetails",
                    "playlistId": channel["uploads_playlist_id"],
                    "maxResults": str(IDS_PER_CALL),
                },
            )
        )
    except AccountError as error:
        # The uploads playlist of a channel without uploads does not exist.
        if error.code == "playlistNotFound" and not channel["video_count"]:
            return []
        raise
    return [{**playlist_item_row(item), "channel_id": channel["id"]} for item in items]


def read_videos(run: SnapshotRun, unit: AccountDay) -> list[Row]:
    """The channel's videos, 50 to a call; deleted and private ones are missing."""
    rows: list[Row] = []
    for start in range(0, len(unit.known), IDS_PER_CALL):
        ids = [item["video_id"] for item in unit.known[start : start + IDS_PER_CALL]]
        answer = _call(
            run,
            unit,
            "videos",
            {
                "part": "snippet,contentDetails,statistics,status,paidProductPlacementDetails",
                "id": ",".join(ids),
                "maxResults": str(IDS_PER_CALL),
            },
        )
        rows += [
            {**video_row(item), "channel_id": unit.account.account_id}
            for item in part_list(answer, "items")
        ]
    return rows


def read_threads(run: SnapshotRun, unit: AccountDay) -> list[Row]:
    """The newest comment threads of the channel's recent videos."""
    oldest = unit.day - timedelta(days=run.settings.youtube_comment_days)
    rows: list[Row] = []
    for video in unit.known:
        published = video["published_at"]
        # A call costs quota: none for old videos, and none where there is no comment to read.
        if published is None or published.date() <= oldest or not video["comment_count"]:
            continue
        threads = _walk(
            run,
            unit,
            "commentThreads",
            {
                "part": "snippet",
                "videoId": video["id"],
                "order": "time",
                "textFormat": "plainText",
                "maxResults": str(THREADS_PER_CALL),
            },
            most=run.settings.youtube_comment_pages,
        )
        try:
            rows += [
                {**comment_thread_row(t), "channel_id": unit.account.account_id} for t in threads
            ]
        except AccountError as error:
            if error.code not in VIDEO_WITHOUT_COMMENTS:
                raise
    return rows


def channel_row(item: Json) -> Row:
    """A channel resource as a row of ``channels``."""
    snippet, statistics = part(item, "snippet"), part(item, "statistics")
    playlists = part(part(item, "contentDetails"), "relatedPlaylists")
    hidden = statistics.get("hiddenSubscriberCount")
    return {
        "id": item.get("id"),
        "title": snippet.get("title"),
        "description": snippet.get("description"),
        "custom_url": snippet.get("customUrl"),
        "country": snippet.get("country"),
        "published_at": snippet.get("publishedAt"),
        "uploads_playlist_id": playlists.get("uploads"),
        "view_count": statistics.get("viewCount"),
        # A hidden count is delivered as 0 or not at all; neither is a number of subscribers.
        "subscriber_count": None if hidden else statistics.get("subscriberCount"),
        "hidden_subscriber_count": hidden,
        "video_count": statistics.get("videoCount"),
    }


def playlist_item_row(item: Json) -> Row:
    """A playlist item resource as a row of ``playlist_items``."""
    snippet, details = part(item, "snippet"), part(item, "contentDetails")
    return {
        "playlist_id": snippet.get("playlistId"),
        "video_id": details.get("videoId") or part(snippet, "resourceId").get("videoId"),
        "channel_id": snippet.get("videoOwnerChannelId") or snippet.get("channelId"),
        "published_at": details.get("videoPublishedAt") or snippet.get("publishedAt"),
        "position": snippet.get("position"),
    }


def video_row(item: Json) -> Row:
    """A video resource as a row of ``videos``."""
    snippet, statistics = part(item, "snippet"), part(item, "statistics")
    status, duration = part(item, "status"), part(item, "contentDetails").get("duration")
    placement = part(item, "paidProductPlacementDetails")
    return {
        "id": item.get("id"),
        "channel_id": snippet.get("channelId"),
        "title": snippet.get("title"),
        "description": snippet.get("description"),
        "published_at": snippet.get("publishedAt"),
        "duration": duration,
        "duration_seconds": duration_seconds(duration),
        "category_id": snippet.get("categoryId"),
        "default_audio_language": snippet.get("defaultAudioLanguage"),
        "privacy_status": status.get("privacyStatus"),
        "made_for_kids": status.get("madeForKids"),
        "contains_synthetic_media": status.get("containsSyntheticMedia"),
        "has_paid_product_placement": placement.get("hasPaidProductPlacement"),
        "view_count": statistics.get("viewCount"),
        "like_count": statistics.get("likeCount"),
        "comment_count": statistics.get("commentCount"),
    }


def comment_thread_row(item: Json) -> Row:
    """A comment thread resource as a row of ``comment_threads``."""
    thread = part(item, "snippet")
    comment = part(part(thread, "topLevelComment"), "snippet")
    return {
        "id": item.get("id"),
        "video_id": thread.get("videoId") or comment.get("videoId"),
        "channel_id": thread.get("channelId"),
        "author_channel_id": part(comment, "authorChannelId").get("value"),
        "author_display_name": comment.get("authorDisplayName"),
        "text_original": comment.get("textOriginal"),
        "like_count": comment.get("likeCount"),
        "total_reply_count": thread.get("totalReplyCount"),
        "published_at": comment.get("publishedAt"),
        "updated_at": comment.get("updatedAt"),
    }


def duration_seconds(duration: object) -> int | None:
    """Seconds of an ISO 8601 duration in weeks to seconds; None for what is not one."""
    match = DURATION.fullmatch(str(duration))
    if not match or not any(match.groups()):
        return None
    weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds


def classify(status: int, answer: Json) -> Problem | None:
    """YouTube's error object: quota and key stop all, rates pass, the rest is one account's."""
    error = answer.get("error")
    if error is None:
        return None if status < 400 else Problem("account", f"HTTP {status}", "")
    if not isinstance(error, dict):
        error = {"message": str(answer.get("error_description") or error)}
    reasons = _reasons(error.get("errors"))
    code = next(iter(reasons), str(error.get("status") or f"HTTP {status}"))
    message = re.sub(r"<[^>]*>", "", str(error.get("message") or ""))
    if code in QUOTA_USED_UP:
        return Problem(
            "platform", code, message, "The quota is reset at midnight Pacific; run again then."
        )
    if code in RATE_LIMITED or status == 429 or status >= 500:
        return Problem("transient", code, message, "Run again later.")
    if (
        code in BAD_KEY
        or status == 401
        or any(map(BAD_KEY_DETAIL.fullmatch, _reasons(error.get("details"))))
        or re.search(r"API key|unregistered callers", message)
    ):
        return Problem("platform", code, message, "Check YOUTUBE_API_KEY.")
    return Problem("account", code, message)


def _reasons(details: object) -> list[str]:
    """The ``reason`` of each of an error's details; none of a shape that is not known."""
    found = details if isinstance(details, list) else []
    return [str(one["reason"]) for one in found if isinstance(one, dict) and one.get("reason")]


def _read_channel_batch(run: SnapshotRun, units: list[AccountDay]) -> Iterator[pa.Table]:
    """One call for many channels, kept as one attempt for each of them."""
    batch = attempt_to_read(units[0], lambda _: _channels(run, units))
    by_id = {str(item.get("id")): item for item in batch.rows}

    def channel(unit: AccountDay) -> list[Row]:
        item = by_id.get(unit.account.account_id)
        if item is None:
            raise _gone(unit)
        return [channel_row(dict(item))]

    rows: list[pa.Table] = []
    for unit in units:
        own = batch if batch.error else attempt_to_read(unit, channel)
        rows += run.keep(CHANNELS, replace(batch, unit=unit, rows=own.rows, error=own.error))
    if rows:
        yield pa.concat_tables(rows)


def _channels(run: SnapshotRun, units: list[AccountDay]) -> list[Json]:
    params = {
        "part": "snippet,contentDetails,statistics",
        "id": ",".join(unit.account.account_id for unit in units),
        "maxResults": str(IDS_PER_CALL),
    }
    return part_list(_call(run, units[0], "channels", params), "items")


def _gone(unit: AccountDay) -> AccountError:
    return AccountError(
        f"youtube: account {unit.account.handle}: channel {unit.account.account_id} not found. "
        "It was deleted or suspended, or the id is wrong; reconnect the account.",
        "channelNotFound",
    )


def _walk(
    run: SnapshotRun, unit: AccountDay, path: str, params: dict[str, str], most: int | None = None
) -> Iterator[Json]:
    def fetch(token: str | None) -> Page:
        answer = _call(run, unit, path, params | ({"pageToken": token} if token else {}))
        return Page(part_list(answer, "items"), answer.get("nextPageToken"))

    return walk_pages(fetch, unit.account.handle or unit.account.account_id, most)


def _call(run: SnapshotRun, unit: AccountDay, path: str, params: dict[str, str]) -> Json:
    key = run.settings.youtube_api_key
    if key is None:
        raise PlatformError("youtube: no API key. Set YOUTUBE_API_KEY.", "keyMissing")
    return run.client.call(
        "GET",
        f"/youtube/v3/{path}",
        unit.account.handle or unit.account.account_id,
        headers={"X-Goog-Api-Key": key.get_secret_value(), **run.clock(unit.day)},
        params=params,
    )


if __name__ == "__main__":
    from ingestion.command import main

    main(youtube_source)
