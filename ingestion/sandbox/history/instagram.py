"""Instagram's rows of many days at once, the same as daily runs over the routes land.

What an object says every day is made by the source's own row functions, once for each; numbers are
those of :mod:`ingestion.sandbox.instagram_numbers`, which the routes show too.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.json import json

from ingestion.instagram import (
    ACCOUNTS,
    COMMENTS,
    COMMENTS_PER_CALL,
    MEDIA,
    PEERS,
    PEERS_EVERY,
    STORIES,
    peer_names,
)
from ingestion.instagram_insights import (
    ACCOUNT_INSIGHTS,
    AUDIENCE,
    AUDIENCE_EVERY,
    FOLLOWER_CHANGES,
    KEPT_DAYS,
    MEDIA_INSIGHTS,
    ONLINE_FOLLOWERS,
    RESTATED_DAYS,
    STORY_INSIGHTS,
    format_of,
)
from ingestion.language import detect_all
from ingestion.metrics import Metric, metrics_for, view_definition
from ingestion.sandbox import instagram_numbers as numbers
from ingestion.sandbox.history.columns import dates, moments, rows_of, taken, unless
from ingestion.sandbox.history.context import Context, MakeRows
from ingestion.sandbox.history.grid import (
    Pairs,
    Readings,
    asked_dates,
    comments_of,
    visible_posts,
)
from ingestion.sandbox.instagram_insights import OF_PRODUCT
from ingestion.sandbox.instagram_numbers import FEWEST_VIEWERS, shown
from ingestion.sandbox.world.model import ERROR_NONE, Bools, Ints, PlatformBlock, Texts
from ingestion.tables import Table

Columns = dict[str, Any]


def accounts(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each reading."""
    seen = context.readings(block, first, last)
    columns = _profile(block, seen.account, seen.day) | {
        "snapshot_date": dates(block, seen.day),
        "has_profile_pic": True,
        "is_published": True,
    }
    return rows_of(ACCOUNTS, seen.size, columns)


