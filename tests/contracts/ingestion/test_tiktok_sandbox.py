"""The sandbox's TikTok against what TikTok documents: field by field, type by type, limit by limit.

Sources: https://developers.tiktok.com/doc (tiktok-api-v2-user-object, tiktok-api-v2-video-object,
tiktok-api-v2-error-handling), https://business-api.tiktok.com/portal/docs (Accounts API v1.3).
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from httpx import Response
from starlette.testclient import TestClient

from ingestion.rate import CallWindow
from ingestion.sandbox import credentials
from ingestion.sandbox.replay import COLUMNS, ReplayWorld
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from ingestion.tiktok import TIKTOK

LAST_DAY = date(2026, 11, 20)
USER = {
    "open_id": str,
    "union_id": str,
    "avatar_url": str,
    "avatar_url_100": str,
    "avatar_large_url": str,
    "display_name": str,
    "bio_description": str,
    "profile_deep_link": str,
    "is_verified": bool,
    "username": str,
    "follower_count": int,
    "following_count": int,
    "likes_count": int,
    "video_count": int,
}
VIDEO = {
    "id": str,
    "create_time": int,
    "cover_image_url": str,
    "share_url": str,
    "video_description": str,
    "duration": int,
    "height": int,
    "width": int,
    "title": str,
    "embed_html": str,
    "embed_link": str,
    "like_count": int,
    "comment_count": int,
    "share_count": int,
    "view_count": int,
}
DAILY = {
    "video_views": int,
    "unique_video_views": int,
    "profile_views": int,
    "likes": int,
    "comments": int,
    "shares": int,
    "followers_count": int,
    "daily_new_followers": int,
    "daily_lost_followers": int,
    "daily_total_followers": int,
    "engaged_audience": int,
    "audience_activity": {"hour": str, "count": int},
}
PROFILE = {
    "is_business_account": bool,
    "profile_image": str,
    "username": str,
    "profile_deep_link": str,
    "display_name": str,
    "bio_description": str,
    "is_verified": bool,
    "following_count": int,
    "followers_count": int,
    "total_likes": int,
    "videos_count": int,
}
AUDIENCE = {
    "audience_ages": {"age": str, "percentage": float},
    "audience_genders": {"gender": str, "percentage": float},
    "audience_countries": {"country": str, "percentage": float},
    "audience_cities": {"city_name": str, "percentage": float},
}
BUSINESS_VIDEO = {
    "item_id": str,
    "create_time": str,
    "media_type": str,
    "is_ad": bool,
    "thumbnail_url": str,
    "share_url": str,
    "embed_url": str,
    "caption": str,
    "video_duration": float,
    "video_views": int,
    "reach": int,
    "likes": int,
    "comments": int,
    "shares": int,
    "favorites": int,
    "full_video_watched_rate": float,
    "total_time_watched": float,
    "average_time_watched": float,
    "impression_sources": {"impression_source": str, "percentage": float},
    "audience_countries": {"country": str, "percentage": float},
}
COMMENT = {
    "comment_id": str,
    "video_id": str,
    "user_id": str,
    "unique_identifier": str,
    "create_time": int,
    "text": str,
    "likes": int,
    "replies": int,
    "owner": bool,
    "liked": bool,
    "pinned": bool,
    "status": str,
    "username": str,
    "display_name": str,
}
OPTIONAL_COMMENT = {"profile_image": str, "parent_comment_id": str}


class Api:
    """One account's calls, with its token, on a day."""

    def __init__(self, client: TestClient, world: Any, place: int = 0, day: date = LAST_DAY):
        self.client, self.world, self.day = client, world, day
        accounts = [a for a in world.accounts() if a.platform == "tiktok"]
        self.account_id = accounts[place].account_id
        token = TokenBook(world).issued("tiktok", self.account_id).access_token
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Access-Token": token,
            "X-Sandbox-Date": str(day),
        }

    def get(self, path: str, **params: Any) -> Response:
        return self.client.get(f"/tiktok{path}", params=params, headers=self.headers)

    def post(self, path: str, fields: str, **body: Any) -> Response:
        url = f"/tiktok{path}?fields={fields}"
        return self.client.post(url, json=body, headers=self.headers)

    def business(self, path: str, fields: Any = None, **params: Any) -> dict[str, Any]:
        """The whole body; every answer has HTTP 200."""
        given = {"business_id": self.account_id, **params}
        if fields is not None:
            given["fields"] = fields if isinstance(fields, str) else json.dumps(list(fields))
        answer = self.get(f"/open_api/v1.3/business/{path}/", **given)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        assert set(body) == {"code", "message", "request_id", "data"}
        assert isinstance(body["code"], int)
        return body

    def videos(self, size: int = 20, fields: str = "id,create_time") -> list[list[dict[str, Any]]]:
        pages, cursor = [], 0
        while True:
            answer = self.post("/v2/video/list/", fields, max_count=size, cursor=cursor)
            data = answer.json()["data"]
            pages.append(data["videos"])
            if not data["has_more"]:
                return pages
            cursor = data["cursor"]


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=8, creators=24, days=75, end_date=LAST_DAY)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with TestClient(build_app(world, TokenBook(world))) as client:
        yield client


