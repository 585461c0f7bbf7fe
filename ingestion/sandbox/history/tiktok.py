"""TikTok's history: the rows that :mod:`ingestion.tiktok` lands from the sandbox, at once."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.language import detect_all
from ingestion.metrics import Metric, metrics_for, view_definition
from ingestion.sandbox import tiktok_view as shown
from ingestion.sandbox.history.context import Context, MakeRows
from ingestion.sandbox.history.grid import Pairs, Readings, asked_dates, comments_of, visible_posts
from ingestion.sandbox.world.model import Bools, Ints, PlatformBlock, Texts
from ingestion.tables import Table
from ingestion.tiktok import USERS, VIDEO_REFRESH, VIDEOS
from ingestion.tiktok_business import (
    ACCOUNT_INSIGHTS,
    AUDIENCE,
    COMMENT_PAGE,
    COMMENTS,
    KEPT_DAYS,
    RESTATED_DAYS,
    VIDEO_INSIGHTS,
    VIEWS,
)

Columns = dict[str, Any]
SECONDS = pa.timestamp("s", "UTC")


def users(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``tiktok__users``."""
    seen = context.readings(block, first, last)
    likes, videos = _totals(block, first, last)
    place, local = (seen.account, seen.day), (seen.account, seen.day - first)
    ids = [str(i) for i in block.account_id]
    expires = _at_end(seen, shown.LINK_SECONDS)
    return _table(
        USERS,
        _snapshot(seen)
        | {
            "open_id": _take(block.account_id, seen.account),
            "union_id": _take([shown.union_id(i) for i in ids], seen.account),
            "username": pa.array(_handles(seen)),
            "display_name": _take(block.display_name, seen.account),
            "bio_description": _take(block.description, seen.account),
            "profile_deep_link": _take([shown.profile_link(i) for i in ids], seen.account),
            "avatar_url": _joined(
                _take([shown.avatar_stem(i) for i in ids], seen.account), pa.array(expires)
            ),
            "is_verified": block.is_verified[seen.account],
            "follower_count": block.followers[place],
            "following_count": block.following[place],
            "likes_count": likes[local],
            "video_count": videos[local],
        },
    )


