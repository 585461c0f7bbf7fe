"""The sandbox's TikTok against what TikTok documents: the Accounts API."""

import json
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from ingestion.sandbox.world import World
from ingestion.tiktok import TIKTOK
from tests.contracts.ingestion.tiktok.tiktok_answers import (
    AUDIENCE,
    BUSINESS_VIDEO,
    COMMENT,
    DAILY,
    LAST_DAY,
    OPTIONAL_COMMENT,
    PROFILE,
    Api,
    is_of,
)


def test_an_account_has_the_fields_that_are_asked_for(api: Api) -> None:
    yesterday = LAST_DAY - timedelta(days=1)
    fields = PROFILE.keys() | DAILY.keys() | AUDIENCE.keys()
    body = api.business("get", fields, start_date=yesterday, end_date=yesterday)
    assert body["code"] == 0
    data = body["data"]
    metrics = data.pop("metrics")
    is_of(data, PROFILE | AUDIENCE)
    is_of(metrics[0], {"date": str, **DAILY})
    assert [day["date"] for day in metrics] == [str(yesterday)]
    assert [one["hour"] for one in metrics[0]["audience_activity"]] == [str(h) for h in range(24)]
    for name in ("audience_ages", "audience_genders", "audience_countries", "audience_cities"):
        shares = [segment["percentage"] for segment in data[name]]
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) == pytest.approx(1, abs=0.01)
    assert set(api.business("get", ["username"])["data"]) == {"username"}


def test_a_days_numbers_are_restated_until_they_are_final(client: TestClient, world: World) -> None:
    day = LAST_DAY - timedelta(days=10)
    told = []
    for age in (1, 2, 3, 10):
        api = Api(client, world, day=day + timedelta(days=age))
        fields = ["video_views", "daily_new_followers", "daily_lost_followers"]
        fields += ["daily_total_followers", "followers_count"]
        found = api.business("get", fields, start_date=day, end_date=day)
        told.append(found["data"]["metrics"][0])
    views = [one["video_views"] for one in told]
    assert views[0] < views[1] < views[2] == views[3]
    assert len({one["followers_count"] for one in told}) == 1
    for one in told:
        net = one["daily_new_followers"] - one["daily_lost_followers"]
        assert one["daily_total_followers"] == net


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [(60, 1, 0), (61, 1, 40002), (5, 0, 40002), (3, 4, 40002), (1, 1, 0)],
)
def test_days_are_those_of_the_last_sixty(api: Api, first: int, last: int, code: int) -> None:
    days = {
        "start_date": LAST_DAY - timedelta(days=first),
        "end_date": LAST_DAY - timedelta(days=last),
    }
    body = api.business("get", ["likes"], **days)
    assert body["code"] == code
    if code == 0:
        assert len(body["data"]["metrics"]) == first - last + 1


def test_a_business_video_has_the_fields_that_are_asked_for(api: Api) -> None:
    data = api.business("video/list", BUSINESS_VIDEO, max_count=20)["data"]
    assert data.keys() == {"videos", "cursor", "has_more"}
    counted = [video for video in data["videos"] if "video_views" in video]
    for video in counted:
        is_of(video, BUSINESS_VIDEO)
        assert 0 < video["full_video_watched_rate"] < 1
        assert video["average_time_watched"] < video["video_duration"]
    assert len(counted) > 10
    assert list(api.business("video/list")["data"]["videos"][0]) == ["item_id"]


def test_business_numbers_are_a_day_late(client: TestClient, world: World) -> None:
    """A video of the day has none yet; an older one those of the day before."""
    today, before = Api(client, world), Api(client, world, day=LAST_DAY - timedelta(days=1))
    fields = ["item_id", "create_time", "video_views"]
    videos = today.business("video/list", fields)["data"]["videos"]
    lived = {video["id"]: video["view_count"] for video in before.videos(20, "id,view_count")[0]}
    shared = [video for video in videos if video["item_id"] in lived]
    assert shared
    assert all(video["video_views"] == lived[video["item_id"]] for video in shared)
    assert all("video_views" not in video for video in videos if video["item_id"] not in lived)


def test_business_videos_page_and_filter(api: Api) -> None:
    listed = [video["id"] for page in api.videos() for video in page]
    found, cursor = [], None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        data = api.business("video/list", ["item_id"], max_count=7, **more)["data"]
        found += [video["item_id"] for video in data["videos"]]
        if not data["has_more"]:
            break
        cursor = data["cursor"]
    assert found == listed
    filters = json.dumps({"video_ids": [listed[-1]]})
    one = api.business("video/list", ["item_id"], filters=filters)["data"]
    assert one["videos"] == [{"item_id": listed[-1]}]


