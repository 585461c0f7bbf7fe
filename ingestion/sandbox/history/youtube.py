"""YouTube's history: the rows that :mod:`ingestion.youtube` lands from the sandbox, at once.

What reads the same every day (titles, thumbnails, profiles) is made once by the source's own
functions from the sandbox's own resources; what changes comes from the block's arrays. The long
tables of Analytics are in :mod:`ingestion.sandbox.history.youtube_insights`.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion import youtube_data as data
from ingestion import youtube_rows as source
from ingestion.language import detect_all
from ingestion.metrics import view_definition
from ingestion.sandbox import google
from ingestion.sandbox import youtube_resources as resources
from ingestion.sandbox.history import youtube_insights as insights
from ingestion.sandbox.history.columns import dates, moments, rows_of, taken, unchanging, unless
from ingestion.sandbox.history.context import Context, MakeRows
from ingestion.sandbox.history.grid import Pairs, Readings, comments_of, visible_posts
from ingestion.sandbox.history.linked import listed, relinked
from ingestion.sandbox.world.commenters import Commenters
from ingestion.sandbox.world.model import Ints, PlatformBlock

Columns = dict[str, Any]
ITEM_FIELDS = google.parse_fields(data.ITEM_FIELDS)["items"]


def channels(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__channels``."""
    seen = context.readings(block, first, last)
    account, day = seen.account, seen.day
    made = [resources.channel(block, a, first, 0) for a in range(block.account_id.size)]
    due = seen.is_due(data.WEEK)
    claims = np.array([resources.has_claims(str(i)) for i in block.account_id], dtype=bool)
    standing = resources.in_good_standing(block)[account, day]
    is_new = block.rebrand_day[account] <= day
    handles = np.where(is_new, block.handle[account], block.handle_before[account])
    columns = taken(
        unchanging(source.CHANNELS, (source.channel_row(m, block.first_day) for m in made)), account
    )
    return rows_of(
        source.CHANNELS,
        seen.size,
        columns
        | _stamped(block, day)
        | {
            "custom_url": np.char.add("@", handles.astype(str)),
            "view_count": resources.lifetime_views(block)[account, day],
            "subscriber_count": unless(
                block.hides_followers[account], resources.rounded(block.followers[account, day])
            ),
            "video_count": np.bincount(visible_posts(seen).reading, minlength=seen.size),
            "community_guidelines_good_standing": unless(~due, standing),
            "content_id_claims_good_standing": unless(~due, ~claims[account]),
            "copyright_strikes_good_standing": unless(~due, np.ones(seen.size, dtype=bool)),
        },
    )