@pytest.fixture
def api(client: TestClient, world: World) -> Api:
    return Api(client, world)


def is_of(found: Any, spec: dict[str, Any]) -> None:
    """Whether an object has the spec's fields and no others, of its types; lists are not empty."""
    assert found.keys() == spec.keys()
    for name, kind in spec.items():
        if isinstance(kind, dict):
            assert found[name], name
            for item in found[name]:
                is_of(item, kind)
        else:
            assert type(found[name]) is kind, (name, found[name])


def test_a_user_has_the_fields_that_are_asked_for(api: Api) -> None:
    body = api.get("/v2/user/info/", fields=",".join(USER)).json()
    assert set(body) == {"data", "error"}
    assert set(body["error"]) == {"code", "message", "log_id"}
    assert body["error"]["code"] == "ok"
    is_of(body["data"]["user"], USER)
    assert body["data"]["user"]["open_id"] == api.account_id
    some = api.get("/v2/user/info/", fields="username,open_id").json()["data"]["user"]
    assert list(some) == ["username", "open_id"]


def test_a_video_has_the_fields_that_are_asked_for(api: Api) -> None:
    videos = api.videos(fields=",".join(VIDEO))[0]
    for video in videos:
        is_of(video, VIDEO)
        assert len(video["title"]) <= 150
        assert int(video["id"]) > 2**53


@pytest.mark.parametrize("size", [1, 3, 20])
def test_videos_page_by_cursor_newest_first(api: Api, size: int) -> None:
    pages = api.videos(size)
    assert all(len(page) == size for page in pages[:-1])
    videos = [video for page in pages for video in page]
    user = api.get("/v2/user/info/", fields="video_count").json()["data"]["user"]
    assert len({video["id"] for video in videos}) == len(videos) == user["video_count"] > 20
    times = [video["create_time"] for video in videos]
    assert times == sorted(times, reverse=True)


def test_a_cursor_is_a_moment_in_milliseconds(api: Api) -> None:
    first = api.videos()[0]
    cursor = first[4]["create_time"] * 1_000
    data = api.post("/v2/video/list/", "id", cursor=cursor).json()["data"]
    assert data["videos"][0]["id"] == first[5]["id"]
    assert len(data["videos"]) == 10


def test_a_query_gives_the_videos_that_are_there(api: Api) -> None:
    videos = api.videos(fields="id,view_count")[0][:2]
    wanted = {"video_ids": [video["id"] for video in videos] + ["7"]}
    answer = api.post("/v2/video/query/", "id,view_count", filters=wanted)
    assert answer.json()["data"]["videos"] == videos


