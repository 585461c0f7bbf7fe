"""The sandbox speaks the platforms' APIs: shapes, paging, tokens and error bodies."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingestion.rate import CallWindow
from ingestion.sandbox import credentials
from ingestion.sandbox.legacy_world import SyntheticWorld
from ingestion.sandbox.replay import COLUMNS, ReplayWorld
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook

LAST_DAY = date(2026, 11, 20)
AT = {"X-Sandbox-Date": str(LAST_DAY)}
VIDEO_FIELDS = "id,create_time,view_count,like_count,title"
KEY = {"X-Goog-Api-Key": credentials.DEFAULT_API_KEY, **AT}


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return SyntheticWorld(seed=11, creators=6, days=60, last_day=LAST_DAY)


@pytest.fixture(scope="module")
def api(world: SyntheticWorld) -> Iterator[TestClient]:
    with TestClient(build_app(world, TokenBook(world))) as client:
        yield client


def account(world: Any, platform: str, number: int = 0) -> str:
    return [a.account_id for a in world.accounts() if a.platform == platform][number]


def bearer(world: Any, number: int = 0) -> dict[str, str]:
    token = TokenBook(world).issued("tiktok", account(world, "tiktok", number)).access_token
    return {"Authorization": f"Bearer {token}", **AT}


def walk_videos(api: TestClient, headers: dict[str, str], size: int) -> list[list[dict[str, Any]]]:
    pages, body = [], {"max_count": size}
    while True:
        answer = api.post(
            f"/tiktok/v2/video/list/?fields={VIDEO_FIELDS}", headers=headers, json=body
        )
        assert answer.status_code == 200
        data = answer.json()["data"]
        pages.append(data["videos"])
        if not data["has_more"]:
            return pages
        body = {"max_count": size, "cursor": data["cursor"]}


def test_tiktok_user_info(api: TestClient, world: SyntheticWorld) -> None:
    fields = "open_id,username,follower_count,video_count"
    answer = api.get(f"/tiktok/v2/user/info/?fields={fields}", headers=bearer(world))
    body = answer.json()
    assert body["error"]["code"] == "ok"
    assert set(body["error"]) == {"code", "message", "log_id"}
    user = body["data"]["user"]
    assert list(user) == fields.split(",")
    assert user["open_id"] == account(world, "tiktok")


@pytest.mark.parametrize("size", [1, 3, 20])
def test_tiktok_videos_page_by_cursor(api: TestClient, world: SyntheticWorld, size: int) -> None:
    most = 0
    for number in range(6):
        headers = bearer(world, number)
        pages = walk_videos(api, headers, size)
        assert all(len(page) == size for page in pages[:-1])
        videos = [video for page in pages for video in page]
        user = api.get("/tiktok/v2/user/info/?fields=video_count", headers=headers).json()["data"][
            "user"
        ]
        assert len({video["id"] for video in videos}) == len(videos) == user["video_count"]
        times = [video["create_time"] for video in videos]
        assert times == sorted(times, reverse=True)
        most = max(most, len(videos))
    assert most > 20


def test_tiktok_rows_of_one_second_are_served_once_whatever_the_page(tmp_path: Path) -> None:
    """Doubled rows at the border of a page are neither lost nor repeated."""
    (tmp_path / "real").mkdir()
    rows = [f"{n // 2},1600000000,ann,[],9,{n},0,0,10,20,30,40" for n in range(9)]
    text = "\n".join([",".join(COLUMNS), *rows])
    (tmp_path / "real" / "tiktok_videos.csv").write_text(text)
    world = ReplayWorld(tmp_path)
    with TestClient(build_app(world, TokenBook(world))) as api:
        for size in (1, 2, 4, 20):
            pages = walk_videos(api, bearer(world), size)
            served = [video["like_count"] for page in pages for video in page]
            assert sorted(served) == list(range(9))


def test_tiktok_video_query(api: TestClient, world: SyntheticWorld) -> None:
    videos = walk_videos(api, bearer(world), 20)[0][:2]
    wanted = {"filters": {"video_ids": [video["id"] for video in videos] + ["7"]}}
    url = f"/tiktok/v2/video/query/?fields={VIDEO_FIELDS}"
    assert api.post(url, headers=bearer(world), json=wanted).json()["data"]["videos"] == videos


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (
            {"url": "/tiktok/v2/user/info/?fields=open_id", "headers": {}},
            401,
            "access_token_invalid",
        ),
        (
            {
                "url": "/tiktok/v2/user/info/?fields=open_id",
                "headers": {"Authorization": "Bearer no"},
            },
            401,
            "access_token_invalid",
        ),
        ({"url": "/tiktok/v2/user/info/"}, 400, "invalid_params"),
        ({"url": "/tiktok/v2/user/info/?fields=open_id,age"}, 400, "invalid_params"),
        (
            {"url": "/tiktok/v2/video/list/?fields=id", "json": {"max_count": 21}},
            400,
            "invalid_params",
        ),
        (
            {"url": "/tiktok/v2/video/list/?fields=id", "json": {"cursor": "x"}},
            400,
            "invalid_params",
        ),
        ({"url": "/tiktok/v2/video/list/?fields=id", "content": "{"}, 400, "invalid_params"),
        ({"url": "/tiktok/v2/video/query/?fields=id", "json": {}}, 400, "invalid_params"),
    ],
)
def test_tiktok_errors(
    api: TestClient, world: SyntheticWorld, request_: dict[str, Any], status: int, code: str
) -> None:
    method = "GET" if "user" in request_["url"] else "POST"
    answer = api.request(method, **{"headers": bearer(world), **request_})
    body = answer.json()
    assert (answer.status_code, body["error"]["code"]) == (status, code)
    assert set(body["error"]) == {"code", "message", "log_id"}


def test_tiktok_refresh(world: SyntheticWorld) -> None:
    tokens = TokenBook(world)
    first = tokens.issued("tiktok", account(world, "tiktok"))
    form = {
        "client_key": credentials.CLIENT_KEY,
        "client_secret": credentials.CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": first.refresh_token,
    }
    with TestClient(build_app(world, tokens)) as api:
        body = api.post("/tiktok/v2/oauth/token/", data=form).json()
        assert body["open_id"] == first.account_id
        assert body["access_token"] == tokens.issued("tiktok", first.account_id).access_token
        assert body["access_token"] != first.access_token
        # A refresh token works once.
        refused = api.post("/tiktok/v2/oauth/token/", data=form)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
        form["refresh_token"] = body["refresh_token"]
        refused = api.post("/tiktok/v2/oauth/token/", data={**form, "client_secret": "no"})
        assert refused.json()["error"] == "invalid_client"
        assert api.post("/tiktok/v2/oauth/token/", data=form).status_code == 200


def test_the_clock(api: TestClient, world: SyntheticWorld) -> None:
    url = "/tiktok/v2/user/info/?fields=video_count"
    counts = [
        api.get(url, headers={**bearer(world), "X-Sandbox-Date": day}).json()["data"]["user"]
        for day in ("2026-10-01", "2026-10-31", "2026-11-20")
    ]
    numbers = [user["video_count"] for user in counts]
    assert numbers == sorted(numbers)
    assert numbers[0] < numbers[2]
    wrong = api.get(url, headers={**bearer(world), "X-Sandbox-Date": "yesterday"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_params")


def list_all(api: TestClient, path: str, **params: Any) -> list[dict[str, Any]]:
    items, token = [], None
    while True:
        query = params | ({"pageToken": token} if token else {})
        answer = api.get(f"/youtube/youtube/v3/{path}", headers=KEY, params=query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        items += body["items"]
        token = body.get("nextPageToken")
        if token is None:
            return items


def test_youtube_from_channel_to_comments(api: TestClient, world: SyntheticWorld) -> None:
    ids = [account(world, "youtube", number) for number in range(6)]
    channels = list_all(
        api, "channels", part="snippet,contentDetails,statistics", id=",".join(ids), maxResults=50
    )
    assert [channel["id"] for channel in channels] == ids
    threads = 0
    for channel in channels:
        assert isinstance(channel["statistics"]["viewCount"], str)
        uploads = channel["contentDetails"]["relatedPlaylists"]["uploads"]
        items = list_all(
            api, "playlistItems", part="snippet,contentDetails", playlistId=uploads, maxResults=2
        )
        assert len(items) == int(channel["statistics"]["videoCount"])
        assert [item["snippet"]["position"] for item in items] == list(range(len(items)))
        videos = list_all(
            api,
            "videos",
            part="snippet,statistics,contentDetails,status,paidProductPlacementDetails",
            id=",".join(item["contentDetails"]["videoId"] for item in items[:50]),
        )
        assert len(videos) == len(items[:50])
        for video in videos:
            assert all(isinstance(count, str) for count in video["statistics"].values())
            if "commentCount" in video["statistics"]:
                threads += len(
                    list_all(
                        api, "commentThreads", part="snippet", videoId=video["id"], maxResults=100
                    )
                )
    assert threads > 100


def test_youtube_takes_the_key_as_a_parameter_too(api: TestClient, world: SyntheticWorld) -> None:
    query = {"part": "id", "id": account(world, "youtube"), "key": credentials.DEFAULT_API_KEY}
    answer = api.get("/youtube/youtube/v3/channels", params=query)
    assert answer.status_code == 200
    assert set(answer.json()["items"][0]) == {"kind", "etag", "id"}


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        ("channels?part=id&id=UCx", {}, 403, "forbidden"),
        ("channels?part=id&id=UCx", {"X-Goog-Api-Key": "no"}, 400, "badRequest"),
        ("channels?id=UCx", None, 400, "missingRequiredParameter"),
        ("channels?part=money&id=UCx", None, 400, "unknownPart"),
        ("playlistItems?part=id&playlistId=UUx", None, 404, "playlistNotFound"),
        ("commentThreads?part=id&videoId=x", None, 404, "videoNotFound"),
        ("commentThreads?part=id&videoId=x&pageToken=%21", None, 400, "invalidPageToken"),
        ("playlistItems?part=id&playlistId=UUx&maxResults=51", None, 400, "invalidParameter"),
        (f"videos?part=id&id={','.join(map(str, range(51)))}", None, 400, "invalidFilters"),
    ],
)
def test_youtube_errors(
    api: TestClient, path: str, headers: dict[str, str] | None, status: int, reason: str
) -> None:
    answer = api.get(f"/youtube/youtube/v3/{path}", headers=KEY if headers is None else headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, status)
    assert set(error) == {"code", "message", "errors", "status"}
    assert set(error["errors"][0]) == {"domain", "reason", "message"}
    assert error["errors"][0]["reason"] == reason


def test_youtube_comments_disabled() -> None:
    world = SyntheticWorld(seed=1, creators=40, days=10, last_day=LAST_DAY)
    with TestClient(build_app(world, TokenBook(world))) as api:
        refused = 0
        for number in range(40):
            uploads = "UU" + account(world, "youtube", number)[2:]
            for item in list_all(api, "playlistItems", part="contentDetails", playlistId=uploads):
                answer = api.get(
                    "/youtube/youtube/v3/commentThreads",
                    headers=KEY,
                    params={"part": "id", "videoId": item["contentDetails"]["videoId"]},
                )
                if answer.status_code == 403:
                    assert answer.json()["error"]["errors"][0]["reason"] == "commentsDisabled"
                    refused += 1
        assert refused > 0


def test_tiktok_counts_the_calls_of_each_endpoint_when_told_to(world: SyntheticWorld) -> None:
    limited = build_app(world, TokenBook(world), make_window=lambda: CallWindow(2))
    with TestClient(limited) as api:
        path = "/tiktok/v2/user/info/?fields=open_id"
        answers = [api.get(path, headers=bearer(world, number)) for number in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["error"]["code"] == "rate_limit_exceeded"
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
        listed = api.post("/tiktok/v2/video/list/?fields=id", headers=bearer(world))
        assert listed.status_code == 200
