"""Facebook's rows of many days at once, the same as daily runs over the routes land.

What an object says every day is made by the source's own row functions from the routes' own
objects, once for each; what changes is taken from the block's arrays.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from dlt.common.json import json

from ingestion.facebook import (
    COMMENTS,
    PAGES,
    POST_REACTIONS,
    POSTS,
    REACTION_TYPES,
    VIDEOS,
    post_row,
    video_row,
)
from ingestion.facebook_insights import (
    KEPT_DAYS,
    PAGE_INSIGHTS,
    PLATFORM,
    POST_INSIGHTS,
    RESTATED_DAYS,
    VIDEO_INSIGHTS,
    VIEW_METRICS,
)
from ingestion.language import detect_all
from ingestion.metrics import Metric, metrics_for, view_definition
from ingestion.sandbox import facebook_numbers as numbers
from ingestion.sandbox.facebook_objects import (
    SITE,
    category_list,
    comment_link,
    post_object,
    verification,
    video_object,
)
from ingestion.sandbox.history.columns import (
    dates,
    moments,
    rows_of,
    taken,
    unchanging,
    unless,
)
from ingestion.sandbox.history.context import Context, MakeRows
from ingestion.sandbox.history.grid import (
    Pairs,
    Readings,
    asked_dates,
    comments_of,
    visible_posts,
)
from ingestion.sandbox.world.model import Bools, Ints, PlatformBlock
from ingestion.tables import Table

COMMENTS_PER_PAGE = 100


def pages(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each reading."""
    seen = context.readings(block, first, last)
    account, day = seen.account, seen.day
    username = np.where(
        block.rebrand_day[account] <= day, block.handle[account], block.handle_before[account]
    )
    categories = np.array([json.dumps(category_list(str(c))) for c in block.category], object)
    verified = np.array([verification(bool(v)) for v in block.is_verified], object)
    columns = {
        "snapshot_date": dates(block, day),
        "id": block.account_id[account],
        "name": block.display_name[account],
        "username": username,
        "about": block.description[account],
        "category": block.category[account],
        "category_list": categories[account],
        "link": np.array([f"{SITE}/{name}" for name in username], object),
        "fan_count": numbers.fan_count(block, account, day),
        "followers_count": block.followers[account, day],
        "new_like_count": block.gained[account, day],
        "talking_about_count": numbers.talking_about(block, account, day),
        "were_here_count": 0,
        "rating_count": 0,
        "verification_status": verified[account],
        "is_published": True,
        "has_transitioned_to_new_page_experience": True,
    }
    return rows_of(PAGES, seen.size, columns)


