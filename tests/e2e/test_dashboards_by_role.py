"""Each kind of person opens its dashboards: all is drawn, a filter works, the rest stays shut."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response
from pydantic import SecretStr

from dashboards.assets import load_assets
from dashboards.client import Superset
from dashboards.deploy import ChartResult
from dashboards.screenshot import CHART, open_dashboard, signed_in_page, wait_until_drawn
from dashboards.settings import DashboardsSettings
from tests.dashboard_page import (
    assert_every_chart_is_drawn,
    chart,
    number,
    select,
    select_days,
    titles,
)
from tests.superset_questions import CHART_DATA, chart_number

pytestmark = [pytest.mark.browser, pytest.mark.superset, pytest.mark.slow]

ASSETS = load_assets()
USERS = {"analyst": "analyst", "underwriter": "underwriter", "creator": "creator_mia"}
OTHERS = ("Uma", "Vic", "Wes", "Tom", "Yan")
VISITS = [(role, slug) for role in USERS for slug in ASSETS.access.roles[role].dashboards]
SHUT = [
    (role, slug)
    for role in USERS
    for slug in ASSETS.dashboards
    if slug not in ASSETS.access.roles[role].dashboards
]

# Mia's accounts grew.
EMPTY = {("creator", "growth"): {"Largest falls"}}
OpenPage = Callable[[str], Page]


@pytest.fixture(scope="module")
def page_of(
    chromium: Path,
    superset_settings: DashboardsSettings,
    deployed: list[ChartResult],
    sign_in: Callable[[str, str], Superset],
) -> Iterator[OpenPage]:
    """A browser page whose user is the one of a role; one browser at a time."""
    with ExitStack() as stack:
        opened: dict[str, Page] = {}

        def of(role: str) -> Page:
            if role not in opened:
                stack.close()
                opened.clear()
                name = USERS[role]
                sign_in(name, role)
                login = {"user": name, "password": SecretStr(f"password of {name}")}
                mine = superset_settings.model_copy(update=login)
                opened[role] = stack.enter_context(signed_in_page(mine))
            return opened[role]

        yield of


def silent(results: list[ChartResult], slug: str) -> set[str]:
    """The charts of a dashboard that have no rows for anybody."""
    return {r.title for r in results if r.dashboard == slug and r.status == "empty"}


@pytest.mark.parametrize(("role", "slug"), VISITS)
def test_every_chart_is_drawn(
    page_of: OpenPage,
    superset_settings: DashboardsSettings,
    deployed: list[ChartResult],
    role: str,
    slug: str,
) -> None:
    page = page_of(role)
    open_dashboard(page, superset_settings, slug, len(titles(slug)))
    empty = silent(deployed, slug) | EMPTY.get((role, slug), set())
    assert_every_chart_is_drawn(page, slug, empty=empty)
    if role == "creator":
        text = page.locator("body").inner_text()
        assert [name for name in OTHERS if name in text] == []
        assert ("Xia" in text) == (slug != "engagement"), (
            "none of Mia's posts is old enough to list"
        )


@pytest.mark.parametrize(
    ("role", "followers", "of_youtube"),
    [("analyst", "3.23M", "1.01M"), ("underwriter", "3.23M", "1.01M"), ("creator", "1M", "1M")],
)
def test_a_filter_changes_the_charts(
    page_of: OpenPage,
    superset_settings: DashboardsSettings,
    role: str,
    followers: str,
    of_youtube: str,
) -> None:
    page = page_of(role)
    open_dashboard(page, superset_settings, "overview", len(titles("overview")))
    assert number(page, "Followers") == followers
    before = number(page, "Accounts")
    select(page, "Platform", "youtube")
    after = {"analyst": "4", "underwriter": "4", "creator": "1"}[role]
    assert before != after
    chart(page, "Accounts").locator(".header-line", has_text=after).wait_for()
    wait_until_drawn(page, len(titles("overview")))
    assert number(page, "Followers") == of_youtube
    assert page.locator(f"{CHART} [role=alert]").count() == 0
    platforms = chart(page, "Top accounts").locator("table tbody tr td:nth-child(2)")
    assert set(platforms.all_inner_texts()) == {"youtube"}


@pytest.mark.parametrize(
    ("slug", "label", "option", "headline", "before", "after"),
    [
        ("engagement", "Tier", "nano", "Posts", "24", "9"),
        ("growth", "Creator", "creator_mia", "Followers", "3.23M", "1M"),
        ("pipeline-health", "Platform", "youtube", "Streams", "3", "1"),
    ],
)
def test_every_dashboard_has_a_filter_that_changes_it(
    page_of: OpenPage,
    superset_settings: DashboardsSettings,
    slug: str,
    label: str,
    option: str,
    headline: str,
    before: str,
    after: str,
) -> None:
    page = page_of("analyst")
    open_dashboard(page, superset_settings, slug, len(titles(slug)))
    assert number(page, headline) == before
    select(page, label, option)
    chart(page, headline).locator(f".header-line:text-is('{after}')").wait_for()
    wait_until_drawn(page, len(titles(slug)))
    assert page.locator(f"{CHART} [role=alert]").count() == 0


def test_a_filter_of_days_changes_the_charts_that_it_is_for(
    page_of: OpenPage, superset: Superset, superset_settings: DashboardsSettings
) -> None:
    (days,) = (item for item in ASSETS.dashboards["audience"].filters if item.kind == "time")
    slugs = {chart_number(superset, slug): slug for slug in ASSETS.dashboards["audience"].charts()}
    page, answers = page_of("analyst"), dict[str, Response]()

    def keep(answer: Response) -> None:
        if answer.url.partition("?")[0].endswith(CHART_DATA):
            form = json.loads(answer.request.post_data or "{}")["form_data"]
            # a filter that asks for its options is no chart
            if form.get("slice_id") in slugs:
                answers[slugs[form["slice_id"]]] = answer

    def rows() -> dict[str, int]:
        return {slug: answers[slug].json()["result"][0]["rowcount"] for slug in days.only}

    page.on("response", keep)
    try:
        open_dashboard(page, superset_settings, "audience", len(titles("audience")))
        before = rows()
        answers.clear()
        with page.expect_event("response", lambda _: answers.keys() >= set(days.only)):
            select_days(page, "2026-03-02", "2026-03-03")
        after = rows()
        wait_until_drawn(page, len(titles("audience")))
    finally:
        page.remove_listener("response", keep)
    assert answers.keys() == set(days.only), "the other charts have no days to filter"
    assert all(0 < after[slug] < before[slug] for slug in days.only), (before, after)


@pytest.mark.parametrize(("role", "slug"), SHUT)
def test_what_a_role_may_not_see_is_not_there(
    page_of: OpenPage, superset_settings: DashboardsSettings, role: str, slug: str
) -> None:
    page = page_of(role)
    answer = page.goto(f"{superset_settings.url}/superset/dashboard/{slug}/")
    assert answer is not None
    assert answer.status == 404
    page.get_by_text("Page not found").wait_for()
    page.goto(f"{superset_settings.url}/dashboard/list/")
    page.get_by_role("link", name="Overview").first.wait_for()
    assert page.get_by_role("link", name=ASSETS.dashboards[slug].title, exact=True).count() == 0


def test_a_creator_has_no_sql(page_of: OpenPage, superset_settings: DashboardsSettings) -> None:
    page = page_of("creator")
    answer = page.goto(f"{superset_settings.url}/sqllab/")
    assert answer is not None
    assert answer.status == 403
