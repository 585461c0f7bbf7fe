"""Instagram's recorded answers as rows: what is declared is a column, all else is in ``extra``."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from scripted_platform import accounts, run_over

from ingestion.instagram import (
    ACCOUNTS,
    COMMENTS,
    INSTAGRAM,
    MEDIA,
    PEERS,
    STORIES,
    comment_rows,
    medium_row,
    read_peers,
)
from ingestion.instagram_insights import ACCOUNT_INSIGHTS, values_of
from ingestion.snapshot import AccountDay
from ingestion.tables import Row, Table

RECORDED = Path(__file__).resolve().parents[4] / "shared/data/recorded/meta/instagram/apidata"
DAY = date(2026, 11, 20)
STAMP = {"snapshot_date": DAY, "fetched_at": datetime(2026, 11, 20, tzinfo=UTC)}
UNIT = AccountDay(accounts("instagram", 1)[0], DAY)

Make = Callable[[dict[str, Any]], Row]
KINDS: dict[str, tuple[Table, Make]] = {
    "media": (MEDIA, lambda item: medium_row(MEDIA, UNIT, item)),
    "stories": (STORIES, lambda item: medium_row(STORIES, UNIT, item)),
    "comments": (COMMENTS, lambda item: comment_rows(UNIT, "1", [item])[0]),
}
FILES = {
    "media": ("medias/media_default", "medias/medias_fields", "medias/children", "users/medias_p1"),
    "stories": (
        "stories/stories_fields_p1",
        "stories/stories_fields_p2",
        "stories/stories_info",
        "users/stories",
    ),
    "comments": (
        "comments/comment_fields",
        "comments/comments_fields",
        "comments/replies",
        "medias/comments_p1",
        "medias/comments_p2",
    ),
    "insights": ("medias/insights", "users/user_insights", "users/user_insights_new"),
}


def objects(answer: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, of an answer by ids, or the answer itself."""
    if isinstance(answer.get("data"), list):
        yield from answer["data"]
    elif "id" in answer:
        yield answer
    else:
        yield from answer.values()


def recorded(kind: str) -> list[dict[str, Any]]:
    if not RECORDED.exists():
        pytest.skip("the recorded answers are absent (../shared/data/recorded/meta/instagram)")
    answers = (json.loads((RECORDED / f"{name}.json").read_text("utf-8")) for name in FILES[kind])
    found = [one for answer in answers for one in objects(answer)]
    assert found
    return found


def put_back(table: Table, row: Row) -> dict[str, Any]:
    """The object that a row was made from: its columns at their places over what is in extra."""
    whole: dict[str, Any] = json.loads(row.get("extra") or "{}")
    for name, kind in table.columns.items():
        if name in row and name != "extra":
            *branches, leaf = (kind.path or name).split(".")
            at = whole
            for branch in branches:
                at = at.setdefault(branch, {})
            at[leaf] = row[name]
    return whole