def posts(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each post that a reading finds."""
    seen = context.readings(block, first, last)
    reading, post = visible_posts(seen, numbers.is_listed(block))
    found = numbers.PostDays(block, post, seen.day[reading])
    same = unchanging(
        POSTS,
        (
            post_row(post_object(block, p), str(block.account_id[block.post_account[p]]))
            if listed
            else {"page_id": "", "id": ""}
            for p, listed in enumerate(numbers.is_listed(block))
        ),
    )
    columns = taken(same, post) | {
        "snapshot_date": dates(block, found.day),
        "share_count": unless(found.shares == 0, found.shares),
        "reaction_count": found.likes,
        "comment_count": found.comments,
        "comment_order": "chronological",
        "can_comment": ~block.comments_off[post],
    }
    return rows_of(POSTS, post.size, columns)


def post_reactions(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each type of reaction to each post that a reading finds."""
    seen = context.readings(block, first, last)
    reading, post = visible_posts(seen, numbers.is_listed(block))
    counts = numbers.PostDays(block, post, seen.day[reading]).reactions()
    types = len(REACTION_TYPES)
    columns = {
        "snapshot_date": dates(block, np.repeat(seen.day[reading], types)),
        "page_id": np.repeat(block.account_id[block.post_account[post]], types),
        "post_id": np.repeat(block.post_id[post], types),
        "reaction_type": np.tile(np.array(REACTION_TYPES, object), post.size),
        "reaction_count": counts.ravel(),
    }
    return rows_of(POST_REACTIONS, counts.size, columns)


def videos(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each video and reel that a reading finds."""
    seen = context.readings(block, first, last)
    holds = numbers.is_video(block)
    reading, post = visible_posts(seen, holds)
    found = numbers.PostDays(block, post, seen.day[reading])
    same = unchanging(
        VIDEOS,
        (
            video_row(
                video_object(block, p),
                str(block.account_id[block.post_account[p]]),
                str(block.post_format[p]).upper(),
                block.first_day,
            )
            if holds[p]
            else {"page_id": "", "id": ""}
            for p in range(block.post_id.size)
        ),
    )
    is_reel = block.post_format[post] == "reel"
    columns = taken(same, post) | {
        "snapshot_date": dates(block, found.day),
        "views": found.views,
        "like_count": found.reactions()[:, REACTION_TYPES.index("LIKE")],
        "comment_count": found.comments,
        "view_definition": np.where(
            is_reel, _definitions(block, "reel")[found.day], _definitions(block, "video")[found.day]
        ),
    }
    return rows_of(VIDEOS, post.size, columns)


def comments(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each of the newest comments and replies of recent posts that have any."""
    seen, settings = context.readings(block, first, last), context.settings
    recent = visible_posts(seen, numbers.is_listed(block), settings.comment_days)
    has_any = block.post_comments[recent.thing, seen.day[recent.reading]] > 0
    asked = Pairs(recent.reading[has_any], recent.thing[has_any])
    reading, comment = _newest(
        block, comments_of(seen, asked), settings.comment_pages * COMMENTS_PER_PAGE
    )
    # Only what is shown is worked out: the links and languages of texts cost the most.
    shown, place = np.unique(comment, return_inverse=True)
    author, parent = block.comment_author[shown], block.comment_parent[shown]
    names = context.world.commenters
    answered = block.comment_id[np.maximum(parent, 0)]
    answered[parent < 0] = None
    same = {
        "page_id": block.account_id[block.post_account[block.comment_post[shown]]],
        "post_id": block.post_id[block.comment_post[shown]],
        "id": block.comment_id[shown],
        "parent_id": answered,
        "message": block.comment_text[shown],
        "permalink_url": np.array([comment_link(block, int(c)) for c in shown], object),
        "from_id": names.ids(PLATFORM)[author],
        "from_name": names.name[author],
        "language": np.array(detect_all(block.comment_text[shown]), object),
    }
    texts = {name: pa.array(column, pa.string()) for name, column in same.items()}
    columns = taken(texts, place) | {
        "snapshot_date": dates(block, seen.day[reading]),
        "created_time": moments(block.comment_created[comment]),
        "like_count": block.comment_likes[comment],
        "comment_count": _replies(block, comment, seen.day[reading]),
        "is_hidden": False,
        "is_private": False,
    }
    return rows_of(COMMENTS, comment.size, columns)


def post_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """The lifetime insights of recent posts that are no reels."""
    wanted = numbers.is_listed(block) & (block.post_format != "reel")
    found = _recent_posts(block, context, first, last, wanted)
    parts = _lifetime(found, "post", "", numbers.POST_INSIGHTS, block.post_id)
    return _together(POST_INSIGHTS, parts)


def video_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """The lifetime insights of recent videos and reels."""
    kinds = {"reel": numbers.REEL_INSIGHTS, "video": numbers.VIDEO_INSIGHTS}
    parts = [
        part
        for kind, served in kinds.items()
        for part in _lifetime(
            _recent_posts(block, context, first, last, block.post_format == kind),
            "video",
            kind.upper(),
            served,
            numbers.video_ids(block),
        )
    ]
    return _together(VIDEO_INSIGHTS, parts)


def page_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """The numbers of the days that each reading asks for."""
    seen = _with_insights(context.readings(block, first, last))
    backfill = context.settings.insights_backfill_days
    reading, measured = asked_dates(seen, backfill, RESTATED_DAYS, most=KEPT_DAYS)
    account, read = seen.account[reading], seen.day[reading]
    ends = pa.array(
        [
            numbers.end_time(block.first_day + timedelta(days=d)).astimezone(UTC)
            for d in range(block.days)
        ],
        pa.timestamp("us", "UTC"),
    )
    shared = {
        "snapshot_date": dates(block, read),
        "account_id": pa.array(block.account_id[account], pa.string()),
        "date": dates(block, measured),
        "end_time": ends.take(pa.array(measured)),
    }
    parts = []
    for metric, asked in _asked(block, "page", "", numbers.PAGE_METRICS):
        values = numbers.page_metric(metric.metric, block, account, measured, read)
        columns = {
            **shared,
            "object_id": shared["account_id"],
            "metric": metric.metric,
            "period": metric.period,
            "breakdown": "",
            "segment": "",
            "value": values.astype(np.float64),
            "view_definition": _definition_of(metric, block, measured),
        }
        rows = rows_of(PAGE_INSIGHTS, measured.size, columns)
        parts.append(rows if asked.all() else rows.filter(pa.array(asked[read])))
    return _together(PAGE_INSIGHTS, parts)


TABLES: Mapping[str, MakeRows] = MappingProxyType(
    {
        "pages": pages,
        "posts": posts,
        "post_reactions": post_reactions,
        "post_insights": post_insights,
        "comments": comments,
        "videos": videos,
        "video_insights": video_insights,
        "page_insights": page_insights,
    }
)


def _recent_posts(
    block: PlatformBlock, context: Context, first: int, last: int, wanted: Bools
) -> numbers.PostDays:
    """The posts whose insights are read, on each day that they are, of pages that have any."""
    seen = _with_insights(context.readings(block, first, last))
    reading, post = visible_posts(seen, wanted, context.settings.object_insight_days)
    return numbers.PostDays(block, post, seen.day[reading])


def _with_insights(seen: Readings) -> Readings:
    return seen.only(numbers.has_insights(seen.block, seen.account, seen.day))


def _lifetime(
    found: numbers.PostDays,
    kind: str,
    product: str,
    served: Mapping[str, numbers.Insight],
    object_ids: npt.NDArray[np.object_],
) -> Iterator[pa.Table]:
    """Rows of each metric and segment; an object of segments leaves out what is zero."""
    block = found.block
    table = VIDEO_INSIGHTS if kind == "video" else POST_INSIGHTS
    days = dates(block, found.day)
    shared = {
        "snapshot_date": days,
        "account_id": pa.array(block.account_id[block.post_account[found.post]], pa.string()),
        "object_id": pa.array(object_ids[found.post], pa.string()),
        "date": days,
    }
    for metric, asked in _asked(block, kind, product, list(served)):
        segmented = metric.metric in numbers.SEGMENTED
        for segment, values in served[metric.metric](found).items():
            columns = {
                **shared,
                "metric": metric.metric,
                "period": metric.period,
                "breakdown": metric.breakdown if segmented else "",
                "segment": segment,
                "value": values.astype(np.float64),
                "view_definition": _definition_of(metric, block, found.day),
            }
            kept = asked[found.day] & ((values != 0) | (not segmented))
            yield rows_of(table, found.post.size, columns).filter(pa.array(kept))


def _asked(
    block: PlatformBlock, kind: str, product: str, served: Sequence[str]
) -> Iterator[tuple[Metric, Bools]]:
    """The metrics that are asked for on some day, and on which [D]; those not served give none."""
    on_days: dict[str, Bools] = {}
    metrics: dict[str, Metric] = {}
    for day in range(block.days):
        for metric in metrics_for(
            PLATFORM, kind, block.first_day + timedelta(days=day), product=product
        ):
            metrics[metric.metric] = metric
            on_days.setdefault(metric.metric, np.zeros(block.days, dtype=bool))[day] = True
    for name, metric in metrics.items():
        if name in served:
            yield metric, on_days[name]


def _definition_of(metric: Metric, block: PlatformBlock, day: Ints) -> object:
    if metric.metric not in VIEW_METRICS:
        return None
    return _definitions(block, None)[day]


def _definitions(block: PlatformBlock, video_type: str | None) -> npt.NDArray[np.object_]:
    """What a view means on each day, [D]."""
    found = [
        view_definition(PLATFORM, block.first_day + timedelta(days=day), video_type)
        for day in range(block.days)
    ]
    return np.array(found, dtype=object)


def _newest(block: PlatformBlock, shown: Pairs, most: int) -> Pairs:
    """The newest ``most`` comments of each post that a reading looks at."""
    reading, comment = shown
    if not comment.size:
        return shown
    # Pairs come post by post, oldest first.
    thread = reading * block.post_id.size + block.comment_post[comment]
    ends = np.append(np.flatnonzero(np.diff(thread)), thread.size - 1)
    end_of_each = ends[np.searchsorted(ends, np.arange(thread.size))]
    is_new = end_of_each - np.arange(thread.size) < most
    return Pairs(reading[is_new], comment[is_new])


def _replies(block: PlatformBlock, comment: Ints, day: Ints) -> Ints:
    """How many replies each comment has by the end of the day."""
    answers = np.flatnonzero(block.comment_parent >= 0)
    keys = np.sort((block.comment_parent[answers] << 32) | block.comment_created[answers])
    end = block.end_of(-1) + (day + 1) * 86_400
    found: Ints = np.searchsorted(keys, (comment << 32) | end) - np.searchsorted(
        keys, comment << 32
    )
    return found


def _together(table: Table, parts: Iterator[pa.Table] | Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables([rows_of(table, 0, {}), *parts])
