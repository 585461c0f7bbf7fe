"""Listings of several pages: all of their records, or an error that says how many were missed."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
import requests

from dashboards.client import PAGE_SIZE, Superset
from warehouse.errors import UserError

COUNT = 2 * PAGE_SIZE + 50


class Listing:
    """A client whose session gives pages of numbered records, shifted by ``drift`` each."""

    def __init__(self, drift: int = 0) -> None:
        self.session, self.drift, self.asked = self, drift, list[str]()

    def request(self, method: str, url: str, **sent: Any) -> requests.Response:
        page = len(self.asked)
        self.asked.append(unquote(url))
        first = page * (PAGE_SIZE - self.drift)
        records = range(first, first + min(PAGE_SIZE, COUNT - page * PAGE_SIZE))
        answer = requests.Response()
        answer.status_code = 200
        answer._content = json.dumps(
            {"count": COUNT, "result": [{"id": number, "uuid": f"u{number}"} for number in records]}
        ).encode()
        return answer


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        ("chart", "slice_name"),
        ("dashboard", "dashboard_title"),
        ("database", "database_name"),
        ("dataset", "table_name"),
    ],
)
def test_every_page_is_asked_for_in_one_order(kind: str, order: str) -> None:
    client: Any = Listing()
    found = Superset(client, "http://superset").ids(kind)
    assert found == {f"u{number}": number for number in range(COUNT)}
    assert len(client.asked) == 3
    assert all(f"order_column:{order},order_direction:asc" in url for url in client.asked)


def test_records_that_a_page_skips_are_missed_with_a_word() -> None:
    client: Any = Listing(drift=5)
    with pytest.raises(UserError, match="240 of 250 records were given"):
        Superset(client, "http://superset").listed("/api/v1/security/users/", order="id")