@pytest.mark.parametrize(
    ("path", "fields", "body", "status", "code"),
    [
        ("/v2/video/list/", "", {}, 400, "invalid_params"),
        ("/v2/video/list/", "id,age", {}, 400, "invalid_params"),
        ("/v2/video/list/", "id", {"max_count": 21}, 400, "invalid_params"),
        ("/v2/video/list/", "id", {"max_count": 0}, 400, "invalid_params"),
        ("/v2/video/list/", "id", {"cursor": "x"}, 400, "invalid_params"),
        ("/v2/video/query/", "id", {}, 400, "invalid_params"),
        ("/v2/video/query/", "id", {"filters": {"video_ids": ["1"] * 21}}, 400, "invalid_params"),
    ],
)
def test_a_wrong_call_of_the_display_api(
    api: Api, path: str, fields: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = api.post(path, fields, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]) == {"code", "message", "log_id"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer no"}, {"Authorization": "x"}])
def test_the_display_api_without_a_living_token(
    client: TestClient, headers: dict[str, str]
) -> None:
    answer = client.get("/tiktok/v2/user/info/?fields=open_id", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "access_token_invalid")


def test_a_refresh_token_works_once(world: World) -> None:
    tokens = TokenBook(world)
    first = tokens.issued("tiktok", Api(None, world).account_id)  # type: ignore[arg-type]
    form = {
        "client_key": credentials.CLIENT_KEY,
        "client_secret": credentials.CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": first.refresh_token,
    }
    with TestClient(build_app(world, tokens)) as client:
        body = client.post("/tiktok/v2/oauth/token/", data=form).json()
        spec = {"open_id": str, "scope": str, "access_token": str, "expires_in": int}
        spec |= {"refresh_token": str, "refresh_expires_in": int, "token_type": str}
        is_of(body, spec)
        assert (body["expires_in"], body["refresh_expires_in"]) == (7_200, 180 * 86_400)
        assert body["access_token"] != first.access_token
        refused = client.post("/tiktok/v2/oauth/token/", data=form)
        assert refused.status_code == 400
        is_of(refused.json(), {"error": str, "error_description": str, "log_id": str})
        assert refused.json()["error"] == "invalid_grant"
        form["refresh_token"] = body["refresh_token"]
        wrong = client.post("/tiktok/v2/oauth/token/", data={**form, "client_secret": "no"})
        assert wrong.json()["error"] == "invalid_client"
        assert client.post("/tiktok/v2/oauth/token/", data=form).status_code == 200


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


def test_calls_beyond_a_limit_are_refused_as_each_api_does(world: World) -> None:
    with TestClient(build_app(world, TokenBook(world), make_window=lambda: CallWindow(2))) as few:
        answers = [
            Api(few, world, place).get("/v2/user/info/", fields="open_id") for place in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
        # Each endpoint has a limit of its own.
        assert Api(few, world).post("/v2/video/list/", "id").status_code == 200
        codes = [Api(few, world, place).business("get", ["likes"])["code"] for place in range(3)]
        assert codes == [0, 0, 40100]


def test_an_account_that_is_away(client: TestClient, world: World) -> None:
    """A gap is the platform's own error, a suspension one of permission, on both APIs."""
    seen = set()
    place = 0
    for block in world.blocks("tiktok"):
        for account in range(block.account_id.size):
            for index in np.flatnonzero(~block.available[account]):
                day = block.first_day + timedelta(days=int(index))
                api = Api(client, world, place, day)
                answer = api.get("/v2/user/info/", fields="open_id")
                verdict = TIKTOK.judge(answer.status_code, answer.json())
                other = TIKTOK.judge(200, api.business("get", ["likes"]))
                assert verdict is not None
                assert other is not None
                kind = int(block.error_kind[account, index])
                assert verdict.action == other.action == {1: "permission", 2: "transient"}[kind]
                seen.add(kind)
            place += 1
    assert seen


def test_the_world_begins_on_a_day_and_the_clock_is_a_date(
    client: TestClient, world: World
) -> None:
    api = Api(client, world, day=world.first_day - timedelta(days=1))
    answer = api.get("/v2/user/info/", fields="open_id")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_params")
    assert api.business("get", ["likes"])["code"] == 40002
    api.headers["X-Sandbox-Date"] = "yesterday"
    answer = api.get("/v2/user/info/", fields="open_id")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_params")


def test_recorded_data_are_served_and_what_they_lack_is_absent(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    rows = [f"{n // 2},1600000000,ann,['fun'],9,{n},0,0,10,20,30,40" for n in range(9)]
    text = "\n".join([",".join(COLUMNS), *rows])
    (tmp_path / "real" / "tiktok_videos.csv").write_text(text)
    world = ReplayWorld(tmp_path)
    with TestClient(build_app(world, TokenBook(world))) as client:
        api = Api(client, world)
        user = api.get("/v2/user/info/", fields=",".join(USER)).json()["data"]["user"]
        assert {name: user[name] for name in ("follower_count", "likes_count", "video_count")} == {
            "follower_count": 20,
            "likes_count": 30,
            "video_count": 40,
        }
        assert not user.keys() & {"union_id", "avatar_url", "is_verified", "following_count"}
        # Doubled rows at the border of a page are neither lost nor repeated.
        for size in (1, 2, 4, 20):
            served = [v for page in api.videos(size, ",".join(VIDEO)) for v in page]
            assert [video["like_count"] for video in served] == list(range(9))
        assert "width" not in served[0]
        assert served[0]["video_description"] == "#fun"
        assert api.business("get", [*DAILY, *AUDIENCE])["data"] == {"metrics": []}
        assert api.business("video/list", ["item_id"])["data"]["videos"] == []
        assert api.business("comment/list", video_id="0")["data"]["comments"] == []
