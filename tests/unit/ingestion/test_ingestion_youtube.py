"""YouTube's resources as rows: every recorded answer parses, and absent is NULL."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import youtube
from ingestion.tables import Table

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded" / "youtube"
PARSERS: dict[str, tuple[Callable[[dict[str, Any]], Any], Table]] = {
    "youtube#channel": (youtube.channel_row, youtube.CHANNELS),
    "youtube#playlistItem": (youtube.playlist_item_row, youtube.PLAYLIST_ITEMS),
    "youtube#video": (youtube.video_row, youtube.VIDEOS),
    "youtube#commentThread": (youtube.comment_thread_row, youtube.COMMENT_THREADS),
}


def recorded(name: str) -> Any:
    path = RECORDED / name
    if not path.exists():
        pytest.skip(f"recorded answers are absent ({path.name} is not in ../shared/data)")
    return json.loads(path.read_text())


def resources(body: Any) -> Iterator[dict[str, Any]]:
    """The resources of a stream in a recorded body: the items of a list, or the body itself."""
    for item in body.get("items", [body]) if isinstance(body, dict) else []:
        if item.get("kind") in PARSERS:
            yield item


def as_row(item: dict[str, Any]) -> dict[str, Any]:
    parse, table = PARSERS[item["kind"]]
    row = {**parse(item), "snapshot_date": date(2026, 1, 1), "fetched_at": datetime.now(UTC)}
    if table is not youtube.CHANNELS:
        # The streams put the account in: recorded threads of a video name no channel.
        row["channel_id"] = row["channel_id"] or "UC_x5XG1OV2P6uZZ5FSM9Ttw"
    return table.to_arrow([row]).to_pylist()[0]


def test_every_recorded_answer_of_a_stream_parses() -> None:
    if not RECORDED.exists():
        pytest.skip("recorded answers are absent (../shared/data/recorded/youtube)")
    parsed: dict[str, int] = dict.fromkeys(PARSERS, 0)
    for path in sorted(RECORDED.rglob("*.json")):
        for item in resources(json.loads(path.read_text())):
            row = as_row(item)
            assert row[PARSERS[item["kind"]][1].key[-1]], path
            parsed[item["kind"]] += 1
    assert all(parsed.values()), parsed
    assert sum(parsed.values()) >= 50, parsed


def test_a_recorded_video() -> None:
    (item,) = resources(recorded("modeldata/videos/video_api_response.json"))
    row = as_row(item)
    assert row["id"] == "D-lhorsDlUQ"
    assert row["title"] == "What are Actions on Google (Assistant on Air)"
    assert (row["view_count"], row["like_count"], row["comment_count"]) == (7920, 190, 32)
    assert (row["duration"], row["duration_seconds"]) == ("PT21M7S", 1267)
    assert row["published_at"].isoformat() == "2019-03-21T20:37:49+00:00"
    assert row["privacy_status"] == "public"
    assert row["made_for_kids"] is None
    assert row["has_paid_product_placement"] is None


def test_a_recorded_channel_and_one_without_statistics() -> None:
    (item,) = resources(recorded("apidata/channel_info_single.json"))
    row = as_row(item)
    assert (row["subscriber_count"], row["view_count"]) == (1927873, 160361638)
    assert row["hidden_subscriber_count"] is False
    (item,) = resources(recorded("apidata/channels/info.json"))
    row = as_row(item)
    assert row["custom_url"] == "@googledevelopers"
    assert [row["subscriber_count"], row["view_count"], row["uploads_playlist_id"]] == [None] * 3


def test_a_recorded_comment_thread() -> None:
    (item,) = resources(recorded("apidata/comment_threads/comment_thread_single.json"))
    row = as_row(item)
    assert row["id"] == "UgxKREWxIgDrw8w2e_Z4AaABAg"
    assert row["video_id"] == "D-lhorsDlUQ"
    assert row["author_channel_id"] == "UClfzT4CU_yaZjJaI4pKqSjQ"
    assert row["like_count"] == 0
    assert row["text_original"].startswith("Super video !!!\n")


def test_recorded_error_bodies() -> None:
    problem = youtube.classify(403, recorded("apidata/error_permission_resp.json"))
    assert problem is not None
    assert (problem.scope, problem.message) == ("account", "The caller does not have permission")
    problem = youtube.classify(400, recorded("error_response_simple.json"))
    assert problem is not None
    assert (problem.scope, problem.message) == ("account", "error message")


def test_hidden_subscribers_are_null_even_where_a_zero_is_delivered() -> None:
    statistics = {"hiddenSubscriberCount": True, "subscriberCount": "0", "viewCount": "5"}
    row = youtube.channel_row({"id": "UC1", "statistics": statistics})
    assert row["subscriber_count"] is None
    assert row["view_count"] == "5"


@given(st.integers(0, 60 * 60 * 24 * 30))
def test_durations_are_read_back(seconds: int) -> None:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, last = divmod(rest, 60)
    text = f"P{days}DT{hours}H{minutes}M{last}S"
    assert youtube.duration_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT15S", 15),
        ("PT1H", 3600),
        ("P0D", 0),
        ("P1W", 604_800),
        ("P", None),
        ("PT", None),
        ("15", None),
        ("", None),
        (None, None),
    ],
)
def test_duration_forms(text: str | None, seconds: int | None) -> None:
    assert youtube.duration_seconds(text) == seconds
