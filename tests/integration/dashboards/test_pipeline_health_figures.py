"""The figures of Pipeline health, against rows that were written by hand."""

import pytest

from tests.superset_fixtures import ChartRows

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]


def test_headline_figures(chart_rows: ChartRows) -> None:
    assert chart_rows("streams") == [{"streams": 3}]
    assert chart_rows("late-streams") == [{"late_streams": 1}]
    assert chart_rows("failed-streams") == [{"failed_streams": 1}]
    assert chart_rows("youtube-quota") == [{"quota_units": 7}]
    assert chart_rows("query-time") == [{"seconds": 5.0}]
    # 2026-03-02 03:05 UTC
    assert chart_rows("last-read") == [{"last_read_at": 1772420700000.0}]


def test_days_show_how_their_streams_ended_and_what_they_took(chart_rows: ChartRows) -> None:
    first, last = chart_rows("outcomes-by-day")
    assert first["streams_tried, failed"] == 1
    assert (last["streams_tried, ok"], last["streams_tried, failed"]) == (2, 1)
    first, last = chart_rows("calls-by-day")
    assert (first["calls, youtube"], last["calls, tiktok"]) == (10, 20)
    assert [row["quota_units, youtube"] for row in chart_rows("quota-by-day")] == [7, 7]


def test_a_failure_has_its_remedy_and_no_markup(chart_rows: ChartRows) -> None:
    (failure,) = chart_rows("failures")
    assert failure["stream"] == "tiktok__comments"
    assert failure["remedy"] == "Reconnect the account."
    assert failure["message"] == "40102, Token &lt;b&gt;dead&lt;/b&gt;."
    assert failure["failed_attempts"] == 2
    (problem,) = chart_rows("problems-and-remedies")
    assert (problem["problem"], problem["streams"]) == ("The token is dead.", 1)


def test_loads_stand_by_account_and_by_stream(chart_rows: ChartRows) -> None:
    accounts = chart_rows("last-loads")
    assert [(row["platform"], row["streams"], row["failed_streams"]) for row in accounts] == [
        ("tiktok", 2, 1),
        ("youtube", 1, 0),
    ]
    streams = {row["stream"]: row for row in chart_rows("last-loads-by-stream")}
    assert streams["tiktok__comments"]["last_read_at"] is None
    assert streams["youtube__videos"]["streams"] == 1


def test_costs_are_of_the_last_days(chart_rows: ChartRows) -> None:
    (dashboard,) = chart_rows("costs-by-dashboard")
    assert (dashboard["asset"], dashboard["queries"]) == ("dashboards/overview", 25)
    (asset,) = chart_rows("costs-by-asset")
    assert asset["asset"] == "core/fct_post_day"
    names = ("queries", "failed_queries", "seconds", "peak_memory")
    assert [asset[name] for name in names] == [3, 1, 5.5, 900]
    days = chart_rows("query-time-by-day")
    assert [(row["seconds, dashboard"], row["seconds, model"]) for row in days] == [
        (0.5, 2.0),
        (1.5, 3.5),
    ]
