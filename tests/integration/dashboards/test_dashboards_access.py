"""Who sees what in a real Superset: a creator its own rows, by every way that it could try."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dashboards.assets import asset_uuid
from dashboards.client import Superset, session
from dashboards.settings import DashboardsSettings
from tests.superset_pages import Pages
from tests.superset_questions import (
    ASSETS,
    CHART_DATA,
    chart_number,
    dataset_number,
    of_filter,
    question,
    raw,
    rows,
    values,
)
from warehouse.errors import UserError

pytestmark = [pytest.mark.superset, pytest.mark.usefixtures("deployed")]

SignIn = Callable[[str, str], Superset]
BOARDS = ASSETS.access.roles["creator"].dashboards
OWN = sorted(
    slug
    for slug in {slug for board in BOARDS for slug in ASSETS.datasets_of(board)}
    if ASSETS.datasets[slug].column("creator_id") is not None
)
ACCOUNTS = "mart_engagement__account"


@pytest.fixture(scope="module")
def mia(sign_in: SignIn) -> Superset:
    """The creator of the accounts tiktok:t1 and youtube:y2."""
    return sign_in("creator_mia", "creator")


@pytest.mark.parametrize("dataset", OWN)
def test_a_creator_that_asks_for_all_rows_gets_its_own(
    superset: Superset, mia: Superset, dataset: str
) -> None:
    asked = question(superset, dataset, *BOARDS, columns=["creator_id"])
    everyone = values(superset.ask("POST", CHART_DATA, asked))
    assert len(everyone) > 1
    assert "creator_mia" in everyone
    assert values(mia.ask("POST", CHART_DATA, asked)) == {"creator_mia"}


def test_one_creator_never_gets_what_the_cache_holds_of_another(
    superset: Superset, mia: Superset, sign_in: SignIn
) -> None:
    uma = sign_in("creator_uma", "creator")
    asked = question(superset, ACCOUNTS, *BOARDS, columns=["creator_id"]) | {"force": False}
    for _ in range(2):
        for who, name in ((mia, "creator_mia"), (uma, "creator_uma")):
            assert values(who.ask("POST", CHART_DATA, asked)) == {name}


def test_a_user_of_no_creator_sees_no_row(superset: Superset, sign_in: SignIn) -> None:
    nobody = sign_in("o'nobody' OR '1'='1", "creator")
    asked = question(superset, ACCOUNTS, *BOARDS, columns=["creator_id"])
    assert rows(nobody.ask("POST", CHART_DATA, asked)) == []


def _sql(expression: str) -> dict[str, Any]:
    return {"expressionType": "SQL", "sqlExpression": expression, "label": "found"}


ATTEMPTS: dict[str, dict[str, Any]] = {
    "a condition that is always true": {
        "columns": ["creator_id"],
        "extras": {"where": "1 = 1 OR 1 = 1", "having": ""},
    },
    "a parenthesis closed too early": {
        "columns": ["creator_id"],
        "extras": {"where": "1 = 1) OR (1 = 1", "having": ""},
    },
    "the rest as a comment": {
        "columns": ["creator_id"],
        "extras": {"where": "1 = 1 -- ", "having": ""},
    },
    "a second statement": {
        "columns": ["creator_id"],
        "extras": {"where": "1 = 1 UNION ALL SELECT creator_id FROM mart_engagement__account"},
    },
    "a filter's value": {
        "columns": ["creator_id"],
        "filters": [{"col": "platform", "op": "==", "val": "tiktok' OR '1'='1"}],
    },
    "a subquery as a column": {
        "columns": [
            _sql("(SELECT groupArray(creator_id) FROM mart_engagement__account)"),
        ],
    },
    "a subquery as a metric": {
        "metrics": [_sql("(SELECT max(creator_id) FROM mart_engagement__account)")],
    },
    "a table function as a metric": {
        "metrics": [_sql("(SELECT max(creator_id) FROM merge('marts', 'mart_engagement__acc'))")],
    },
    "a template": {
        "columns": ["creator_id"],
        "extras": {"where": "creator_id = '{{ current_user_id() }}' OR 1 = 1", "having": ""},
    },
}


# What Superset does with them for who sees every row: the others it answers.
TAKEN_AS_A_VALUE = {"a filter's value"}
REFUSED_TO_ALL = {
    "a parenthesis closed too early",
    "a second statement",
    "a subquery as a column",
    "a subquery as a metric",
    "a table function as a metric",
}


def _told(who: Superset, asked: dict[str, Any]) -> str:
    """Everything that an answer says, be it rows or a refusal."""
    try:
        return json.dumps(rows(who.ask("POST", CHART_DATA, asked)))
    except UserError as refused:
        # Superset answers some attempts with its own error, 500: what matters is what it says
        return str(refused)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_creator_that_writes_its_own_sql_finds_nobody_else(
    superset: Superset, mia: Superset, attempt: str
) -> None:
    asked = question(superset, ACCOUNTS, *BOARDS, **ATTEMPTS[attempt])
    to_all = _told(superset, asked)
    assert ("HTTP 4" in to_all) == (attempt in REFUSED_TO_ALL), to_all
    assert (to_all == "[]") == (attempt in TAKEN_AS_A_VALUE), to_all
    shown = attempt not in REFUSED_TO_ALL | TAKEN_AS_A_VALUE
    assert ("creator_uma" in to_all and "creator_tom" in to_all) == shown, to_all
    found = _told(mia, asked)
    assert "creator_uma" not in found
    assert "creator_tom" not in found
    assert ("creator_mia" in found) == shown, found


@pytest.mark.parametrize("result_type", ["samples", "drill_detail"])
def test_the_rows_behind_a_chart_are_under_the_rule(
    superset: Superset, mia: Superset, result_type: str
) -> None:
    """ClickHouse refuses these queries to all, for a computed column; its words have the rule."""
    asked = question(superset, ACCOUNTS, *BOARDS, columns=["creator_id"])
    asked |= {"result_type": result_type}
    rule = "WHERE (creator_id IN ('creator_mia'))"
    everyone = _told(superset, asked)
    assert ACCOUNTS in everyone
    assert "WHERE" not in everyone
    assert rule in _told(mia, asked)


@pytest.mark.parametrize("result_format", ["csv", "xlsx"])
def test_a_creator_downloads_nothing(superset: Superset, mia: Superset, result_format: str) -> None:
    asked = question(superset, ACCOUNTS, *BOARDS, columns=["creator_id"])
    asked |= {"result_format": result_format}
    everyone = raw(superset, asked)
    assert everyone.status_code == 200
    assert result_format == "xlsx" or "creator_uma" in everyone.text
    assert raw(mia, asked).status_code == 403


def test_a_filter_offers_a_creator_its_own_values(superset: Superset, mia: Superset) -> None:
    own = of_filter(superset, "overview", "Creator", ACCOUNTS)
    assert len(values(superset.ask("POST", CHART_DATA, own))) > 1
    assert values(mia.ask("POST", CHART_DATA, own)) == {"creator_mia"}
    # said to be the Overview's filter, but over a dataset of another dashboard
    other = of_filter(superset, "overview", "Creator", "mart_audience__account_day")
    assert len(values(superset.ask("POST", CHART_DATA, other))) > 1
    with pytest.raises(UserError, match="HTTP 403"):
        mia.ask("POST", CHART_DATA, other)


def test_figures_of_few_accounts_are_not_shared(superset: Superset, mia: Superset) -> None:
    asked = question(superset, "mart_engagement__benchmark", *BOARDS, columns=["account_count"])
    everything = values(superset.ask("POST", CHART_DATA, asked))
    assert min(everything) < 5 <= max(everything)
    shared = {count for count in everything if count >= 5}
    assert values(mia.ask("POST", CHART_DATA, asked)) == shared


# {dataset} is the accounts, {database} the warehouse, {own} a chart of the Overview, {other} one of
# Audience
REFUSED = [
    ("POST", "/api/v1/sqllab/execute/", {"database_id": "{database}", "sql": "SELECT 1"}),
    ("GET", "/sqllab/", None),
    ("GET", "/api/v1/dataset/", None),
    ("GET", "/api/v1/dataset/{dataset}", None),
    ("GET", "/api/v1/dataset/{dataset}/drill_info/?q=(dashboard_id:{overview})", None),
    ("GET", "/api/v1/database/", None),
    ("GET", "/api/v1/database/{database}/tables/?q=(schema_name:marts)", None),
    ("GET", "/api/v1/dashboard/audience", None),
    ("GET", "/api/v1/dashboard/pipeline-health", None),
    ("GET", "/api/v1/dashboard/pipeline-health/charts", None),
    ("GET", "/api/v1/chart/{other}", None),
    ("GET", "/api/v1/chart/{other}/data/?force=true", None),
    ("GET", "/api/v1/chart/{other}/data/?force=true&dashboard_id={overview}", None),
    ("GET", "/api/v1/chart/{own}/data/?force=true", None),
    ("GET", "/api/v1/explore/?slice_id={own}", None),
    ("GET", "/api/v1/explore/?slice_id={other}", None),
    ("GET", "/explore/?slice_id={own}", None),
    ("GET", "/explore/?datasource_type=table&datasource_id={dataset}", None),
    (
        "POST",
        "/api/v1/explore/form_data",
        {
            "datasource_id": "{dataset}",
            "datasource_type": "table",
            "form_data": "{}",
            "chart_id": "{own}",
        },
    ),
    ("POST", "/datasource/samples?datasource_id={dataset}&datasource_type=table&force=true", {}),
    ("GET", "/api/v1/datasource/table/{dataset}/column/creator_id/values/", None),
    ("GET", "/api/v1/security/users/", None),
    ("GET", "/api/v1/security/roles/", None),
    ("GET", "/api/v1/rowlevelsecurity/", None),
    ("GET", "/api/v1/assets/export/", None),
    (
        "POST",
        "/api/v1/security/guest_token/",
        {"user": {"username": "x"}, "resources": [], "rls": []},
    ),
]


@pytest.fixture(scope="module")
def numbers(sign_in: SignIn, superset_settings: DashboardsSettings) -> dict[str, int]:
    """Superset's numbers of what the refused requests name."""
    with session(superset_settings) as superset:
        (database,) = superset.ids("database").values()
        return {
            "database": database,
            "dataset": dataset_number(superset, ACCOUNTS),
            "overview": superset.ids("dashboard")[str(asset_uuid("dashboards", "overview"))],
            "own": chart_number(superset, "top-accounts"),
            "other": chart_number(superset, "audience-age"),
        }


