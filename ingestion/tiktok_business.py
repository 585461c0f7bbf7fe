"""TikTok's Accounts API v1.3: insights of accounts and videos, audiences, comments.

Readers of the streams that :mod:`ingestion.tiktok` lists; tables, costs and sources are told there.
Every answer is ``{code, message, request_id, data}``; lists of fields travel as JSON text.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ingestion.errors import GoneError
from ingestion.http import part, part_list
from ingestion.insights import (
    NO_DATA,
    Quarantine,
    ask_metrics,
    insight_row,
    insight_table,
    measured_day,
)
from ingestion.language import detect
from ingestion.metrics import Metric, metrics_for, view_definition
from ingestion.paging import Page, paging_error, walk_pages
from ingestion.policy import Json
from ingestion.snapshot import AccountDay, SnapshotRun, windows
from ingestion.tables import COUNT, FLAG, MOMENT, TEXT, Row, snapshot_table

API = "/open_api/v1.3/business"
KEPT_DAYS = 60
"""Days back that the platform answers for, and the most in one call."""
RESTATED_DAYS = 3
"""Days whose numbers may still change at a reading."""
VIDEO_PAGE, COMMENT_PAGE = 20, 30
"""The most that the platform allows."""
VIEWS = frozenset({"video_views", "unique_video_views"})
"""Metrics that depend on what counts as a view."""

ACCOUNT_INSIGHTS = insight_table("account_insights")
AUDIENCE = insight_table("audience")
VIDEO_INSIGHTS = insight_table("video_insights")
COMMENTS = snapshot_table(
    "comments",
    "open_id",
    "comment_id",
    {
        "open_id": TEXT,
        "comment_id": TEXT,
        "video_id": TEXT,
        "parent_comment_id": TEXT,
        "create_time": MOMENT,
        "text": TEXT,
        "language": TEXT,
        "likes": COUNT,
        "replies": COUNT,
        "user_id": TEXT,
        "unique_identifier": TEXT,
        "username": TEXT,
        "display_name": TEXT,
        "profile_image": TEXT,
        "owner": FLAG,
        "liked": FLAG,
        "pinned": FLAG,
        "status": TEXT,
    },
)


def read_account_insights(
    run: SnapshotRun, unit: AccountDay, quarantine: Quarantine
) -> Sequence[Row]:
    """The account's numbers of each day that may have changed since the previous reading."""
    asked = unit.dates_since(run.settings.insights_backfill_days, RESTATED_DAYS)
    days = [day for day in asked if day >= unit.day - timedelta(days=KEPT_DAYS)]
    metrics = [m.metric for m in metrics_for("tiktok", "account", unit.day, breakdown="")]
    rows: list[Row] = []
    for window in windows(days, KEPT_DAYS):

        def ask(fields: Sequence[str], window: Sequence[date] = window) -> Iterator[Row]:
            data = _get(run, unit, fields, window[0], window[-1])
            return _daily_rows(run, unit, fields, part_list(data, "metrics"))

        for found in ask_metrics(run, unit, quarantine, "account", metrics, ask):
            rows.extend(found)
    return rows


def _daily_rows(
    run: SnapshotRun, unit: AccountDay, fields: Sequence[str], found: Sequence[Json]
) -> Iterator[Row]:
    for metric in fields:
        days = [day for day in found if metric in day]
        _note(run, unit, metric, any(day[metric] is not None for day in days))
        for day in days:
            measured = measured_day(day.get("date"))
            yield insight_row(
                unit,
                metric,
                day[metric],
                period="day",
                day=measured,
                view_definition=_view(metric, measured),
            )


def read_audience(run: SnapshotRun, unit: AccountDay, quarantine: Quarantine) -> Sequence[Row]:
    """Who the followers are, and when they were active yesterday; what is due once a week."""
    if not unit.is_due(every=7):
        return []
    yesterday = unit.day - timedelta(days=1)
    shares = metrics_for("tiktok", "audience", unit.day)
    activity = metrics_for("tiktok", "account", unit.day, breakdown="hour")
    known = {metric.metric: metric for metric in (*shares, *activity)}
    rows: list[Row] = []

    def ask(fields: Sequence[str]) -> None:
        data = _get(run, unit, fields, yesterday, yesterday)
        days = part_list(data, "metrics")
        for name in fields:
            metric = known[name]
            whole = data if metric in shares else next(iter(days), {})
            day = unit.day if metric in shares else yesterday
            found = list(_segments(unit, metric, whole, day))
            _note(run, unit, name, bool(found))
            rows.extend(found)

    ask_metrics(run, unit, quarantine, "audience", known, ask)
    return rows


def read_video_insights(
    run: SnapshotRun, unit: AccountDay, quarantine: Quarantine
) -> Sequence[Row]:
    """Insights of the account's latest videos."""
    first = _published_from(unit, run.settings.object_insight_days)
    known = {metric.metric: metric for metric in metrics_for("tiktok", "video", unit.day)}
    rows: list[Row] = []

    def ask(fields: Sequence[str]) -> None:
        videos = _latest_videos(run, unit, fields, first)
        for name in fields:
            found = [row for video in videos for row in _video_rows(unit, known[name], video)]
            if videos:
                _note(run, unit, name, bool(found))
            rows.extend(found)

    if run.settings.object_insight_days:
        ask_metrics(run, unit, quarantine, "video", known, ask)
    return rows


