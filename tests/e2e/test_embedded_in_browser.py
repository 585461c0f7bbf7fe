"""A creator opens a page that embeds its dashboard: its own rows, in somebody else's page."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import uvicorn
from playwright.sync_api import Page, sync_playwright

from dashboards.client import Superset
from dashboards.deploy import ChartResult
from dashboards.example.server import application
from dashboards.screenshot import CHROMIUM_FLAGS, wait_until_drawn
from dashboards.settings import DashboardsSettings
from dashboards.users import ensure_role_user
from tests.dashboard_page import assert_every_chart_is_drawn, number, titles

pytestmark = [pytest.mark.browser, pytest.mark.superset, pytest.mark.slow]


@contextmanager
def serving(settings: DashboardsSettings, dashboard: str, port: int) -> Iterator[str]:
    config = uvicorn.Config(application(settings, "creator_mia", dashboard), log_level="warning")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", port)) as bound:
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                thread.join(0.05)
            assert server.started, f"the example does not serve on port {port}"
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def page(chromium: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium), args=list(CHROMIUM_FLAGS), headless=True
        )
        try:
            # tall enough for every chart: a chart is drawn once it comes into view
            yield browser.new_page(viewport={"width": 1440, "height": 4000})
        finally:
            browser.close()


@pytest.fixture
def embedder(
    superset: Superset, superset_settings: DashboardsSettings, deployed: list[ChartResult]
) -> DashboardsSettings:
    """The settings of the application that embeds."""
    ensure_role_user(superset, superset_settings, "embedder", superset_settings.embedder_user)
    return superset_settings.as_embedder()


def test_a_visitor_sees_its_own_accounts(
    page: Page, embedder: DashboardsSettings, deployed: list[ChartResult]
) -> None:
    port = urlsplit(embedder.origins()[0]).port
    assert port is not None
    with serving(embedder, "overview", port) as url:
        page.goto(url)
        (frame,) = [found for found in page.frames if found != page.main_frame]
        wait_until_drawn(frame, len(titles("overview")))
        assert_every_chart_is_drawn(frame, "overview")
        assert number(frame, "Accounts") == "2"
        text = frame.locator("body").inner_text()
    assert "Xia" in text
    assert [name for name in ("Uma", "Vic", "Wes", "Tom", "Yan") if name in text] == []
    assert page.locator("#problem").inner_text() == ""


def test_a_page_that_is_not_named_may_not_embed(page: Page, embedder: DashboardsSettings) -> None:
    taken = urlsplit(embedder.origins()[0]).port
    assert taken is not None
    with serving(embedder, "overview", taken) as url:
        other = url.replace("127.0.0.1", "localhost")
        with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
            page.goto(other)


def test_what_cannot_be_shown_is_said(page: Page, embedder: DashboardsSettings) -> None:
    port = urlsplit(embedder.origins()[0]).port
    assert port is not None
    with serving(embedder, "pipeline-health", port) as url:
        page.goto(url)
        page.locator("#problem", has_text="superset:").wait_for()
