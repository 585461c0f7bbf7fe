"""YouTube's readers against given answers: what they ask for, what one object's trouble costs."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from scripted_platform import Answer, Network, run_over

from ingestion import youtube_data as data
from ingestion import youtube_insights as insights
from ingestion.errors import AccountError, ApiError, PermissionMissingError
from ingestion.http import tallied
from ingestion.insights import Quarantine
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import Row
from ingestion.youtube import YOUTUBE

DAY = date(2026, 11, 20)
FREE = replace(YOUTUBE, make_ledger=None)
AUDIT = {
    "communityGuidelinesGoodStanding": True,
    "contentIdClaimsGoodStanding": True,
    "copyrightStrikesGoodStanding": False,
}


def reading(*answers: Answer, count: int = 1, **values: Any) -> tuple[SnapshotRun, Network]:
    return run_over(FREE, *answers, count=count, youtube_api_key="key", **values)


def unit(run: SnapshotRun, *known: Row, previous: date | None = None) -> AccountDay:
    return AccountDay(run.accounts[0], DAY, known, previous)


def units(run: SnapshotRun) -> list[AccountDay]:
    # Read yesterday, so that nothing weekly is due but by the account's own day.
    return [AccountDay(account, DAY, (), DAY - timedelta(days=1)) for account in run.accounts]


def asked(network: Network, number: int = -1) -> dict[str, str]:
    query = parse_qs(urlsplit(str(network.requests[number].url)).query)
    return {name: values[0] for name, values in query.items()}


def refused(status: int, reason: str, message: str = "no") -> Answer:
    return status, {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}


def item(video_id: str, days_ago: int = 1) -> Row:
    return {"video_id": video_id, "published_at": moment(days_ago)}


def stat(video_id: str, days_ago: int = 1, comments: int | None = 3) -> Row:
    return {"id": video_id, "published_at": moment(days_ago), "comment_count": comments}


def moment(days_ago: int) -> datetime:
    return datetime.combine(DAY - timedelta(days=days_ago), datetime.min.time(), tzinfo=UTC)


def thread(video: str, replies: int = 0, inline: int = 0) -> dict[str, Any]:
    brought = [reply(f"t-{video}.{n}") for n in range(inline)]
    return {
        "id": f"t-{video}",
        "snippet": {
            "videoId": video,
            "totalReplyCount": replies,
            "topLevelComment": {"snippet": {"authorChannelId": {"value": f"UC{video}"}}},
        },
    } | ({"replies": {"comments": brought}} if inline else {})


def reply(comment_id: str) -> dict[str, Any]:
    return {"id": comment_id, "snippet": {"textOriginal": "yes", "parentId": comment_id[:4]}}


def table(rows: Sequence[Sequence[Any]], *names: str) -> Answer:
    headers = [{"name": name, "columnType": "?", "dataType": "?"} for name in names]
    body = {"kind": "youtubeAnalytics#resultTable", "columnHeaders": headers}
    return 200, body | ({"rows": rows} if rows else {})


def test_fifty_channels_are_one_call_and_a_missing_one_costs_itself() -> None:
    run, network = reading((200, {"items": [{"id": "a000"}, {"id": "a002"}]}), count=3)
    run.accounts = [one.model_copy(update={"scopes": ("none",)}) for one in run.accounts]
    found = data.read_channels(run, units(run))
    assert len(network.requests) == 1
    assert asked(network)["id"] == "a000,a001,a002"
    assert isinstance(found["a001"], ApiError)
    assert found["a001"].code == "channelNotFound"
    assert [len(list(found[i])) for i in ("a000", "a002")] == [1, 1]  # type: ignore[arg-type]


def test_the_audit_is_read_with_the_owners_token_at_first() -> None:
    run, network = reading(
        (200, {"items": [{"id": "a000"}]}),
        (200, {"items": [{"id": "a000", "auditDetails": AUDIT}]}),
    )
    rows = data.read_channels(run, [unit(run)])["a000"]
    assert not isinstance(rows, ApiError)
    assert rows[0]["copyright_strikes_good_standing"] is False
    first, second = network.requests
    assert "Authorization" not in first.headers
    assert first.headers["X-Goog-Api-Key"] == "key"
    assert str(second.headers["Authorization"]).startswith("Bearer ")
    assert "key" not in str(second.url)


def test_an_audit_that_was_not_granted_leaves_the_public_row() -> None:
    run, _ = reading((200, {"items": [{"id": "a000"}]}), refused(403, "insufficientPermissions"))
    rows = data.read_channels(run, [unit(run)])["a000"]
    assert not isinstance(rows, ApiError)
    assert rows[0].get("copyright_strikes_good_standing") is None
    (noted,) = run.outcomes._availability.values()
    assert (noted.metric, noted.is_available, noted.reason) == ("auditDetails", False, "permission")


def test_young_videos_are_read_daily_and_all_on_the_day_of_the_week() -> None:
    run, network = reading((200, {"items": []}))
    data.read_videos(run, unit(run, item("new", 27), item("old", 28)))
    assert asked(network)["id"] == "new,old"
    ids = []
    for n in range(14):
        day = DAY + timedelta(days=n)
        known = [item("new", 27 - n), item("old", 28 - n)]
        data.read_videos(run, AccountDay(run.accounts[0], day, known, day - timedelta(days=1)))
        ids.append(asked(network)["id"])
    assert sorted(set(ids)) == ["new", "new,old"]
    assert ids.count("new,old") == 2
    assert ids[:7] == ids[7:]


def test_counters_are_asked_for_each_video_once() -> None:
    run, network = reading((200, {"items": []}))
    known = [item(f"v{n}") for n in range(60)] + [item("v0")]
    data.read_video_stats(run, unit(run, *known))
    assert [len(asked(network, n)["id"].split(",")) for n in (0, 1)] == [50, 10]
    assert urlsplit(str(network.requests[0].url)).path == "/youtube/v3/videos:batchGetStats"


@pytest.mark.parametrize("reason", ["forbidden", "commentsDisabled", "videoNotFound"])
def test_a_video_whose_comments_may_not_be_read_is_skipped(reason: str) -> None:
    run, _ = reading(refused(403, reason), (200, {"items": [thread("v2")]}))
    with tallied() as cost:
        rows = data.read_threads(data.InlineReplies(), run, unit(run, stat("v1"), stat("v2")))
    assert [row["video_id"] for row in rows] == ["v2"]
    assert [error.code for error in cost.skipped] == [reason]


def test_no_comments_are_asked_of_old_silent_or_closed_videos() -> None:
    run, network = reading((200, {"items": []}))
    known = [stat("old", 7), stat("silent", 1, 0), stat("closed", 1, None), stat("new", 6)]
    data.read_threads(data.InlineReplies(), run, unit(run, *known))
    assert [asked(network, n)["videoId"] for n in range(len(network.requests))] == ["new"]


def test_only_replies_that_did_not_come_along_are_asked_for() -> None:
    threads = [thread("v1", replies=2, inline=2), thread("v2", replies=7, inline=5)]
    run, network = reading(
        (200, {"items": threads}), (200, {"items": [reply(f"t-v2.{n}") for n in range(7)]})
    )
    inline = data.InlineReplies()
    found = data.read_threads(inline, run, unit(run, stat("v1")))
    rows = data.read_replies(inline, run, unit(run, *found))
    assert len(network.requests) == 2
    assert asked(network)["parentId"] == "t-v2"
    assert [row["id"] for row in rows] == [
        *(f"t-v1.{n}" for n in range(2)),
        *(f"t-v2.{n}" for n in range(7)),
    ]
    assert {row["channel_id"] for row in rows} == {"a000"}


def test_commenters_are_sampled_once_a_week() -> None:
    run, network = reading((200, {"items": []}), youtube_commenter_sample=2)
    known = [{"author_channel_id": one} for one in ("UCa", "UCb", "UCb", None, "UCc")]
    data.read_commenters(run, unit(run, *known))
    expected = sorted(["UCa", "UCb", "UCc"], key=data.sample_rank)[:2]
    assert asked(network)["id"].split(",") == expected
    for n in range(7):
        day = DAY + timedelta(days=n)
        data.read_commenters(run, AccountDay(run.accounts[0], day, known, day - timedelta(days=1)))
    assert len(network.requests) == 2


def test_a_report_becomes_a_row_for_each_metric_and_day() -> None:
    run, network = reading(table([["2026-11-16", 10, 8]], "day", "views", "engagedViews"))
    previous = DAY - timedelta(days=1)
    rows = insights.read_channel_insights(Quarantine(), run, unit(run, previous=previous))
    assert [(r["metric"], r["value"], r["view_definition"]) for r in rows] == [
        ("views", 10, "first_frame"),
        ("engagedViews", 8, "engaged"),
    ]
    assert {(r["date"], r["object_id"], r["period"]) for r in rows} == {
        (date(2026, 11, 16), "a000", "day")
    }
    params = asked(network)
    assert params["ids"] == "channel==a000"
    assert (params["startDate"], params["endDate"]) == ("2026-11-16", "2026-11-19")
    noted = {a.metric: a.reason for a in run.outcomes._availability.values()}
    assert noted["views"] is None
    assert noted["likes"] == "no_data"


@pytest.mark.parametrize(
    "report",
    [table([["yesterday", 10]], "day", "views"), table([[10]], "views")],
    ids=["another shape", "none"],
)
def test_a_number_of_no_day_is_the_accounts_error(report: Answer) -> None:
    run, _ = reading(report)
    with pytest.raises(AccountError, match="is not a day") as caught:
        insights.read_channel_insights(Quarantine(), run, unit(run))
    assert caught.value.code == "unreadable_value"


def test_videos_are_asked_about_in_one_report() -> None:
    run, network = reading(table([["2026-11-16", "v1", 10]], "day", "video", "views"))
    known = [item("v1", 1), item("v2", 9), item("old", 10)]
    rows = insights.read_video_insights(Quarantine(), run, unit(run, *known))
    assert asked(network)["filters"] == "video==v1,v2"
    assert asked(network)["dimensions"] == "day,video"
    assert [(r["object_id"], r["segment"], r["breakdown"]) for r in rows] == [("v1", "", "")]


def test_the_last_full_page_of_a_report_is_not_its_end() -> None:
    names = ("day", "insightTrafficSourceType", "views")
    full = [["2026-11-16", f"S{n}", 1] for n in range(insights.ROWS_PER_CALL)]
    run, network = reading(table(full, *names), table([["2026-11-17", "S0", 1]], *names))
    rows = insights.read_traffic_sources(Quarantine(), run, unit(run))
    assert len(rows) == insights.ROWS_PER_CALL + 1
    assert [asked(network, n)["startIndex"] for n in (0, 1)] == ["1", "501"]
    assert rows[0]["segment"] == "S0"


def test_a_refused_metric_costs_itself() -> None:
    message = "Unknown identifier (engagedViews) given in field parameters.metrics."
    dead = refused(400, "badRequest", message)
    rows_of = {name: table([["US", 5]], "country", name) for name in ("views", "x")}
    run, _ = reading(dead, dead, rows_of["views"], dead, rows_of["x"])
    rows = insights.read_geography(Quarantine(), run, unit(run))
    assert [(r["metric"], r["segment"], r["period"]) for r in rows] == [
        ("views", "US", "days_28"),
        ("x", "US", "days_28"),
    ]
    assert rows[0]["date"] == DAY - timedelta(days=3)
    reasons = {a.metric: a.reason for a in run.outcomes._availability.values()}
    assert reasons["engagedViews"] == "not_supported"


def test_reports_without_a_token_are_a_missing_permission() -> None:
    run, network = reading()
    run.access._store.kept.clear()  # type: ignore[attr-defined]
    with pytest.raises(PermissionMissingError, match="has not granted YouTube Analytics"):
        insights.read_channel_insights(Quarantine(), run, unit(run))
    assert {a.reason for a in run.outcomes._availability.values()} == {"permission"}
    assert network.requests == []


def test_a_report_in_another_shape_is_the_accounts_error() -> None:
    run, _ = reading((200, {"columnHeaders": [{"name": "day"}], "rows": [{"day": 1}]}))
    with pytest.raises(AccountError, match="has changed shape"):
        insights.read_channel_insights(Quarantine(), run, unit(run))


def test_secrets_stand_in_no_url() -> None:
    run, network = reading((200, {"items": []}))
    data.read_video_stats(run, unit(run, item("v")))
    insights.read_demographics(Quarantine(), run, unit(run))
    for request in network.requests:
        assert "key=" not in str(request.url)
        assert "very-secret" not in str(request.url)
    assert json.dumps(asked(network)).count("channel==a000") == 1
