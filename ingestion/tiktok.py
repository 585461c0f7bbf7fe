"""TikTok's Display API v2 and Accounts API v1.3: daily readings of connected accounts.

Lands in ``raw``; every table has ``snapshot_date`` (UTC day of the reading) and ``fetched_at``, and
a run replaces an account's rows of a day (merge, delete-insert). The cursor of each is the day of
the account's last reading (:mod:`ingestion.cursor`). Times are UTC, durations and watch times
seconds, percentages shares of 1; what TikTok leaves out is NULL, what no column takes is in
``extra``.

- ``tiktok__users``, key ``open_id``: profile and lifetime counters. 1 call.
- ``tiktok__videos``, key ``open_id, id``: every listed video with its lifetime counters, daily. 1
  call per 20; a video that the platform lists twice lands twice.
- ``tiktok__video_refresh``, key ``open_id, id``: what was listed at the previous reading and is no
  more: ``is_gone``, or its counters where the platform still serves it. 1 call per 20 such videos,
  so none on an ordinary day. An account whose videos could not be listed is not compared.
- ``tiktok__account_insights``, long: numbers of each day, with those that may have been restated
  since the previous reading (3 days); at first ``INSIGHTS_BACKFILL_DAYS``. 1 call: the platform
  keeps 60 days.
- ``tiktok__audience``, long: ages, genders, countries and cities of the followers (lifetime) and
  when they were active yesterday (by hour), at first and then once a week. 1 call.
- ``tiktok__video_insights``, long, lifetime: videos of the last ``OBJECT_INSIGHT_DAYS`` days. 1
  call per 20.
- ``tiktok__comments``, key ``open_id, comment_id``: the newest under each commented video of the
  last ``COMMENT_DAYS`` days, with the replies that come along (they have a ``parent_comment_id``).
  ``COMMENT_PAGES`` calls per video.

Insight tables are those of :func:`ingestion.insights.insight_table`; which metrics are asked for is
in ``metrics.csv``. Numbers of the Accounts API come 24 to 48 hours late.

An account's token has to hold the scopes ``user.info.basic``, ``user.info.profile``,
``user.info.stats``, ``video.list`` and, for what comes from the Accounts API,
``user.account.type``, ``user.insights``, ``video.insights`` and ``comment.list``. It lives two
hours; renewing it kills the refresh token before.

Alone: ``python -m ingestion.tiktok --dry-run`` reads and counts, without ``--dry-run`` it loads.
Facts: https://developers.tiktok.com/doc/display-api-overview (users, videos, errors),
https://developers.tiktok.com/doc/oauth-user-access-token-management (renewal),
https://business-api.tiktok.com/portal/docs (Accounts API v1.3, return codes).
"""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial

from dlt.extract import DltResource
from pydantic import SecretStr

from ingestion.connections import Tokens
from ingestion.errors import AccountError
from ingestion.http import ApiClient, of_type, part, part_list
from ingestion.insights import Quarantine
from ingestion.language import detect
from ingestion.metrics import view_definition
from ingestion.paging import Page, paging_error, walk_pages
from ingestion.policy import Failure, Headers, Json, Platform, Rule
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import COUNT, FLAG, MOMENT, TEXT, Row, snapshot_table
from ingestion.tiktok_business import (
    ACCOUNT_INSIGHTS,
    AUDIENCE,
    COMMENTS,
    VIDEO_INSIGHTS,
    read_account_insights,
    read_audience,
    read_comments,
    read_video_insights,
)
from warehouse.errors import UserError

USER_FIELDS = {
    "union_id": TEXT,
    "username": TEXT,
    "display_name": TEXT,
    "bio_description": TEXT,
    "profile_deep_link": TEXT,
    "avatar_url": TEXT,
    "is_verified": FLAG,
    "follower_count": COUNT,
    "following_count": COUNT,
    "likes_count": COUNT,
    "video_count": COUNT,
}
VIDEO_FIELDS = {
    "id": TEXT,
    "create_time": MOMENT,
    "title": TEXT,
    "video_description": TEXT,
    "duration": COUNT,
    "width": COUNT,
    "height": COUNT,
    "cover_image_url": TEXT,
    "share_url": TEXT,
    "embed_link": TEXT,
    "like_count": COUNT,
    "comment_count": COUNT,
    "share_count": COUNT,
    "view_count": COUNT,
}
VIDEO_COLUMNS = {"open_id": TEXT, **VIDEO_FIELDS, "language": TEXT, "view_definition": TEXT}
USERS = snapshot_table("users", "open_id", "open_id", {"open_id": TEXT, **USER_FIELDS})
VIDEOS = snapshot_table("videos", "open_id", "id", VIDEO_COLUMNS)
VIDEO_REFRESH = snapshot_table("video_refresh", "open_id", "id", {**VIDEO_COLUMNS, "is_gone": FLAG})

LISTING = f"tiktok__{VIDEOS.name}"
PAGE_SIZE = 20
"""The most that the platform allows in a page, and ids in a query."""

