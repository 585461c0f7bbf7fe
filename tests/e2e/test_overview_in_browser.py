"""A person opens the Overview: every chart is drawn, a filter changes them, nothing calls out."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from dashboards.deploy import ChartResult
from dashboards.screenshot import CHART, open_dashboard, signed_in_page, wait_until_drawn
from dashboards.settings import DashboardsSettings
from tests.dashboard_page import assert_every_chart_is_drawn, chart, number, select, titles

pytestmark = [pytest.mark.browser, pytest.mark.superset, pytest.mark.slow]

TITLES = titles("overview")
PHONE = 390


@pytest.fixture(scope="module")
def outside() -> list[str]:
    """Addresses beyond Superset that the browser asked, but for what Superset's policy stopped."""
    return []


@pytest.fixture(scope="module")
def page(
    chromium: Path,
    superset_settings: DashboardsSettings,
    deployed: list[ChartResult],
    outside: list[str],
) -> Iterator[Page]:
    with signed_in_page(superset_settings) as page:
        own = urlsplit(superset_settings.url).netloc

        def leaves(url: str) -> bool:
            parts = urlsplit(url)
            return parts.scheme in ("http", "https") and parts.netloc != own

        page.on("request", lambda sent: leaves(sent.url) and outside.append(sent.url))
        page.on(
            "requestfailed",
            lambda sent: sent.failure == "csp" and leaves(sent.url) and outside.remove(sent.url),
        )
        open_dashboard(page, superset_settings, "overview", len(TITLES))
        yield page


def test_every_chart_is_drawn(page: Page) -> None:
    assert_every_chart_is_drawn(page, "overview")
    assert number(page, "Accounts") == "8"
    assert number(page, "Followers") == "3.23M"
    assert number(page, "Net growth") == "+2,604"
    assert number(page, "Benchmark") == "67%"
    signals = chart(page, "Accounts with fraud signals").locator("table tbody tr").first
    assert signals.locator("td").all_inner_texts()[:4] == [
        "Mia <i>& Co</i>",
        "tiktok",
        "FEW_COMMENTS, ROUND_LOT",
        "2",
    ]
    top = chart(page, "Top accounts").locator("table tbody tr").first
    cells = top.locator("td").all_inner_texts()
    assert cells[:5] == ["Tom", "tiktok", "4 mega", "Q1 lowest", "2026-03-02"]
    assert cells[5:10] == ["2,000,500", "+500", "2.00%", "3.00%", "2.20%"]


def test_a_name_with_markup_shows_as_text_and_leads_to_the_account(page: Page) -> None:
    link = chart(page, "Top accounts").get_by_role("link", name="Mia <i>& Co</i>")
    assert link.get_attribute("href") == "https://example.com/t1?a=1&b=2"


def test_a_filter_changes_the_charts(page: Page) -> None:
    select(page, "Platform", "youtube")
    chart(page, "Accounts").locator(".header-line", has_text="4").wait_for()
    wait_until_drawn(page, len(TITLES))
    # YouTube tells no reach
    assert_every_chart_is_drawn(page, "overview", unknown={"Daily reach"})
    assert number(page, "Accounts") == "4"
    assert number(page, "Followers") == "1.01M"
    platforms = chart(page, "Top accounts").locator("table tbody tr td:nth-child(2)")
    assert set(platforms.all_inner_texts()) == {"youtube"}


def test_a_phone_shows_every_chart_as_wide_as_it_is(page: Page) -> None:
    page.set_viewport_size({"width": PHONE, "height": 6000})
    page.wait_for_function(
        """([phone, wide]) => wide.every(title => {
            const canvas = document.querySelector(`[data-test-chart-name="${title}"] canvas`);
            return canvas && canvas.clientWidth > phone * 0.75 && canvas.clientWidth <= phone;
        })""",
        arg=[PHONE, ["Followers over time", "Net growth by week"]],
    )
    wait_until_drawn(page, len(TITLES))
    for tile in page.locator(CHART).all():
        box = tile.bounding_box()
        assert box is not None, tile.inner_text()
        assert box["x"] >= 0, tile.inner_text()
        assert box["x"] + box["width"] <= PHONE, tile.inner_text()
    for title in ("Accounts", "Followers", "Net growth"):
        assert any(sign.isdigit() for sign in number(page, title))


def test_nothing_calls_out(page: Page, outside: list[str]) -> None:
    assert page.url
    assert outside == []