def videos(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``tiktok__videos``."""
    seen = context.readings(block, first, last)
    reading, post = visible_posts(seen)
    place = (post, seen.day[reading])
    ids = [str(i) for i in block.post_id]
    captions = shown.short(block.post_caption)
    titles = shown.short(block.post_title)
    spoken = detect_all(c or t for c, t in zip(captions, titles, strict=True))
    post_ids = _take(ids, post)
    begin = _joined("https://www.tiktok.com/@", pa.array(_handles(seen)), "/video/")
    covers = _take([shown.cover_stem(i) for i in ids], post)
    expires = pa.array(_at_end(seen, shown.LINK_SECONDS)).take(pa.array(reading))
    return _table(
        VIDEOS,
        _snapshot(seen, reading)
        | {
            "open_id": _take(block.account_id, block.post_account[post]),
            "id": post_ids,
            "create_time": _moments(block.post_created[post]),
            "title": _take(titles, post),
            "video_description": _take(captions, post),
            "duration": block.post_duration[post],
            "width": np.full(post.size, shown.WIDTH),
            "height": np.full(post.size, shown.HEIGHT),
            "cover_image_url": _joined(covers, expires),
            "share_url": _joined(begin.take(pa.array(reading)), post_ids),
            "embed_link": _take([shown.embed_link(i) for i in ids], post),
            "like_count": block.post_likes[place],
            "comment_count": block.post_comments[place],
            "share_count": block.post_shares[place],
            "view_count": block.post_views[place],
            "language": _take(spoken, post),
            "view_definition": _view_definitions(block, seen.day[reading]),
        },
    )


def video_refresh(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``tiktok__video_refresh``: what was deleted since the listing before."""
    seen = context.readings(block, first, last)
    readings, posts = [], []
    for account in range(block.account_id.size):
        mine = np.flatnonzero((seen.account == account) & (seen.previous >= 0))
        own = block.posts_of(account)
        then = _ends(block, seen.previous[mine])[:, None]
        now = _ends(block, seen.day[mine])[:, None]
        deleted = block.post_deleted[None, own]
        reading, post = np.nonzero(
            (block.post_created[None, own] < then) & (deleted >= then) & (deleted < now)
        )
        readings.append(mine[reading])
        posts.append(post + own.start)
    reading, post = np.concatenate(readings), np.concatenate(posts)
    return _table(
        VIDEO_REFRESH,
        _snapshot(seen, reading)
        | {
            "open_id": _take(block.account_id, block.post_account[post]),
            "id": _take(block.post_id, post),
            "is_gone": np.ones(post.size, dtype=bool),
        },
    )


def account_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``tiktok__account_insights``."""
    seen = context.readings(block, first, last)
    backfill = context.settings.insights_backfill_days
    reading, measured = asked_dates(seen, backfill, RESTATED_DAYS, shown.LAG, KEPT_DAYS)
    numbers = shown.account_metrics(block, seen.account[reading], measured, read=seen.day[reading])
    long = Long(seen, first, last)
    for metric in long.metrics("account", breakdown=""):
        if metric.metric in numbers:
            long.add(metric, reading, numbers[metric.metric], measured=measured)
    return long.table(ACCOUNT_INSIGHTS)


def audience(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``tiktok__audience``."""
    seen = context.readings(block, first, last)
    seen = seen.only(seen.is_due(7) & (seen.day >= shown.LAG))
    seen = seen.only(block.followers[seen.account, seen.day - shown.LAG] >= shown.LEAST_FOLLOWERS)
    before = seen.day - shown.LAG
    long = Long(seen, first, last)
    for metric in long.metrics("audience"):
        if metric.metric in shown.DIMENSIONS:
            dimension = shown.DIMENSIONS[metric.metric]
            shares = shown.audience_shares(block, dimension, seen.account, before)
            reading, segment = np.nonzero(shares > 0)
            names = _take(shown.segments(block, dimension), segment)
            long.add(metric, reading, shares[reading, segment], segments=names)
    for metric in long.metrics("account", breakdown="hour"):
        counts = shown.activity(block, seen.account, before)
        reading, hour = np.nonzero(counts >= 0)
        names = _take([str(hour) for hour in range(24)], hour)
        long.add(metric, reading, counts.ravel(), segments=names, measured=before[reading])
    return long.table(AUDIENCE)


def video_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``tiktok__video_insights``."""
    seen = context.readings(block, first, last)
    reading, post = _latest(seen, context.settings.object_insight_days)
    before = seen.day[reading] - shown.LAG
    counted = (block.post_created[post] < _ends(block, before)) & (before >= 0)
    reading, post, before = reading[counted], post[counted], before[counted]
    account = seen.account[reading]
    numbers = shown.video_metrics(block, post, before)
    ids = _take(block.post_id, post)
    shares = {
        "impression_sources": (list(shown.SOURCES), shown.impression_sources(block, post), 0.0),
        "audience_countries": (
            shown.segments(block, "country"),
            shown.audience_shares(block, "country", account, before),
            shown.LEAST_SHARE,
        ),
    }
    long = Long(seen, first, last)
    for metric in long.metrics("video"):
        if metric.metric in numbers:
            long.add(metric, reading, numbers[metric.metric], objects=ids)
        elif metric.metric in shares:
            names, parts, least = shares[metric.metric]
            row, segment = np.nonzero(parts > least)
            long.add(
                metric,
                reading[row],
                parts[row, segment],
                segments=_take(names, segment),
                objects=ids.take(pa.array(row)),
            )
    return long.table(VIDEO_INSIGHTS)


def comments(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``tiktok__comments``."""
    seen = context.readings(block, first, last)
    posts = _latest(seen, context.settings.comment_days)
    said = block.post_comments[posts.thing, seen.day[posts.reading]] > 0
    posts = Pairs(posts.reading[said], posts.thing[said])
    top = comments_of(seen, posts, replies=False)
    top = _newest(block, top, COMMENT_PAGE * context.settings.comment_pages)
    replies, counts = _replies(seen, top)
    reading = np.concatenate([top.reading, replies.reading])
    comment = np.concatenate([top.thing, replies.thing])
    people, author = context.world.commenters, block.comment_author[comment]
    user_ids = people.ids("tiktok")
    used, place = np.unique(comment, return_inverse=True)
    spoken = detect_all(block.comment_text[used])
    parent = block.comment_parent[comment]
    ids, names = _take(user_ids, author), _take(people.name, author)
    identifiers = _joined(shown.IDENTIFIER, ids)
    pictures = _joined(shown.PICTURE, ids, ".jpeg")
    never = np.zeros(comment.size, dtype=bool)
    return _table(
        COMMENTS,
        _snapshot(seen, reading)
        | {
            "open_id": _take(block.account_id, seen.account[reading]),
            "comment_id": _take(block.comment_id, comment),
            "video_id": _take(block.post_id, block.comment_post[comment]),
            "parent_comment_id": pa.array(block.comment_id, pa.string()).take(
                pa.array(parent, mask=parent < 0)
            ),
            "create_time": _moments(block.comment_created[comment]),
            "text": _take(block.comment_text, comment),
            "language": _take(spoken, place),
            "likes": block.comment_likes[comment],
            "replies": np.concatenate([counts, np.zeros(replies.thing.size, np.int64)]),
            "user_id": ids,
            "unique_identifier": identifiers,
            "username": names,
            "display_name": names,
            "profile_image": pc.if_else(pa.array(people.has_picture[author]), pictures, None),
            "owner": never,
            "liked": never,
            "pinned": never,
            "status": pa.repeat("PUBLIC", comment.size),
        },
    )


TABLES: Mapping[str, MakeRows] = MappingProxyType(
    {
        "users": users,
        "videos": videos,
        "video_refresh": video_refresh,
        "account_insights": account_insights,
        "audience": audience,
        "video_insights": video_insights,
        "comments": comments,
    }
)


class Long:
    """Rows of an insight table, collected metric by metric."""

    def __init__(self, seen: Readings, first: int, last: int) -> None:
        self._seen, self._first = seen, first
        self._days = _days(seen.block, first, last)
        self._snapshot = pa.array(_dates(seen.block, seen.day))
        self._accounts = _take(seen.block.account_id, seen.account)
        self._parts: list[pa.Table] = []

    def metrics(self, object: str, **filters: str) -> Iterator[Metric]:
        """What daily runs ask for on any of the days."""
        asked = (m for day in self._days for m in metrics_for("tiktok", object, day, **filters))
        yield from dict.fromkeys(asked)

    def add(
        self,
        metric: Metric,
        reading: Ints,
        values: npt.NDArray[Any],
        segments: pa.Array | None = None,
        objects: pa.Array | None = None,
        measured: Ints | None = None,
    ) -> None:
        """One row for each of ``values``; ``measured`` are days, else the readings' own."""
        is_asked = np.array([metric.is_asked_for(day) for day in self._days], dtype=bool)
        kept = is_asked[self._seen.day[reading] - self._first]
        taken = pa.array(reading)
        accounts, block = self._accounts.take(taken), self._seen.block
        day = self._seen.day[reading] if measured is None else measured
        rows = pa.table(
            {
                "snapshot_date": self._snapshot.take(taken),
                "account_id": accounts,
                "object_id": accounts if objects is None else objects,
                "metric": pa.repeat(metric.metric, reading.size),
                "period": pa.repeat(metric.period, reading.size),
                "breakdown": pa.repeat(metric.breakdown, reading.size),
                "segment": pa.repeat("", reading.size) if segments is None else segments,
                "date": pa.array(_dates(block, day)),
                "value": pa.array(values.astype(np.float64)),
                "view_definition": _view_definitions(block, day)
                if metric.metric in VIEWS
                else pa.nulls(reading.size, pa.string()),
            }
        )
        self._parts.append(rows if kept.all() else rows.filter(pa.array(kept)))

    def table(self, table: Table) -> pa.Table:
        if not self._parts:
            return _table(table, {})
        whole = pa.concat_tables(self._parts)
        return _table(table, dict(zip(whole.column_names, whole.columns, strict=True)))


def _table(table: Table, columns: Columns) -> pa.Table:
    """The columns in the table's own types; those that are not given are NULL."""
    wanted = [column for column in table.arrow_schema() if column.name != "fetched_at"]
    rows = len(next(iter(columns.values()))) if columns else 0
    arrays = []
    for column in wanted:
        given = columns.get(column.name)
        if given is None:
            arrays.append(pa.nulls(rows, column.type))
        else:
            found = pa.array(given) if isinstance(given, np.ndarray) else given
            arrays.append(found.cast(column.type))
    return pa.Table.from_arrays(arrays, schema=pa.schema(wanted))


def _snapshot(seen: Readings, reading: Ints | None = None) -> Columns:
    day = seen.day if reading is None else seen.day[reading]
    return {"snapshot_date": pa.array(_dates(seen.block, day))}


def _dates(block: PlatformBlock, day: Ints) -> npt.NDArray[np.datetime64]:
    return np.datetime64(block.first_day, "D") + day.astype("timedelta64[D]")


def _days(block: PlatformBlock, first: int, last: int) -> list[date]:
    return [block.first_day + timedelta(days=n) for n in range(first, last)]


def _view_definitions(block: PlatformBlock, day: Ints) -> pa.Array:
    """What a view counted on each day (index)."""
    return _take([view_definition("tiktok", on) for on in _days(block, 0, block.days)], day)


def _take(values: Texts | list[Any], places: Ints) -> pa.Array:
    return pa.array(values, pa.string()).take(pa.array(places))


def _joined(*parts: pa.Array | str) -> pa.Array:
    texts = [part if isinstance(part, str) else part.cast(pa.string()) for part in parts]
    return pc.binary_join_element_wise(*texts, "")


def _moments(seconds: Ints) -> pa.Array:
    return pa.array(seconds).cast(SECONDS)


def _ends(block: PlatformBlock, day: Ints) -> Ints:
    """The first Unix second after each day (index)."""
    return block.end_of(-1) + (day + 1) * 86_400


def _at_end(seen: Readings, more: int) -> Ints:
    return _ends(seen.block, seen.day) + more


def _handles(seen: Readings) -> Texts:
    block, account = seen.block, seen.account
    is_new = block.rebrand_day[account] <= seen.day
    found: Texts = np.where(is_new, block.handle[account], block.handle_before[account])
    return found


def _there(block: PlatformBlock, account: int, days: Ints) -> Bools:
    """Which of an account's posts are there at the end of each day, [posts, days]."""
    own, end = block.posts_of(account), _ends(block, days)[None, :]
    found: Bools = (block.post_created[own, None] < end) & (block.post_deleted[own, None] >= end)
    return found


def _totals(block: PlatformBlock, first: int, last: int) -> tuple[Ints, Ints]:
    """Likes of all videos that are there, and their number, [A, last - first]."""
    days = np.arange(first, last)
    likes = np.zeros((block.account_id.size, days.size), dtype=np.int64)
    count = np.zeros_like(likes)
    for account in range(block.account_id.size):
        there = _there(block, account, days)
        likes[account] = (block.post_likes[block.posts_of(account), first:last] * there).sum(axis=0)
        count[account] = there.sum(axis=0)
    return likes, count


def _latest(seen: Readings, days: int) -> Pairs:
    if not days:
        return Pairs(np.empty(0, np.int64), np.empty(0, np.int64))
    return visible_posts(seen, published_within=days)


def _newest(block: PlatformBlock, said: Pairs, most: int) -> Pairs:
    """The last ``most`` comments of each post at each reading, which stand together."""
    post = block.comment_post[said.thing]
    changes = (np.diff(said.reading) != 0) | (np.diff(post) != 0)
    ends = np.append(np.flatnonzero(changes) + 1, said.thing.size)
    sizes = np.diff(ends, prepend=0)
    behind = np.repeat(ends, sizes) - np.arange(said.thing.size)
    return Pairs(said.reading[behind <= most], said.thing[behind <= most])


def _replies(seen: Readings, top: Pairs) -> tuple[Pairs, Ints]:
    """The first replies to each comment at each reading, and how many there are of them."""
    block = seen.block
    order = np.argsort(block.comment_parent, kind="stable")
    parents = block.comment_parent[order]
    begin, end = np.searchsorted(parents, top.thing), np.searchsorted(parents, top.thing, "right")
    group = np.repeat(np.arange(top.thing.size), end - begin)
    within = np.arange(group.size) - np.repeat(np.cumsum(end - begin) - (end - begin), end - begin)
    reply = order[begin[group] + within]
    there = block.comment_created[reply] < _ends(block, seen.day[top.reading[group]])
    # Oldest first, so those that are there come before those that are not yet.
    counts = np.bincount(group[there], minlength=top.thing.size)
    shown_now = there & (within < shown.MOST_REPLIES)
    return Pairs(top.reading[group[shown_now]], reply[shown_now]), counts