def media(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each medium that a reading finds."""
    return _media(MEDIA, block, context.readings(block, first, last), ~shown(block).is_story)


def stories(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each story that a reading finds."""
    return _media(STORIES, block, context.readings(block, first, last), shown(block).is_story)


def comments(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each of the newest comments of recent media, and for each reply to these."""
    seen, settings = context.readings(block, first, last), context.settings
    open_to_them = ~shown(block).is_story & ~block.comments_off
    recent = visible_posts(seen, open_to_them, settings.comment_days)
    has_any = block.post_comments[recent.thing, seen.day[recent.reading]] > 0
    asked = Pairs(recent.reading[has_any], recent.thing[has_any])
    top = _newest(
        block, comments_of(seen, asked, False), settings.comment_pages * COMMENTS_PER_CALL
    )
    replies = _replies_to(block, top, comments_of(seen, asked, True))
    reading = np.concatenate([top.reading, replies.reading])
    comment = np.concatenate([top.thing, replies.thing])
    # Only what is shown is worked out: the languages of texts cost the most.
    told, place = np.unique(comment, return_inverse=True)
    author, parent = block.comment_author[told], block.comment_parent[told]
    people = context.world.commenters
    names = people.name[author]
    same = {
        "account_id": block.account_id[block.post_account[block.comment_post[told]]],
        "id": block.comment_id[told],
        "media_id": block.post_id[block.comment_post[told]],
        "parent_id": _where(parent >= 0, block.comment_id, parent),
        "text": block.comment_text[told],
        "username": names,
        "from_id": people.ids("instagram")[author],
        "from_username": names,
        "language": np.array(detect_all(block.comment_text[told]), dtype=object),
    }
    columns = taken(_as_texts(same), place) | {
        "snapshot_date": dates(block, seen.day[reading]),
        "timestamp": moments(block.comment_created[comment]),
        "like_count": block.comment_likes[comment],
        "hidden": False,
    }
    return rows_of(COMMENTS, comment.size, columns)


def peers(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """A row for each peer that a reading which looks at them finds."""
    seen = context.readings(block, first, last)
    seen = seen.only(seen.is_due(PEERS_EVERY))
    wanted = set(peer_names(context.settings.instagram_peers))
    parts = [rows_of(PEERS, 0, {})]
    for known in context.world.accounts() if wanted else ():
        located = context.world.locate("instagram", known.account_id)
        if known.platform != "instagram" or known.handle not in wanted or located is None:
            continue
        peer, account = located
        day = seen.day
        is_there = (peer.error_kind[account, day] == ERROR_NONE) & (
            np.where(peer.rebrand_day[account] <= day, peer.handle[account], None) == known.handle
        )
        found = seen.only(is_there)
        positions = np.full(found.size, account)
        columns = _profile(peer, positions, found.day) | {
            "snapshot_date": dates(block, found.day),
            "account_id": block.account_id[found.account],
            "username": known.handle,
        }
        parts.append(rows_of(PEERS, found.size, columns))
    return pa.concat_tables(parts)


def media_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """The lifetime insights of recent media, by kind of product."""
    seen = context.readings(block, first, last)
    parts = [rows_of(MEDIA_INSIGHTS, 0, {})]
    for product in ("FEED", "REELS"):
        wanted = (shown(block).product_type == product) & shown(block).is_converted
        found = visible_posts(seen, wanted, context.settings.object_insight_days)
        parts += _lifetime(MEDIA_INSIGHTS, block, seen, found, "media", product)
    return pa.concat_tables(parts)


def story_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """The insights of living stories; those that too few have seen keep theirs to themselves."""
    seen = context.readings(block, first, last)
    wanted = shown(block).is_story & shown(block).is_converted
    found = visible_posts(seen, wanted)
    parts = _lifetime(STORY_INSIGHTS, block, seen, found, "story", "STORY")
    return pa.concat_tables([rows_of(STORY_INSIGHTS, 0, {}), *parts])


def account_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """The numbers of the days that each reading asks for."""
    seen = context.readings(block, first, last)
    reading, measured = asked_dates(seen, context.settings.insights_backfill_days, RESTATED_DAYS)
    account, age = seen.account[reading], seen.day[reading] - measured
    values = numbers.account_totals(block, account, measured, age)
    ends = moments(numbers.day_ends(block.first_day, block.days)[measured])
    columns = _measured(block, seen, reading, measured)
    parts = [rows_of(ACCOUNT_INSIGHTS, 0, {})]
    for metric, asked in _asked(block, "account"):
        is_views = metric.metric == "views"
        rows = rows_of(
            ACCOUNT_INSIGHTS,
            measured.size,
            columns
            | {
                "metric": metric.metric,
                "period": metric.period,
                "value": values[metric.metric].astype(np.float64),
                "end_time": ends if metric.metric_type == "time_series" else None,
                "view_definition": _definitions(block, None)[measured] if is_views else None,
            },
        )
        parts.append(rows.filter(pa.array(asked[seen.day[reading]])))
    return pa.concat_tables(parts)


def follower_changes(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """Followers gained and lost on the days that each reading asks for."""
    seen = context.readings(block, first, last)
    reading, measured = asked_dates(seen, context.settings.insights_backfill_days, RESTATED_DAYS)
    account, read = seen.account[reading], seen.day[reading]
    gained, lost, change = numbers.follower_changes(block, account, measured, read - measured)
    ends = moments(numbers.day_ends(block.first_day, block.days)[measured])
    is_kept = (read - measured <= KEPT_DAYS) & numbers.has_audience(block, account, read)
    columns = _measured(block, seen, reading, measured) | {"period": "day"}
    parts = [rows_of(FOLLOWER_CHANGES, 0, {})]
    for metric, asked in _asked(block, "followers"):
        of_it = columns | {"metric": metric.metric}
        if metric.metric == "follower_count":
            own = of_it | {"value": change.astype(np.float64), "end_time": ends}
            rows = rows_of(FOLLOWER_CHANGES, measured.size, own)
            parts.append(rows.filter(pa.array(asked[read] & is_kept)))
            continue
        for segment, values in (("FOLLOWER", gained), ("NON_FOLLOWER", lost)):
            own = of_it | {
                "value": values.astype(np.float64),
                "breakdown": metric.breakdown,
                "segment": segment,
            }
            rows = rows_of(FOLLOWER_CHANGES, measured.size, own)
            parts.append(rows.filter(pa.array(asked[read])))
    return pa.concat_tables(parts)


def audience(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """The audience by segment, of the readings that look at it."""
    seen = context.readings(block, first, last)
    is_told = seen.is_due(AUDIENCE_EVERY) & numbers.has_audience(block, seen.account, seen.day)
    seen = seen.only(is_told)
    parts = [rows_of(AUDIENCE, 0, {})]
    for metric, asked in _asked(block, "audience"):
        names, counts, is_shown = numbers.audience(
            block, metric.metric, metric.breakdown, seen.account, seen.day
        )
        reading, segment = np.nonzero(is_shown & asked[seen.day][:, None])
        columns = _measured(block, seen, reading, seen.day[reading]) | {
            "metric": metric.metric,
            "period": metric.period,
            "breakdown": metric.breakdown,
            "segment": names[segment],
            "value": counts[reading, segment].astype(np.float64),
        }
        parts.append(rows_of(AUDIENCE, reading.size, columns))
    return pa.concat_tables(parts)


def online_followers(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """Followers online by hour, of the days that each reading asks for."""
    seen = context.readings(block, first, last)
    backfill = context.settings.insights_backfill_days
    reading, measured = asked_dates(seen, backfill, RESTATED_DAYS, most=KEPT_DAYS)
    is_told = numbers.has_audience(block, seen.account[reading], seen.day[reading])
    reading, measured = reading[is_told], measured[is_told]
    counts = numbers.online_followers(block, seen.account[reading], measured)
    ends = moments(numbers.day_ends(block.first_day, block.days)[np.repeat(measured, 24)])
    columns = _measured(block, seen, np.repeat(reading, 24), np.repeat(measured, 24))
    parts = [rows_of(ONLINE_FOLLOWERS, 0, {})]
    for metric, asked in _asked(block, "online_followers"):
        rows = rows_of(
            ONLINE_FOLLOWERS,
            counts.size,
            columns
            | {
                "metric": metric.metric,
                "period": metric.period,
                "breakdown": metric.breakdown,
                "segment": np.tile(np.array([str(h) for h in range(24)], object), measured.size),
                "value": counts.ravel().astype(np.float64),
                "end_time": ends,
            },
        )
        parts.append(rows.filter(pa.array(np.repeat(asked[seen.day[reading]], 24))))
    return pa.concat_tables(parts)


TABLES: Mapping[str, MakeRows] = MappingProxyType(
    {
        "accounts": accounts,
        "media": media,
        "media_insights": media_insights,
        "comments": comments,
        "stories": stories,
        "story_insights": story_insights,
        "account_insights": account_insights,
        "follower_changes": follower_changes,
        "audience": audience,
        "online_followers": online_followers,
        "peers": peers,
    }
)


def _profile(block: PlatformBlock, account: Ints, day: Ints) -> Columns:
    """What the platform tells of accounts on days."""
    fixed = shown(block)
    bases = np.array([numbers.picture_base(str(i)) for i in block.account_id], dtype=object)
    signatures = np.array(
        [numbers.picture_signature(block.first_day + timedelta(days=d)) for d in range(block.days)],
        dtype=object,
    )
    texts = taken(
        _as_texts(
            {
                "id": block.account_id,
                "ig_id": fixed.ig_id,
                "name": block.display_name,
                "biography": block.description,
                "website": fixed.website,
                "profile_picture_url": bases,
            }
        ),
        account,
    )
    signed = pa.array(signatures, pa.string()).take(pa.array(day))
    texts["profile_picture_url"] = pc.binary_join_element_wise(
        texts["profile_picture_url"], signed, ""
    )
    return texts | {
        "username": _handles(block, account, day),
        "followers_count": block.followers[account, day],
        "follows_count": block.following[account, day],
        "media_count": fixed.media_count[account, day],
    }


def _handles(block: PlatformBlock, account: Ints, day: Ints) -> Texts:
    is_new = block.rebrand_day[account] <= day
    found: Texts = np.where(is_new, block.handle[account], block.handle_before[account])
    return found


def _media(table: Table, block: PlatformBlock, seen: Readings, wanted: Bools) -> pa.Table:
    reading, post = visible_posts(seen, wanted)
    account, day = seen.account[reading], seen.day[reading]
    counters: Columns = dict(numbers.medium_counters(block, post, day))
    counters["like_count"] = unless(block.likes_hidden[post], counters["like_count"])
    columns = taken(_fixed(block), post) | {
        "snapshot_date": dates(block, day),
        "username": _handles(block, account, day),
        "timestamp": moments(block.post_created[post]),
        **counters,
        "is_ai_generated": block.post_synthetic[post],
        "is_comment_enabled": ~block.comments_off[post],
        "is_shared_to_feed": unless(
            shown(block).product_type[post] != "REELS", np.ones(post.size, dtype=bool)
        ),
        "view_definition": _definitions_of(block, post, day),
    }
    return rows_of(table, post.size, columns)


def _fixed(block: PlatformBlock) -> dict[str, pa.Array]:
    """The texts of media that read the same every day."""
    fixed = shown(block)
    owner = block.account_id[block.post_account]
    captions = np.array([caption or None for caption in block.post_caption], dtype=object)
    children = [None if one is None else json.dumps(one) for one in fixed.children]
    return _as_texts(
        {
            "account_id": owner,
            "id": block.post_id,
            "media_type": fixed.media_type,
            "media_product_type": fixed.product_type,
            "caption": captions,
            "permalink": fixed.permalink,
            "shortcode": fixed.shortcode,
            "owner_id": owner,
            "children": np.array(children, dtype=object),
            "language": np.array(detect_all(captions), dtype=object),
        }
    )


def _lifetime(
    table: Table,
    block: PlatformBlock,
    seen: Readings,
    found: Pairs,
    kind: str,
    product: str,
) -> Iterator[pa.Table]:
    """Rows of each lifetime metric of the posts found."""
    reading, post = found
    day = seen.day[reading]
    values = numbers.medium_insights(block, post, day)
    columns = _measured(block, seen, reading, day) | {
        "object_id": block.post_id[post],
    }
    hidden = (block.post_reach[post, day] < FEWEST_VIEWERS) & (product == "STORY")
    for metric, asked in _asked(block, kind, product):
        if metric.metric not in OF_PRODUCT[product]:
            continue
        is_views = metric.metric == "views"
        rows = rows_of(
            table,
            post.size,
            columns
            | {
                "metric": metric.metric,
                "period": metric.period,
                "value": unless(hidden, values[metric.metric].astype(np.float64)),
                "view_definition": _definitions_of(block, post, day) if is_views else None,
            },
        )
        yield rows.filter(pa.array(asked[day]))


def _measured(block: PlatformBlock, seen: Readings, reading: Ints, measured: Ints) -> Columns:
    """The columns that all insights of accounts share."""
    account_id = pa.array(block.account_id[seen.account[reading]], pa.string())
    return {
        "snapshot_date": dates(block, seen.day[reading]),
        "account_id": account_id,
        "object_id": account_id,
        "breakdown": "",
        "segment": "",
        "date": dates(block, measured),
    }


def _asked(block: PlatformBlock, kind: str, product: str = "") -> Sequence[tuple[Metric, Bools]]:
    """The metrics that are asked for on some day, and on which of them [D]."""
    return _asked_on(block.first_day, block.days, kind, product)


@lru_cache(maxsize=64)
def _asked_on(
    first_day: date, days: int, kind: str, product: str
) -> Sequence[tuple[Metric, Bools]]:
    found: dict[tuple[str, str], tuple[Metric, Bools]] = {}
    for day in range(days):
        for metric in metrics_for("instagram", kind, first_day + timedelta(days=day)):
            if metric.product == product:
                key = (metric.metric, metric.breakdown)
                nowhere = np.zeros(days, dtype=bool)
                found.setdefault(key, (metric, nowhere))[1][day] = True
    return tuple(found.values())


def _definitions(block: PlatformBlock, format: str | None) -> Texts:
    """What a view means on each day, [D]."""
    days = (block.first_day + timedelta(days=day) for day in range(block.days))
    return np.array([view_definition("instagram", day, format) for day in days], dtype=object)


def _definitions_of(block: PlatformBlock, post: Ints, day: Ints) -> Texts:
    """What a view of each post means on the day of its reading."""
    fixed = shown(block)
    kinds = [None, "reel", "video"]
    pairs = zip(fixed.product_type, fixed.media_type, strict=True)
    kind = np.array([kinds.index(format_of(*pair)) for pair in pairs], dtype=np.int64)
    table = np.stack([_definitions(block, word) for word in kinds])
    found: Texts = table[kind[post], day]
    return found


def _newest(block: PlatformBlock, said: Pairs, most: int) -> Pairs:
    """The newest ``most`` of the comments under each post that a reading looks at."""
    reading, comment = said
    # Pairs come post by post, oldest first.
    thread = reading * block.post_id.size + block.comment_post[comment]
    is_new = _ends(thread) - np.arange(thread.size) <= most
    return Pairs(reading[is_new], comment[is_new])


def _ends(thread: Ints) -> Ints:
    """Where the run of equal values that each stands in ends."""
    if not thread.size:
        return thread
    ends = np.append(np.flatnonzero(np.diff(thread)) + 1, thread.size)
    found: Ints = ends[np.searchsorted(ends, np.arange(thread.size), side="right")]
    return found


def _replies_to(block: PlatformBlock, top: Pairs, replies: Pairs) -> Pairs:
    """The replies whose comment is among those that the reading keeps."""
    size = block.comment_id.size
    kept = np.isin(
        replies.reading * size + block.comment_parent[replies.thing],
        top.reading * size + top.thing,
    )
    return Pairs(replies.reading[kept], replies.thing[kept])


def _where(there: Bools, texts: Texts, position: Ints) -> Texts:
    """The texts at the positions, None where there is none."""
    found = np.full(position.size, None, dtype=object)
    found[there] = texts[position[there]]
    return found


def _as_texts(columns: Mapping[str, Any]) -> dict[str, pa.Array]:
    return {name: pa.array(column, pa.string()) for name, column in columns.items()}
