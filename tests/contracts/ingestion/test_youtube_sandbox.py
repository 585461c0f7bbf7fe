"""The sandbox's YouTube against Google's own descriptions of both APIs, and its limits.

The discovery documents are those that google-api-python-client brings along: every answer is
checked field by field and type by type, every error by its shape.
"""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingestion import youtube_data, youtube_insights
from ingestion.metrics import metrics_for
from ingestion.sandbox import credentials
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World

LAST_DAY = date(2026, 11, 20)
AT = {"X-Sandbox-Date": str(LAST_DAY)}
KEY = {"X-Goog-Api-Key": credentials.DEFAULT_API_KEY, **AT}
DATA, REPORTS = "/youtube/youtube/v3", "/youtube/v2/reports"
MANY = ",".join(map(str, range(51)))


@pytest.fixture(scope="module")
def world() -> World:
    return World(11, 40, 45, LAST_DAY)


@pytest.fixture(scope="module")
def tokens(world: World) -> TokenBook:
    return TokenBook(world)


@pytest.fixture(scope="module")
def api(world: World, tokens: TokenBook) -> Iterator[TestClient]:
    with TestClient(build_app(world, tokens)) as client:
        yield client


@pytest.fixture(scope="module")
def channels(world: World) -> list[str]:
    return [str(i) for block in world.blocks("youtube") for i in block.account_id]


@pytest.fixture(scope="module")
def bearer(tokens: TokenBook, channels: list[str]) -> dict[str, str]:
    return owner(tokens, channels[0])


def owner(tokens: TokenBook, channel: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.issued('youtube', channel).access_token}", **AT}


def description(name: str) -> dict[str, Any]:
    folder = files("googleapiclient.discovery_cache") / "documents"
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def v3() -> dict[str, Any]:
    return description("youtube.v3")


@pytest.fixture(scope="module")
def v2() -> dict[str, Any]:
    return description("youtubeAnalytics.v2")


def check(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str) -> int:
    """Fail where ``value`` is not what the schema says; gives how many leaves were looked at."""
    if "$ref" in schema:
        return check(value, document["schemas"][schema["$ref"]], document, at)
    kind = schema.get("type")
    if kind == "object":
        assert isinstance(value, dict), at
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        seen = 0
        for name, one in value.items():
            assert name in known or others, f"{at}.{name} is not in the description"
            seen += check(one, known.get(name, others), document, f"{at}.{name}")
        return seen
    if kind == "array":
        assert isinstance(value, list), at
        return sum(check(one, schema["items"], document, f"{at}[]") for one in value)
    form = schema.get("format")
    if kind == "boolean":
        assert isinstance(value, bool), at
    elif kind == "integer":
        assert isinstance(value, int), at
        assert not isinstance(value, bool), at
    elif kind == "string":
        assert isinstance(value, str), at
        assert value in schema.get("enum", [value]), f"{at}: {value}"
        if form in ("uint64", "int64"):
            assert value.isdecimal(), at
        elif form in ("date-time", "google-datetime"):
            assert datetime.fromisoformat(value).tzinfo, at
        elif form == "google-duration":
            assert re.fullmatch(r"\d+(\.\d+)?s", value), at
    else:
        assert kind == "any", f"{at}: {kind}"
        assert isinstance(value, str | int | float), at
    return 1


