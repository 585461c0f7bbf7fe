"""The sandbox's TikTok against what TikTok documents: the Display API, limits, recorded data."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from ingestion.rate import CallWindow
from ingestion.sandbox import credentials
from ingestion.sandbox.replay import COLUMNS, ReplayWorld
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from ingestion.tiktok import TIKTOK
from tests.contracts.ingestion.tiktok.tiktok_answers import AUDIENCE, DAILY, USER, VIDEO, Api, is_of


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
