"""A heat map's query: one value per cell of two columns, and its rank, as the editor asks it."""

import json
from typing import Any

import pytest

from dashboards.query_context import chart_columns, chart_metrics, query_context

PARAMS: dict[str, Any] = {
    "x_axis": "hour_utc",
    "groupby": "day",
    "metric": "lift",
    "sort_x_axis": "alpha_asc",
    "sort_y_axis": "alpha_desc",
    "normalize_across": "heatmap",
    "adhoc_filters": [{"subject": "median_lift", "operator": "IS NOT NULL", "comparator": None}],
}
HOUR = {
    "columnType": "BASE_AXIS",
    "expressionType": "SQL",
    "label": "hour_utc",
    "sqlExpression": "hour_utc",
}


def query(**changed: Any) -> dict[str, Any]:
    context = json.loads(query_context("heatmap_v2", PARAMS | changed))
    (found,) = context["queries"]
    assert isinstance(found, dict)
    return found


def test_cells_are_of_two_columns_in_the_order_of_both_axes() -> None:
    found = query()
    assert found["columns"] == [HOUR, "day"]
    assert found["metrics"] == ["lift"]
    assert found["orderby"] == [[HOUR, True], ["day", False]]
    assert found["post_processing"] == [{"operation": "rank", "options": {"metric": "lift"}}]
    assert found["filters"] == [{"col": "median_lift", "op": "IS NOT NULL", "val": None}]


def test_axes_may_stand_in_the_order_of_values() -> None:
    found = query(sort_x_axis="value_desc", sort_y_axis=None)
    assert found["orderby"] == [["lift", False]]


@pytest.mark.parametrize(("across", "column"), [("x", "hour_utc"), ("y", "day")])
def test_a_rank_may_be_of_one_axis(across: str, column: str) -> None:
    (step,) = query(normalize_across=across)["post_processing"]
    assert step["options"] == {"metric": "lift", "group_by": column}


def test_both_columns_and_the_metric_are_known_to_be_read() -> None:
    assert chart_columns(PARAMS) == ["day", "hour_utc", "median_lift"]
    assert chart_metrics(PARAMS) == ["lift"]
