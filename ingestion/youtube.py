"""YouTube: channels, videos, comments and commenters by the Data API v3, reports by Analytics v2.

Lands in ``raw``; every row has ``snapshot_date`` (UTC day of the reading) and ``fetched_at``, and a
run replaces a channel's rows of a day (delete-insert on the channel's id and ``snapshot_date``).
Keys are those in brackets, with ``snapshot_date``. What no column declares stands in ``extra``.

- ``youtube__channels`` (id): profile and lifetime counters. ``subscriber_count`` is rounded to
  three digits by the platform, NULL where hidden. ``*_good_standing`` (audit) are read once a week,
  where the owner granted ``youtubepartner-channel-audit``; NULL on all other days;
- ``youtube__playlist_items`` (channel_id, video_id): the uploads playlist, every day;
- ``youtube__videos`` (channel_id, id): details (``duration_seconds``, paid placement, synthetic
  media, made for kids, ``language`` of title and description) of all listed videos once a week, of
  those published in the last 28 days every day;
- ``youtube__video_stats`` (channel_id, id): lifetime views, likes, comments of all listed videos,
  every day;
- ``youtube__comment_threads`` (channel_id, id): the newest threads (``COMMENT_PAGES`` of 100) of
  videos published in the last ``COMMENT_DAYS`` days; ``youtube__comments`` (channel_id, id): the
  replies to them, ``parent_id`` the thread;
- ``youtube__commenter_channels`` (account_id, id): public profiles of up to
  ``YOUTUBE_COMMENTER_SAMPLE`` writers of these threads, once a week;
- long, from Analytics: ``youtube__channel_insights`` by day, ``youtube__video_insights`` by day and
  video, ``youtube__traffic_sources`` by day and source. Cursor: the last reading, from which they
  ask for the days since and the four before that may be restated, at first for
  ``INSIGHTS_BACKFILL_DAYS``. ``estimatedMinutesWatched`` is in minutes, ``averageViewDuration`` in
  seconds, ``averageViewPercentage`` 0-100. ``date`` is a day of Pacific time;
- long, once a week, for the 28 days (``period`` days_28) that end with ``date``:
  ``youtube__demographics`` (``viewerPercentage`` 0-100, ``segment`` such as "age18-24,female") and
  ``youtube__geography`` (``segment`` a country).

"Once a week" is at the first reading and then on a day of the week that depends on the channel. A
field that the platform omits (hidden likes, comments off) is NULL. ``view_definition`` tells what a
view was on the day: it changed for Shorts on 2025-03-31 and for all on 2026-08-24; ``engagedViews``
counts as before.

Public data are read with the API key, so a channel without a token has them too; audit standing and
reports need its owner's token, which is renewed with ``GOOGLE_CLIENT_ID`` and ``_SECRET``.

Every call of the Data API costs a unit of the project's 10,000 a day, ``videos:batchGetStats`` one
of its own 10,000. A channel costs a day 1/50 (channels) + 1 per 50 uploads (playlist) + 1 per 50
young videos, or uploads once a week (videos) + 1 per 50 uploads (video stats) + 1 per recent video
(threads) + 1 per thread with more than five replies, and once a week 1 (audit) + 1 (commenters).
Reports are 3 calls a day and 2 a week; they cost no units. When the quota is used up the run ends;
what was read is loaded, and the next run after midnight Pacific goes on.

Alone: ``python -m ingestion.youtube --dry-run`` reads and counts, without ``--dry-run`` it loads.
Facts: https://developers.google.com/youtube/v3/docs, discovery document ``youtube.v3.json``.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from dlt.extract import DltResource
from pydantic import SecretStr

from ingestion import youtube_data as data
from ingestion import youtube_insights as insights
from ingestion import youtube_rows as rows
from ingestion.connections import Tokens
from ingestion.errors import AccountError, ApiError, PlatformError
from ingestion.http import ApiClient, of_type
from ingestion.insights import Quarantine
from ingestion.policy import Failure, Json, Platform, Rule
from ingestion.quota import youtube_ledger
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import Row, Table

QUOTA_REMEDY = "The quota is reset at midnight Pacific; run again then."
KEY_REMEDY = "Check YOUTUBE_API_KEY."
CLIENT_REMEDY = "Check GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET."
RECONNECT = "Reconnect the account."

RULES = (
    Rule(
        "platform",
        {"quotaExceeded", "dailyLimitExceeded", "dailyLimitExceededUnreg"},
        remedy=QUOTA_REMEDY,
    ),
    Rule("platform", statuses={429}, pattern="(?i)per day|daily", remedy=QUOTA_REMEDY),
    Rule(
        "throttled",
        {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"},
        statuses={429},
    ),
    Rule("transient", statuses=range(500, 600)),
    Rule(
        "platform",
        {
            "keyInvalid",
            "keyExpired",
            "accessNotConfigured",
            "ipRefererBlocked",
            "API_KEY_INVALID",
            "API_KEY_SERVICE_BLOCKED",
            "API_KEY_HTTP_REFERRER_BLOCKED",
            "API_KEY_IP_ADDRESS_BLOCKED",
            "API_KEY_ANDROID_APP_BLOCKED",
            "API_KEY_IOS_APP_BLOCKED",
            "CONSUMER_INVALID",
            "CONSUMER_SUSPENDED",
            "SERVICE_DISABLED",
            "BILLING_DISABLED",
        },
        remedy=KEY_REMEDY,
    ),
    Rule("platform", pattern="API key|unregistered callers", remedy=KEY_REMEDY),
    Rule("account", {"invalid_grant"}, remedy=RECONNECT),
    Rule("platform", {"invalid_client", "unauthorized_client"}, remedy=CLIENT_REMEDY),
    Rule(
        "permission",
        {"youtubeSignupRequired", "authenticatedUserAccountSuspended", "channelForbidden"},
    ),
    Rule("dead_token", {"authError", "UNAUTHENTICATED"}, statuses={401}, remedy=RECONNECT),
    Rule("gone", {"commentsDisabled", "videoNotFound", "commentNotFound"}),
    Rule(
        "bad_metric",
        {"badRequest", "invalid", "invalidParameter", "INVALID_ARGUMENT"},
        pattern=r"(?i)query is not supported|parameters\.metrics",
    ),
    Rule(
        "permission",
        {"forbidden", "insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"},
        remedy=RECONNECT,
    ),
)

Reader = Callable[[Quarantine, SnapshotRun, AccountDay], Sequence[Row]]


def streams(run: SnapshotRun) -> list[DltResource]:
    """Each stream builds on one before it: channels name their uploads playlist, its items name the
    videos, the counters tell which have comments, these who wrote them. Reports are asked for
    channels that are there, so that one that is not costs a call and no more."""
    inline, quarantine = data.InlineReplies(), Quarantine()

    def reports(earlier: DltResource, account: str, table: Table, read: Reader) -> DltResource:
        return run.stream_after(earlier, account, table, partial(read, quarantine))

    channels = run.stream_of_many(rows.CHANNELS, data.IDS_PER_CALL, data.read_channels)
    items = run.stream_after(channels, "id", rows.PLAYLIST_ITEMS, data.read_playlist_items)
    stats = run.stream_after(items, "channel_id", rows.VIDEO_STATS, data.read_video_stats)
    threads = run.stream_after(
        stats, "channel_id", rows.COMMENT_THREADS, partial(data.read_threads, inline)
    )
    return [
        channels,
        items,
        run.stream_after(items, "channel_id", rows.VIDEOS, data.read_videos),
        stats,
        threads,
        run.stream_after(threads, "channel_id", rows.COMMENTS, partial(data.read_replies, inline)),
        run.stream_after(threads, "channel_id", rows.COMMENTER_CHANNELS, data.read_commenters),
        reports(channels, "id", insights.CHANNEL_INSIGHTS, insights.read_channel_insights),
        reports(items, "channel_id", insights.VIDEO_INSIGHTS, insights.read_video_insights),
        reports(channels, "id", insights.TRAFFIC_SOURCES, insights.read_traffic_sources),
        reports(channels, "id", insights.DEMOGRAPHICS, insights.read_demographics),
        reports(channels, "id", insights.GEOGRAPHY, insights.read_geography),
    ]


def read_failure(status: int, answer: Json) -> Failure | None:
    """Google's error object: its reasons, its own in ``details``, its status; or OAuth's word."""
    error = answer.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        return Failure([str(error)], str(answer.get("error_description") or error))
    reasons = _reasons(error.get("errors")) or [str(error.get("status") or f"HTTP {status}")]
    message = re.sub(r"<[^>]*>", "", str(error.get("message") or ""))
    return Failure([*reasons, *_reasons(error.get("details"))], message)


def refresh(client: ApiClient, tokens: Tokens, settings: IngestionSettings) -> Tokens:
    """A new access token; Google's refresh token mostly stays.

    Raises :class:`AccountError` where the owner has withdrawn it (invalid_grant) or never gave one.
    """
    if not settings.google_client_id or settings.google_client_secret is None:
        raise PlatformError(
            "youtube: a token has to be renewed, but there is no application to do it. "
            "Set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET.",
            "client_missing",
        )
    if tokens.refresh_token is None:
        raise AccountError(
            f"youtube: the access token is dead and no refresh token is kept. {RECONNECT}",
            "refresh_token_missing",
        )
    answer = client.call(
        "/token",
        "token renewal",
        {},
        form={
            "grant_type": "refresh_token",
            "client_id": settings.google_client_id,
            "client_secret": settings.google_client_secret.get_secret_value(),
            "refresh_token": tokens.refresh_token.get_secret_value(),
        },
        host="oauth",
    )
    new = of_type(str, "a token", "access_token", answer.get("access_token"))
    replaced = of_type(str, "a token", "refresh_token", answer.get("refresh_token") or "")
    seconds = of_type(int, "a number of seconds", "expires_in", answer.get("expires_in", 3600))
    return tokens.model_copy(
        update={
            "access_token": SecretStr(new),
            "access_expires_at": datetime.now(UTC) + timedelta(seconds=seconds),
        }
        | ({"refresh_token": SecretStr(replaced)} if replaced else {})
    )


def probe(run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """The channel's public row."""
    found = data.read_channels(run, [unit])[unit.account.account_id]
    if isinstance(found, ApiError):
        raise found
    return found


def _reasons(details: object) -> list[str]:
    """The ``reason`` of each of an error's details; none of a shape that is not known."""
    found = details if isinstance(details, list) else []
    return [str(one["reason"]) for one in found if isinstance(one, dict) and one.get("reason")]


YOUTUBE = Platform(
    name="youtube",
    version="v3",
    time_zone="America/Los_Angeles",
    hosts={
        "": "https://www.googleapis.com",
        "analytics": "https://youtubeanalytics.googleapis.com",
        "oauth": "https://oauth2.googleapis.com",
    },
    read_failure=read_failure,
    rules=RULES,
    streams=streams,
    probe=probe,
    refresh=refresh,
    make_ledger=youtube_ledger,
)


if __name__ == "__main__":
    from ingestion.command import main

    main(YOUTUBE)