def ask(api: TestClient, path: str, headers: dict[str, str] = KEY, **params: Any) -> dict[str, Any]:
    answer = api.get(path, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def walk(api: TestClient, path: str, **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    token = None
    while True:
        body = ask(api, f"{DATA}/{path}", **params | ({"pageToken": token} if token else {}))
        items += body["items"]
        token = body.get("nextPageToken")
        if token is None:
            return items


def uploads(api: TestClient, channel: str) -> list[str]:
    items = walk(
        api, "playlistItems", part="contentDetails", playlistId=f"UU{channel[2:]}", maxResults=50
    )
    return [item["contentDetails"]["videoId"] for item in items]


def method(document: dict[str, Any], resource: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["resources"][resource]["methods"][name]
    return found


def talked_about(api: TestClient, channels: list[str]) -> list[dict[str, Any]]:
    """Videos with comments."""
    found = []
    for channel in channels:
        ids = ",".join(uploads(api, channel)[:50])
        videos = walk(api, "videos", part="id,statistics", id=ids)
        found += [v for v in videos if int(v["statistics"].get("commentCount", 0)) > 5]
    return found


def test_channels_are_as_described(
    api: TestClient, v3: dict[str, Any], channels: list[str], bearer: dict[str, str]
) -> None:
    schema = method(v3, "channels", "list")["response"]
    body = ask(
        api,
        f"{DATA}/channels",
        part=youtube_data.CHANNEL_PARTS,
        id=",".join(channels[:50]),
        maxResults=50,
    )
    assert len(body["items"]) == len(channels[:50])
    assert check(body, schema, v3, "channels") > 25 * len(channels[:50])
    audit = ask(api, f"{DATA}/channels", bearer, part="auditDetails", id=channels[0])
    assert check(audit, schema, v3, "channels") >= 6
    assert set(audit["items"][0]["auditDetails"]) == set(
        v3["schemas"]["ChannelAuditDetails"]["properties"]
    )
    assert (
        ask(api, f"{DATA}/channels", bearer, part="id", mine="true")["items"][0]["id"]
        == (channels[0])
    )


def test_uploads_videos_and_counters_are_as_described(
    api: TestClient, v3: dict[str, Any], channels: list[str]
) -> None:
    for channel in channels[:5]:
        asked: dict[str, Any] = {"playlistId": f"UU{channel[2:]}", "maxResults": 50}
        items = ask(api, f"{DATA}/playlistItems", part="snippet,contentDetails,status", **asked)
        check(items, method(v3, "playlistItems", "list")["response"], v3, "playlistItems")
        lean = ask(
            api,
            f"{DATA}/playlistItems",
            part="snippet,contentDetails,status",
            fields=youtube_data.ITEM_FIELDS,
            **asked,
        )
        assert set(lean) <= {"nextPageToken", "items"}
        assert set(lean["items"][0]["snippet"]) == {"playlistId", "position", "publishedAt"}
        ids = ",".join(item["contentDetails"]["videoId"] for item in items["items"])
        videos = ask(api, f"{DATA}/videos", part=youtube_data.VIDEO_PARTS, id=ids)
        assert check(videos, method(v3, "videos", "list")["response"], v3, "videos")
        stats = ask(
            api, f"{DATA}/videos:batchGetStats", part="id,snippet,statistics,contentDetails", id=ids
        )
        assert check(stats, method(v3, "videos", "batchGetStats")["response"], v3, "stats")
        by_id = {one["id"]: one["statistics"] for one in stats["items"]}
        for video in videos["items"]:
            assert video["statistics"] == {**by_id[video["id"]], "favoriteCount": "0"}


def test_comments_are_as_described(
    api: TestClient, v3: dict[str, Any], channels: list[str]
) -> None:
    videos = talked_about(api, channels)
    writers, replied = set(), 0
    for video in videos[:40]:
        body = ask(
            api,
            f"{DATA}/commentThreads",
            part="snippet,replies",
            videoId=video["id"],
            maxResults=100,
            order="time",
            textFormat="plainText",
        )
        check(body, method(v3, "commentThreads", "list")["response"], v3, "commentThreads")
        tops = [item["snippet"]["topLevelComment"]["snippet"] for item in body["items"]]
        times = [top["publishedAt"] for top in tops]
        assert times == sorted(times, reverse=True)
        writers |= {top["authorChannelId"]["value"] for top in tops}
        for item in body["items"]:
            if count := item["snippet"]["totalReplyCount"]:
                assert len(item["replies"]["comments"]) == min(count, 5)
                replies = ask(
                    api, f"{DATA}/comments", part="snippet", parentId=item["id"], maxResults=100
                )
                check(replies, method(v3, "comments", "list")["response"], v3, "comments")
                assert len(replies["items"]) == count
                assert {r["snippet"]["parentId"] for r in replies["items"]} == {item["id"]}
                replied += 1
    assert replied > 5
    people = ask(
        api,
        f"{DATA}/channels",
        part="snippet,statistics",
        maxResults=50,
        id=",".join(list(writers)[:50]),
    )
    assert len(people["items"]) == 50
    check(people, method(v3, "channels", "list")["response"], v3, "commenters")


@pytest.mark.parametrize(
    ("about", "dimensions", "sort"),
    [
        ("channel", "day", "day"),
        ("traffic_source", "day,insightTrafficSourceType", "day,insightTrafficSourceType"),
        ("geography", "country", "-views"),
        ("demographics", "ageGroup,gender", "gender,ageGroup"),
    ],
)
def test_reports_are_as_described(
    api: TestClient,
    v2: dict[str, Any],
    bearer: dict[str, str],
    about: str,
    dimensions: str,
    sort: str,
) -> None:
    metrics = [metric.metric for metric in metrics_for("youtube", about, LAST_DAY)]
    query = method(v2, "reports", "query")
    params = {
        "ids": "channel==MINE",
        "startDate": str(LAST_DAY - timedelta(days=20)),
        "endDate": str(LAST_DAY),
        "dimensions": dimensions,
        "metrics": ",".join(metrics),
        "sort": sort,
    }
    assert set(params) <= set(query["parameters"])
    body = ask(api, REPORTS, bearer, **params)
    assert check(body, query["response"], v2, "report") > 10
    names = [header["name"] for header in body["columnHeaders"]]
    assert names == [*dimensions.split(","), *metrics]
    kinds = {"STRING": str, "INTEGER": int, "FLOAT": float}
    for header, *values in zip(body["columnHeaders"], *body["rows"], strict=True):
        assert all(type(value) is kinds[header["dataType"]] for value in values), header
        is_dimension = header["name"] in dimensions.split(",")
        assert header["columnType"] == ("DIMENSION" if is_dimension else "METRIC")
    if "day" in names:
        days = {row[0] for row in body["rows"]}
        assert max(days) == str(LAST_DAY - timedelta(days=youtube_insights.LATE_DAYS))
    if about == "demographics":
        assert sum(row[-1] for row in body["rows"]) == pytest.approx(100, abs=1.5)
    if about == "geography":
        views = [row[names.index("views")] for row in body["rows"]]
        assert views == sorted(views, reverse=True)


def test_a_report_by_video_holds_the_videos_asked_for_alone(
    api: TestClient, channels: list[str], bearer: dict[str, str]
) -> None:
    ids = uploads(api, channels[0])
    params = {
        "ids": f"channel=={channels[0]}",
        "startDate": str(LAST_DAY - timedelta(days=20)),
        "endDate": str(LAST_DAY),
        "dimensions": "day,video",
        "metrics": "views",
        "sort": "day,video",
        "filters": f"video=={','.join(ids[-2:])}",
    }
    whole = ask(api, REPORTS, bearer, **params)["rows"]
    assert {row[1] for row in whole} == set(ids[-2:])
    pages = [
        ask(api, REPORTS, bearer, **params, maxResults=7, startIndex=start).get("rows", [])
        for start in range(1, len(whole) + 8, 7)
    ]
    assert [row for page in pages for row in page] == whole
    assert pages[-1] == []


def test_numbers_agree_between_the_reports_and_the_counters(
    api: TestClient, world: World, channels: list[str], bearer: dict[str, str]
) -> None:
    block, account = world.locate("youtube", channels[0])  # type: ignore[misc]
    first, last = LAST_DAY - timedelta(days=10), LAST_DAY - timedelta(days=4)
    params = {"startDate": str(first), "endDate": str(last), "ids": "channel==MINE"}
    report = ask(
        api, REPORTS, bearer, dimensions="day", metrics="views,subscribersGained", **params
    )
    days = slice(block.day_index(first), block.day_index(last) + 1)
    assert [row[1] for row in report["rows"]] == block.views[account, days].tolist()
    assert [row[2] for row in report["rows"]] == block.gained[account, days].tolist()
    counts = []
    for day in (first - timedelta(days=1), last):
        headers = {**KEY, "X-Sandbox-Date": str(day)}
        body = ask(api, f"{DATA}/channels", headers, part="statistics", id=channels[0])
        counts.append(int(body["items"][0]["statistics"]["viewCount"]))
    assert counts[1] - counts[0] == sum(row[1] for row in report["rows"])


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        (f"{DATA}/channels?part=id&id=UCx", {}, 403, "forbidden"),
        (f"{DATA}/channels?part=id&id=UCx", {"X-Goog-Api-Key": "no"}, 400, "badRequest"),
        (f"{DATA}/channels?part=id&id=UCx", {"Authorization": "Bearer no"}, 401, "authError"),
        (f"{DATA}/channels?id=UCx", KEY, 400, "missingRequiredParameter"),
        (f"{DATA}/channels?part=money&id=UCx", KEY, 400, "unknownPart"),
        (f"{DATA}/channels?part=auditDetails&id=UCx", KEY, 403, "insufficientPermissions"),
        (f"{DATA}/channels?part=id&id=UCx&fields=a(", KEY, 400, "invalidParameter"),
        (f"{DATA}/playlistItems?part=id&playlistId=UUx", KEY, 404, "playlistNotFound"),
        (
            f"{DATA}/playlistItems?part=id&playlistId=UUx&maxResults=51",
            KEY,
            400,
            "invalidParameter",
        ),
        (f"{DATA}/videos?part=id&id={MANY}", KEY, 400, "invalidFilters"),
        (f"{DATA}/videos:batchGetStats?part=id&id={MANY}", KEY, 400, "invalidFilters"),
        (f"{DATA}/videos:batchGetStats?part=status&id=x", KEY, 400, "unknownPart"),
        (f"{DATA}/commentThreads?part=id&videoId=x", KEY, 404, "videoNotFound"),
        (f"{DATA}/commentThreads?part=id&videoId=x&maxResults=101", KEY, 400, "invalidParameter"),
        (f"{DATA}/commentThreads?part=id&videoId=x&pageToken=%21", KEY, 400, "invalidPageToken"),
        (f"{DATA}/comments?part=id&parentId=x", KEY, 404, "commentNotFound"),
        (
            f"{REPORTS}?ids=channel==MINE&startDate=2026-11-01&endDate=2026-11-02&metrics=views",
            KEY,
            401,
            "required",
        ),
    ],
)
def test_refusals(
    api: TestClient, path: str, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = api.get(path, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, status)
    assert set(error) == {"code", "message", "errors", "status"}
    assert set(error["errors"][0]) == {"domain", "reason", "message"}
    assert error["errors"][0]["reason"] == reason


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"metrics": "redViews"}, 400, "Unknown identifier (redViews)"),
        ({"dimensions": "day,country"}, 400, "The query is not supported"),
        ({"dimensions": "day,video"}, 400, "The query is not supported"),
        ({"dimensions": "country", "metrics": "likes"}, 400, "The query is not supported"),
        ({"sort": "likes"}, 400, "Unknown identifier (likes)"),
        ({"startDate": "yesterday"}, 400, "Invalid date (yesterday)"),
        ({"endDate": "2026-10-01"}, 400, "Invalid date range"),
        ({"maxResults": "0"}, 400, "Invalid value '0'"),
        ({"ids": "channel==UC_of_somebody_else"}, 403, "Forbidden"),
        ({"metrics": ""}, 400, "Required parameter: metrics"),
    ],
    ids=str,
)
def test_reports_are_refused(
    api: TestClient, bearer: dict[str, str], changes: dict[str, str], status: int, words: str
) -> None:
    params = {
        "ids": "channel==MINE",
        "startDate": "2026-11-01",
        "endDate": "2026-11-10",
        "dimensions": "day",
        "metrics": "views",
    }
    answer = api.get(REPORTS, headers=bearer, params=params | changes)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_a_report_without_data_has_no_rows(api: TestClient, bearer: dict[str, str]) -> None:
    body = ask(
        api,
        REPORTS,
        bearer,
        ids="channel==MINE",
        startDate=str(LAST_DAY),
        endDate=str(LAST_DAY),
        dimensions="day",
        metrics="views",
    )
    assert set(body) == {"kind", "columnHeaders"}