def test_comments_come_newest_first_with_their_replies(client: TestClient, world: World) -> None:
    sizes = [size for block in world.blocks("tiktok") for size in block.followers[:, -1]]
    api = Api(client, world, place=int(np.argmax(sizes)))
    videos = api.videos(20, "id,comment_count")[0]
    threads = []
    for video in videos:
        found, cursor = [], 0
        while True:
            data = api.business(
                "comment/list",
                video_id=video["id"],
                include_replies="true",
                sort_field="create_time",
                sort_order="desc",
                max_count=30,
                cursor=cursor,
            )["data"]
            assert data.keys() == {"comments", "cursor", "has_more"}
            found += data["comments"]
            if not data["has_more"]:
                break
            cursor = data["cursor"]
        threads.append(found)
        times = [comment["create_time"] for comment in found]
        assert times == sorted(times, reverse=True)
        said = len(found) + sum(comment["replies"] for comment in found)
        assert said <= video["comment_count"]
    assert max(map(len, threads)) > 30
    comments = [comment for found in threads for comment in found]
    assert len({comment["comment_id"] for comment in comments}) == len(comments)
    answered = [comment for comment in comments if comment["reply_list"]]
    assert answered
    for comment in comments:
        replies = comment.pop("reply_list")
        assert len(replies) == min(comment["replies"], 3)
        for item in (comment, *replies):
            is_of({name: value for name, value in item.items() if name in COMMENT}, COMMENT)
            assert item.keys() <= COMMENT.keys() | OPTIONAL_COMMENT.keys()
        assert all(r["parent_comment_id"] == comment["comment_id"] for r in replies)
        assert "parent_comment_id" not in comment


def test_the_first_three_replies_come_along(client: TestClient, world: World) -> None:
    place = -1
    for block in world.blocks("tiktok"):
        for account in range(block.account_id.size):
            place += 1
            there = np.isin(block.comment_post, np.arange(*block.posts_of(account).indices(2**62)))
            there &= block.visible_posts(world.days - 1)[block.comment_post]
            parents = block.comment_parent[there & (block.comment_parent >= 0)]
            counts = np.bincount(parents) if parents.size else np.zeros(1, dtype=np.int64)
            if counts.max() < 3:
                continue
            comment = int(counts.argmax())
            found = Api(client, world, place).business(
                "comment/list",
                video_id=block.post_id[block.comment_post[comment]],
                include_replies="true",
                max_count=30,
            )["data"]["comments"]
            told = [one for one in found if one["comment_id"] == block.comment_id[comment]]
            if told:
                replies = np.flatnonzero(block.comment_parent == comment)
                assert told[0]["replies"] == replies.size
                listed = [reply["comment_id"] for reply in told[0]["reply_list"]]
                assert listed == block.comment_id[replies[:3]].tolist()
                return
    pytest.fail("no comment of the world has three replies")


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("get", {"fields": '["likes", "no"]'}, 40002),
        ("get", {"fields": "likes"}, 40002),
        ("get", {"start_date": "yesterday"}, 40002),
        ("get", {"business_id": "another"}, 40001),
        ("video/list", {"fields": '["likes"]'}, 40002),
        ("video/list", {"max_count": 21}, 40002),
        ("video/list", {"cursor": "x"}, 40002),
        ("video/list", {"filters": '{"video_ids": []}'}, 40002),
        ("comment/list", {}, 40002),
        ("comment/list", {"video_id": "7", "max_count": 31}, 40002),
        ("comment/list", {"video_id": "7", "sort_order": "up"}, 40002),
        ("comment/list", {"video_id": "7"}, 40007),
    ],
)
def test_a_wrong_call_of_the_accounts_api(
    api: Api, path: str, params: dict[str, Any], code: int
) -> None:
    body = api.business(path, **params)
    assert body["code"] == code
    assert body["data"] == {}
    assert body["message"]


def test_an_unknown_field_is_told_so_that_the_source_bisects(api: Api) -> None:
    body = api.business("get", ["likes", "gone_metric"])
    verdict = TIKTOK.judge(200, body)
    assert verdict is not None
    assert verdict.action == "bad_metric"


def test_the_accounts_api_without_a_living_token(client: TestClient, api: Api) -> None:
    for headers in ({}, {"Access-Token": "no"}):
        path = f"/tiktok/open_api/v1.3/business/get/?business_id={api.account_id}"
        assert client.get(path, headers=headers).json()["code"] == 40105
