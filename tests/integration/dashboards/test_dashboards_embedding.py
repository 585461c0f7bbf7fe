"""Dashboards in another application's page: its visitor sees one dashboard and its own rows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from dashboards.client import Superset, session
from dashboards.deploy import ChartResult
from dashboards.embedding import embedded_uuid, guest_token
from dashboards.settings import DashboardsSettings
from tests.superset_questions import ASSETS, CHART_DATA, question, rows, saved, values
from warehouse.errors import UserError

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]

ROOT = Path(__file__).resolve().parents[3]
AskAsGuest = Callable[[dict[str, Any]], requests.Response]


@pytest.fixture(scope="module")
def embedder(
    superset_settings: DashboardsSettings, deployed: list[ChartResult]
) -> Iterator[Superset]:
    """The application whose pages embed, signed in as the user that the command makes."""
    environment = {
        "SUPERSET_URL": superset_settings.url,
        "SUPERSET_HOME": str(superset_settings.home),
    }
    command = [sys.executable, "-m", "dashboards", "embedder-user"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=True)
    with session(superset_settings.as_embedder()) as found:
        yield found


@pytest.fixture(scope="module")
def guest(superset_settings: DashboardsSettings, embedder: Superset) -> AskAsGuest:
    """The creator Mia on a page that embeds the Overview."""
    token = guest_token(embedder, "creator_mia", embedded_uuid(embedder, "overview"))

    def ask(body: dict[str, Any]) -> requests.Response:
        url, headers = f"{superset_settings.url}{CHART_DATA}", {"X-GuestToken": token}
        return requests.post(url, json=body, headers=headers, timeout=60)

    return ask


def test_a_visitor_sees_the_charts_of_its_dashboard_with_its_own_rows(
    superset: Superset, guest: AskAsGuest
) -> None:
    for chart in ASSETS.dashboards["overview"].charts():
        answer = guest(saved(superset, "overview", chart))
        assert answer.status_code == 200, (chart, answer.text[:300])
    assert rows(guest(saved(superset, "overview", "accounts")).json()) == [{"accounts": 2}]
    top = json.dumps(rows(guest(saved(superset, "overview", "top-accounts")).json()))
    assert "Xia" in top
    assert "Uma" not in top


def test_a_visitor_that_changes_a_query_finds_its_own_rows(
    superset: Superset, guest: AskAsGuest
) -> None:
    own = question(superset, "mart_engagement__account", "overview", columns=["creator_id"])
    assert len(values(superset.ask("POST", CHART_DATA, own))) > 1
    assert values(guest(own).json()) == {"creator_mia"}
    other = question(superset, "mart_audience__account_day", "audience", columns=["creator_id"])
    assert guest(own | {"datasource": other["datasource"]}).status_code == 403


@pytest.mark.parametrize(
    ("board", "chart"),
    [("growth", "gained-followers"), ("audience", "audience-age"), ("pipeline-health", "streams")],
)
def test_a_visitor_may_not_leave_its_dashboard(
    superset: Superset, guest: AskAsGuest, board: str, chart: str
) -> None:
    assert guest(saved(superset, board, chart)).status_code == 403


def test_a_token_names_its_visitor(embedder: Superset) -> None:
    uuid = embedded_uuid(embedder, "overview")
    with pytest.raises(UserError, match="creator's id is empty"):
        guest_token(embedder, "", uuid)
    nameless = {"user": {}, "resources": [{"type": "dashboard", "id": uuid}], "rls": []}
    with pytest.raises(UserError, match="HTTP 400"):
        embedder.ask("POST", "/api/v1/security/guest_token/", nameless)


def test_what_is_not_embedded_has_no_page(superset: Superset, embedder: Superset) -> None:
    with pytest.raises(UserError, match="dashboard 'audience' is not embedded"):
        embedded_uuid(superset, "audience")
    with pytest.raises(UserError, match=r"HTTP 40[34]|is not embedded"):
        embedded_uuid(embedder, "audience")


def test_the_application_itself_sees_no_row(superset: Superset, embedder: Superset) -> None:
    asked = question(superset, "mart_engagement__account", "overview", columns=["creator_id"])
    with pytest.raises(UserError, match="HTTP 403"):
        embedder.ask("POST", CHART_DATA, asked)
