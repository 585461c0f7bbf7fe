"""The query that Superset runs for a chart, from the chart's form data.

Superset's front end makes this when a person saves a chart; without it
``/api/v1/chart/{id}/data/`` answers nothing, and a chart cannot be checked, mailed or warmed up.
One function per shape of chart; adding a ``viz_type`` adds a line to :data:`SHAPES`.

Source of the fields: https://superset.apache.org/docs/api, ``ChartDataQueryContextSchema``.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

Params = Mapping[str, Any]
Query = dict[str, Any]


def query_context(viz_type: str, params: Params) -> str:
    """The query context of a chart as JSON; the importer puts in the dataset's id.

    :raises KeyError: for a ``viz_type`` that has no shape here.
    """
    queries = SHAPES[viz_type](params)
    return json.dumps(
        {
            "datasource": {"id": 0, "type": "table"},
            "force": False,
            "queries": queries,
            "form_data": {**params, "viz_type": viz_type, "datasource": "0__table"},
            "result_format": "json",
            "result_type": "full",
        },
        sort_keys=True,
    )


def _query(params: Params, **fields: Any) -> Query:
    """What every query has: its filters and the limits of the chart."""
    filters = [
        {"col": item["subject"], "op": item["operator"], "val": item["comparator"]}
        for item in params.get("adhoc_filters", [])
    ]
    return {
        "filters": filters,
        "extras": {"having": "", "where": ""},
        "applied_time_extras": {},
        "columns": [],
        "metrics": [],
        "orderby": [],
        "annotation_layers": [],
        "row_limit": params.get("row_limit", 1000),
        "series_limit": 0,
        "order_desc": True,
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
    } | fields


def _big_number(params: Params) -> list[Query]:
    return [_query(params, metrics=[params["metric"]])]


def _table(params: Params) -> list[Query]:
    """Rows of the mart (``query_mode: raw``) or of an aggregate over it."""
    if params.get("query_mode") == "raw":
        order = [json.loads(item) for item in params.get("order_by_cols", [])]
        # No metrics at all, not none of them: an empty list makes Superset group by the columns.
        return [_query(params, columns=params["all_columns"], metrics=None, orderby=order)]
    metrics = params["metrics"]
    by = params.get("timeseries_limit_metric") or metrics[0]
    return [
        _query(
            params,
            columns=params.get("groupby", []),
            metrics=metrics,
            orderby=[[by, not params.get("order_desc", True)]],
            post_processing=[],
        )
    ]


def _series(params: Params) -> list[Query]:
    """One value per x and series; the x axis is a column, cut to its grain where it is time."""
    axis = params["x_axis"]
    base = {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "label": axis,
        "sqlExpression": axis,
    }
    if grain := params.get("time_grain_sqla"):
        base["timeGrain"] = grain
    groupby, metrics = list(params.get("groupby", [])), list(params["metrics"])
    return [
        _query(
            params,
            columns=[base, *groupby],
            series_columns=groupby,
            metrics=metrics,
            orderby=[[metrics[0], False]],
            # The series that stand first by a metric, where only so many are drawn.
            series_limit=params.get("limit", 0),
            series_limit_metric=params.get("timeseries_limit_metric"),
            post_processing=[
                {
                    "operation": "pivot",
                    "options": {
                        "index": [axis],
                        "columns": groupby,
                        "aggregates": {name: {"operator": "mean"} for name in metrics},
                        "drop_missing_columns": False,
                    },
                },
                {"operation": "flatten"},
            ],
        )
    ]


def _heatmap(params: Params) -> list[Query]:
    """One value per cell of two columns, ``x_axis`` and the single ``groupby``, and its rank."""
    axis, across = params["x_axis"], params["groupby"]
    metric = params["metric"]
    base = {
        "columnType": "BASE_AXIS",
        "expressionType": "SQL",
        "label": axis,
        "sqlExpression": axis,
    }
    order = [
        [metric if "value" in how else column, "asc" in how]
        for column, how in ((base, params.get("sort_x_axis")), (across, params.get("sort_y_axis")))
        if how
    ]
    rank: dict[str, Any] = {"operation": "rank", "options": {"metric": metric}}
    if group := {"x": axis, "y": across}.get(params.get("normalize_across", "heatmap")):
        rank["options"]["group_by"] = group
    return [
        _query(
            params,
            columns=[base, across],
            metrics=[metric],
            orderby=order,
            post_processing=[rank],
        )
    ]


SHAPES: dict[str, Callable[[Params], list[Query]]] = {
    "big_number_total": _big_number,
    "table": _table,
    "echarts_timeseries_line": _series,
    "echarts_timeseries_bar": _series,
    "echarts_timeseries_scatter": _series,
    "heatmap_v2": _heatmap,
}


def chart_metrics(params: Params) -> list[str]:
    """The names of all metrics that a chart reads, sorting included.

    :raises TypeError: for a metric that is not a name: expressions belong into the dataset.
    """
    if params.get("query_mode") == "raw":
        return []
    single = [params[name] for name in ("metric", "timeseries_limit_metric") if name in params]
    found = [*single, *params.get("metrics", [])]
    for metric in found:
        if not isinstance(metric, str):
            raise TypeError(f"metric {metric!r} is not the name of a metric of the dataset")
    return found


def chart_columns(params: Params) -> list[str]:
    """The names of all columns that a chart reads: groups, axis, raw columns, filters, order."""
    raw = params.get("query_mode") == "raw"
    groups = params.get("groupby", [])
    # A heat map has a single one, which is no list.
    groups = groups if isinstance(groups, list) else [groups]
    found = [*params.get("all_columns", [])] if raw else [*groups]
    found += [params["x_axis"]] if "x_axis" in params else []
    found += [json.loads(item)[0] for item in params.get("order_by_cols", [])] if raw else []
    found += [item["subject"] for item in params.get("adhoc_filters", [])]
    for column in found:
        if not isinstance(column, str):
            raise TypeError(f"column {column!r} is not the name of a column of the dataset")
    return found
