"""What Facebook's streams ask for, and how they go on when an object or a metric is refused."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ingestion.connections import Connection
from ingestion.errors import BadMetricError, GoneError
from ingestion.facebook import FACEBOOK, read_comments, read_posts, read_videos, take_reactions
from ingestion.facebook_insights import (
    read_page_insights,
    read_post_insights,
    read_video_insights,
)
from ingestion.http import tallied
from ingestion.insights import Quarantine
from ingestion.metrics import metrics_for
from ingestion.settings import IngestionSettings
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import UnreadableValueError

DAY = date(2026, 11, 20)
PAGE = "100000000000001"
Params = Mapping[str, str]
Answer = Callable[[str, Params], dict[str, Any]]


class Asking(SnapshotRun):
    """A run whose platform is a function of path and parameters; keeps what was asked."""

    def __init__(self, answer: Answer, **settings: Any) -> None:
        super().__init__(FACEBOOK, settings=IngestionSettings(_env_file=None, **settings))
        self._answer = answer
        self.asked: list[tuple[str, Params]] = []

    def call(self, unit: AccountDay, path: str, params: Any = None, *_: Any, **__: Any) -> Any:
        path = path.removeprefix("/v26.0/")
        self.asked.append((path, params))
        return self._answer(path, params)


def unit(*known: dict[str, Any], previous: date | None = None) -> AccountDay:
    connection = Connection(
        connection_id="k",
        creator_id="c",
        platform="facebook",
        account_id=PAGE,
        handle="ann",
        connected_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return AccountDay(connection, DAY, known, previous)


def listed(number: int, days_ago: int, **more: Any) -> dict[str, Any]:
    """A row that an earlier stream found, published so many days before the reading."""
    moment = datetime(2026, 11, 20, 1, tzinfo=UTC) - timedelta(days=days_ago)
    known = {"permalink_url": f"https://www.facebook.com/{PAGE}/posts/{number}"}
    return {"id": f"{PAGE}_{number}", "created_time": moment, "comment_count": 3, **known, **more}


def metric(name: str, *values: dict[str, Any], period: str = "lifetime") -> dict[str, Any]:
    return {"name": name, "period": period, "values": list(values), "id": f"x/{name}"}


def daily(_: str, params: Params) -> dict[str, Any]:
    """Every metric's value of every day asked for: the day of the month."""
    since, until = (date.fromisoformat(params[name]) for name in ("since", "until"))
    days = [since + timedelta(days=n) for n in range((until - since).days)]
    midnight = ZoneInfo("America/Los_Angeles")
    values = [
        {
            "value": day.day,
            "end_time": datetime.combine(day + timedelta(days=1), datetime.min.time(), midnight)
            .astimezone(UTC)
            .strftime("%Y-%m-%dT%H:%M:%S+0000"),
        }
        for day in days
    ]
    data = [metric(name, *values, period="day") for name in params["metric"].split(",")]
    link = {"next": "https://graph.facebook.com/?access_token=secret"}
    return {"data": data, "paging": link}


def test_a_day_of_insights_is_the_day_before_its_end_in_summer_and_winter() -> None:
    run = Asking(daily)
    rows = read_page_insights(Quarantine(), run, unit(previous=date(2026, 10, 30)))
    # From 07:00 to 08:00 UTC on the first of November; either is midnight there.
    assert all(row["value"] == row["date"].day for row in rows)
    assert {row["end_time"][11:13] for row in rows} == {"07", "08"}
    assert min(row["date"] for row in rows) == date(2026, 10, 28)
    assert max(row["date"] for row in rows) == date(2026, 11, 19)