def test_hidden_likes_are_missing(api: TestClient, world: World) -> None:
    hidden = [
        str(block.post_id[post])
        for block in world.blocks("youtube")
        for post in (block.likes_hidden & block.visible_posts(block.days - 1)).nonzero()[0]
    ][:50]
    assert hidden
    for path in ("videos", "videos:batchGetStats"):
        items = ask(api, f"{DATA}/{path}", part="id,statistics", id=",".join(hidden))["items"]
        assert [one["id"] for one in items] == hidden
        assert not any("likeCount" in one["statistics"] for one in items)
        assert all("viewCount" in one["statistics"] for one in items)


def test_comments_that_are_off_are_refused(api: TestClient, world: World) -> None:
    refused = 0
    for block in world.blocks("youtube"):
        last = block.days - 1
        for post in (block.comments_off & block.visible_posts(last)).nonzero()[0]:
            params = {"part": "id", "videoId": str(block.post_id[post])}
            answer = api.get(f"{DATA}/commentThreads", headers=KEY, params=params)
            assert answer.status_code == 403
            assert answer.json()["error"]["errors"][0]["reason"] == "commentsDisabled"
            stats = ask(
                api, f"{DATA}/videos:batchGetStats", part="statistics", id=params["videoId"]
            )
            assert "commentCount" not in stats["items"][0]["statistics"]
            refused += 1
    assert refused > 0


