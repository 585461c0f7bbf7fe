"""Instagram by the Graph API v26: daily readings of professional accounts and what they publish.

Lands in ``raw``; every row has ``snapshot_date`` (UTC day of the reading) and ``fetched_at``, and a
run replaces an account's rows of a day (delete-insert on the account's id and ``snapshot_date``):

- ``instagram__accounts`` (id): profile, followers_count, follows_count, media_count;
- ``instagram__media`` (account_id, id): every published medium with its lifetime counters and the
  caption's ``language``; like_count is NULL where likes are hidden;
- ``instagram__stories`` (account_id, id): the stories of the last 24 hours. They vanish then; the
  day they were read on keeps them, and their last insights;
- ``instagram__comments`` (account_id, id): the newest comments of recent media with all replies
  (``parent_id``);
- ``instagram__peers`` (account_id, username): public numbers of the accounts that
  ``INSTAGRAM_PEERS`` names, once a week;
- in long format (:mod:`ingestion.insights`): ``media_insights`` and ``story_insights`` (lifetime;
  watch times in milliseconds), ``account_insights`` and ``follower_changes`` (by day; follow_type
  FOLLOWER is gained, NON_FOLLOWER lost, follower_count the day's change), ``audience`` (followers
  and the engaged and reached audience by age, gender, city, country; weekly), ``online_followers``
  (by hour of the day).

The dated ones go on from the last reading: they ask for the days since, and the three before that
may be restated; on a first reading for ``INSIGHTS_BACKFILL_DAYS``. All else is read as it stands.
The platform's day ends at midnight Pacific; ``date`` is the day before ``end_time``. What the
platform omits is NULL; an account under 100 followers has no audience, online followers or
follower_count. Signed addresses of pictures change with every call and are not asked for, but for
the profile's.

An account's day costs 1 call for itself, 1 for 100 media, 1 for stories and 1 for each of them,
1 + 3 for account insights and 1 + 3 for follower changes (a day's total is a call of its own), 1
for online followers, 4 a week for the audience, 1 a week for each peer, and for each medium of the
last days 1 for insights (``OBJECT_INSIGHT_DAYS``) and, where it has comments, 1 for 50 of them
(``COMMENT_DAYS``, ``COMMENT_PAGES``).

Alone: ``python -m ingestion.instagram --dry-run`` reads and counts, without ``--dry-run`` it loads.
Facts: https://developers.facebook.com/docs/instagram-platform (API reference), the field lists of
the package facebook-business 26.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from dlt.extract import DltResource

from ingestion import graph
from ingestion.errors import GoneError
from ingestion.http import part, part_list
from ingestion.insights import Quarantine
from ingestion.instagram_insights import (
    ACCOUNT_INSIGHTS,
    AUDIENCE,
    FOLLOWER_CHANGES,
    MEDIA_INSIGHTS,
    ONLINE_FOLLOWERS,
    STORY_INSIGHTS,
    format_of,
    read_account_insights,
    read_audience,
    read_follower_changes,
    read_media_insights,
    read_online_followers,
    read_story_insights,
    recent,
)
from ingestion.language import detect
from ingestion.metrics import view_definition
from ingestion.policy import Json, Platform
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import COUNT, FLAG, MOMENT, OBJECT, TEXT, Row, Table, snapshot_table

PROFILE = {
    "ig_id": TEXT,
    "username": TEXT,
    "name": TEXT,
    "biography": TEXT,
    "website": TEXT,
    "profile_picture_url": TEXT,
    "followers_count": COUNT,
    "follows_count": COUNT,
    "media_count": COUNT,
}
ACCOUNTS = snapshot_table(
    "accounts",
    "id",
    "id",
    {"id": TEXT, **PROFILE, "has_profile_pic": FLAG, "is_published": FLAG},
)
MEDIUM = {
    "account_id": TEXT,
    "id": TEXT,
    "media_type": TEXT,
    "media_product_type": TEXT,
    "caption": TEXT,
    "permalink": TEXT,
    "shortcode": TEXT,
    "username": TEXT,
    "owner_id": TEXT.at("owner.id"),
    "timestamp": MOMENT,
    "children": OBJECT.at("children.data"),
    "like_count": COUNT,
    "comments_count": COUNT,
    "view_count": COUNT,
    "saved_count": COUNT,
    "shares_count": COUNT,
    "reposts_count": COUNT,
    "is_ai_generated": FLAG,
    "is_comment_enabled": FLAG,
    "is_shared_to_feed": FLAG,
    "language": TEXT,
    "view_definition": TEXT,
}
MEDIA = snapshot_table("media", "account_id", "id", MEDIUM)
STORIES = snapshot_table("stories", "account_id", "id", MEDIUM)
COMMENTS = snapshot_table(
    "comments",
    "account_id",
    "id",
    {
        "account_id": TEXT,
        "id": TEXT,
        "media_id": TEXT,
        "parent_id": TEXT,
        "text": TEXT,
        "timestamp": MOMENT,
        "like_count": COUNT,
        "username": TEXT,
        "from_id": TEXT.at("from.id"),
        "from_username": TEXT.at("from.username"),
        "user_id": TEXT.at("user.id"),
        "hidden": FLAG,
        "language": TEXT,
    },
)
PEERS = snapshot_table(
    "peers", "account_id", "username", {"account_id": TEXT, "id": TEXT, **PROFILE}
)

PROFILE_FIELDS = ",".join(PROFILE)
MEDIUM_FIELDS = (
    "id,media_type,media_product_type,caption,permalink,shortcode,username,owner{id},timestamp,"
    "children{id},like_count,comments_count,view_count,saved_count,shares_count,reposts_count,"
    "is_ai_generated,is_comment_enabled,is_shared_to_feed"
)
COMMENT_FIELDS = "id,parent_id,text,timestamp,like_count,username,from,user,hidden"
COMMENTS_PER_CALL = 50
"""The most that the platform allows."""
PEERS_EVERY = 7
"""Days between two readings of the peers."""


def streams(run: SnapshotRun) -> list[DltResource]:
    """Profiles, insights and audiences of every account; what hangs on media follows the media."""
    quarantine = Quarantine()
    media = run.stream(MEDIA, read_media)
    stories = run.stream(STORIES, read_stories)
    return [
        run.stream(ACCOUNTS, read_account),
        media,
        run.stream_after(
            media, "account_id", MEDIA_INSIGHTS, partial(read_media_insights, quarantine)
        ),
        run.stream_after(media, "account_id", COMMENTS, read_comments),
        stories,
        run.stream_after(
            stories, "account_id", STORY_INSIGHTS, partial(read_story_insights, quarantine)
        ),
        run.stream(ACCOUNT_INSIGHTS, partial(read_account_insights, quarantine)),
        run.stream(FOLLOWER_CHANGES, partial(read_follower_changes, quarantine)),
        run.stream(AUDIENCE, partial(read_audience, quarantine)),
        run.stream(ONLINE_FOLLOWERS, partial(read_online_followers, quarantine)),
        run.stream(PEERS, read_peers),
    ]


def read_account(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The account's profile and counters: one row."""
    fields = f"id,{PROFILE_FIELDS},has_profile_pic,is_published"
    answer = graph.ask(run, unit, f"/{unit.account.account_id}", {"fields": fields})
    return [ACCOUNTS.row(answer, id=unit.account.account_id)]


