"""Facebook's recorded answers as rows: what is declared is a column, all else is in ``extra``."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ingestion.errors import AccountError
from ingestion.facebook import (
    COMMENTS,
    PAGES,
    POST_REACTIONS,
    POSTS,
    VIDEOS,
    comment_row,
    post_row,
    reaction_rows,
    video_row,
)
from ingestion.tables import Row, Table, UnreadableValueError

RECORDED = Path(__file__).resolve().parents[4] / "shared/data/recorded/meta/facebook/apidata"
STAMP = {"snapshot_date": date(2026, 11, 20), "fetched_at": datetime(2026, 11, 20, tzinfo=UTC)}
PAGE = "19292868552"

Made = tuple[Table, Callable[[dict[str, Any]], Row]]
KINDS: dict[str, Made] = {
    "pages": (PAGES, lambda page: PAGES.row(page)),
    "posts": (POSTS, lambda post: post_row(post, PAGE)),
    "videos": (VIDEOS, lambda video: video_row(video, PAGE, "VIDEO", date(2026, 11, 20))),
    "comments": (COMMENTS, lambda comment: comment_row(comment, PAGE, f"{PAGE}_1")),
}


def recorded() -> list[tuple[str, dict[str, Any]]]:
    """Every object of every answer, with the kind that its folder names."""
    found = []
    for kind in KINDS:
        for path in sorted((RECORDED / kind).glob("*.json")):
            found += [(kind, one) for one in objects(json.loads(path.read_text("utf-8")))]
    return found


def objects(answer: Any) -> Iterator[dict[str, Any]]:
    """The objects of a list, of an answer by ids, or the answer itself."""
    if isinstance(answer.get("data"), list):
        yield from answer["data"]
    elif "id" in answer:
        yield answer
    else:
        yield from answer.values()


@pytest.fixture(scope="module")
def answers() -> list[tuple[str, dict[str, Any]]]:
    if not RECORDED.exists():
        pytest.skip("the recorded answers are absent (../shared/data/recorded/meta/facebook)")
    return recorded()


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
    """Whether every leaf of ``part`` stands in ``whole``; lists of nobody may be left out."""
    if isinstance(part, dict):
        return all(
            (name == "data" and value == []) or is_within(value, whole.get(name))
            for name, value in part.items()
        )
    return bool(part == whole)


def test_there_is_something_recorded_of_every_kind(
    answers: list[tuple[str, dict[str, Any]]],
) -> None:
    kinds = [kind for kind, _ in answers]
    assert {kind: kinds.count(kind) for kind in KINDS} == {
        "pages": 9,
        "posts": 18,
        "videos": 5,
        "comments": 8,
    }


def test_no_field_of_a_recorded_answer_is_lost(answers: list[tuple[str, dict[str, Any]]]) -> None:
    for kind, item in answers:
        table, make = KINDS[kind]
        assert is_within(item, put_back(table, make(item))), (kind, item)


def test_what_a_stream_declares_is_a_column_and_not_in_extra(
    answers: list[tuple[str, dict[str, Any]]],
) -> None:
    for kind, item in answers:
        table, make = KINDS[kind]
        extra = json.loads(make(item).get("extra") or "{}")
        for name, column in table.columns.items():
            at: Any = extra
            for branch in (column.path or name).split("."):
                at = at.get(branch, {}) if isinstance(at, dict) else {}
            assert at == {}, (kind, name)


def test_recorded_answers_fit_their_columns(answers: list[tuple[str, dict[str, Any]]]) -> None:
    for kind, item in answers:
        table, make = KINDS[kind]
        # Some comments were recorded without their ids.
        row = {"id": "1", **make(item), **STAMP}
        made = table.to_arrow([row]).to_pylist()[0]
        if "created_time" in item:
            moment = datetime.strptime(item["created_time"], "%Y-%m-%dT%H:%M:%S%z")
            assert made["created_time"] == moment
        if kind == "pages":
            assert made["fan_count"] == item.get("fan_count")


def test_a_recorded_post_has_its_counts(answers: list[tuple[str, dict[str, Any]]]) -> None:
    post = next(item for kind, item in answers if item.get("shares") == {"count": 10})
    row = POSTS.to_arrow([{**post_row(post, PAGE), **STAMP}]).to_pylist()[0]
    assert (row["share_count"], row["reaction_count"], row["comment_count"]) == (10, 125, 13)
    assert (row["can_comment"], row["language"]) == (True, "en")
    assert json.loads(row["attachments"])[0]["media_type"] == "photo"


def post(**changes: Any) -> dict[str, Any]:
    return {"id": f"{PAGE}_7", "created_time": "2026-11-19T08:00:00+0000", **changes}


def count(total: int) -> dict[str, Any]:
    return {"data": [], "summary": {"total_count": total}}


def test_shares_of_a_post_that_nobody_shared_are_absent() -> None:
    assert post_row(post(), PAGE).get("share_count") is None


def test_reactions_by_type_are_rows_and_an_absent_type_is_no_row() -> None:
    rows = reaction_rows(post(reactions_like=count(3), reactions_love=count(0)), PAGE)
    assert [(row["reaction_type"], row["reaction_count"]) for row in rows] == [
        ("LIKE", 3),
        ("LOVE", 0),
    ]
    table = POST_REACTIONS.to_arrow({**row, **STAMP} for row in rows)
    assert table["post_id"].to_pylist() == [f"{PAGE}_7"] * 2


@pytest.mark.parametrize("edge", [{"summary": 3}, [1], {"summary": None}])
def test_an_edge_of_another_shape_is_an_error_of_the_account_alone(edge: Any) -> None:
    wrong = post(reactions_like=edge)
    if edge == {"summary": None}:
        assert reaction_rows(wrong, PAGE) == []
        return
    with pytest.raises(AccountError, match="is not an object"):
        reaction_rows(wrong, PAGE)


def test_a_message_of_another_shape_is_an_error_of_the_account_alone() -> None:
    row = comment_row({"id": "7_2", "message": {"text": "so nice"}}, PAGE, f"{PAGE}_7")
    with pytest.raises(UnreadableValueError, match=r"comments\.message"):
        COMMENTS.to_arrow([{**row, **STAMP}])


def test_the_links_of_edges_which_carry_the_token_do_not_land() -> None:
    paging = {"next": "https://graph.facebook.com/v26.0/1/comments?access_token=EAA-secret"}
    edge = {**count(3), "paging": paging}
    asked = post(comments=edge, reactions=edge, attachments={"data": [{}], "paging": paging})
    row = post_row(asked, PAGE)
    assert (row["comment_count"], row["attachments"]) == (3, [{}])
    assert "EAA-secret" not in str(row)
    watched = video_row({"id": "1", "likes": edge}, PAGE, "REEL", date(2026, 11, 20))
    assert watched["like_count"] == 3
    assert "EAA-secret" not in str(watched)


def test_lists_of_nobody_leave_no_trace_in_extra() -> None:
    asked = post(reactions=count(3), reactions_like=count(3), comments=count(1))
    assert post_row(asked, PAGE).get("extra") is None


def test_a_videos_post_is_named_as_posts_are() -> None:
    for given, kept in (("7", f"{PAGE}_7"), (f"{PAGE}_7", f"{PAGE}_7"), (None, None)):
        row = video_row({"id": "1", "post_id": given}, PAGE, "REEL", date(2026, 11, 20))
        assert row["post_id"] == kept


def test_a_reply_names_its_parent() -> None:
    row = comment_row({"id": "7_2", "parent": {"id": "7_1"}, "message": ""}, PAGE, f"{PAGE}_7")
    assert (row["parent_id"], row["post_id"], row.get("extra")) == ("7_1", f"{PAGE}_7", None)


def test_counts_as_text_and_ids_beyond_53_bits_keep_their_values() -> None:
    row = PAGES.to_arrow([{"id": 9007199254740993, "fan_count": "12", **STAMP}]).to_pylist()[0]
    assert (row["id"], row["fan_count"]) == ("9007199254740993", 12)