RECONNECT = "Reconnect the account."
RULES = (
    Rule("throttled", {"rate_limit_exceeded", "40100"}, statuses={429}),
    Rule("transient", {"internal_error", "50000", "50002"}, statuses=range(500, 600)),
    Rule("dead_token", {"access_token_invalid", "40102", "40105"}, remedy=RECONNECT),
    Rule(
        "permission", {"scope_not_authorized", "scope_permission_missed", "40001"}, remedy=RECONNECT
    ),
    Rule("gone", {"40007"}),
    Rule("gone", {"40002"}, pattern=r"(?i)\b(video|item|comment)_id"),
    Rule("bad_metric", {"40002"}, pattern=r"(?i)\bfields?\b"),
    Rule("account", {"invalid_grant"}, remedy=RECONNECT),
    Rule(
        "account",
        {"invalid_client"},
        remedy="Check TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET.",
    ),
)


def streams(run: SnapshotRun) -> list[DltResource]:
    """All that is read of every connected account."""
    quarantine, listings = Quarantine(), Listings()
    videos = run.stream(VIDEOS, partial(list_videos, listings=listings))
    return [
        run.stream(USERS, read_user),
        videos,
        run.stream(ACCOUNT_INSIGHTS, partial(read_account_insights, quarantine=quarantine)),
        run.stream(AUDIENCE, partial(read_audience, quarantine=quarantine)),
        run.stream(VIDEO_INSIGHTS, partial(read_video_insights, quarantine=quarantine)),
        run.stream_after(videos, "open_id", COMMENTS, read_comments),
        # Over all accounts: one that lists nothing any more has no rows to follow. And last: dlt
        # reads a stream in the place of the last one that follows it, here the videos' comments.
        run.stream(VIDEO_REFRESH, partial(read_video_refresh, listings=listings)),
    ]


