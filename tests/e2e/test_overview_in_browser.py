"""A person opens the Overview: every chart is drawn, a filter changes them, nothing calls out."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page

from dashboards.assets import load_assets
from dashboards.deploy import ChartResult
from dashboards.screenshot import CHART, open_dashboard, signed_in_page, wait_until_drawn
from dashboards.settings import DashboardsSettings

pytestmark = [pytest.mark.browser, pytest.mark.superset, pytest.mark.slow]

OVERVIEW = load_assets().dashboards["overview"]
TITLES = [load_assets().charts[slug].title for slug in OVERVIEW.charts()]
DISTINCT_COLORS = """canvas => {
    const size = [0, 0, canvas.width, canvas.height];
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(...size).data.buffer);
    return new Set(pixels).size;
}"""


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


def chart(page: Page, title: str) -> Locator:
    return page.locator(f'{CHART}[data-test-chart-name="{title}"]')


def assert_every_chart_is_drawn(page: Page, unknown: frozenset[str] = frozenset()) -> None:
    """Every chart shows something; the numbers that are ``unknown`` say so."""
    for title in TITLES:
        tile = chart(page, title)
        assert tile.count() == 1, title
        assert tile.locator("[role=alert]").count() == 0, tile.inner_text()
        kind = tile.get_attribute("data-test-viz-type")
        if kind == "table":
            assert tile.locator("table tbody tr").count() > 0, title
        elif kind == "big_number_total":
            shown = number(page, title)
            assert any(sign.isdigit() for sign in shown) == (title not in unknown), title
        else:
            assert tile.locator("canvas").first.evaluate(DISTINCT_COLORS) > 5, title


def number(page: Page, title: str) -> str:
    return chart(page, title).locator(".header-line").inner_text()


def test_every_chart_is_drawn(page: Page) -> None:
    assert_every_chart_is_drawn(page)
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
    page.locator("[data-test=form-item-value]").first.click()
    page.get_by_role("option", name="youtube").or_(
        page.locator(".ant-select-item-option", has_text="youtube")
    ).first.click()
    page.keyboard.press("Escape")
    page.locator("[data-test=filter-bar__apply-button]").click()
    chart(page, "Accounts").locator(".header-line", has_text="4").wait_for()
    wait_until_drawn(page, len(TITLES))
    # YouTube tells no reach
    assert_every_chart_is_drawn(page, frozenset({"Daily reach"}))
    assert number(page, "Accounts") == "4"
    assert number(page, "Followers") == "1.01M"
    platforms = chart(page, "Top accounts").locator("table tbody tr td:nth-child(2)")
    assert set(platforms.all_inner_texts()) == {"youtube"}


def test_nothing_calls_out(page: Page, outside: list[str]) -> None:
    assert page.url
    assert outside == []
