"""Replaying recorded data: every row is served, and a broken file is named to row and column."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.sandbox.replay import COLUMNS, ReplayWorld, open_id_of, read_videos
from warehouse.errors import UserError

AS_OF = datetime(2026, 11, 21, tzinfo=UTC)
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


def test_accounts_and_all_rows_are_served(write: Callable[..., Path]) -> None:
    world = ReplayWorld(write(*ROWS))
    assert [account.handle for account in world.accounts()] == ["ann", "bob"]
    videos = world.tiktok_videos(open_id_of("ann"), AS_OF)
    assert [v["id"] for v in videos] == ["6001295689634654033", *["6001295689634654032"] * 2]
    assert [v["view_count"] for v in videos] == [100, 100, 90]
    assert videos[1]["video_description"] == "#duet #fun"
    assert videos[2]["video_description"] == ""
    assert "width" not in videos[0]


def test_a_creators_counters_are_the_highest_of_its_rows(write: Callable[..., Path]) -> None:
    user = ReplayWorld(write(*ROWS)).tiktok_user(open_id_of("ann"), AS_OF)
    assert (user["follower_count"], user["likes_count"], user["video_count"]) == (5000, 950, 7)


def test_a_video_is_not_listed_before_its_creation(write: Callable[..., Path]) -> None:
    world = ReplayWorld(write(*ROWS))
    second = datetime.fromtimestamp(1601169790, UTC)
    assert len(world.tiktok_videos(open_id_of("ann"), second)) == 2


def test_youtube_has_no_accounts(write: Callable[..., Path]) -> None:
    world = ReplayWorld(write(*ROWS))
    assert world.youtube_channel("UCx", AS_OF) is None
    assert world.youtube_uploads("UUx", AS_OF) is None


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