def is_within(part: Any, whole: Any) -> bool:
    """Whether every leaf of ``part`` stands in ``whole``."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(is_within(value, whole.get(name)) for name, value in part.items())
    return bool(part == whole)


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_of_a_recorded_answer_is_lost(kind: str) -> None:
    table, make = KINDS[kind]
    for item in recorded(kind):
        assert is_within(item, put_back(table, make(item))), item


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_stream_declares_is_a_column_and_not_in_extra(kind: str) -> None:
    table, make = KINDS[kind]
    for item in recorded(kind):
        extra = json.loads(make(item).get("extra") or "{}")
        for name, column in table.columns.items():
            at: Any = extra
            for branch in (column.path or name).split("."):
                at = at.get(branch, {}) if isinstance(at, dict) else {}
            assert at == {}, name


@pytest.mark.parametrize("kind", KINDS)
def test_recorded_answers_fit_their_columns(kind: str) -> None:
    table, make = KINDS[kind]
    for item in recorded(kind):
        made = table.to_arrow([{**make(item), **STAMP}]).to_pylist()[0]
        assert made["account_id"] == UNIT.account.account_id
        assert made["id"] == item["id"]
        if "timestamp" in item:
            moment = datetime.strptime(item["timestamp"], "%Y-%m-%dT%H:%M:%S%z")
            assert made["timestamp"] == moment


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def test_every_number_of_a_recorded_insight_is_a_value() -> None:
    for entry in recorded("insights"):
        values = list(values_of(entry))
        told = [leaf for leaf in leaves(entry) if isinstance(leaf, int)]
        assert sorted(told) == sorted(value.value for value in values)
        rows = [
            {
                "account_id": "1",
                "object_id": "1",
                "metric": entry["name"],
                "period": entry["period"],
                "breakdown": value.breakdown,
                "segment": value.segment,
                "date": value.day or DAY,
                "end_time": value.end_time,
                "value": value.value,
                **STAMP,
            }
            for value in values
        ]
        assert ACCOUNT_INSIGHTS.to_arrow(rows)["value"].to_pylist() == [v.value for v in values]


def test_a_recorded_total_is_told_by_both_its_dimensions() -> None:
    [entry] = [e for e in recorded("insights") if "total_value" in e]
    values = {(v.breakdown, v.segment): v.value for v in values_of(entry)}
    assert values["", ""] == 14_516_883
    assert values["media_product_type,follow_type", "REEL,FOLLOWER"] == 58_345
    assert len(values) == 15


def test_a_recorded_days_reach_belongs_to_the_day_before_its_end() -> None:
    [entry] = [e for e in recorded("insights") if e["name"] == "reach" and "values" in e][1:]
    assert [(v.day, v.value) for v in values_of(entry)] == [
        (date(2017, 5, 3), 3),
        (date(2017, 5, 4), 36),
    ]


def test_a_medium_knows_its_language_and_what_a_view_means() -> None:
    row = medium_row(
        MEDIA,
        UNIT,
        {"id": "1", "caption": "Was ich heute Abend koche", "media_product_type": "REELS"},
    )
    assert (row["language"], row["view_definition"]) == ("de", "displayed")


def test_the_links_of_edges_which_carry_the_token_do_not_land() -> None:
    paging = {"next": "https://graph.facebook.com/v26.0/1/children?access_token=EAA-secret"}
    row = medium_row(
        MEDIA, UNIT, {"id": "1", "children": {"data": [{"id": "2"}], "paging": paging}}
    )
    assert row["children"] == [{"id": "2"}]
    assert "EAA-secret" not in str(row)


def test_hidden_likes_and_a_missing_caption_are_absent_and_not_zero() -> None:
    row = medium_row(MEDIA, UNIT, {"id": "1", "media_type": "IMAGE"})
    made = MEDIA.to_arrow([{**row, **STAMP}]).to_pylist()[0]
    assert made["like_count"] is made["caption"] is made["language"] is None


def test_drifting_types_keep_their_values() -> None:
    item = {
        "id": 17_999_999_999_999_999,
        "like_count": "12",
        "timestamp": "2026-11-19T08:00:00+0000",
        "caption": "مرحبا 👋🏽",
        "owner": {"id": 17_841_400_000_000_001},
    }
    made = MEDIA.to_arrow([{**medium_row(MEDIA, UNIT, item), **STAMP}]).to_pylist()[0]
    assert made["id"] == "17999999999999999"
    assert made["owner_id"] == "17841400000000001"
    assert made["like_count"] == 12
    assert made["caption"] == "مرحبا 👋🏽"


def test_an_account_keeps_what_no_column_declares() -> None:
    row = ACCOUNTS.row({"id": "1", "username": "ann", "shopping_review_status": "approved"})
    assert json.loads(row["extra"]) == {"shopping_review_status": "approved"}


def test_a_peer_stands_under_the_account_that_reads_it() -> None:
    found = {"business_discovery": {"id": "9", "username": "bea", "followers_count": 5}, "id": "1"}
    gone = {"error": {"code": 110, "error_subcode": 2207013, "message": "Invalid user id"}}
    run, network = run_over(
        INSTAGRAM, (400, gone), (200, found), instagram_peers="nobody, bea,nobody"
    )
    unit = AccountDay(run.accounts[0], DAY)
    rows = read_peers(run, unit)
    made = PEERS.to_arrow({**row, **STAMP} for row in rows).to_pylist()
    assert [(row["account_id"], row["username"], row["followers_count"]) for row in made] == [
        ("a000", "bea", 5)
    ]
    assert len(network.requests) == 2


def test_no_peers_no_calls() -> None:
    run, network = run_over(INSTAGRAM)
    assert read_peers(run, AccountDay(run.accounts[0], DAY)) == []
    assert network.requests == []