def read_user(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The account's profile and counters: one row."""
    fields = {"fields": ",".join(("open_id", *USER_FIELDS))}
    answer = run.call(unit, "/v2/user/info/", fields)
    return [USERS.row(part(part(answer, "data"), "user"), open_id=unit.account.account_id)]


def read_videos(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The account's public videos, newest first, in the platform's pages."""

    def fetch(cursor: str | int | None, size: int) -> Page:
        answer = run.call(
            unit,
            "/v2/video/list/",
            {"fields": ",".join(VIDEO_FIELDS)},
            body={"max_count": size} | ({"cursor": cursor} if cursor is not None else {}),
        )
        data = part(answer, "data")
        following = data.get("cursor") if data.get("has_more") else None
        if data.get("has_more") and following is None:
            raise paging_error(unit.who, "more to come but no cursor")
        return Page(part_list(data, "videos"), following)

    return [
        VIDEOS.row(video, **_of_video(unit, video))
        for video in walk_pages(fetch, unit.who, PAGE_SIZE)
    ]


class Listings:
    """What an account lists on a day: as this run has read it, or as it stands in ``raw``.

    The videos of all days of a run are listed before the first day is compared.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_run: dict[tuple[str, date], frozenset[str]] = {}
        self._failed: dict[tuple[str, date], UserError | None] | None = None

    def keep(self, unit: AccountDay, ids: frozenset[str]) -> None:
        """Remember a listing that is compared before it has landed."""
        with self._lock:
            self._of_run[unit.account.account_id, unit.day] = ids

    def of_day(self, run: SnapshotRun, unit: AccountDay) -> frozenset[str]:
        """The ids listed on the unit's day; none where the account lists nothing.

        Raises what kept the videos from being read, and :class:`AccountError` where nobody read
        them: nothing is known to be gone, and the next reading compares with the listing before.
        """
        if error := self._failure(run, unit):
            raise error
        found = self._read(unit, unit.day)
        if found is not None:
            return found
        if _has_landed(run, unit):
            return _landed(run, unit, unit.day)
        raise AccountError(
            f"tiktok: account {unit.who}: its videos of {unit.day} were not listed, so what is "
            "gone is not known. Load the videos of that day, too.",
            "not_listed",
        )

    def before(self, run: SnapshotRun, unit: AccountDay) -> frozenset[str]:
        """The ids listed at the reading before; none where this is the first."""
        if unit.previous is None:
            return frozenset()
        found = self._read(unit, unit.previous)
        return _landed(run, unit, unit.previous) if found is None else found

    def _read(self, unit: AccountDay, day: date) -> frozenset[str] | None:
        with self._lock:
            return self._of_run.get((unit.account.account_id, day))

    def _failure(self, run: SnapshotRun, unit: AccountDay) -> UserError | None:
        """Why the listing will not land, even where it was read to its end."""
        with self._lock:
            if self._failed is None:
                self._failed = {
                    (one.account_id, one.snapshot_date): one.error
                    for one in run.outcomes.failures
                    if one.stream == VIDEOS.name
                }
            return self._failed.get((unit.account.account_id, unit.day))


def _has_landed(run: SnapshotRun, unit: AccountDay) -> bool:
    """Whether an earlier run listed the day."""
    tomorrow = unit.day + timedelta(days=1)
    return run.outcomes.cursors.before(LISTING, unit.account.account_id, tomorrow) == unit.day


def list_videos(run: SnapshotRun, unit: AccountDay, listings: Listings) -> Sequence[Row]:
    """:func:`read_videos`, of which ``listings`` keeps what there is."""
    rows = read_videos(run, unit)
    listings.keep(unit, frozenset(str(row["id"]) for row in rows))
    return rows


def _landed(run: SnapshotRun, unit: AccountDay, day: date) -> frozenset[str]:
    where: dict[str, str | date] = {"open_id": unit.account.account_id, "snapshot_date": day}
    return frozenset(run.outcomes.cursors.landed(LISTING, "id", where))


def read_video_refresh(run: SnapshotRun, unit: AccountDay, listings: Listings) -> Sequence[Row]:
    """The videos that are listed no more: as they stand now, or gone."""
    listed = listings.of_day(run, unit)
    missing = sorted(listings.before(run, unit) - listed)
    rows: list[Row] = []
    for start in range(0, len(missing), PAGE_SIZE):
        wanted = missing[start : start + PAGE_SIZE]
        answer = run.call(
            unit,
            "/v2/video/query/",
            {"fields": ",".join(VIDEO_FIELDS)},
            body={"filters": {"video_ids": wanted}},
        )
        served = {
            str(video.get("id")): video for video in part_list(part(answer, "data"), "videos")
        }
        rows.extend(_refreshed(unit, wanted, served))
    return rows


def _refreshed(unit: AccountDay, wanted: Sequence[str], served: dict[str, Json]) -> Iterator[Row]:
    for video_id in wanted:
        video = served.get(video_id)
        if video is None:
            yield {"open_id": unit.account.account_id, "id": video_id, "is_gone": True}
        else:
            yield VIDEO_REFRESH.row(video, is_gone=False, **_of_video(unit, video))


def _of_video(unit: AccountDay, video: Json) -> dict[str, str | None]:
    return {
        "open_id": unit.account.account_id,
        "language": detect(str(video.get("video_description") or video.get("title") or "")),
        "view_definition": view_definition("tiktok", unit.day),
    }


def authorize(token: str, _: IngestionSettings) -> Headers:
    """The Display API takes the token as a bearer's, the Accounts API by a header of its own."""
    return {"Authorization": f"Bearer {token}", "Access-Token": token}


def refresh(client: ApiClient, tokens: Tokens, settings: IngestionSettings) -> Tokens:
    """New tokens for those of an account; the refresh token asked with is dead afterwards."""
    secret = settings.tiktok_client_secret
    if tokens.refresh_token is None or secret is None or not settings.tiktok_client_key:
        missing = "refresh token" if tokens.refresh_token is None else "client key or secret"
        raise AccountError(
            f"tiktok: the access token is dead and there is no {missing} to renew it with. "
            "Set TIKTOK_CLIENT_KEY and TIKTOK_CLIENT_SECRET, or reconnect the account.",
            "refresh_impossible",
        )
    form = {
        "client_key": settings.tiktok_client_key,
        "client_secret": secret.get_secret_value(),
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh_token.get_secret_value(),
    }
    answer = client.call("/v2/oauth/token/", "of an expired token", {}, form=form)
    return Tokens(
        access_token=SecretStr(_token(answer, "access_token")),
        refresh_token=SecretStr(_token(answer, "refresh_token")),
        access_expires_at=_in(answer.get("expires_in")),
        refresh_expires_at=_in(answer.get("refresh_expires_in")),
    )


def _token(answer: Json, name: str) -> str:
    token: str = of_type(str, "a token", name, answer.get(name))
    return token


def _in(seconds: object) -> datetime | None:
    known = isinstance(seconds, int | float)
    return datetime.now(UTC) + timedelta(seconds=seconds) if known else None  # type: ignore[arg-type]


def read_failure(status: int, answer: Json) -> Failure | None:
    """What went wrong, in the three forms that TikTok has.

    The Display API's error object (code ``ok`` on success) and the Accounts API's number (0 on
    success) both come with HTTP 200, too; the token endpoint's error is a word.
    """
    error, code = answer.get("error"), answer.get("code")
    if isinstance(error, dict):
        word, message = str(error.get("code", "")), str(error.get("message") or "")
        return None if word == "ok" else Failure([word], message)
    if isinstance(error, str) and error:
        return Failure([error], str(answer.get("error_description") or ""))
    if isinstance(code, int):
        return Failure([str(code)], str(answer.get("message") or "")) if code else None
    if "access_token" in answer and "refresh_token" in answer:
        return None
    return Failure(["internal_error"], "an answer that tells neither success nor error")


TIKTOK = Platform(
    name="tiktok",
    version="v2",
    hosts={"": "https://open.tiktokapis.com", "business": "https://business-api.tiktok.com"},
    read_failure=read_failure,
    rules=RULES,
    streams=streams,
    probe=read_user,
    authorize=authorize,
    refresh=refresh,
    calls_per_minute=lambda settings: settings.tiktok_calls_per_minute,
)


if __name__ == "__main__":
    from ingestion.command import main

    main(TIKTOK)