def test_a_channel_that_is_away_is_missing_or_refused(tokens: TokenBook) -> None:
    world = World(11, 120, 45, LAST_DAY)
    away = {1: 0, 2: 0}
    with TestClient(build_app(world, TokenBook(world))) as api:
        for block in world.blocks("youtube"):
            for account, day in zip(*(block.error_kind > 0).nonzero(), strict=True):
                channel, kind = str(block.account_id[account]), int(block.error_kind[account, day])
                at = {"X-Sandbox-Date": str(block.first_day + timedelta(days=int(day)))}
                asked = {"part": "id", "id": channel}
                body = ask(api, f"{DATA}/channels", {**KEY, **at}, **asked)
                assert body["items"] == []
                answer = api.get(
                    f"{DATA}/playlistItems",
                    headers={**KEY, **at},
                    params={"part": "id", "playlistId": f"UU{channel[2:]}"},
                )
                assert answer.status_code == {1: 404, 2: 500}[kind]
                away[kind] += 1
    assert away[2], "a world of 120 creators has no gap"


def test_the_token_endpoint(api: TestClient, tokens: TokenBook, channels: list[str]) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": credentials.CLIENT_KEY,
        "client_secret": credentials.CLIENT_SECRET,
        "refresh_token": tokens.issued("youtube", channels[1]).refresh_token,
    }
    body = api.post("/youtube/token", data=form).json()
    assert set(body) == {"access_token", "expires_in", "scope", "token_type"}
    assert tokens.account("youtube", body["access_token"]) == channels[1]
    for changes, status, error in (
        ({"refresh_token": "1//no"}, 400, "invalid_grant"),
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ):
        answer = api.post("/youtube/token", data=form | changes)
        assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_what_the_source_asks_for_is_in_the_description(v3: dict[str, Any]) -> None:
    for resource, name, asked in (
        ("channels", "list", {"part", "id", "maxResults"}),
        ("playlistItems", "list", {"part", "playlistId", "maxResults", "pageToken"}),
        ("videos", "list", {"part", "id", "maxResults"}),
        ("videos", "batchGetStats", {"part", "id"}),
        ("commentThreads", "list", {"part", "videoId", "order", "textFormat", "maxResults"}),
        ("comments", "list", {"part", "parentId", "textFormat", "maxResults", "pageToken"}),
    ):
        known = method(v3, resource, name)["parameters"]
        assert asked <= set(known)
        if "maxResults" in known and name == "list":
            most = (
                youtube_data.COMMENTS_PER_CALL
                if resource.startswith("comment")
                else youtube_data.IDS_PER_CALL
            )
            assert int(known["maxResults"]["maximum"]) == most
    assert "fields" in v3["parameters"]
