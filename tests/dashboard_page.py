"""What a person sees of a dashboard in a browser: its tiles, and whether each is drawn."""

import json
from collections.abc import Collection
from typing import TypeAlias

from playwright.sync_api import Frame, Locator, Page

from dashboards.assets import load_assets
from dashboards.screenshot import CHART

# A dashboard by itself, or in the frame of another page.
Shown: TypeAlias = Page | Frame

# A canvas that shows more than a background; it is empty until its animation has begun.
IS_DRAWN = """([chart, title]) => {
    const canvas = document.querySelector(`${chart}[data-test-chart-name=${title}] canvas`);
    const size = [0, 0, canvas.width, canvas.height];
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(...size).data.buffer);
    return new Set(pixels).size > 5;
}"""
DRAWN_MILLISECONDS = 10_000


def titles(slug: str) -> list[str]:
    """The titles of a dashboard's charts, in the order of reading."""
    assets = load_assets()
    return [assets.charts[chart].title for chart in assets.dashboards[slug].charts()]


def chart(shown: Shown, title: str) -> Locator:
    """The tile of a chart."""
    return shown.locator(f'{CHART}[data-test-chart-name="{title}"]')


def number(shown: Shown, title: str) -> str:
    """The big number of a chart."""
    return chart(shown, title).locator(".header-line").inner_text()


def assert_every_chart_is_drawn(
    shown: Shown, slug: str, unknown: Collection[str] = (), empty: Collection[str] = ()
) -> None:
    """Every chart shows something; ``unknown`` numbers and ``empty`` charts say so."""
    for title in titles(slug):
        tile = chart(shown, title)
        assert tile.count() == 1, title
        assert tile.locator("[role=alert]").count() == 0, tile.inner_text()
        kind = tile.get_attribute("data-test-viz-type")
        assert (tile.locator(".ant-empty").count() > 0) == (title in empty), title
        if title in empty:
            continue
        if kind == "table":
            assert tile.locator("table tbody tr").count() > 0, title
        elif kind == "big_number_total":
            digits = any(sign.isdigit() for sign in number(shown, title))
            assert digits == (title not in unknown), title
        else:
            assert tile.locator("canvas").count() > 0, title
            asked = [CHART, json.dumps(title)]
            shown.wait_for_function(IS_DRAWN, arg=asked, timeout=DRAWN_MILLISECONDS)


def select(page: Page, label: str, option: str) -> None:
    """Choose an option of a filter of the dashboard and apply it."""
    bar = page.locator("[data-test=filter-bar]")
    control = bar.locator("[data-test=form-item-value]", has=page.locator("input"))
    names = bar.locator("[data-test=filter-control-name]").all_inner_texts()
    control.nth(names.index(label)).click()
    page.locator(".ant-select-item-option", has_text=option).first.click()
    page.keyboard.press("Escape")
    page.locator("[data-test=filter-bar__apply-button]").click()


def select_days(page: Page, start: str, end: str) -> None:
    """Choose the days from ``start`` until before ``end`` in the filter of days and apply it."""
    page.locator("[data-test=filter-bar] [data-test=time-range-trigger]").first.click()
    popover = page.locator(".ant-popover", has_text="Edit time range")
    popover.locator(".ant-select").first.click()
    page.locator(".ant-select-item-option", has_text="Advanced").click()
    days = popover.locator("input.ant-input")
    days.nth(0).fill(start)
    days.nth(1).fill(end)
    popover.get_by_text(f"{start} ≤ col < {end}").wait_for()
    popover.locator("[data-test=date-filter-control__apply-button]").click()
    page.locator("[data-test=filter-bar__apply-button]").click()
