"""Facebook's insights: a page's numbers by day, the lifetime numbers of its posts and videos.

Streams of :mod:`ingestion.facebook`, which tells what lands and what it costs; all in long format.
A value that the platform gives as an object (clicks by type, reactions by type) is one row for each
of its keys.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from ingestion import graph
from ingestion.errors import GoneError
from ingestion.http import part_list
from ingestion.insights import NO_DATA, Quarantine, ask_metrics, insight_row, insight_table
from ingestion.metrics import Metric, metrics_for, view_definition
from ingestion.policy import Json
from ingestion.snapshot import AccountDay, SnapshotRun, windows
from ingestion.tables import Row, UnreadableValueError

PLATFORM = "facebook"

POST_INSIGHTS = insight_table("post_insights")
VIDEO_INSIGHTS = insight_table("video_insights")
PAGE_INSIGHTS = insight_table("page_insights")

RESTATED_DAYS = 3
WINDOW_DAYS = 90
"""The most days of insights in one call."""
KEPT_DAYS = 730
"""Insights of older days are not kept by the platform."""

VIEW_METRICS = frozenset(
    {
        "page_media_view",
        "page_video_views",
        "post_media_view",
        "blue_reels_play_count",
        "fb_reels_total_plays",
        "total_video_views",
    }
)
"""What counts views: the values that change their meaning when the platform changes a view's."""


def read_post_insights(quarantine: Quarantine, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """Lifetime insights of recent posts that are no reels."""
    metrics = metrics_for(PLATFORM, "post", unit.day)
    return [
        row
        for post in recent(unit, run.settings.object_insight_days)
        if not is_reel(post)
        for row in _lifetime(run, unit, quarantine, "post", metrics, post["id"], "insights")
    ]


def read_video_insights(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """Lifetime insights of recent videos and reels."""
    rows: list[Row] = []
    for video in recent(unit, run.settings.object_insight_days):
        product = video["video_type"]
        metrics = metrics_for(PLATFORM, "video", unit.day, product=product)
        kind = f"video/{product}"
        rows += _lifetime(run, unit, quarantine, kind, metrics, video["id"], "video_insights")
    return rows


def read_page_insights(quarantine: Quarantine, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The page's insights of the days since the last reading, 90 days to a call."""
    page_id = unit.account.account_id
    metrics = metrics_for(PLATFORM, "page", unit.day, period="day")
    days = unit.dates_since(run.settings.insights_backfill_days, RESTATED_DAYS)[-KEPT_DAYS:]
    # Keyed, so that a value given by two windows lands once.
    rows: dict[tuple[str, str, date], Row] = {}
    for window in windows(days, WINDOW_DAYS):
        span = {
            "period": "day",
            "since": window[0].isoformat(),
            "until": (window[-1] + timedelta(days=1)).isoformat(),
        }

        def ask(names: Sequence[str], span: Mapping[str, str] = span) -> list[Json]:
            params = {"metric": ",".join(names), **span}
            return part_list(graph.ask(run, unit, f"/{page_id}/insights", params), "data")

        answers = ask_metrics(run, unit, quarantine, "page", _names(metrics), ask)
        for row in insight_rows(unit, metrics, answers, page_id):
            rows[row["metric"], row["segment"], row["date"]] = row
    _note(run, unit, metrics, rows.values())
    return list(rows.values())


def recent(unit: AccountDay, days: int) -> list[Row]:
    """The known posts or videos that were published in the last ``days`` days."""
    since = datetime.combine(unit.day, time.min, UTC) - timedelta(days=days - 1)
    return [row for row in unit.known if row["created_time"] and row["created_time"] >= since]


def is_reel(post: Row) -> bool:
    """Whether a post is a reel, which its address tells alone."""
    return "/reel/" in (post.get("permalink_url") or "")


def insight_rows(
    unit: AccountDay, metrics: Sequence[Metric], answers: Iterable[Sequence[Json]], object_id: str
) -> list[Row]:
    """The values of all ``answers``; one that is an object gives a row for each of its segments.

    What has no value, or no time where it is one of a day, is left out.
    """
    known = {metric.metric: metric for metric in metrics}
    return [
        row
        for answer in answers
        for found in answer
        if (metric := known.get(str(found.get("name")))) is not None
        for value in part_list(found, "values")
        for row in _value_rows(unit, metric, value, object_id)
    ]


def _value_rows(unit: AccountDay, metric: Metric, value: Json, object_id: str) -> list[Row]:
    end_time, day = value.get("end_time"), unit.day
    if metric.period == "day":
        if not end_time:
            return []
        day = _day_before(end_time)
    number = value.get("value")
    parts = number if isinstance(number, dict) else {"": number}
    definition = view_definition(PLATFORM, day) if metric.metric in VIEW_METRICS else None
    return [
        insight_row(
            unit,
            metric.metric,
            part,
            period=metric.period,
            object_id=object_id,
            breakdown=metric.breakdown if isinstance(number, dict) else "",
            segment=segment,
            day=day,
            end_time=end_time if metric.period == "day" else None,
            view_definition=definition,
        )
        for segment, part in parts.items()
        if part is not None
    ]


def _day_before(end_time: object) -> date:
    """The day that ends at ``end_time``, midnight in Pacific time."""
    try:
        return (datetime.fromisoformat(str(end_time)) - timedelta(days=1)).date()
    except ValueError:
        raise UnreadableValueError(
            f"end_time: {str(end_time)[:60]!r} is not a time. "
            "The platform's answer has changed shape."
        ) from None


def _lifetime(
    run: SnapshotRun,
    unit: AccountDay,
    quarantine: Quarantine,
    kind: str,
    metrics: Sequence[Metric],
    object_id: str,
    edge: str,
) -> list[Row]:
    """The lifetime insights of one post or video; none where the platform shows none."""

    def ask(names: Sequence[str]) -> list[Json]:
        params = {"metric": ",".join(names), "period": "lifetime"}
        return part_list(graph.ask(run, unit, f"/{object_id}/{edge}", params), "data")

    try:
        answers = ask_metrics(run, unit, quarantine, kind, _names(metrics), ask)
    except GoneError as error:
        run.skip(error)
        return []
    rows = insight_rows(unit, metrics, answers, object_id)
    _note(run, unit, metrics, rows)
    return rows


def _note(
    run: SnapshotRun, unit: AccountDay, metrics: Sequence[Metric], rows: Iterable[Row]
) -> None:
    given = {row["metric"] for row in rows}
    for name in _names(metrics):
        run.note(unit, name, None if name in given else NO_DATA)


def _names(metrics: Iterable[Metric]) -> list[str]:
    return [metric.metric for metric in metrics]
