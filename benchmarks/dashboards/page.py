"""A dashboard asked for its charts as a browser asks, through ``POST /api/v1/chart/data``."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from dashboards.assets import asset_uuid, load_assets
from dashboards.settings import DashboardsSettings

CONNECTIONS = 6
"""A browser's connections to one host over HTTP/1.1."""
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Chart:
    """A deployed chart on a dashboard: its slug, its uuid and the body of its request."""

    slug: str
    uuid: str
    body: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came back: seconds from the request, seconds from the first request of the page, rows,
    and Superset's words where the chart failed."""

    chart: Chart
    seconds: float
    answered_at: float
    rows: int
    error: str | None


@dataclass(frozen=True)
class Browser:
    """A signed-in administrator at a running Superset."""

    url: str
    headers: dict[str, str]

    @classmethod
    def sign_in(cls, url: str, settings: DashboardsSettings) -> "Browser":
        """Get a token of the settings' user."""
        login = {
            "username": settings.user,
            "password": settings.admin_password(),
            "provider": "db",
            "refresh": False,
        }
        answer = httpx.post(f"{url}/api/v1/security/login", json=login, timeout=TIMEOUT_SECONDS)
        token = answer.raise_for_status().json()["access_token"]
        return cls(url, {"Authorization": f"Bearer {token}"})

    def pages(self) -> dict[str, list[Chart]]:
        """Every deployed dashboard by slug, with its charts in the order of reading."""
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=TIMEOUT_SECONDS) as http:
            return {
                slug: [self._chart(http, slug, chart) for chart in asset.charts()]
                for slug, asset in load_assets().dashboards.items()
            }

    def open(self, charts: Sequence[Chart]) -> list[Answer]:
        """Ask for all charts at once, past Superset's cache."""
        return asyncio.run(self._open(charts))

    def _chart(self, http: httpx.Client, dashboard: str, slug: str) -> Chart:
        uuid = str(asset_uuid("charts", slug))
        page = http.get(f"/api/v1/dashboard/{dashboard}").raise_for_status().json()["result"]
        found = http.get(f"/api/v1/chart/{uuid}").raise_for_status().json()["result"]
        body = json.loads(found["query_context"])
        body["force"] = True
        body["form_data"] |= {"slice_id": found["id"], "dashboardId": page["id"], "force": True}
        return Chart(slug, uuid, body)

    async def _open(self, charts: Sequence[Chart]) -> list[Answer]:
        free = asyncio.Semaphore(CONNECTIONS)
        limits = httpx.Limits(max_connections=CONNECTIONS)
        began = time.perf_counter()

        async def ask(http: httpx.AsyncClient, chart: Chart) -> tuple[float, float, httpx.Response]:
            async with free:
                asked = time.perf_counter()
                response = await http.post("/api/v1/chart/data", json=chart.body)
                answered = time.perf_counter()
            return answered - asked, answered - began, response

        async with httpx.AsyncClient(
            base_url=self.url, headers=self.headers, limits=limits, timeout=TIMEOUT_SECONDS
        ) as http:
            answers = await asyncio.gather(*(ask(http, chart) for chart in charts))
        return [
            Answer(chart, seconds, at, *_read(response))
            for chart, (seconds, at, response) in zip(charts, answers, strict=True)
        ]


def _read(response: httpx.Response) -> tuple[int, str | None]:
    if response.status_code != 200:
        return 0, f"HTTP {response.status_code}: {response.text[:200]}"
    results = response.json()["result"]
    failed = next((result["error"] for result in results if result.get("error")), None)
    return sum(len(result["data"] or []) for result in results), failed