def _latest_videos(
    run: SnapshotRun, unit: AccountDay, fields: Sequence[str], first: datetime
) -> Sequence[Json]:
    """The videos published since ``first``: the list is newest first, and left when it is older."""
    wanted = json.dumps(["item_id", "create_time", *fields])

    def fetch(cursor: str | int | None, size: int) -> Page:
        params = {"fields": wanted, "max_count": str(size)}
        if cursor is not None:
            params["cursor"] = str(cursor)
        data = _call(run, unit, "/video/list/", params)
        videos = part_list(data, "videos")
        is_over = any(_is_before(video, first) for video in videos)
        return Page(videos, None if is_over else _following(unit, data))

    found = walk_pages(fetch, unit.who, VIDEO_PAGE)
    # By id: one that was published meanwhile pushes the last of a page to the next.
    latest = {video.get("item_id"): video for video in found if not _is_before(video, first)}
    return list(latest.values())


def _video_rows(unit: AccountDay, metric: Metric, video: Json) -> Iterator[Row]:
    video_id = str(video.get("item_id"))
    if metric.breakdown:
        yield from _segments(unit, metric, video, unit.day, video_id)
    elif video.get(metric.metric) is not None:
        yield insight_row(
            unit,
            metric.metric,
            video[metric.metric],
            period=metric.period,
            object_id=video_id,
            view_definition=_view(metric.metric, unit.day),
        )


def read_comments(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The newest comments under the account's latest videos, with the replies that come along."""
    first = _published_from(unit, run.settings.comment_days)
    rows: dict[str, Row] = {}
    # A video that is listed twice is asked about once.
    for video in {video["id"]: video for video in unit.known}.values():
        published = video["create_time"]
        # The listing is live: where it counts no comment there is none to ask for.
        if published is None or published < first or video["comment_count"] == 0:
            continue
        try:
            for comment in _comments_of(run, unit, video["id"]):
                rows[str(comment.get("comment_id"))] = COMMENTS.row(
                    comment,
                    open_id=unit.account.account_id,
                    language=detect(str(comment.get("text") or "")),
                )
        except GoneError as error:
            run.skip(error)
    return list(rows.values())


def _comments_of(run: SnapshotRun, unit: AccountDay, video_id: str) -> Iterator[Json]:
    def fetch(cursor: str | int | None, size: int) -> Page:
        params = {
            "video_id": video_id,
            "sort_field": "create_time",
            "sort_order": "desc",
            "include_replies": "true",
            "max_count": str(size),
        }
        if cursor is not None:
            params["cursor"] = str(cursor)
        data = _call(run, unit, "/comment/list/", params)
        return Page(part_list(data, "comments"), _following(unit, data))

    for comment in walk_pages(fetch, unit.who, COMMENT_PAGE, most=run.settings.comment_pages):
        replies = part_list(comment, "reply_list")
        yield {name: value for name, value in comment.items() if name != "reply_list"}
        yield from replies


def _get(
    run: SnapshotRun, unit: AccountDay, fields: Sequence[str], first: date, last: date
) -> Json:
    params = {"fields": json.dumps(list(fields))}
    params |= {"start_date": first.isoformat(), "end_date": last.isoformat()}
    return _call(run, unit, "/get/", params)


def _call(run: SnapshotRun, unit: AccountDay, path: str, params: Mapping[str, str]) -> Json:
    own = {"business_id": unit.account.account_id, **params}
    return part(run.call(unit, API + path, own, host="business"), "data")


def _following(unit: AccountDay, data: Json) -> str | int | None:
    if not data.get("has_more"):
        return None
    if data.get("cursor") is None:
        raise paging_error(unit.who, "more to come but no cursor")
    following: str | int = data["cursor"]
    return following


def _segments(
    unit: AccountDay, metric: Metric, whole: Json, day: date, object_id: str = ""
) -> Iterator[Row]:
    """One row for each segment of a list like ``[{"country": "DE", "percentage": 0.4}]``."""
    for item in part_list(whole, metric.metric):
        segment = item.get(metric.breakdown, item.get(f"{metric.breakdown}_name"))
        value: Any = item.get("percentage", item.get("count"))
        yield insight_row(
            unit,
            metric.metric,
            value,
            period=metric.period,
            object_id=object_id,
            breakdown=metric.breakdown,
            segment="" if segment is None else str(segment),
            day=day,
        )


def _note(run: SnapshotRun, unit: AccountDay, metric: str, is_there: bool) -> None:
    run.note(unit, metric, None if is_there else NO_DATA)


def _view(metric: str, day: date) -> str | None:
    return view_definition("tiktok", day) if metric in VIEWS else None


def _published_from(unit: AccountDay, days: int) -> datetime:
    """The first moment of the ``days`` days that end with the snapshot's."""
    return datetime.combine(unit.day - timedelta(days=days - 1), time.min, tzinfo=UTC)


def _is_before(video: Json, first: datetime) -> bool:
    """Whether the video is older; one whose time is not told is not."""
    told = str(video.get("create_time"))
    return told.isdecimal() and int(told) < first.timestamp()
