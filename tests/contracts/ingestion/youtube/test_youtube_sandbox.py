"""The sandbox's YouTube against Google's own descriptions of both APIs, and its limits.

The discovery documents are those that google-api-python-client brings along: every answer is
checked field by field and type by type, every error by its shape.
"""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingestion import youtube_data, youtube_insights
from ingestion.metrics import metrics_for
from ingestion.sandbox.world import World
from tests.contracts.ingestion.youtube.youtube_answers import (
    DATA,
    KEY,
    LAST_DAY,
    REPORTS,
    ask,
    check,
    method,
    talked_about,
    uploads,
)


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
