"""What a request to Superset is for: the numbers that it names, in every form that it has."""

import json
from typing import Any

import pytest

from dashboards.warehouse_connections import numbers_asked_for

DATA = "/api/v1/chart/data"
FORM = {"dashboardId": 7, "slice_id": 12}


@pytest.mark.parametrize(
    "body",
    [
        {"form_data": FORM},
        {"form_data": json.dumps(FORM)},
        json.dumps({"form_data": FORM}),
        {"form_data": {"dashboardId": "7", "slice_id": "12"}},
    ],
)
def test_a_chart_of_a_dashboard_names_both(body: Any) -> None:
    assert numbers_asked_for(DATA, body, {}, {}) == (7, 12)


def test_a_chart_by_itself_is_named_by_its_address() -> None:
    found = numbers_asked_for("/api/v1/chart/12/data/", None, {"dashboard_id": "7"}, {"pk": "12"})
    assert found == (7, 12)
    assert numbers_asked_for("/api/v1/chart/12/data/", None, {}, {"pk": 12}) == (None, 12)


def test_what_is_no_chart_names_none() -> None:
    assert numbers_asked_for("/api/v1/dataset/12", {"form_data": FORM}, {}, {"pk": 12}) == (7, None)


@pytest.mark.parametrize(
    "value", ["\u00b2", "", "-1", "1.5", "9" * 5000, True, [7], {"a": 1}, None]
)
def test_what_is_no_number_is_left_out(value: Any) -> None:
    body = {"form_data": {"dashboardId": value, "slice_id": value}}
    assert numbers_asked_for(DATA, body, {}, {}) == (None, None)


@pytest.mark.parametrize("body", [None, [], "no json", 7, {"form_data": "no json"}])
def test_a_body_of_another_form_names_nothing(body: Any) -> None:
    assert numbers_asked_for(DATA, body, {}, {}) == (None, None)
