"""YouTube's resources as rows: nothing of a recorded answer is lost, and absent is NULL."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import youtube_data as data
from ingestion import youtube_rows as rows
from ingestion.tables import OBJECT, Row, Table, UnreadableValueError

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded" / "youtube"
CHANNEL, DAY = "UC_x5XG1OV2P6uZZ5FSM9Ttw", date(2026, 11, 20)
PARSERS: dict[str, tuple[Callable[[dict[str, Any]], Row], Table]] = {
    "youtube#channel": (lambda item: rows.channel_row(item, DAY), rows.CHANNELS),
    "youtube#playlistItem": (
        lambda item: rows.playlist_item_row(item, CHANNEL),
        rows.PLAYLIST_ITEMS,
    ),
    "youtube#video": (lambda item: rows.video_row(item, CHANNEL, DAY), rows.VIDEOS),
    "youtube#commentThread": (
        lambda item: rows.comment_thread_row(item, CHANNEL),
        rows.COMMENT_THREADS,
    ),
    "youtube#comment": (lambda item: rows.reply_row(item, CHANNEL, "parent", "v"), rows.COMMENTS),
}
LABELS = {"kind", "etag"}
SAYS_AGAIN = {
    "snippet.localized.title": "snippet.title",
    "snippet.localized.description": "snippet.description",
    "snippet.textDisplay": "snippet.textOriginal",
    "snippet.topLevelComment.id": "id",
    "snippet.topLevelComment.snippet.videoId": "snippet.videoId",
    "snippet.topLevelComment.snippet.channelId": "snippet.channelId",
    "snippet.topLevelComment.snippet.textDisplay": "snippet.topLevelComment.snippet.textOriginal",
}
"""What is not kept where it says the same as another field."""


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
            yield from item.get("replies", {}).get("comments", [])


def as_row(item: dict[str, Any]) -> dict[str, Any]:
    parse, table = PARSERS[item["kind"]]
    row = {**parse(item), "snapshot_date": DAY, "fetched_at": datetime.now(UTC)}
    return table.to_arrow([row]).to_pylist()[0]


def leaves(item: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every field that holds no further fields, by its dotted place."""
    for name, value in item.items():
        if name in LABELS:
            continue
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def kept(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """What the row holds, by the places that the platform has it at."""
    found = dict(leaves(json.loads(row["extra"] or "{}")))
    for name, kind in table.columns.items():
        place, value = kind.path or name, row[name]
        if kind.parse is OBJECT.parse and value is not None:
            nested = json.loads(value)
            found |= dict(leaves({place: nested})) if nested else {place: nested}
        found.setdefault(place, value)
    return found


def test_nothing_of_a_recorded_answer_is_lost() -> None:
    if not RECORDED.exists():
        pytest.skip("recorded answers are absent (../shared/data/recorded/youtube)")
    parsed: dict[str, int] = dict.fromkeys(PARSERS, 0)
    for path in sorted(RECORDED.rglob("*.json")):
        for item in resources(json.loads(path.read_text())):
            _, table = PARSERS[item["kind"]]
            row, said = as_row(item), dict(leaves(item))
            held = kept(table, row)
            for place, value in said.items():
                if place.startswith("replies.") or said.get(SAYS_AGAIN.get(place, "")) == value:
                    continue
                kind = {k.path or name: k for name, k in table.columns.items()}.get(place)
                if place == "snippet.channelId" and table.name != "playlist_items":
                    assert row["channel_id"] == CHANNEL
                elif kind is not None and not isinstance(value, dict | list):
                    assert held[place] == kind.parse(value), (path, place)
                else:
                    assert held[place] == value, (path, place)
            parsed[item["kind"]] += 1
    assert all(parsed.values()), parsed
    assert sum(parsed.values()) >= 55, parsed


def test_a_field_that_no_column_declares_is_kept() -> None:
    row = rows.video_row({"id": "v", "snippet": {"title": "t", "mood": {"is": "new"}}}, "UC", DAY)
    assert json.loads(row["extra"]) == {"snippet": {"mood": {"is": "new"}}}


def test_a_recorded_video() -> None:
    (item,) = resources(recorded("modeldata/videos/video_api_response.json"))
    row = as_row(item)
    assert row["id"] == "D-lhorsDlUQ"
    assert row["title"] == "What are Actions on Google (Assistant on Air)"
    assert row["language"] == "en"
    assert (row["view_count"], row["like_count"], row["comment_count"]) == (7920, 190, 32)
    assert (row["duration"], row["duration_seconds"]) == ("PT21M7S", 1267)
    assert row["published_at"].isoformat() == "2019-03-21T20:37:49+00:00"
    assert row["privacy_status"] == "public"
    assert row["made_for_kids"] is None
    assert row["has_paid_product_placement"] is None
    assert row["view_definition"] == "first_frame"


def test_a_recorded_channel_and_one_without_statistics() -> None:
    (item,) = resources(recorded("apidata/channel_info_single.json"))
    row = as_row(item)
    assert (row["subscriber_count"], row["view_count"]) == (1927873, 160361638)
    assert row["hidden_subscriber_count"] is False
    assert row["community_guidelines_good_standing"] is None
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


def test_a_text_that_is_shown_alone_is_the_text() -> None:
    row = rows.reply_row({"id": "p.r", "snippet": {"textDisplay": "so true"}}, "UC", "p", "v")
    assert (row["text_original"], row["parent_id"], row["video_id"]) == ("so true", "p", "v")


def test_hidden_subscribers_are_null_even_where_a_zero_is_delivered() -> None:
    statistics = {"hiddenSubscriberCount": True, "subscriberCount": "0", "viewCount": "5"}
    for row in (
        rows.channel_row({"id": "UC1", "statistics": statistics}, DAY),
        rows.commenter_row({"id": "UC1", "statistics": statistics}, CHANNEL),
    ):
        assert row["subscriber_count"] is None
        assert row["view_count"] == "5"


def test_hidden_likes_and_closed_comments_are_null() -> None:
    row = rows.video_stat_row({"id": "v", "statistics": {"viewCount": "18446744"}}, "UC", DAY)
    table = rows.VIDEO_STATS.to_arrow(
        [{**row, "snapshot_date": DAY, "fetched_at": datetime.now(UTC)}]
    )
    (found,) = table.to_pylist()
    assert (found["view_count"], found["like_count"], found["comment_count"]) == (
        18446744,
        None,
        None,
    )


@pytest.mark.parametrize(
    "item", [{"snippet": "text"}, {"statistics": ["1"]}, {"contentDetails": 5}], ids=str
)
def test_a_resource_in_another_shape_is_refused(item: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="has changed shape") as caught:
        rows.video_row(item, "UC", DAY)
    assert getattr(caught.value, "code", "") == "unreadable_value"


def test_a_count_that_is_none_is_refused() -> None:
    row = rows.video_stat_row({"id": "v", "statistics": {"viewCount": "many"}}, "UC", DAY)
    with pytest.raises(UnreadableValueError, match=r"video_stats\.view_count: 'many'"):
        rows.VIDEO_STATS.to_arrow([{**row, "snapshot_date": DAY, "fetched_at": datetime.now(UTC)}])


def test_the_sample_of_commenters_does_not_depend_on_their_order() -> None:
    ids = [f"UC{n:022}" for n in range(100)]
    backwards = ids[::-1]
    sample = sorted(ids, key=data.sample_rank)[:25]
    assert sample == sorted(backwards, key=data.sample_rank)[:25]
    assert sample != ids[:25]


@given(st.integers(0, 60 * 60 * 24 * 30))
def test_durations_are_read_back(seconds: int) -> None:
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, last = divmod(rest, 60)
    text = f"P{days}DT{hours}H{minutes}M{last}S"
    assert rows.duration_seconds(text) == seconds


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
        (15, None),
        ("", None),
        (None, None),
    ],
)
def test_duration_forms(text: object, seconds: int | None) -> None:
    assert rows.duration_seconds(text) == seconds
