"""Facebook Pages by the Graph API v26: daily readings of pages, posts, videos and their insights.

Lands in ``raw``; every row has ``snapshot_date`` (UTC day of the reading) and ``fetched_at``, and a
run replaces a page's rows of a day (delete-insert on the page's id and ``snapshot_date``):

- ``facebook__pages`` (id): profile and lifetime counters;
- ``facebook__posts`` (page_id, id): every published post, hidden ones too, with the lifetime counts
  of reactions, comments (replies among them) and shares;
- ``facebook__post_reactions`` (page_id, post_id, reaction_type): the reactions by type, from the
  same calls as the posts;
- ``facebook__videos`` (page_id, id): videos and reels; ``length`` in seconds, ``views`` lifetime;
- ``facebook__comments`` (page_id, id): newest comments and replies (``parent_id``) of recent posts;
- ``facebook__post_insights``, ``facebook__video_insights`` (long): lifetime values of recent posts
  and videos; times watched are in milliseconds; a reel has none as a post, only as a video;
- ``facebook__page_insights`` (long): values by day, the only stream with a cursor: it asks for the
  days since the last reading and the three before that may be restated, on a first reading for
  ``INSIGHTS_BACKFILL_DAYS``. ``date`` is the page's day in Pacific time: the day before
  ``end_time``, which is 07:00 or 08:00 UTC.

What the platform omits is NULL: shares of a post that nobody shared; insights of a page with fewer
than 100 likes give no rows.

A page costs 1 call for itself, 1 for 100 posts, 1 for 100 videos, 1 for 100 reels, 1 for 90 days of
insights, and for each post of the last days 1 for its insights (``OBJECT_INSIGHT_DAYS``) and, where
it has comments, 1 for 100 of them (``COMMENT_DAYS``, ``COMMENT_PAGES``). A page's token comes from
its owner's long-lived token and does not end by time: a dead one means to reconnect.

Alone: ``python -m ingestion.facebook --dry-run`` reads and counts, without ``--dry-run`` it loads.
Facts: https://developers.facebook.com/docs/graph-api/reference (page, page-post, video, comment,
insights), https://developers.facebook.com/docs/pages-api.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial

from dlt.extract import DltResource

from ingestion import graph
from ingestion.errors import GoneError
from ingestion.facebook_insights import (
    PAGE_INSIGHTS,
    PLATFORM,
    POST_INSIGHTS,
    VIDEO_INSIGHTS,
    read_page_insights,
    read_post_insights,
    read_video_insights,
    recent,
)
from ingestion.http import part
from ingestion.insights import Quarantine
from ingestion.language import detect
from ingestion.metrics import view_definition
from ingestion.policy import Json, Platform, Rule
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import (
    COUNT,
    DAY,
    FLAG,
    MOMENT,
    NUMBER,
    OBJECT,
    TEXT,
    Row,
    Table,
    snapshot_table,
)

PAGE_FIELDS = {
    "name": TEXT,
    "username": TEXT,
    "about": TEXT,
    "description": TEXT,
    "category": TEXT,
    "category_list": OBJECT,
    "link": TEXT,
    "website": TEXT,
    "fan_count": COUNT,
    "followers_count": COUNT,
    "new_like_count": COUNT,
    "talking_about_count": COUNT,
    "were_here_count": COUNT,
    "rating_count": COUNT,
    "overall_star_rating": NUMBER,
    "verification_status": TEXT,
    "is_published": FLAG,
    "has_transitioned_to_new_page_experience": FLAG,
}
POST_FIELDS = {
    "created_time": MOMENT,
    "updated_time": MOMENT,
    "message": TEXT,
    "message_tags": OBJECT,
    "story": TEXT,
    "status_type": TEXT,
    "permalink_url": TEXT,
    "parent_id": TEXT,
    "is_published": FLAG,
    "is_hidden": FLAG,
    "is_expired": FLAG,
}
VIDEO_FIELDS = {
    "title": TEXT,
    "description": TEXT,
    "length": NUMBER,
    "created_time": MOMENT,
    "updated_time": MOMENT,
    "permalink_url": TEXT,
    "content_category": TEXT,
    "live_status": TEXT,
    "published": FLAG,
    "embeddable": FLAG,
    "is_crosspost_video": FLAG,
    "is_episode": FLAG,
    "views": COUNT,
}
COMMENT_FIELDS = {
    "created_time": MOMENT,
    "message": TEXT,
    "message_tags": OBJECT,
    "attachment": OBJECT,
    "permalink_url": TEXT,
    "like_count": COUNT,
    "comment_count": COUNT,
    "is_hidden": FLAG,
    "is_private": FLAG,
}

PAGES = snapshot_table("pages", "id", "id", {"id": TEXT, **PAGE_FIELDS})
POSTS = snapshot_table(
    "posts",
    "page_id",
    "id",
    {
        "page_id": TEXT,
        "id": TEXT,
        **POST_FIELDS,
        "from_id": TEXT.at("from.id"),
        "from_name": TEXT.at("from.name"),
        "attachments": OBJECT.at("attachments.data"),
        "sponsor_tags": OBJECT.at("sponsor_tags.data"),
        "share_count": COUNT.at("shares.count"),
        "reaction_count": COUNT.at("reactions.summary.total_count"),
        "comment_count": COUNT.at("comments.summary.total_count"),
        "comment_order": TEXT.at("comments.summary.order"),
        "can_comment": FLAG.at("comments.summary.can_comment"),
        "language": TEXT,
    },
)
POST_REACTIONS = Table(
    name="post_reactions",
    columns={
        "snapshot_date": DAY,
        "fetched_at": MOMENT,
        "page_id": TEXT,
        "post_id": TEXT,
        "reaction_type": TEXT,
        "reaction_count": COUNT,
    },
    key=("snapshot_date", "page_id", "post_id", "reaction_type"),
    replace_by=("page_id", "snapshot_date"),
    partition="toYYYYMM(snapshot_date)",
)
VIDEOS = snapshot_table(
    "videos",
    "page_id",
    "id",
    {
        "page_id": TEXT,
        "id": TEXT,
        "post_id": TEXT,
        "video_type": TEXT,
        **VIDEO_FIELDS,
        "video_status": TEXT.at("status.video_status"),
        "like_count": COUNT.at("likes.summary.total_count"),
        "comment_count": COUNT.at("comments.summary.total_count"),
        "language": TEXT,
        "view_definition": TEXT,
    },
)
COMMENTS = snapshot_table(
    "comments",
    "page_id",
    "id",
    {
        "page_id": TEXT,
        "post_id": TEXT,
        "id": TEXT,
        "parent_id": TEXT.at("parent.id"),
        **COMMENT_FIELDS,
        "from_id": TEXT.at("from.id"),
        "from_name": TEXT.at("from.name"),
        "language": TEXT,
    },
)
REACTION_TYPES = ("LIKE", "LOVE", "CARE", "HAHA", "WOW", "SAD", "ANGRY")
REACTION_ALIASES = {f"reactions_{name.lower()}": name for name in REACTION_TYPES}

ASKED_OF_PAGE = ",".join(("id", *PAGE_FIELDS))
ASKED_OF_POSTS = ",".join(
    (
        "id",
        *POST_FIELDS,
        "from{id,name}",
        "shares",
        "attachments{media_type,type,title,url,unshimmed_url,target{id,url}}",
        "sponsor_tags{id,name}",
        "comments.filter(stream).limit(0).summary(true)",
        "reactions.limit(0).summary(total_count)",
        *(
            f"reactions.type({name}).limit(0).summary(total_count).as({alias})"
            for alias, name in REACTION_ALIASES.items()
        ),
    )
)
ASKED_OF_VIDEOS = ",".join(
    (
        "id",
        "post_id",
        *VIDEO_FIELDS,
        "status{video_status}",
        "likes.limit(0).summary(total_count)",
        "comments.filter(stream).limit(0).summary(total_count)",
    )
)
ASKED_OF_COMMENTS = ",".join(("id", "parent{id}", "from{id,name}", *COMMENT_FIELDS))

RULES = (
    # What is listed as a post may be a reel, which has no insights as a post.
    Rule("gone", {"100"}, pattern="(?i)nonexisting field"),
    *graph.RULES,
)

ByType = dict[tuple[str, date], list[Row]]
"""Reactions of an account's posts on a day, from the posts' calls to their own stream."""


def streams(run: SnapshotRun) -> list[DltResource]:
    """Posts name what reactions, insights and comments are read of; videos theirs."""
    quarantine, reactions = Quarantine(), ByType()
    posts = run.stream(POSTS, partial(read_posts, reactions))
    videos = run.stream(VIDEOS, read_videos)
    return [
        run.stream(PAGES, read_page),
        posts,
        run.stream_after(posts, "page_id", POST_REACTIONS, partial(take_reactions, reactions)),
        run.stream_after(posts, "page_id", POST_INSIGHTS, partial(read_post_insights, quarantine)),
        run.stream_after(posts, "page_id", COMMENTS, read_comments),
        videos,
        run.stream_after(
            videos, "page_id", VIDEO_INSIGHTS, partial(read_video_insights, quarantine)
        ),
        run.stream(PAGE_INSIGHTS, partial(read_page_insights, quarantine)),
    ]


def read_page(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The page's profile and counters: one row."""
    page = graph.ask(run, unit, f"/{unit.account.account_id}", {"fields": ASKED_OF_PAGE})
    return [PAGES.row(page, id=unit.account.account_id)]