@pytest.mark.parametrize(
    ("previous", "first", "calls"),
    [
        (None, date(2025, 11, 20), 5),
        (date(2026, 11, 19), date(2026, 11, 17), 1),
        (date(2026, 11, 10), date(2026, 11, 8), 1),
    ],
)
def test_insights_are_asked_since_the_last_reading_90_days_to_a_call(
    previous: date | None, first: date, calls: int
) -> None:
    run = Asking(daily, insights_backfill_days=365)
    rows = read_page_insights(Quarantine(), run, unit(previous=previous))
    spans = [(date.fromisoformat(p["since"]), date.fromisoformat(p["until"])) for _, p in run.asked]
    assert len(spans) == calls
    assert spans[0][0] == first
    assert spans[-1][1] == DAY
    assert all(until - since <= timedelta(days=90) for since, until in spans)
    days = {row["date"] for row in rows}
    assert days == {first + timedelta(days=n) for n in range((DAY - first).days)}
    keys = [(row["metric"], row["date"]) for row in rows]
    assert len(keys) == len(set(keys)) == len(days) * len(metrics_for("facebook", "page", DAY))


def test_insights_older_than_two_years_are_not_asked_for() -> None:
    run = Asking(daily, insights_backfill_days=1000)
    read_page_insights(Quarantine(), run, unit())
    assert run.asked[0][1]["since"] == str(DAY - timedelta(days=730))


@pytest.mark.parametrize("end_time", ["soon", 5])
def test_an_end_that_is_no_time_is_named(end_time: object) -> None:
    value = {"value": 1, "end_time": end_time}
    run = Asking(lambda path, params: {"data": [metric("page_follows", value, period="day")]})
    with pytest.raises(UnreadableValueError, match=f"end_time: '{end_time}' is not a time"):
        read_page_insights(Quarantine(), run, unit())


def test_a_value_without_an_end_is_left_out() -> None:
    run = Asking(
        lambda path, params: {"data": [metric("page_follows", {"value": 1}, period="day")]}
    )
    assert read_page_insights(Quarantine(), run, unit()) == []


def test_a_page_without_insights_gives_no_rows_and_says_so() -> None:
    run = Asking(lambda path, params: {"data": [], "paging": {}})
    assert read_page_insights(Quarantine(), run, unit()) == []
    found = {note.metric: note.reason for note in run.outcomes._availability.values()}
    assert set(found.values()) == {"no_data"}
    assert len(found) == len(metrics_for("facebook", "page", DAY))


def test_a_dead_metric_is_set_aside_and_the_others_are_read() -> None:
    def answer(path: str, params: Params) -> dict[str, Any]:
        if "post_clicks," in params["metric"] + ",":
            raise BadMetricError("no such metric", "100")
        return {"data": [metric(name, {"value": 5}) for name in params["metric"].split(",")]}

    run, quarantine = Asking(answer), Quarantine()
    first = read_post_insights(quarantine, run, unit(listed(1, 0)))
    names = {m.metric for m in metrics_for("facebook", "post", DAY)}
    assert {row["metric"] for row in first} == names - {"post_clicks"}
    before = len(run.asked)
    read_post_insights(quarantine, run, unit(listed(2, 0)))
    assert len(run.asked) == before + 1
    reasons = {note.metric: note.reason for note in run.outcomes._availability.values()}
    assert reasons["post_clicks"] == "not_supported"
    assert reasons["post_media_view"] is None


def test_an_object_as_value_is_a_row_for_each_key_and_nothing_is_no_row() -> None:
    data = [
        metric("post_clicks_by_type", {"value": {"photo view": 4, "other clicks": 1}}),
        metric("post_media_view", {"value": 9}),
        metric("post_clicks"),
        metric("post_total_media_view_unique", {}),
        metric("post_reactions_by_type_total", {"value": {}}),
    ]
    run = Asking(lambda path, params: {"data": data})
    rows = read_post_insights(Quarantine(), run, unit(listed(1, 0)))
    found = {(row["metric"], row["breakdown"], row["segment"]): row["value"] for row in rows}
    assert found == {
        ("post_clicks_by_type", "click_type", "photo view"): 4,
        ("post_clicks_by_type", "click_type", "other clicks"): 1,
        ("post_media_view", "", ""): 9,
    }
    assert {row["view_definition"] for row in rows} == {None, "displayed"}
    assert {row["date"] for row in rows} == {DAY}


