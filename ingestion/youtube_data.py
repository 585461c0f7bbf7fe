"""YouTube's Data API v3: what is asked for channels, uploads, videos, comments and commenters.

What lands where, and what it costs, is told in :mod:`ingestion.youtube`; the tables are in
:mod:`ingestion.youtube_rows`. Public data are asked for with the API key alone; only the audit
standing needs the channel's own token.
"""

import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from ingestion.errors import (
    AccountError,
    ApiError,
    GoneError,
    PermissionMissingError,
    PlatformError,
)
from ingestion.http import part, part_list
from ingestion.paging import Page, walk_pages
from ingestion.policy import Json
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import Row
from ingestion.youtube_rows import (
    channel_row,
    comment_thread_row,
    commenter_row,
    playlist_item_row,
    reply_row,
    video_row,
    video_stat_row,
)

IDS_PER_CALL = 50
COMMENTS_PER_CALL = 100
DETAILS_DAYS = 28
"""Details of younger videos are read daily, of all others on the account's day of the week."""
WEEK = 7

AUDIT_SCOPE = "https://www.googleapis.com/auth/youtubepartner-channel-audit"
CHANNEL_PARTS = "snippet,contentDetails,statistics,status,topicDetails"
PROFILE_PARTS = "snippet,statistics"
VIDEO_PARTS = "snippet,contentDetails,statistics,status,topicDetails,paidProductPlacementDetails"
# What the video says of itself lands with the videos; here it would only be sent twice.
ITEM_FIELDS = (
    "nextPageToken,items(snippet(playlistId,position,publishedAt),"
    "contentDetails(videoId,videoPublishedAt),status(privacyStatus))"
)


def read_channels(
    run: SnapshotRun, units: Sequence[AccountDay]
) -> dict[str, Sequence[Row] | ApiError]:
    """The channels, 50 to a call; a channel that the platform does not know is set aside."""
    params = {
        "part": CHANNEL_PARTS,
        "id": ",".join(unit.account.account_id for unit in units),
        "maxResults": str(IDS_PER_CALL),
    }
    items = part_list(ask(run, units[0], "channels", params), "items")
    by_id = {str(item.get("id")): item for item in items}
    found: dict[str, Sequence[Row] | ApiError] = {}
    for unit in units:
        item = by_id.get(unit.account.account_id)
        if item is None:
            found[unit.account.account_id] = _gone(unit)
        else:
            audit = read_audit(run, unit)
            found[unit.account.account_id] = [channel_row({**item, **audit}, unit.day)]
    return found


def read_audit(run: SnapshotRun, unit: AccountDay) -> Json:
    """The channel's ``auditDetails``, on its day of the week, unless its owner is known not to have
    granted the scope; else nothing. Whether they could be read is noted as a metric."""
    scopes = unit.account.scopes
    if (scopes and AUDIT_SCOPE not in scopes) or not unit.is_due(WEEK):
        return {}
    params = {"part": "auditDetails", "id": unit.account.account_id}
    try:
        items = part_list(run.call(unit, "/youtube/v3/channels", params), "items")
    except AccountError as error:
        # The public row is worth landing without it; the reports fail for the same reason.
        is_ungranted = isinstance(error, PermissionMissingError) or error.code == "token_missing"
        run.note(unit, "auditDetails", "permission" if is_ungranted else error.code)
        return {}
    details = items[0].get("auditDetails") if items else None
    run.note(unit, "auditDetails", None if details else "no_data")
    return {"auditDetails": details} if details else {}


