"""Pictures of the dashboards as a person sees them, by a headless chromium.

Needs Playwright (a development dependency) and Debian's chromium (``make deps``).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dashboards.settings import DashboardsSettings
from warehouse.errors import UserError

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CHART = "[data-test=chart-grid-component]"
DRAW_MILLISECONDS = 90_000
# Charts come in with an animation of half a second; a picture is taken after it.
ANIMATION_MILLISECONDS = 1500
# A desk's screen and a phone's, in pixels.
WIDTHS = (1440, 390)
HEIGHT = 900


@contextmanager
def signed_in_page(settings: DashboardsSettings, width: int = 1440) -> Iterator["Page"]:
    """A browser page whose user is the administrator.

    :raises UserError: where chromium is missing or the password is refused.
    """
    from playwright.sync_api import Error as PlaywrightError
    from playwright.sync_api import TimeoutError as PlaywrightTimeout
    from playwright.sync_api import sync_playwright

    if not CHROMIUM.exists():
        raise UserError(f"{CHROMIUM}: chromium is missing. Run `make deps`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(CHROMIUM_FLAGS), headless=True
        )
        try:
            page = browser.new_page(viewport={"width": width, "height": HEIGHT})
            try:
                page.goto(f"{settings.url}/login/")
            except PlaywrightError:
                raise UserError(
                    f"superset: {settings.url}: no answer. Start it (make up) or set SUPERSET_URL."
                ) from None
            page.fill("[data-test=username-input]", settings.user)
            page.fill("[data-test=password-input]", settings.admin_password())
            page.click("[data-test=login-button]")
            try:
                page.wait_for_url("**/welcome/**")
            except PlaywrightTimeout:
                raise UserError(f"superset: {settings.url}: signing in failed.") from None
            yield page
        finally:
            browser.close()


def open_dashboard(page: "Page", settings: DashboardsSettings, slug: str, charts: int) -> None:
    """Open a dashboard tall enough to show all of it, and wait until its charts have loaded.

    Superset draws a chart once it comes into view, so the window grows to the whole page.
    """
    page.set_viewport_size({"width": page.viewport_size["width"], "height": HEIGHT})  # type: ignore[index]
    page.goto(f"{settings.url}/superset/dashboard/{slug}/")
    page.locator(CHART).nth(charts - 1).wait_for(timeout=DRAW_MILLISECONDS)
    height = page.evaluate(
        "Math.max(...[...document.querySelectorAll('*')].map(element => element.scrollHeight))"
    )
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height + 60})  # type: ignore[index]
    wait_until_drawn(page, charts)


def wait_until_drawn(page: "Page", charts: int) -> None:
    """Wait until no chart is loading and each shows a canvas, a table, a number or an alert."""
    page.wait_for_function(
        """charts => {
            const tiles = [...document.querySelectorAll('[data-test=chart-grid-component]')];
            const shown = 'canvas, table tbody tr, .superset-legacy-chart-big-number .header-line,'
                + ' [role=alert], .ant-empty';
            return tiles.length === charts
                && !document.querySelector('[data-test=loading-indicator]')
                && tiles.every(tile => tile.querySelector(shown));
        }""",
        arg=charts,
        timeout=DRAW_MILLISECONDS,
    )


def take_screenshots(
    settings: DashboardsSettings, charts: Mapping[str, int], folder: Path
) -> Iterator[Path]:
    """Write ``<slug>-<width>.png`` of each dashboard at each of :data:`WIDTHS`, one by one.

    ``charts`` gives the number of charts by the dashboard's slug.

    :raises UserError: where Superset does not answer, or a dashboard is not drawn in time.
    """
    from playwright.sync_api import TimeoutError as PlaywrightTimeout

    folder.mkdir(parents=True, exist_ok=True)
    for width in WIDTHS:
        with signed_in_page(settings, width) as page:
            for slug, count in charts.items():
                try:
                    open_dashboard(page, settings, slug, count)
                except PlaywrightTimeout:
                    raise UserError(
                        f"superset: {slug}: not drawn at {width} px within "
                        f"{DRAW_MILLISECONDS // 1000} s. Deploy it (python -m dashboards deploy), "
                        "or see Superset's log."
                    ) from None
                page.wait_for_timeout(ANIMATION_MILLISECONDS)
                out = folder / f"{slug}-{width}.png"
                page.screenshot(path=out)
                yield out