@pytest.fixture(scope="module")
def pages(sign_in: SignIn, superset_settings: DashboardsSettings) -> dict[str, Pages]:
    """The pages of a creator and of the administrator."""
    sign_in("creator_mia", "creator")
    url, password = superset_settings.url, superset_settings.admin_password()
    return {
        "admin": Pages(url, superset_settings.user, password),
        "mia": Pages(url, "creator_mia", "password of creator_mia"),
    }


def _filled(body: Any, numbers: dict[str, int]) -> Any:
    if not isinstance(body, dict):
        return body
    return {key: numbers.get(str(value).strip("{}"), value) for key, value in body.items()}


@pytest.mark.parametrize(
    ("method", "path", "body"), REFUSED, ids=[f"{item[0]} {item[1]}" for item in REFUSED]
)
def test_a_creator_is_refused(
    pages: dict[str, Pages], numbers: dict[str, int], method: str, path: str, body: Any
) -> None:
    refused = {401, 403, 404}
    asked = (method, path.format(**numbers), _filled(body, numbers))
    assert pages["admin"].ask(*asked).status_code not in refused | {400, 500}
    assert pages["mia"].ask(*asked).status_code in refused


def test_a_creators_page_downloads_nothing(superset: Superset, pages: dict[str, Pages]) -> None:
    asked = question(superset, ACCOUNTS, *BOARDS, columns=["creator_id"])
    form = json.dumps(asked | {"result_format": "csv"})
    assert "creator_uma" in pages["admin"].download(CHART_DATA, form).text
    assert pages["mia"].download(CHART_DATA, form).status_code == 403


