"""The streams' readers against answers in bad shape: one account, or one video, pays for it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from scripted_platform import Answer, scripted, youtube_error
from scripted_platform import settings as make_settings

from ingestion import tiktok, youtube
from ingestion.connections import Connection, Platform
from ingestion.http import AccountError, ApiClient
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import Row

DAY = date(2026, 11, 20)
MAKE: dict[Platform, Callable[[IngestionSettings], ApiClient]] = {
    "tiktok": tiktok.make_client,
    "youtube": youtube.make_client,
}


def reading(platform: Platform, *answers: Answer, accounts: int = 1) -> SnapshotRun:
    """A run over accounts ``a0``, ``a1``, ...; the platform gives the answers in turn."""
    values = make_settings(youtube_api_key="key")
    run = SnapshotRun(platform, MAKE[platform], settings=values)
    run.client, _ = scripted(MAKE[platform], *answers)
    run.dates = [DAY]
    run.accounts = [
        Connection(
            connection_id=f"k{n}",
            creator_id="c",
            platform=platform,
            account_id=f"a{n}",
            handle=f"h{n}",
            access_token="act.1" if platform == "tiktok" else None,
            connected_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for n in range(accounts)
    ]
    return run


def unit(run: SnapshotRun, *known: Row) -> AccountDay:
    return AccountDay(run.accounts[0], DAY, known)


def tiktok_page(**data: Any) -> Answer:
    return 200, {"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}}


def thread(video: str) -> dict[str, Any]:
    return {"id": f"t-{video}", "snippet": {"videoId": video, "topLevelComment": {"snippet": {}}}}


def recent(video: str) -> Row:
    return {"id": video, "published_at": datetime(2026, 11, 19, tzinfo=UTC), "comment_count": 1}


@pytest.mark.parametrize("cursor", [{}, {"cursor": None}])
def test_more_videos_without_a_cursor_are_no_whole_list(cursor: dict[str, None]) -> None:
    run = reading("tiktok", tiktok_page(videos=[{"id": "1"}], has_more=True, **cursor))
    with pytest.raises(AccountError, match="more to come but no cursor") as caught:
        tiktok.read_videos(run, unit(run))
    assert caught.value.code == "paging_loop"


def test_a_cursor_of_zero_is_one() -> None:
    run = reading(
        "tiktok",
        tiktok_page(videos=[{"id": "1"}], has_more=True, cursor=0),
        tiktok_page(videos=[{"id": "2"}], has_more=False, cursor=0),
    )
    assert [row["id"] for row in tiktok.read_videos(run, unit(run))] == ["1", "2"]


@pytest.mark.parametrize("reason", ["forbidden", "commentsDisabled", "videoNotFound"])
def test_a_video_whose_comments_may_not_be_read_is_skipped(reason: str) -> None:
    run = reading("youtube", youtube_error(reason), (200, {"items": [thread("v2")]}))
    rows = youtube.read_threads(run, unit(run, recent("v1"), recent("v2")))
    assert [row["video_id"] for row in rows] == ["v2"]


@pytest.mark.parametrize("data", ["no data", ["a"], {"user": "ann"}, {"user": ["ann"]}], ids=str)
def test_a_user_in_another_shape_is_the_accounts_error(data: Any) -> None:
    run = reading("tiktok", (200, {"data": data, "error": {"code": "ok"}}))
    with pytest.raises(AccountError, match=r"is not an object\. The platform's answer has changed"):
        tiktok.read_user(run, unit(run))


@pytest.mark.parametrize("videos", ["none", {"id": "1"}, ["1"], [None]], ids=str)
def test_videos_in_another_shape_are_the_accounts_error(videos: Any) -> None:
    run = reading("tiktok", tiktok_page(videos=videos, has_more=False))
    with pytest.raises(AccountError, match=r"videos: .* is not (a list|an object)"):
        tiktok.read_videos(run, unit(run))


@pytest.mark.parametrize(
    "item",
    ["v1", {"snippet": "text"}, {"statistics": ["1"]}, {"contentDetails": 5}],
    ids=str,
)
def test_a_video_resource_in_another_shape_is_the_accounts_error(item: Any) -> None:
    run = reading("youtube", (200, {"items": [item]}))
    with pytest.raises(AccountError, match="has changed shape"):
        youtube.read_videos(run, unit(run, {"video_id": "v1"}))


def test_a_duration_in_another_shape_is_none() -> None:
    row = youtube.video_row({"id": "v1", "contentDetails": {"duration": 15}})
    assert row["duration_seconds"] is None


def test_one_channel_in_another_shape_costs_itself_alone() -> None:
    items = [{"id": "a0", "snippet": "text"}, {"id": "a1"}]
    run = reading("youtube", (200, {"items": items}), accounts=3)
    parts = list(youtube.read_channels(run))
    assert [row["id"] for part in parts for row in part.to_pylist()] == ["a1"]
    codes = {f.account_id: getattr(f.error, "code", "") for f in run.outcomes.failures}
    assert codes == {"a0": "unreadable_value", "a2": "channelNotFound"}


def test_channels_in_another_shape_are_every_accounts_error() -> None:
    run = reading("youtube", (200, {"items": {"id": "a0"}}), accounts=2)
    assert [part.num_rows for part in youtube.read_channels(run)] == [0]
    assert [f.account_id for f in run.outcomes.failures] == ["a0", "a1"]
