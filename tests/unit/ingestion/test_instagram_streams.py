"""How Instagram's streams ask, and what they make of what breaks connectors."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from scripted_platform import SECRET, Network, make_response, run_over

from ingestion import instagram_insights
from ingestion.errors import AccountError
from ingestion.http import tallied
from ingestion.insights import Quarantine
from ingestion.instagram import INSTAGRAM, read_comments, read_media, read_stories
from ingestion.instagram_insights import (
    day_before,
    read_account_insights,
    read_audience,
    read_follower_changes,
    read_media_insights,
    read_online_followers,
    read_story_insights,
    values_of,
)
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import Row

DAY = date(2026, 11, 20)
EMPTY = (200, {"data": []})


def refusal(code: int, message: str = "No", subcode: int | None = None) -> tuple[int, Any]:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return 400, {"error": error | ({"error_subcode": subcode} if subcode else {})}


def entry(name: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "period": "lifetime", "values": [{"value": value}], **more}


def unit_of(run: SnapshotRun, *known: Row, previous: date | None = None) -> AccountDay:
    return AccountDay(run.accounts[0], DAY, known, previous)


def medium(media_id: str = "1", product: str = "REELS", days_ago: int = 1, **more: Any) -> Row:
    moment = datetime(2026, 11, 20, 12, tzinfo=UTC) - timedelta(days=days_ago)
    return {
        "id": media_id,
        "media_product_type": product,
        "media_type": "VIDEO",
        "timestamp": moment,
        "comments_count": 1,
        "is_comment_enabled": True,
        **more,
    }


def queries(network: Network) -> Iterator[dict[str, str]]:
    """The parameters of each call, with its path under ``path``."""
    for request in network.requests:
        parts = urlsplit(request.url or "")
        yield {"path": parts.path, **{k: v[0] for k, v in parse_qs(parts.query).items()}}


def test_metrics_that_have_all_retired_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instagram_insights, "metrics_for", lambda *_, **__: [])
    run, network = run_over(INSTAGRAM, EMPTY)
    for read in (read_account_insights, read_follower_changes, read_online_followers):
        assert read(Quarantine(), run, unit_of(run)) == []
    assert network.requests == []


def test_one_dead_metric_is_set_aside_and_the_others_are_read() -> None:
    dead = refusal(100, "(#100) metric[0] must be one of the following values: reach")
    run, network = run_over(INSTAGRAM, dead)
    quarantine = Quarantine()

    def answer(request: Any, *_: Any, **__: Any) -> Any:
        network.requests.append(request)
        asked = parse_qs(urlsplit(request.url).query)["metric"][0].split(",")
        if "views" in asked:
            return make_response(request, *dead)
        return make_response(request, 200, {"data": [entry(name, 1) for name in asked]})

    network.send = answer  # type: ignore[method-assign]
    rows = read_media_insights(quarantine, run, unit_of(run, medium("1"), medium("2")))
    metrics = {row["metric"] for row in rows if row["object_id"] == "1"}
    assert "reach" in metrics
    assert "views" not in metrics
    assert {row["metric"] for row in rows if row["object_id"] == "2"} == metrics
    # Once it is known, the second medium costs one call.
    assert [q["path"] for q in queries(network)].count("/v26.0/2/insights") == 1
    noted = run.outcomes._availability
    reasons = {found.metric: found.reason for found in noted.values()}
    assert (reasons["views"], reasons["reach"]) == ("not_supported", None)


def test_a_metric_refused_for_one_kind_of_media_is_asked_of_the_other() -> None:
    refused = refusal(100, "(#100) The Media Insights API does not support the views metric")
    run, network = run_over(INSTAGRAM, refused)
    quarantine = Quarantine()
    assert read_media_insights(quarantine, run, unit_of(run, medium("1", "REELS"))) == []
    before = len(network.requests)
    network.answers = [(200, {"data": [entry("views", 5)]})]
    rows = read_media_insights(quarantine, run, unit_of(run, medium("2", "FEED")))
    assert [(row["metric"], row["value"]) for row in rows] == [("views", 5)]
    [asked] = list(queries(network))[before:]
    assert "views" in asked["metric"].split(",")


def test_media_from_before_the_conversion_do_not_stop_the_rest() -> None:
    run, _ = run_over(
        INSTAGRAM, refusal(100, "Invalid parameter", 2108006), (200, {"data": [entry("reach", 7)]})
    )
    with tallied() as tally:
        rows = read_media_insights(Quarantine(), run, unit_of(run, medium("1"), medium("2")))
    assert [(row["object_id"], row["value"]) for row in rows] == [("2", 7)]
    assert [error.code for error in tally.skipped] == ["100/2108006"]


def test_a_story_that_too_few_have_seen_has_rows_without_values() -> None:
    few = refusal(10, "(#10) Not enough viewers for the media to show insights")
    run, _ = run_over(INSTAGRAM, few, (200, {"data": [entry("reach", 9)]}))
    stories = (medium("1", "STORY"), medium("2", "STORY"))
    with tallied() as tally:
        rows = read_story_insights(Quarantine(), run, unit_of(run, *stories))
    first = [row for row in rows if row["object_id"] == "1"]
    assert {row["value"] for row in first} == {None}
    assert {"reach", "views"} <= {row["metric"] for row in first}
    assert [row["value"] for row in rows if row["object_id"] == "2"] == [9]
    assert [error.code for error in tally.skipped] == ["10"]


def test_a_story_that_vanished_since_it_was_listed_is_skipped() -> None:
    run, _ = run_over(INSTAGRAM, refusal(100, "Unsupported get request.", 33))
    with tallied() as tally:
        assert read_story_insights(Quarantine(), run, unit_of(run, medium("1", "STORY"))) == []
    assert [error.code for error in tally.skipped] == ["100/33"]


def test_old_media_and_children_of_carousels_are_not_asked_for_insights() -> None:
    run, network = run_over(INSTAGRAM, EMPTY)
    known = (medium("1", days_ago=8), medium("2", product=None), medium("3", timestamp=None))  # type: ignore[arg-type]
    assert read_media_insights(Quarantine(), run, unit_of(run, *known)) == []
    assert network.requests == []


def test_an_empty_answer_is_no_row_and_no_zero() -> None:
    run, _ = run_over(INSTAGRAM, EMPTY)
    assert read_media_insights(Quarantine(), run, unit_of(run, medium())) == []
    assert {found.reason for found in run.outcomes._availability.values()} == {"no_data"}


@pytest.mark.parametrize(
    ("answered", "values"),
    [
        ({"total_value": {"value": 3}}, [("", "", 3)]),
        ({"total_value": {}}, []),
        ({"total_value": None}, []),
        ({}, []),
        ({"total_value": 4}, [("", "", 4)]),
        ({"values": []}, []),
        ({"values": [{}]}, [("", "", None)]),
        ({"values": [{"value": {"a": 1, "b": 2}}]}, [("kind", "a", 1), ("kind", "b", 2)]),
        (
            {"total_value": {"breakdowns": [{"dimension_keys": ["age"], "results": []}]}},
            [],
        ),
        (
            {
                "total_value": {
                    "breakdowns": [
                        {
                            "dimension_keys": ["age"],
                            "results": [{"dimension_values": ["18-24"], "value": 5}],
                        }
                    ]
                }
            },
            [("age", "18-24", 5)],
        ),
    ],
)
def test_the_shapes_that_a_value_comes_in(
    answered: dict[str, Any], values: list[tuple[str, str, Any]]
) -> None:
    found = values_of({"name": "m", **answered}, "kind")
    assert [(value.breakdown, value.segment, value.value) for value in found] == values


def test_a_day_ends_at_midnight_pacific_whatever_the_clocks_do() -> None:
    assert day_before("2026-03-08T08:00:00+0000") == date(2026, 3, 7)
    assert day_before("2026-03-09T07:00:00+0000") == date(2026, 3, 8)
    assert day_before("2026-11-01T07:00:00+0000") == date(2026, 10, 31)
    assert day_before("2026-11-02T08:00:00+0000") == date(2026, 11, 1)
    assert day_before(None) is None
    with pytest.raises(AccountError, match="is not a time"):
        day_before("yesterday")


def second(year: int, month: int, day: int, hour: int) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def test_windows_are_whole_days_of_california_and_never_longer_than_thirty() -> None:
    run, network = run_over(INSTAGRAM, EMPTY, insights_backfill_days=70)
    read_account_insights(Quarantine(), run, unit_of(run))
    spans = [(int(q["since"]), int(q["until"])) for q in queries(network) if "metric_type" not in q]
    # The clocks go back on 1 November.
    assert spans == [
        (second(2026, 9, 11, 7), second(2026, 10, 10, 7)),
        (second(2026, 10, 10, 7), second(2026, 11, 8, 8)),
        (second(2026, 11, 8, 8), second(2026, 11, 20, 8)),
    ]
    assert max(until - since for since, until in spans) <= 30 * 86_400
    days = [q for q in queries(network) if q.get("metric_type") == "total_value"]
    lengths = [int(q["until"]) - int(q["since"]) for q in days]
    assert sorted(lengths) == [86_400] * 69 + [90_000]


@pytest.mark.parametrize(
    ("measured", "since", "until"),
    [
        (date(2026, 3, 7), second(2026, 3, 7, 8), second(2026, 3, 8, 8)),
        (date(2026, 3, 8), second(2026, 3, 8, 8), second(2026, 3, 9, 7)),
        (date(2026, 11, 1), second(2026, 11, 1, 7), second(2026, 11, 2, 8)),
        (date(2026, 11, 2), second(2026, 11, 2, 8), second(2026, 11, 3, 8)),
    ],
)
def test_a_day_is_asked_for_from_its_midnight_in_california_to_the_next(
    measured: date, since: int, until: int
) -> None:
    run, network = run_over(INSTAGRAM, EMPTY, insights_backfill_days=1)
    unit = AccountDay(run.accounts[0], measured + timedelta(days=1))
    read_account_insights(Quarantine(), run, unit)
    asked = {(int(q["since"]), int(q["until"])) for q in queries(network)}
    assert asked == {(since, until)}


def test_followers_online_on_a_day_that_comes_late_are_asked_for_again_in_the_same_call() -> None:
    run, network = run_over(INSTAGRAM, EMPTY)
    read_online_followers(Quarantine(), run, unit_of(run, previous=DAY - timedelta(days=1)))
    [asked] = queries(network)
    assert int(asked["since"]) == second(2026, 11, 17, 8)
    assert int(asked["until"]) == second(2026, 11, 20, 8)


def test_what_is_kept_for_a_month_is_asked_for_no_longer() -> None:
    run, network = run_over(INSTAGRAM, EMPTY, insights_backfill_days=365)
    read_follower_changes(Quarantine(), run, unit_of(run))
    read_online_followers(Quarantine(), run, unit_of(run))
    for metric in ("follower_count", "online_followers"):
        asked = [q for q in queries(network) if q["metric"] == metric]
        assert int(asked[0]["since"]) == second(2026, 10, 21, 7)
        assert int(asked[-1]["until"]) == second(2026, 11, 20, 8)
    gained = [q for q in queries(network) if q["metric"] == "follows_and_unfollows"]
    assert len(gained) == 365
    assert {q["breakdown"] for q in gained} == {"follow_type"}


def test_the_next_reading_asks_for_the_days_since_and_the_three_before() -> None:
    run, network = run_over(INSTAGRAM, EMPTY)
    read_account_insights(Quarantine(), run, unit_of(run, previous=DAY - timedelta(days=4)))
    [reach] = [q for q in queries(network) if "metric_type" not in q]
    since = datetime.fromtimestamp(int(reach["since"]), UTC).date()
    assert since == DAY - timedelta(days=4 + 2)


def test_values_of_days_that_were_not_asked_for_or_of_none_are_left_out() -> None:
    series = [
        {"value": 1, "end_time": "2026-11-18T08:00:00+0000"},
        {"value": 2, "end_time": "2026-11-20T08:00:00+0000"},
        {"value": 3, "end_time": "2026-11-21T08:00:00+0000"},
        {"value": 4},
    ]
    answer = {"data": [{"name": "reach", "period": "day", "values": series}]}
    run, _ = run_over(INSTAGRAM, (200, answer), EMPTY)
    rows = read_account_insights(Quarantine(), run, unit_of(run, previous=DAY - timedelta(days=1)))
    assert [(row["date"], row["value"]) for row in rows] == [
        (date(2026, 11, 17), 1),
        (date(2026, 11, 19), 2),
    ]


def test_gained_and_lost_followers_are_segments_of_a_day() -> None:
    results = [
        {"dimension_values": ["FOLLOWER"], "value": 12},
        {"dimension_values": ["NON_FOLLOWER"], "value": 5},
    ]
    cut = {"dimension_keys": ["follow_type"], "results": results}
    answer = {
        "data": [
            {
                "name": "follows_and_unfollows",
                "period": "day",
                "total_value": {"breakdowns": [cut]},
            }
        ]
    }
    run, _ = run_over(INSTAGRAM, EMPTY, (200, answer))
    rows = read_follower_changes(Quarantine(), run, unit_of(run, previous=DAY - timedelta(days=1)))
    told = {(row["date"], row["breakdown"], row["segment"], row["value"]) for row in rows}
    assert len(told) == 6
    assert (DAY - timedelta(days=1), "follow_type", "FOLLOWER", 12) in told
    assert {row["end_time"] for row in rows} == {None}


def test_a_small_account_has_no_audience_and_is_not_asked_every_day() -> None:
    run, network = run_over(INSTAGRAM, EMPTY)
    assert read_audience(Quarantine(), run, unit_of(run)) == []
    assert len(network.requests) == 4
    assert {q["breakdown"] for q in queries(network)} == {"age", "gender", "city", "country"}
    asked = 0
    for n in range(7):
        day = DAY + timedelta(days=n)
        unit = AccountDay(run.accounts[0], day, (), day - timedelta(days=1))
        before = len(network.requests)
        read_audience(Quarantine(), run, unit)
        asked += len(network.requests) > before
    assert asked == 1


def page(*ids: str, after: str | None = None) -> tuple[int, Any]:
    paging: dict[str, Any] = {"cursors": {"before": "b", "after": after or "last"}}
    if after:
        token = "access_token=EAA-leak"
        paging["next"] = f"https://graph.facebook.com/v26.0/1/media?{token}&after={after}"
    return 200, {"data": [{"id": i, "timestamp": "2026-11-19T08:00:00+0000"} for i in ids]} | {
        "paging": paging
    }


def test_media_are_walked_by_cursor_and_no_link_is_followed() -> None:
    run, network = run_over(INSTAGRAM, page("3", "2", after="x"), page("1"))
    rows = read_media(run, unit_of(run))
    assert [row["id"] for row in rows] == ["3", "2", "1"]
    assert [q.get("after") for q in queries(network)] == [None, "x"]
    for request in network.requests:
        assert "access_token" not in (request.url or "")
        assert SECRET not in (request.url or "")


def test_a_medium_that_is_listed_twice_lands_once() -> None:
    run, _ = run_over(INSTAGRAM, page("3", "2", after="x"), page("2", "1"))
    assert [row["id"] for row in read_media(run, unit_of(run))] == ["3", "2", "1"]


def test_a_cursor_that_comes_again_is_an_error() -> None:
    run, _ = run_over(INSTAGRAM, page("3", after="x"), page("2", after="x"))
    with pytest.raises(AccountError, match="paging does not end"):
        read_media(run, unit_of(run))


def test_too_much_data_halves_the_page() -> None:
    much = refusal(1, "Please reduce the amount of data you're asking for, then retry")
    run, network = run_over(INSTAGRAM, much, page("1"))
    assert [row["id"] for row in read_stories(run, unit_of(run))] == ["1"]
    assert [q["limit"] for q in queries(network)] == ["100", "50"]


def comment(comment_id: str, **more: Any) -> dict[str, Any]:
    return {"id": comment_id, "text": "Que bonito vestido llevas", "like_count": 1, **more}


def test_replies_stand_under_their_comment_and_the_rest_of_them_is_fetched() -> None:
    inline = {"data": [comment("11")], **page("11", after="r")[1]}
    inline["data"] = [comment("11")]
    first = {"data": [comment("1", replies=inline), comment("2")]}
    run, network = run_over(
        INSTAGRAM, (200, first), (200, {"data": [comment("11")]}), (200, {"data": []})
    )
    rows = read_comments(run, unit_of(run, medium("9")))
    assert {row["id"]: row.get("parent_id") for row in rows} == {"1": None, "11": "1", "2": None}
    assert {row["media_id"] for row in rows} == {"9"}
    assert {row["language"] for row in rows} == {"es"}
    assert [q["path"] for q in queries(network)] == ["/v26.0/9/comments", "/v26.0/1/replies"]
    assert all(row.get("extra") is None for row in rows)


def test_media_without_comments_cost_no_call() -> None:
    run, network = run_over(INSTAGRAM, EMPTY)
    known = (
        medium("1", comments_count=0),
        medium("2", is_comment_enabled=False),
        medium("3", days_ago=9),
    )
    assert read_comments(run, unit_of(run, *known)) == []
    assert network.requests == []


def test_an_unknown_count_of_comments_is_not_none_of_them() -> None:
    run, _ = run_over(INSTAGRAM, (200, {"data": [comment("1")]}))
    known = medium("1", comments_count=None, is_comment_enabled=None)
    assert len(read_comments(run, unit_of(run, known))) == 1


def test_comments_of_a_deleted_medium_do_not_stop_the_rest() -> None:
    run, _ = run_over(
        INSTAGRAM, refusal(100, "Unsupported get request.", 33), (200, {"data": [comment("1")]})
    )
    with tallied() as tally:
        rows = read_comments(run, unit_of(run, medium("8"), medium("9")))
    assert [row["media_id"] for row in rows] == ["9"]
    assert len(tally.skipped) == 1