def playlist_items(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__playlist_items``."""
    seen = context.readings(block, first, last)
    reading, post = visible_posts(seen)
    made = (
        google.keep(resources.playlist_item(block, p, first, 0), ITEM_FIELDS)
        for p in range(block.post_id.size)
    )
    channel_ids = block.account_id[block.post_account]
    rows = (source.playlist_item_row(i, c) for i, c in zip(made, channel_ids, strict=True))
    begins = np.searchsorted(reading, np.arange(seen.size))
    return rows_of(
        source.PLAYLIST_ITEMS,
        post.size,
        taken(unchanging(source.PLAYLIST_ITEMS, rows), post)
        | {
            "snapshot_date": dates(block, seen.day[reading]),
            "position": np.arange(post.size) - begins[reading],
        },
    )


def videos(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__videos``."""
    seen, (reading, post) = listed(block, context, first, last)
    day = seen.day[reading]
    young = block.post_created[post] >= _ends(block, day) - data.DETAILS_DAYS * 86_400
    wanted = young | seen.is_due(data.WEEK)[reading]
    day, post = day[wanted], post[wanted]
    made = (resources.video(block, p, first) for p in range(block.post_id.size))
    rows = (source.video_row(m, m["snippet"]["channelId"], block.first_day) for m in made)
    return rows_of(
        source.VIDEOS,
        post.size,
        taken(unchanging(source.VIDEOS, rows), post)
        | _stamped(block, day)
        | _counters(block, post, day),
    )


def video_stats(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__video_stats``."""
    seen = context.readings(block, first, last)
    reading, post = visible_posts(seen)
    day = seen.day[reading]
    return rows_of(
        source.VIDEO_STATS,
        post.size,
        _stamped(block, day)
        | _counters(block, post, day)
        | {
            "id": block.post_id[post],
            "channel_id": block.account_id[block.post_account[post]],
            "published_at": moments(block.post_created[post]),
        },
    )


def comment_threads(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__comment_threads``."""
    seen = context.readings(block, first, last)
    tops, counts, _ = _threads(seen, context)
    always = np.ones(tops.thing.size, dtype=bool)
    return rows_of(
        source.COMMENT_THREADS,
        tops.thing.size,
        _said(seen, tops, context)
        | {"total_reply_count": counts, "can_reply": ~always, "is_public": always},
    )


def comments(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__comments``."""
    seen = context.readings(block, first, last)
    _, _, replies = _threads(seen, context)
    parents = block.comment_id[block.comment_parent[replies.thing]]
    columns = _said(seen, replies, context) | {"parent_id": parents}
    return rows_of(source.COMMENTS, replies.thing.size, columns)


def commenter_channels(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__commenter_channels``."""
    seen = context.readings(block, context.start, last)
    tops, _, _ = _threads(seen, context)
    seen = relinked(seen, np.bincount(tops.reading, minlength=seen.size) > 0)
    due = seen.is_due(data.WEEK) & (seen.day >= first)
    people = context.world.commenters
    asked = due[tops.reading]
    order = _sample_order(people)
    # Each reading's writers once, in the order that samples are taken in.
    pairs = np.unique(
        np.stack([tops.reading[asked], order[block.comment_author[tops.thing[asked]]]]), axis=1
    )
    begins = np.searchsorted(pairs[0], np.arange(seen.size))
    within = np.arange(pairs.shape[1]) - begins[pairs[0]]
    pairs = pairs[:, within < context.settings.youtube_commenter_sample]
    reading, person = pairs[0], np.argsort(order)[pairs[1]]
    used, place = np.unique(person, return_inverse=True)
    parts = ("id", *data.PROFILE_PARTS.split(","))
    made = (google.select(resources.commenter(people, int(i)), parts) for i in used)
    profiles = (source.commenter_row(one, "") for one in made)
    account_ids = block.account_id[seen.account[reading]]
    return rows_of(
        source.COMMENTER_CHANNELS,
        reading.size,
        taken(unchanging(source.COMMENTER_CHANNELS, profiles), place)
        | {"snapshot_date": dates(block, seen.day[reading]), "account_id": account_ids},
    )


TABLES: Mapping[str, MakeRows] = MappingProxyType(
    {
        "channels": channels,
        "playlist_items": playlist_items,
        "videos": videos,
        "video_stats": video_stats,
        "comment_threads": comment_threads,
        "comments": comments,
        "commenter_channels": commenter_channels,
        "channel_insights": insights.channel_insights,
        "video_insights": insights.video_insights,
        "traffic_sources": insights.traffic_sources,
        "demographics": insights.demographics,
        "geography": insights.geography,
    }
)


def _threads(seen: Readings, context: Context) -> tuple[Pairs, Ints, Pairs]:
    """The newest top comments of recent videos, how many replies each has, and these."""
    block, settings = seen.block, context.settings
    most = data.COMMENTS_PER_CALL * settings.comment_pages
    posts = visible_posts(seen, ~block.comments_off, settings.comment_days)
    talked = block.post_comments[posts.thing, seen.day[posts.reading]] > 0
    posts = Pairs(posts.reading[talked], posts.thing[talked])
    tops = comments_of(seen, posts, replies=False)
    tops = _nearest(tops, block.comment_post[tops.thing], most, newest=True)
    replies = comments_of(seen, posts, replies=True)
    parent = block.comment_parent[replies.thing]
    count = np.int64(block.comment_id.size)
    of_tops, of_replies = tops.reading * count + tops.thing, replies.reading * count + parent
    known, totals = np.unique(of_replies, return_counts=True)
    place = np.searchsorted(known, of_tops)
    padded, totals = np.append(known, -1), np.append(totals, 0)
    counts = np.where(padded[place] == of_tops, totals[place], 0)
    wanted = np.isin(of_replies, of_tops)
    order = np.flatnonzero(wanted)
    order = order[np.argsort(of_replies[order], kind="stable")]
    replies = Pairs(replies.reading[order], replies.thing[order])
    kept = _nearest(replies, block.comment_parent[replies.thing], most, newest=False)
    return tops, counts, kept


def _nearest(found: Pairs, owner: Ints, most: int, newest: bool) -> Pairs:
    """The newest or oldest ``most`` of each owner at each reading; owners' own stand together."""
    changes = (np.diff(found.reading) != 0) | (np.diff(owner) != 0)
    ends = np.append(np.flatnonzero(changes) + 1, owner.size)
    sizes = np.diff(ends, prepend=0)
    place = np.arange(owner.size)
    rank = np.repeat(ends, sizes) - place - 1 if newest else place - np.repeat(ends - sizes, sizes)
    return Pairs(found.reading[rank < most], found.thing[rank < most])


def _said(seen: Readings, found: Pairs, context: Context) -> Columns:
    """What comments and replies have in common."""
    block, people = seen.block, context.world.commenters
    comment, author = found.thing, block.comment_author[found.thing]
    used, place = np.unique(comment, return_inverse=True)
    writers, wrote = np.unique(author, return_inverse=True)
    names = np.array([str(people.name[w]) for w in writers], dtype=object)
    ids = people.ids("youtube")[writers]
    pictures = [
        resources.commenter_picture(str(i), bool(p))
        for i, p in zip(ids, people.has_picture[writers], strict=True)
    ]
    return {
        "snapshot_date": dates(block, seen.day[found.reading]),
        "id": block.comment_id[comment],
        "video_id": block.post_id[block.comment_post[comment]],
        "channel_id": block.account_id[seen.account[found.reading]],
        "author_channel_id": ids[wrote],
        "author_display_name": np.array([f"@{n}" for n in names], dtype=object)[wrote],
        "author_channel_url": np.array(
            [f"http://www.youtube.com/@{n}" for n in names], dtype=object
        )[wrote],
        "author_profile_image_url": np.array(pictures, dtype=object)[wrote],
        "text_original": block.comment_text[comment],
        "like_count": block.comment_likes[comment],
        "can_rate": True,
        "viewer_rating": "none",
        "published_at": moments(block.comment_created[comment]),
        "updated_at": moments(block.comment_created[comment]),
        "language": np.array(detect_all(block.comment_text[used]), dtype=object)[place],
    }


@lru_cache(maxsize=2)
def _sample_order(people: Commenters) -> Ints:
    """The place of each commenter [N] in the order that samples are taken in."""
    ids = people.ids("youtube")
    ranked = sorted(range(ids.size), key=lambda i: data.sample_rank(str(ids[i])))
    order = np.empty(ids.size, dtype=np.int64)
    order[ranked] = np.arange(ids.size)
    return order


def _counters(block: PlatformBlock, post: Ints, day: Ints) -> Columns:
    return {
        "view_count": block.post_views[post, day],
        "like_count": unless(block.likes_hidden[post], block.post_likes[post, day]),
        "comment_count": unless(block.comments_off[post], block.post_comments[post, day]),
    }


def _stamped(block: PlatformBlock, day: Ints) -> Columns:
    """The day of the reading, and what a view was on it."""
    days: list[date] = [block.first_day + timedelta(days=n) for n in range(block.days)]
    known = pa.array([view_definition("youtube", on) for on in days], pa.string())
    return {"snapshot_date": dates(block, day), "view_definition": known.take(pa.array(day))}


def _ends(block: PlatformBlock, day: Ints) -> Ints:
    """The first Unix second after each day (index)."""
    return block.end_of(-1) + (day + 1) * 86_400
