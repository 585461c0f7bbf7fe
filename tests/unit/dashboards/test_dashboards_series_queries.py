"""A chart of series asks for as many of them as it draws."""

import json
from typing import Any

from dashboards.query_context import query_context

LINES: dict[str, Any] = {
    "x_axis": "snapshot_date",
    "metrics": ["followers"],
    "groupby": ["account"],
}


def query(params: dict[str, Any]) -> dict[str, Any]:
    (found,) = json.loads(query_context("echarts_timeseries_line", params))["queries"]
    return dict(found)


def test_the_series_that_stand_first_by_a_metric_are_drawn() -> None:
    found = query({**LINES, "limit": 1, "timeseries_limit_metric": "spike"})
    assert (found["series_limit"], found["series_limit_metric"]) == (1, "spike")
    assert found["series_columns"] == ["account"]


def test_all_series_are_drawn_where_no_limit_is_set() -> None:
    found = query(LINES)
    assert (found["series_limit"], found["series_limit_metric"]) == (0, None)