def read_media(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The account's media, newest first; stories are not among them."""
    return _media(run, unit, "media", MEDIA)


def read_stories(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The account's living stories."""
    return _media(run, unit, "stories", STORIES)


def read_comments(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The newest comments of the account's recent media (``known``), and every reply to them."""
    rows: list[Row] = []
    for media in recent(unit, run.settings.comment_days):
        if media["comments_count"] == 0 or media["is_comment_enabled"] is False:
            continue
        try:
            rows += _comments(run, unit, media["id"])
        except GoneError as error:
            run.skip(error)
    return rows


def read_peers(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """Public numbers of other professional accounts, as this one sees them."""
    names = peer_names(run.settings.instagram_peers)
    if not names or not unit.is_due(PEERS_EVERY):
        return []
    rows: list[Row] = []
    for name in names:
        fields = f"business_discovery.username({name}){{id,{PROFILE_FIELDS}}}"
        try:
            answer = graph.ask(run, unit, f"/{unit.account.account_id}", {"fields": fields})
        except GoneError as error:
            run.skip(error)
            continue
        found = part(answer, "business_discovery")
        rows.append(PEERS.row(found, account_id=unit.account.account_id, username=name))
    return rows


def peer_names(setting: str) -> list[str]:
    """The usernames of ``INSTAGRAM_PEERS``."""
    return list(dict.fromkeys(name.strip() for name in setting.split(",") if name.strip()))


def medium_row(table: Table, unit: AccountDay, item: Json) -> Row:
    """A medium or a story as a row of ``table``."""
    product, media_type = item.get("media_product_type"), item.get("media_type")
    return table.row(
        graph.without_links(item),
        account_id=unit.account.account_id,
        language=detect(item.get("caption")),
        view_definition=view_definition("instagram", unit.day, format_of(product, media_type)),
    )


def comment_rows(unit: AccountDay, media_id: str, items: Iterable[Json]) -> list[Row]:
    """Comments or replies as rows; the replies that come with a comment are rows of their own."""
    return [
        COMMENTS.row(
            {name: value for name, value in item.items() if name != "replies"},
            account_id=unit.account.account_id,
            media_id=media_id,
            language=detect(item.get("text")),
        )
        for item in items
    ]


def _media(run: SnapshotRun, unit: AccountDay, edge: str, table: Table) -> list[Row]:
    path = f"/{unit.account.account_id}/{edge}"
    found = graph.walk(run, unit, path, {"fields": MEDIUM_FIELDS})
    # What is published while the list is walked moves the rest down: a medium may come twice.
    once = {item.get("id"): item for item in found}
    return [medium_row(table, unit, item) for item in once.values()]


def _comments(run: SnapshotRun, unit: AccountDay, media_id: str) -> list[Row]:
    replies = f"replies.limit({COMMENTS_PER_CALL}){{{COMMENT_FIELDS}}}"
    found = graph.walk(
        run,
        unit,
        f"/{media_id}/comments",
        {"fields": f"{COMMENT_FIELDS},{replies}"},
        COMMENTS_PER_CALL,
        run.settings.comment_pages,
    )
    rows: list[Row] = []
    for comment in found:
        rows += comment_rows(unit, media_id, [comment])
        for reply in _replies(run, unit, comment):
            given = {"parent_id": comment.get("id"), **reply}
            rows += comment_rows(unit, media_id, [given])
    return rows


def _replies(run: SnapshotRun, unit: AccountDay, comment: Json) -> Iterable[Json]:
    """The replies that came with a comment, and those that did not fit."""
    answer = part(comment, "replies")
    if graph.page_of(answer, unit.who).following is None:
        return part_list(answer, "data")
    path = f"/{comment.get('id')}/replies"
    return graph.walk(run, unit, path, {"fields": COMMENT_FIELDS}, COMMENTS_PER_CALL)


INSTAGRAM = Platform(
    name="instagram",
    hosts={"": graph.HOST},
    version=graph.VERSION,
    read_failure=graph.read_failure,
    rules=graph.RULES,
    streams=streams,
    probe=read_account,
    refresh=graph.refresh,
    renew_ahead=graph.RENEW_AHEAD,
    pause=graph.pause,
    time_zone=graph.TIME_ZONE,
)


if __name__ == "__main__":
    from ingestion.command import main

    main(INSTAGRAM)