def read_playlist_items(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The items of the channel's uploads playlist, newest first."""
    channel = unit.known[0]
    params = {
        "part": "snippet,contentDetails,status",
        "playlistId": channel["uploads_playlist_id"],
        "fields": ITEM_FIELDS,
    }
    try:
        items = list(walk(run, unit, "playlistItems", params, IDS_PER_CALL))
    except AccountError as error:
        # The uploads playlist of a channel without uploads does not exist.
        if error.code == "playlistNotFound" and not channel["video_count"]:
            return []
        raise
    return [playlist_item_row(item, unit.account.account_id) for item in items]


def read_videos(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """Details of the channel's videos, 50 to a call: all of them on the account's day of the week,
    else the young ones; deleted and private videos are missing."""
    oldest = unit.day - timedelta(days=DETAILS_DAYS)
    is_due = unit.is_due(WEEK)
    ids = [item["video_id"] for item in unit.known if is_due or is_after(item, oldest)]
    items = _of_ids(run, unit, "videos", ids, {"part": VIDEO_PARTS})
    return [video_row(item, unit.account.account_id, unit.day) for item in items]


def read_video_stats(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The counters of all listed videos, 50 to a call; deleted and private videos are missing."""
    ids = [item["video_id"] for item in unit.known]
    items = _of_ids(run, unit, "videos:batchGetStats", ids, {"part": "id,snippet,statistics"})
    return [video_stat_row(item, unit.account.account_id, unit.day) for item in items]


class InlineReplies:
    """Replies that came with their threads, kept until the stream of replies asks for them.

    A thread brings up to five; asking for them again would cost a call for each thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, date], dict[str, list[Json]]] = {}

    def keep(self, unit: AccountDay, replies: dict[str, list[Json]]) -> None:
        with self._lock:
            self._kept[unit.account.account_id, unit.day] = replies

    def take(self, unit: AccountDay) -> dict[str, list[Json]]:
        with self._lock:
            return self._kept.pop((unit.account.account_id, unit.day), {})


def read_threads(inline: InlineReplies, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The newest comment threads of the channel's recent videos; their replies go to ``inline``."""
    oldest = unit.day - timedelta(days=run.settings.comment_days)
    rows: list[Row] = []
    replies: dict[str, list[Json]] = {}
    for video in unit.known:
        # A call costs quota: none for old videos, and none where there is no comment to read.
        if not is_after(video, oldest) or not video["comment_count"]:
            continue
        params = {
            "part": "snippet,replies",
            "videoId": video["id"],
            "order": "time",
            "textFormat": "plainText",
        }
        for item in _skipping(run, walk_comments(run, unit, "commentThreads", params)):
            rows.append(comment_thread_row(item, unit.account.account_id))
            replies[str(item.get("id"))] = part_list(part(item, "replies"), "comments")
    if rows:
        inline.keep(unit, replies)
    return rows


def read_replies(inline: InlineReplies, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The replies to the threads: those that came with them, or asked for where there are more."""
    brought = inline.take(unit)
    rows: list[Row] = []
    for thread in unit.known:
        replies: Iterable[Json] = brought.get(thread["id"], [])
        if len(brought.get(thread["id"], [])) < (thread["total_reply_count"] or 0):
            params = {"part": "snippet", "parentId": thread["id"], "textFormat": "plainText"}
            replies = _skipping(run, walk_comments(run, unit, "comments", params))
        rows += [
            reply_row(item, unit.account.account_id, thread["id"], thread["video_id"])
            for item in replies
        ]
    return rows


def read_commenters(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """Public profiles of a sample of those who wrote the threads, once a week.

    The sample is those whose id has the least checksum: the same people week after week as long as
    they comment, and chosen by nothing that says anything about them.
    """
    if not unit.is_due(WEEK):
        return []
    authors = {thread["author_channel_id"] for thread in unit.known} - {None}
    sample = sorted(authors, key=sample_rank)[: run.settings.youtube_commenter_sample]
    items = _of_ids(run, unit, "channels", sample, {"part": PROFILE_PARTS})
    return [commenter_row(item, unit.account.account_id) for item in items]


def sample_rank(author_channel_id: str) -> tuple[int, str]:
    """Where a commenter stands in the order that samples are taken in."""
    return zlib.crc32(author_channel_id.encode()), author_channel_id


def ask(run: SnapshotRun, unit: AccountDay, path: str, params: dict[str, str]) -> Json:
    """Ask the Data API for public data, with the API key."""
    key = run.settings.youtube_api_key
    if key is None:
        raise PlatformError("youtube: no API key. Set YOUTUBE_API_KEY.", "keyMissing")
    signed = {"X-Goog-Api-Key": key.get_secret_value()}
    return run.call(unit, f"/youtube/v3/{path}", params, headers=signed)


def walk(
    run: SnapshotRun,
    unit: AccountDay,
    path: str,
    params: dict[str, str],
    size: int,
    most: int | None = None,
) -> Iterator[Json]:
    """The items of a list of the Data API, page by page."""

    def fetch(token: str | int | None, size: int) -> Page:
        paging = {"maxResults": str(size)} | ({"pageToken": str(token)} if token else {})
        answer = ask(run, unit, path, params | paging)
        return Page(part_list(answer, "items"), answer.get("nextPageToken"))

    return walk_pages(fetch, unit.who, size, most)


def walk_comments(
    run: SnapshotRun, unit: AccountDay, path: str, params: dict[str, str]
) -> Iterator[Json]:
    """The newest pages of a list of comments or threads."""
    return walk(run, unit, path, params, COMMENTS_PER_CALL, run.settings.comment_pages)


def _of_ids(
    run: SnapshotRun, unit: AccountDay, path: str, ids: Sequence[str], params: dict[str, str]
) -> Iterator[Json]:
    # A post inserted while a list is paged stands twice in it.
    ids = list(dict.fromkeys(ids))
    for start in range(0, len(ids), IDS_PER_CALL):
        batch = ",".join(ids[start : start + IDS_PER_CALL])
        limit = {} if ":" in path else {"maxResults": str(IDS_PER_CALL)}
        yield from part_list(ask(run, unit, path, {**params, "id": batch, **limit}), "items")


def _skipping(run: SnapshotRun, items: Iterator[Json]) -> list[Json]:
    """The items, or none of an object that is gone or closed: comments off, a private video."""
    try:
        return list(items)
    except (GoneError, PermissionMissingError) as error:
        run.skip(error)
        return []


def is_after(row: Row, oldest: date) -> bool:
    """Whether what the row tells of was published after the day ``oldest``."""
    published = row["published_at"]
    return published is not None and published.date() > oldest


def _gone(unit: AccountDay) -> AccountError:
    return AccountError(
        f"youtube: account {unit.who}: channel {unit.account.account_id} not found. "
        "It was deleted or suspended, or the id is wrong; reconnect the account.",
        "channelNotFound",
    )