@pytest.mark.parametrize(
    ("board", "dataset"),
    [("audience", "mart_audience__account_day"), ("pipeline-health", "mart_ops__cost")],
)
def test_a_creator_gets_no_chart_of_another_dashboard(
    superset: Superset, mia: Superset, board: str, dataset: str
) -> None:
    asked = question(superset, dataset, board, columns=[ASSETS.datasets[dataset].columns[0].name])
    assert rows(superset.ask("POST", CHART_DATA, asked))
    with pytest.raises(UserError, match="HTTP 403"):
        mia.ask("POST", CHART_DATA, asked)


def _in_sql(who: Superset, sql: str) -> list[dict[str, Any]]:
    (database,) = who.ids("database").values()
    body = {"database_id": database, "sql": sql, "schema": "marts", "runAsync": False}
    found: list[dict[str, Any]] = who.ask("POST", "/api/v1/sqllab/execute/", body)["data"]
    return found


def test_an_analyst_asks_the_marts_in_sql_and_nothing_else(sign_in: SignIn) -> None:
    analyst = sign_in("analyst", "analyst")
    assert len(_in_sql(analyst, f"SELECT DISTINCT creator_id FROM {ACCOUNTS}")) == 3
    for sql in ("SELECT 1 FROM system.query_log", f"DROP TABLE {ACCOUNTS}"):
        with pytest.raises(UserError, match=r"HTTP (4|5)\d\d"):
            _in_sql(analyst, sql)


def test_a_role_made_by_hand_sees_own_rows_alone_even_in_sql(
    superset: Superset, sign_in: SignIn
) -> None:
    """Whoever gives out SQL Lab and a dataset has not thereby given out everyone's rows."""
    route = "/api/v1/security/roles/"
    roles = {role["name"]: role["id"] for role in superset.listed(route, order="id")}
    number = superset.ask("POST", route, {"name": "by hand"})["id"]
    try:
        analyst = superset.ask("GET", f"{route}{roles['analyst']}/permissions/")["result"]
        same = {"permission_view_menu_ids": [item["id"] for item in analyst]}
        superset.ask("POST", f"{route}{number}/permissions", same)
        tom = sign_in("creator_tom", "by hand")
        found = _in_sql(tom, f"SELECT creator_id FROM {ACCOUNTS}")
        assert {row["creator_id"] for row in found} == {"creator_tom"}
    finally:
        sign_in("creator_tom", "creator")
        superset.ask("DELETE", f"{route}{number}")
