"""Questions to Superset's chart API: a chart's own query, and queries of one's own making."""

import json
from typing import Any

import requests

from dashboards.assets import asset_uuid, load_assets
from dashboards.client import Superset

ASSETS = load_assets()
CHART_DATA = "/api/v1/chart/data"


def question(superset: Superset, dataset: str, *boards: str, **query: Any) -> dict[str, Any]:
    """A query of one's own making, said to be that of a chart over the dataset on a dashboard."""
    board, chart = next(
        (board, chart)
        for board in boards
        for chart in ASSETS.dashboards[board].charts()
        if ASSETS.charts[chart].dataset == dataset
    )
    return {
        "datasource": {"id": dataset_number(superset, dataset), "type": "table"},
        "force": True,
        "queries": [{"columns": [], "metrics": None, "row_limit": 1000} | query],
        "form_data": _said_to_be(superset, board, chart),
        "result_format": "json",
        "result_type": "full",
    }


def saved(superset: Superset, board: str, chart: str) -> dict[str, Any]:
    """A chart's own query, as a dashboard sends it."""
    said = _said_to_be(superset, board, chart)
    context = superset.ask("GET", f"/api/v1/chart/{said['slice_id']}")["result"]["query_context"]
    found: dict[str, Any] = json.loads(context)
    return found | {"force": True, "form_data": found["form_data"] | said}


def of_filter(superset: Superset, board: str, name: str, dataset: str) -> dict[str, Any]:
    """A query of a dashboard's native filter for its options, said to be of a dataset."""
    (item,) = (item for item in ASSETS.dashboards[board].filters if item.name == name)
    return {
        "datasource": {"id": dataset_number(superset, dataset), "type": "table"},
        "force": True,
        "queries": [{"columns": [item.column], "metrics": [], "row_limit": 1000}],
        "form_data": {
            "type": "NATIVE_FILTER",
            "native_filter_id": f"NATIVE_FILTER-{board}-{name.lower()}",
            "dashboardId": superset.ids("dashboard")[str(asset_uuid("dashboards", board))],
            "groupby": [item.column],
        },
        "result_format": "json",
        "result_type": "full",
    }


def dataset_number(superset: Superset, slug: str) -> int:
    """Superset's own number of a dataset."""
    return superset.ids("dataset")[str(asset_uuid("datasets", slug))]


def chart_number(superset: Superset, slug: str) -> int:
    """Superset's own number of a chart."""
    return superset.ids("chart")[str(asset_uuid("charts", slug))]


def raw(who: Superset, body: dict[str, Any]) -> requests.Response:
    """The answer of the chart API as it came, which need not be JSON."""
    session: requests.Session = who._client.session
    return session.post(f"{who._url}{CHART_DATA}", json=body, timeout=60)


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of an answer."""
    found: list[dict[str, Any]] = answer["result"][0]["data"]
    return found


def values(answer: dict[str, Any]) -> set[Any]:
    """Every value in the rows of an answer."""
    return {value for row in rows(answer) for value in row.values()}


def _said_to_be(superset: Superset, board: str, chart: str) -> dict[str, int]:
    return {
        "dashboardId": superset.ids("dashboard")[str(asset_uuid("dashboards", board))],
        "slice_id": chart_number(superset, chart),
    }
