"""TikTok's objects as rows: every field that a table declares is there, the others are in extra."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from scripted_platform import run_over

from ingestion.snapshot import AccountDay
from ingestion.tables import Table
from ingestion.tiktok import TIKTOK, USERS, VIDEOS, read_user, read_videos
from ingestion.tiktok_business import COMMENTS, read_comments

DAY = date(2026, 11, 20)
USER = {
    "open_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4",
    "union_id": "c9c60f44-a68e-4f5d-84dd-ce22faeb0ba1",
    "avatar_url": "https://p19.example/avatar.jpeg",
    "display_name": "Mia 🌵",
    "bio_description": "مرحبا",
    "profile_deep_link": "https://vm.tiktok.com/ZSe",
    "is_verified": True,
    "username": "mia",
    "follower_count": 1_000,
    "following_count": 7,
    "likes_count": 5_000_000_000,
    "video_count": 12,
}
VIDEO = {
    "id": "7080213458555737986",
    "create_time": 1648495200,
    "title": "Morning coffee",
    "video_description": "My quiet morning with coffee before the children wake up #coffee",
    "duration": 15,
    "width": 576,
    "height": 1024,
    "cover_image_url": "https://p19.example/cover.jpeg?x-expires=1",
    "share_url": "https://www.tiktok.com/@mia/video/7080213458555737986",
    "embed_link": "https://www.tiktok.com/player/v1/7080213458555737986",
    "like_count": 8,
    "comment_count": 1,
    "share_count": 0,
    "view_count": 9_007_199_254_740_993,
}
COMMENT = {
    "comment_id": "7081123458555737986",
    "video_id": VIDEO["id"],
    "user_id": "6812345678901234567",
    "unique_identifier": "MS4wLjABAAAA",
    "create_time": 1648581600,
    "text": "Das habe ich heute gleich ausprobiert, danke dir",
    "likes": 3,
    "replies": 1,
    "owner": False,
    "liked": False,
    "pinned": True,
    "status": "PUBLIC",
    "username": "max",
    "display_name": "Max",
    "profile_image": "https://p19.example/max.jpeg",
}


def ok(**data: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}}


def business(**data: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"code": 0, "message": "OK", "request_id": "1", "data": data}


def as_raw(table: Table, rows: Any) -> list[dict[str, Any]]:
    stamp = {"snapshot_date": DAY, "fetched_at": datetime(2026, 11, 20, tzinfo=UTC)}
    return table.to_arrow({**row, **stamp} for row in rows).to_pylist()


def read(table: Table, reader: Any, *answers: Any, known: Any = ()) -> list[dict[str, Any]]:
    run, _ = run_over(TIKTOK, *answers)
    return as_raw(table, reader(run, AccountDay(run.accounts[0], DAY, known)))


def video_row(**changes: Any) -> dict[str, Any]:
    return read(VIDEOS, read_videos, ok(videos=[VIDEO | changes], has_more=False))[0]


def comment_rows(*comments: Any) -> list[dict[str, Any]]:
    known = [{"id": VIDEO["id"], "create_time": datetime(2026, 11, 19, tzinfo=UTC)}]
    known[0]["comment_count"] = 2
    answer = business(comments=list(comments), cursor=1, has_more=False)
    return read(COMMENTS, read_comments, answer, known=known)


def test_a_user_is_a_row_of_every_field() -> None:
    row = read(USERS, read_user, ok(user=USER))[0]
    assert {name: row[name] for name in USER} == {**USER, "open_id": "a000"}
    assert row["extra"] is None


def test_a_video_is_a_row_of_every_field() -> None:
    row = video_row()
    published = datetime(2022, 3, 28, 19, 20, tzinfo=UTC)
    assert {name: row[name] for name in VIDEO} == {**VIDEO, "create_time": published}
    assert (row["open_id"], row["language"]) == ("a000", "en")
    assert row["view_definition"] == "first_frame"
    assert row["extra"] is None


def test_a_comment_and_its_replies_are_rows_of_every_field() -> None:
    reply = COMMENT | {"comment_id": "2", "parent_comment_id": COMMENT["comment_id"], "replies": 0}
    row, answer = comment_rows(COMMENT | {"reply_list": [reply]})
    said = datetime(2022, 3, 29, 19, 20, tzinfo=UTC)
    assert {name: row[name] for name in COMMENT} == {**COMMENT, "create_time": said}
    assert (row["open_id"], row["language"]) == ("a000", "de")
    assert (row["parent_comment_id"], row["extra"]) == (None, None)
    assert answer["parent_comment_id"] == COMMENT["comment_id"]
    assert answer["extra"] is None


def test_what_no_column_takes_is_kept() -> None:
    assert json.loads(video_row(is_aigc=True)["extra"]) == {"is_aigc": True}
    rows = comment_rows(COMMENT | {"image_url": "https://p19.example/1.png"})
    assert json.loads(rows[0]["extra"]) == {"image_url": "https://p19.example/1.png"}


@pytest.mark.parametrize("name", sorted(VIDEO.keys() - {"id"}))
def test_an_absent_field_is_null(name: str) -> None:
    short = {field: value for field, value in VIDEO.items() if field != name}
    row = read(VIDEOS, read_videos, ok(videos=[short], has_more=False))[0]
    assert row[name] is None


def test_types_may_drift() -> None:
    row = video_row(id=7080213458555737986, view_count="12", create_time="1648495200")
    assert (row["id"], row["view_count"]) == (VIDEO["id"], 12)
    assert row["create_time"] == datetime(2022, 3, 28, 19, 20, tzinfo=UTC)