def read_posts(reactions: ByType, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """All published posts, newest first; ``reactions`` is given what they hold by type."""
    page_id = unit.account.account_id
    params = {"fields": ASKED_OF_POSTS, "include_hidden": "true"}
    found = _distinct(graph.walk(run, unit, f"/{page_id}/published_posts", params))
    reactions[page_id, unit.day] = [row for post in found for row in reaction_rows(post, page_id)]
    return [post_row(post, page_id) for post in found]


def take_reactions(reactions: ByType, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """What the reading of the posts left here; nothing is asked."""
    return reactions.pop((unit.account.account_id, unit.day), [])


def read_videos(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The page's reels and videos; a reel that stands among the videos too is a reel."""
    page_id, params = unit.account.account_id, {"fields": ASKED_OF_VIDEOS}
    rows: dict[str, Row] = {}
    for video_type, edge in (("REEL", "video_reels"), ("VIDEO", "videos")):
        for video in graph.walk(run, unit, f"/{page_id}/{edge}", params):
            rows.setdefault(str(video.get("id")), video_row(video, page_id, video_type, unit.day))
    return list(rows.values())


def read_comments(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The newest comments and replies of recent posts that have any."""
    settings, page_id = run.settings, unit.account.account_id
    params = {"fields": ASKED_OF_COMMENTS, "filter": "stream", "order": "reverse_chronological"}
    rows: list[Row] = []
    for post in recent(unit, settings.comment_days):
        if post["comment_count"] == 0:
            continue
        path = f"/{post['id']}/comments"
        try:
            found = _distinct(
                graph.walk(run, unit, path, params, graph.PAGE_SIZE, settings.comment_pages)
            )
        except GoneError as error:
            run.skip(error)
            continue
        rows += [comment_row(comment, page_id, post["id"]) for comment in found]
    return rows


def post_row(post: Json, page_id: str) -> Row:
    """A post; what is asked with ``limit(0)`` for its counts alone brings an empty list along."""
    bare = graph.without_links(post)
    slim = {name: value for name, value in bare.items() if name not in REACTION_ALIASES}
    for edge in ("comments", "reactions"):
        slim[edge] = _without_empty_data(part(slim, edge))
    return POSTS.row(slim, page_id=page_id, language=detect(post.get("message")))


def reaction_rows(post: Json, page_id: str) -> list[Row]:
    """A post's reactions by type; a type that the platform does not count is left out."""
    counts = {
        name: part(part(post, alias), "summary").get("total_count")
        for alias, name in REACTION_ALIASES.items()
    }
    return [
        {
            "page_id": page_id,
            "post_id": post.get("id"),
            "reaction_type": name,
            "reaction_count": count,
        }
        for name, count in counts.items()
        if count is not None
    ]


def video_row(video: Json, page_id: str, video_type: str, day: date) -> Row:
    """A video or reel; ``post_id`` in the form that posts have (``page_post``)."""
    slim = graph.without_links(video)
    for edge in ("comments", "likes"):
        slim[edge] = _without_empty_data(part(slim, edge))
    post_id = video.get("post_id")
    return VIDEOS.row(
        slim,
        page_id=page_id,
        post_id=f"{page_id}_{post_id}" if post_id and "_" not in str(post_id) else post_id,
        video_type=video_type,
        language=detect(video.get("description") or video.get("title")),
        view_definition=view_definition(PLATFORM, day, video_type.lower()),
    )


def comment_row(comment: Json, page_id: str, post_id: str) -> Row:
    """A comment or, with a ``parent_id``, a reply."""
    language = detect(comment.get("message"))
    return COMMENTS.row(comment, page_id=page_id, post_id=post_id, language=language)


def _distinct(objects: Iterable[Json]) -> list[Json]:
    """Each object once: one that moved to the next page while the list was read comes twice."""
    return list({str(one.get("id")): one for one in objects}.values())


def _without_empty_data(edge: Json) -> Json:
    return {name: value for name, value in edge.items() if name != "data" or value}


FACEBOOK = Platform(
    name=PLATFORM,
    hosts={"": graph.HOST},
    read_failure=graph.read_failure,
    rules=RULES,
    streams=streams,
    probe=read_page,
    pause=graph.pause,
    version=graph.VERSION,
    time_zone=graph.TIME_ZONE,
)


if __name__ == "__main__":
    from ingestion.command import main

    main(FACEBOOK)
