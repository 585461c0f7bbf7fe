"""Replaying recorded data: every row is served, and a broken file is named to row and column."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from ingestion.sandbox.replay import COLUMNS, ReplayWorld, open_id_of, read_videos
from ingestion.sandbox.tiktok import TikTok
from ingestion.sandbox.tokens import TokenBook
from warehouse.errors import UserError

ROWS = [
    "6001295689634654032,1601169789,ann,\"['duet', 'fun']\",18,10,1,2,100,5000,900,7",
    "6001295689634654032,1601169789,ann,[],18,12,1,2,90,5000,950,6",
    "6001295689634654033,1601169790,ann,[],18,10,1,2,100,5000,900,7",
    "6001295689634654034,1500000000,bob,[],0,0,0,0,0,9,0,1",
]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write_file(*rows: str, header: str = ",".join(COLUMNS)) -> Path:
        (tmp_path / "real").mkdir(exist_ok=True)
        text = "".join(f"{line}\n" for line in (header, *rows) if line)
        (tmp_path / "real" / "tiktok_videos.csv").write_text(text)
        return tmp_path

    return write_file


def ask(world: ReplayWorld, path: str, username: str, day: str = "2026-11-20") -> dict[str, Any]:
    """What TikTok's routes say of a recorded creator."""
    tokens = TokenBook(world)
    token = tokens.issued("tiktok", open_id_of(username)).access_token
    headers = {"Authorization": f"Bearer {token}", "X-Sandbox-Date": day}
    with TestClient(Starlette(routes=TikTok(world, tokens).routes())) as api:
        answer = api.request("GET" if "user" in path else "POST", path, headers=headers)
    data: dict[str, Any] = answer.json()["data"]
    return data


VIDEOS = "/v2/video/list/?fields=id,view_count,video_description,width"


def test_accounts_and_all_rows_are_served(write: Callable[..., Path]) -> None:
    world = ReplayWorld(write(*ROWS))
    assert [account.handle for account in world.accounts()] == ["ann", "bob"]
    assert [creator.creator_id for creator in world.creators()] == ["ann", "bob"]
    videos = ask(world, VIDEOS, "ann")["videos"]
    assert [v["id"] for v in videos] == ["6001295689634654033", *["6001295689634654032"] * 2]
    assert [v["view_count"] for v in videos] == [100, 100, 90]
    assert videos[1]["video_description"] == "#duet #fun"
    assert videos[2]["video_description"] == ""
    assert "width" not in videos[0]
    assert [v["id"] for v in ask(world, VIDEOS, "bob")["videos"]] == ["6001295689634654034"]


def test_a_creators_counters_are_the_highest_of_its_rows(write: Callable[..., Path]) -> None:
    counters = "follower_count,likes_count,video_count"
    world = ReplayWorld(write(*ROWS))
    found = ask(world, f"/v2/user/info/?fields=username,{counters}", "ann")["user"]
    assert found == {
        "username": "ann",
        "follower_count": 5000,
        "likes_count": 950,
        "video_count": 7,
    }


def test_a_video_is_not_listed_before_the_day_of_its_creation(write: Callable[..., Path]) -> None:
    world = ReplayWorld(write(*ROWS))
    assert len(ask(world, VIDEOS, "ann", "2020-09-27")["videos"]) == 3
    assert ask(world, VIDEOS, "ann", "2020-09-26")["videos"] == []


def test_the_other_platforms_have_no_accounts(write: Callable[..., Path]) -> None:
    world = ReplayWorld(write(*ROWS))
    assert world.locate("youtube", open_id_of("ann")) is None
    assert list(world.blocks("youtube")) == []
    assert world.locate("tiktok", "nobody") is None
    found = world.locate_post("tiktok", "6001295689634654034")
    assert found is not None
    assert found[0].post_id[found[1]] == "6001295689634654034"


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("video_id,create_time", ROWS, "column username is missing"),
        (",".join(COLUMNS), [], "has a header but no rows"),
        ("", [], "is empty"),
        (
            ",".join(COLUMNS),
            [*ROWS, "1,1601169789,ann,[],18,many,1,2,100,5000,900,7"],
            "row 6, column like_count: 'many' is not a whole number",
        ),
        (
            ",".join(COLUMNS),
            ["1,1601169789,ann,[],18,-5,1,2,100,5000,900,7"],
            "row 2, column like_count: '-5' is not a whole number",
        ),
        (
            ",".join(COLUMNS),
            ["1,1601169789,ann,[],18,5,1,2,,5000,900,7"],
            "row 2, column view_count: '' is not a whole number",
        ),
        (
            ",".join(COLUMNS),
            ["1,1601169789,,[],18,5,1,2,1,5000,900,7"],
            "row 2, column username: '' is not a value",
        ),
        (
            ",".join(COLUMNS),
            ["1,1601169789000,ann,[],18,5,1,2,1,5000,900,7"],
            "row 2, column create_time: 1601169789000 is not Unix seconds",
        ),
        (
            ",".join(COLUMNS),
            ["1,1601169789,ann,[],18,9999999999999999999,1,2,1,5000,900,7"],
            "row 2, column like_count: '9999999999999999999' is not a number under 2^63",
        ),
        (",".join(COLUMNS), [*ROWS, "1,2,3,4,5,6,7,8,9,10,11,12,13"], "cannot be read as CSV"),
    ],
)
def test_a_malformed_file_is_one_line(
    write: Callable[..., Path], header: str, rows: list[str], said: str
) -> None:
    with pytest.raises(UserError) as caught:
        read_videos(write(*rows, header=header))
    message = str(caught.value)
    assert said in message
    assert "tiktok_videos.csv" in message
    assert "\n" not in message


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"tiktok_videos\.csv not found"):
        read_videos(tmp_path)


def test_as_many_accounts_as_videos_make_a_world(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "tiktok_videos.csv").write_text(
        "video_id,create_time,username,hashtags,duration,like_count,share_count,comment_count,"
        "view_count,follower_count,likes_count,video_count\n"
        "11,1601169789,ada,[],18,20,2,3,400,5000,900,1\n"
    )
    assert [account.handle for account in ReplayWorld(tmp_path).accounts()] == ["ada"]