def test_only_posts_of_the_last_days_are_asked_and_reels_never_as_posts() -> None:
    reel = listed(3, 0, permalink_url="https://www.facebook.com/reel/1/")
    run = Asking(lambda path, params: {"data": []}, object_insight_days=7)
    read_post_insights(Quarantine(), run, unit(listed(1, 6), listed(2, 7), reel))
    assert [path for path, _ in run.asked] == [f"{PAGE}_1/insights"]


def test_videos_and_reels_are_asked_for_their_own_metrics() -> None:
    run = Asking(lambda path, params: {"data": []})
    known = [listed(1, 0, video_type="REEL"), listed(2, 0, video_type="VIDEO")]
    read_video_insights(Quarantine(), run, unit(*known))
    (_, of_reel), (_, of_video) = run.asked
    assert of_reel["metric"].startswith("blue_reels_play_count,")
    assert of_video["metric"].startswith("total_video_views,")


def test_an_object_that_is_gone_is_skipped_and_recorded() -> None:
    def answer(path: str, params: Params) -> dict[str, Any]:
        if path.startswith(f"{PAGE}_1/"):
            raise GoneError("gone", "100/33")
        if path.endswith("/comments"):
            return {"data": [{"id": "2_1", "message": "hi", "created_time": "2026-11-19"}]}
        return {"data": [metric("post_media_view", {"value": 1})]}

    run, known = Asking(answer), unit(listed(1, 0), listed(2, 0))
    with tallied() as tally:
        assert len(read_post_insights(Quarantine(), run, known)) == 1
        assert [row["post_id"] for row in read_comments(run, known)] == [f"{PAGE}_2"]
    assert [error.code for error in tally.skipped] == ["100/33", "100/33"]


def test_comments_are_not_asked_where_there_are_none() -> None:
    run = Asking(lambda path, params: {"data": []}, comment_days=7)
    silent, unknown = listed(1, 0, comment_count=0), listed(2, 0, comment_count=None)
    read_comments(run, unit(silent, unknown, listed(3, 8)))
    assert [path for path, _ in run.asked] == [f"{PAGE}_2/comments"]


def page_of(ids: Sequence[str], after: str | None) -> dict[str, Any]:
    paging: dict[str, Any] = {"cursors": {"before": "b", "after": after or "end"}}
    if after:
        paging["next"] = "https://graph.facebook.com/v26.0/x?access_token=secret&after=" + after
    return {"data": [{"id": one} for one in ids], "paging": paging}


def test_a_post_that_moves_to_the_next_page_is_one_post_and_no_link_is_followed() -> None:
    pages = {None: page_of([f"{PAGE}_3", f"{PAGE}_2"], "c"), "c": page_of([f"{PAGE}_2"], None)}
    run = Asking(lambda path, params: pages[params.get("after")])
    rows = read_posts({}, run, unit())
    assert [row["id"] for row in rows] == [f"{PAGE}_3", f"{PAGE}_2"]
    assert {path for path, _ in run.asked} == {f"{PAGE}/published_posts"}
    assert [params["include_hidden"] for _, params in run.asked] == ["true", "true"]
    assert "access_token" not in str(run.asked)


def test_reactions_come_with_the_posts_and_ask_for_nothing() -> None:
    summary = {"data": [], "summary": {"total_count": 2}}
    found = {"data": [{"id": f"{PAGE}_3", "reactions_wow": summary}]}
    run, reactions = Asking(lambda path, params: found), {}  # type: ignore[var-annotated]
    read_posts(reactions, run, unit())
    rows = take_reactions(reactions, run, unit())
    assert [(row["reaction_type"], row["reaction_count"]) for row in rows] == [("WOW", 2)]
    assert len(run.asked) == 1
    assert reactions == {}


def test_a_reel_that_stands_among_the_videos_too_is_a_reel() -> None:
    answers = {"video_reels": [{"id": "8"}], "videos": [{"id": "8"}, {"id": "9"}]}
    run = Asking(lambda path, params: {"data": answers[path.split("/")[1]]})
    rows = read_videos(run, unit())
    assert [(row["id"], row["video_type"]) for row in rows] == [("8", "REEL"), ("9", "VIDEO")]
