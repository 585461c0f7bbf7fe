"""What TikTok's streams ask for, and what becomes of odd answers."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dlt
import pytest
from scripted_platform import Network, run_over

from ingestion.cursor import Cursors
from ingestion.errors import AccountError
from ingestion.http import tallied
from ingestion.insights import Quarantine
from ingestion.pipeline import DLT_CONFIG
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tiktok import TIKTOK, Listings, read_user, read_video_refresh, read_videos
from ingestion.tiktok_business import (
    read_account_insights,
    read_audience,
    read_comments,
    read_video_insights,
)

DAY = date(2026, 11, 20)
BEFORE = DAY - timedelta(days=1)


def ok(**data: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"data": data, "error": {"code": "ok", "message": "", "log_id": "1"}}


def business(**data: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"code": 0, "message": "OK", "request_id": "1", "data": data}


def refused(code: int, message: str) -> tuple[int, dict[str, Any]]:
    return 200, {"code": code, "message": message, "request_id": "1", "data": {}}


def unit(run: SnapshotRun, **known: Any) -> AccountDay:
    return AccountDay(run.accounts[0], DAY, **known)


def asked(network: Network, place: int = 0) -> dict[str, str]:
    """The parameters of a call."""
    query = parse_qs(urlsplit(str(network.requests[place].url)).query)
    return {name: values[0] for name, values in query.items()}


def seconds(day: date, hour: int = 12) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


class Landed(Cursors):
    """What stands in the warehouse, given."""

    def __init__(self, *ids: str) -> None:
        super().__init__()
        self.ids, self.asked = set(ids), list[dict[str, Any]]()

    def landed(self, table: str, column: str, where: Any) -> set[str]:
        self.asked.append({"table": table, "column": column, **where})
        return self.ids


@pytest.mark.parametrize("cursor", [{}, {"cursor": None}])
def test_more_videos_without_a_cursor_are_no_whole_list(cursor: dict[str, None]) -> None:
    run, _ = run_over(TIKTOK, ok(videos=[{"id": "1"}], has_more=True, **cursor))
    with pytest.raises(AccountError, match="more to come but no cursor") as caught:
        read_videos(run, unit(run))
    assert caught.value.code == "paging_loop"


def test_a_cursor_of_zero_is_one() -> None:
    run, _ = run_over(
        TIKTOK,
        ok(videos=[{"id": "1"}], has_more=True, cursor=0),
        ok(videos=[{"id": "2"}], has_more=False, cursor=0),
    )
    assert [row["id"] for row in read_videos(run, unit(run))] == ["1", "2"]


def test_a_repeated_cursor_ends_the_list_as_an_error() -> None:
    run, _ = run_over(TIKTOK, ok(videos=[{"id": "1"}], has_more=True, cursor=5))
    with pytest.raises(AccountError, match="the same cursor again"):
        read_videos(run, unit(run))


@pytest.mark.parametrize("data", [[], "none", {"user": "none"}, {"user": ["mia"]}], ids=str)
def test_a_user_in_another_shape_is_the_accounts_error(data: Any) -> None:
    run, _ = run_over(TIKTOK, (200, {"data": data or "x", "error": {"code": "ok"}}))
    with pytest.raises(AccountError, match="is not an object"):
        read_user(run, unit(run))


@pytest.mark.parametrize("videos", ["none", {"id": "1"}, ["1"], [None]], ids=str)
def test_videos_in_another_shape_are_the_accounts_error(videos: Any) -> None:
    run, _ = run_over(TIKTOK, ok(videos=videos, has_more=False))
    with pytest.raises(AccountError, match=r"videos: .* is not (a list|an object)"):
        read_videos(run, unit(run))


def refreshed(run: SnapshotRun, previous: date | None, *listed: str) -> list[Any]:
    listings, today = Listings(), unit(run, previous=previous)
    listings.keep(today, frozenset(listed))
    return list(read_video_refresh(run, today, listings))


def test_nothing_is_asked_where_nothing_is_missing() -> None:
    run, network = run_over(TIKTOK)
    run.outcomes.cursors = Landed("1", "2")
    assert refreshed(run, BEFORE, "1", "2", "3") == []
    assert refreshed(run, None, "3") == []
    assert network.requests == []


def test_the_listing_before_is_the_cursors() -> None:
    run, _ = run_over(TIKTOK, ok(videos=[]))
    run.outcomes.cursors = landed = Landed("1")
    refreshed(run, DAY - timedelta(days=3))
    assert landed.asked == [
        {
            "table": "tiktok__videos",
            "column": "id",
            "open_id": "a000",
            "snapshot_date": DAY - timedelta(days=3),
        }
    ]


def test_a_missing_video_is_gone_or_as_it_stands_now() -> None:
    run, network = run_over(TIKTOK, ok(videos=[{"id": "2", "view_count": 7, "title": "Hello"}]))
    run.outcomes.cursors = Landed("1", "2", "3")
    rows = refreshed(run, BEFORE, "3")
    assert [(row["id"], row["is_gone"], row.get("view_count")) for row in rows] == [
        ("1", True, None),
        ("2", False, 7),
    ]
    assert json.loads(network.requests[0].body or "") == {"filters": {"video_ids": ["1", "2"]}}


def test_twenty_are_asked_for_at_once() -> None:
    run, network = run_over(TIKTOK, ok(videos=[]))
    run.outcomes.cursors = Landed(*map(str, range(41)))
    assert len(refreshed(run, BEFORE)) == 41
    sizes = [len(json.loads(one.body or "")["filters"]["video_ids"]) for one in network.requests]
    assert sizes == [20, 20, 1]


def test_days_of_one_run_go_on_from_each_other() -> None:
    run, _ = run_over(TIKTOK, ok(videos=[]), days=[BEFORE, DAY])
    run.outcomes.cursors = landed = Landed("1")
    listings, account = Listings(), run.accounts[0]
    first = AccountDay(account, BEFORE, previous=None)
    then = AccountDay(account, DAY, previous=BEFORE)
    # Both days are listed before the first is compared.
    listings.keep(first, frozenset({"2"}))
    listings.keep(then, frozenset({"3"}))
    assert read_video_refresh(run, first, listings) == []
    assert [row["id"] for row in read_video_refresh(run, then, listings)] == ["2"]
    assert landed.asked == []


Gone = Callable[..., tuple[SnapshotRun, dict[str, bool]]]


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Gone:
    """A run over all that hangs on the listing, as a load reads it: ``is_gone`` of each video."""
    for name, value in DLT_CONFIG.items():
        monkeypatch.setenv(name, value)
    return read_gone


def read_gone(*answers: Any) -> tuple[SnapshotRun, dict[str, bool]]:
    run, _ = run_over(TIKTOK, *answers)
    run.outcomes.cursors = Landed("1", "2")
    run.outcomes.cursors.moved("tiktok__video_refresh", "a000", BEFORE)
    source = dlt.source(lambda: TIKTOK.streams(run), name="tiktok")()
    parts = list(source.with_resources("videos", "comments", "video_refresh"))
    compared = [part for part in parts if "is_gone" in part.column_names]
    return run, {row["id"]: row["is_gone"] for part in compared for row in part.to_pylist()}


def test_an_account_that_lists_nothing_any_more_is_compared(gone: Gone) -> None:
    _, found = gone(ok(videos=[], has_more=False), ok(videos=[]))
    assert found == {"1": True, "2": True}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((403, {"error": {"code": "something_new", "message": "No."}}), "something_new"),
        (ok(videos=[{"id": "1"}], has_more=True), "paging_loop"),
        (ok(videos=[{"id": "1", "view_count": "many"}], has_more=False), "unreadable_value"),
    ],
    ids=["refused", "half a list", "rows that cannot land"],
)
def test_where_the_videos_failed_nothing_is_gone(gone: Gone, answer: Any, code: str) -> None:
    run, found = gone(answer, ok(videos=[]))
    assert found == {}
    failed = {one.stream: one.error for one in run.outcomes.failures}
    assert failed["video_refresh"] is failed["videos"]
    assert getattr(failed["videos"], "code", "unreadable_value") == code
    cursor = run.outcomes.cursors.before("tiktok__video_refresh", "a000", DAY + timedelta(days=1))
    assert cursor == BEFORE


def test_a_listing_that_an_earlier_run_landed_is_compared() -> None:
    run, _ = run_over(TIKTOK, ok(videos=[]))
    run.outcomes.cursors = landed = Landed("1")
    today = unit(run, previous=BEFORE)
    with pytest.raises(AccountError, match="videos of 2026-11-20 were not listed") as caught:
        read_video_refresh(run, today, Listings())
    assert caught.value.code == "not_listed"
    landed.moved("tiktok__videos", "a000", DAY)
    assert read_video_refresh(run, today, Listings()) == []
    assert [one["snapshot_date"] for one in landed.asked] == [DAY, BEFORE]


def insights(*answers: Any, previous: date | None = None, **values: Any) -> tuple[Any, Network]:
    run, network = run_over(TIKTOK, *answers, **values)
    rows = read_account_insights(run, unit(run, previous=previous), Quarantine())
    return (run, rows), network


@pytest.mark.parametrize(
    ("previous", "backfill", "first"),
    [
        (None, 30, DAY - timedelta(days=30)),
        (None, 365, DAY - timedelta(days=60)),
        (BEFORE, 365, DAY - timedelta(days=3)),
        (DAY - timedelta(days=10), 30, DAY - timedelta(days=12)),
        (DAY - timedelta(days=200), 30, DAY - timedelta(days=60)),
    ],
)
def test_days_that_may_have_changed_are_asked_for(
    previous: date | None, backfill: int, first: date
) -> None:
    _, network = insights(business(), previous=previous, insights_backfill_days=backfill)
    assert len(network.requests) == 1
    sent = asked(network)
    assert (sent["start_date"], sent["end_date"]) == (str(first), str(BEFORE))
    assert sent["business_id"] == "a000"
    assert {"daily_new_followers", "profile_views"} <= set(json.loads(sent["fields"]))


def test_each_metric_and_day_is_a_row() -> None:
    metrics = [
        {"date": "2026-11-18", "video_views": 5, "likes": None},
        {"date": "2026-11-19", "video_views": "7", "profile_views": 0},
    ]
    (run, rows), _ = insights(business(metrics=metrics))
    found = [(r["metric"], r["date"], r["value"], r["view_definition"]) for r in rows]
    assert found == [
        ("video_views", date(2026, 11, 18), 5, "first_frame"),
        ("video_views", date(2026, 11, 19), "7", "first_frame"),
        ("profile_views", date(2026, 11, 19), 0, None),
        ("likes", date(2026, 11, 18), None, None),
    ]
    known = {one.metric: one.reason for one in run.outcomes._availability.values()}
    assert (known["video_views"], known["profile_views"]) == (None, None)
    assert (known["likes"], known["comments"]) == ("no_data", "no_data")


def test_a_view_is_what_it_was_on_the_day_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def definition(_: str, day: date) -> str:
        return "first_frame" if day < DAY else "three_seconds"

    monkeypatch.setattr("ingestion.tiktok_business.view_definition", definition)
    (_, rows), _ = insights(business(metrics=[{"date": str(BEFORE), "video_views": 5}]))
    assert [row["view_definition"] for row in rows] == ["first_frame"]
    video = {"item_id": "1", "create_time": str(seconds(DAY)), "video_views": 4}
    run, _ = run_over(TIKTOK, business(videos=[video], has_more=False))
    rows = read_video_insights(run, unit(run), Quarantine())
    assert [row["view_definition"] for row in rows] == ["three_seconds"]


@pytest.mark.parametrize("day", [{}, {"date": None}, {"date": "yesterday"}], ids=str)
def test_a_number_of_no_day_is_the_accounts_error(day: dict[str, Any]) -> None:
    with pytest.raises(AccountError, match="is not a day") as caught:
        insights(business(metrics=[day | {"video_views": 5}]))
    assert caught.value.code == "unreadable_value"


def test_a_dead_metric_is_bisected() -> None:
    dead = "engaged_audience"
    run, network = run_over(TIKTOK, business())
    answer = network.send

    def send(request: Any, *args: Any, **options: Any) -> Any:
        fields = json.loads(parse_qs(urlsplit(str(request.url)).query)["fields"][0])
        wrong = refused(40002, f"fields.{fields.index(dead)}: {dead}") if dead in fields else None
        network.answers = [wrong or business(metrics=[{"date": "2026-11-19", "likes": 1}])]
        return answer(request, *args, **options)

    network.send = send  # type: ignore[method-assign]
    quarantine = Quarantine()
    rows = read_account_insights(run, unit(run), quarantine)
    assert [row["metric"] for row in rows] == ["likes"]
    asked_for = len(network.requests)
    read_account_insights(run, unit(run), quarantine)
    assert len(network.requests) == asked_for + 1


def test_an_audience_is_read_weekly_with_yesterdays_hours() -> None:
    answer = business(
        audience_ages=[{"age": "18-24", "percentage": 0.6}, {"age": "25-34", "percentage": 0.4}],
        audience_cities=[{"city_name": "Lima", "percentage": 0.5}],
        audience_countries=[],
        metrics=[{"date": str(BEFORE), "audience_activity": [{"hour": "19", "count": 12}]}],
    )
    run, network = run_over(TIKTOK, answer)
    rows = read_audience(run, unit(run), Quarantine())
    assert [
        (r["metric"], r["breakdown"], r["segment"], r["value"], r["period"], r["date"])
        for r in rows
    ] == [
        ("audience_ages", "age", "18-24", 0.6, "lifetime", DAY),
        ("audience_ages", "age", "25-34", 0.4, "lifetime", DAY),
        ("audience_cities", "city", "Lima", 0.5, "lifetime", DAY),
        ("audience_activity", "hour", "19", 12, "day", BEFORE),
    ]
    known = {one.metric: one.reason for one in run.outcomes._availability.values()}
    assert known["audience_countries"] == known["audience_genders"] == "no_data"
    assert asked(network)["start_date"] == asked(network)["end_date"] == str(BEFORE)
    days = [AccountDay(run.accounts[0], DAY + timedelta(days=n), previous=DAY) for n in range(7)]
    for day in days:
        read_audience(run, day, Quarantine())
    assert len(network.requests) == 2


def test_the_list_is_left_where_it_is_older() -> None:
    week = DAY - timedelta(days=6)
    run, network = run_over(
        TIKTOK,
        business(
            videos=[
                {"item_id": "3", "create_time": str(seconds(DAY)), "video_views": 3},
                {"item_id": "2", "create_time": str(seconds(week, 0)), "video_views": 2},
            ],
            cursor=9,
            has_more=True,
        ),
        business(
            videos=[
                {"item_id": "2", "create_time": str(seconds(week, 0)), "video_views": 2},
                {"item_id": "1", "create_time": str(seconds(week, 0) - 1), "video_views": 1},
            ],
            cursor=8,
            has_more=True,
        ),
    )
    rows = read_video_insights(run, unit(run), Quarantine())
    assert [(row["object_id"], row["metric"], row["value"]) for row in rows] == [
        ("3", "video_views", 3),
        ("2", "video_views", 2),
    ]
    assert len(network.requests) == 2
    assert asked(network, 1)["cursor"] == "9"
    assert {"item_id", "create_time"} <= set(json.loads(asked(network)["fields"]))


def test_what_a_video_has_no_number_of_is_no_row() -> None:
    sources = [{"impression_source": "For You", "percentage": 0.9}]
    video = {"item_id": "1", "create_time": str(seconds(DAY)), "reach": None}
    run, _ = run_over(
        TIKTOK,
        business(
            videos=[video | {"video_views": 4, "impression_sources": sources}], has_more=False
        ),
    )
    rows = read_video_insights(run, unit(run), Quarantine())
    assert [(r["metric"], r["segment"], r["value"], r["view_definition"]) for r in rows] == [
        ("video_views", "", 4, "first_frame"),
        ("impression_sources", "For You", 0.9, None),
    ]


def video(video_id: str, day: date, count: int | None) -> dict[str, Any]:
    moment = datetime.fromtimestamp(seconds(day), UTC)
    return {"id": video_id, "create_time": moment, "comment_count": count}


def test_only_commented_videos_of_the_week_are_asked_about() -> None:
    known = [
        video("1", DAY, 2),
        video("2", DAY - timedelta(days=6), None),
        video("3", DAY - timedelta(days=7), 9),
        video("4", DAY, 0),
        video("1", DAY, 2),
    ]
    run, network = run_over(TIKTOK, business(comments=[], has_more=False))
    assert read_comments(run, unit(run, known=known)) == []
    assert [asked(network, n)["video_id"] for n in range(len(network.requests))] == ["1", "2"]


def test_a_video_that_vanished_costs_its_own_comments() -> None:
    run, _ = run_over(
        TIKTOK,
        refused(40007, "video_id: 1 does not exist"),
        business(comments=[{"comment_id": "c", "text": "ok"}], has_more=False),
    )
    known = [video("1", DAY, 2), video("2", DAY, 2)]
    with tallied() as tally:
        rows = read_comments(run, unit(run, known=known))
    assert [row["comment_id"] for row in rows] == ["c"]
    assert [error.code for error in tally.skipped] == ["40007"]


def test_comments_are_read_as_far_as_the_settings_say_and_once() -> None:
    page = [{"comment_id": str(n)} for n in range(3)]
    run, network = run_over(
        TIKTOK,
        business(comments=page[:2], cursor=2, has_more=True),
        business(comments=page[1:], cursor=4, has_more=True),
        comment_pages=2,
    )
    rows = read_comments(run, unit(run, known=[video("1", DAY, 9)]))
    assert [row["comment_id"] for row in rows] == ["0", "1", "2"]
    assert len(network.requests) == 2
    assert asked(network)["sort_order"] == "desc"
