"""Dashboards in a real Superset on a real warehouse: deployed twice, broken, told in a table."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from pydantic import SecretStr

from dashboards.assets import asset_uuid, load_assets
from dashboards.client import Superset, session
from dashboards.deploy import ChartResult, check_dashboard, deploy, failures
from dashboards.settings import DashboardsSettings
from warehouse.contracts import mart_columns
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

pytestmark = pytest.mark.superset

ROOT = Path(__file__).resolve().parents[3]


def test_every_chart_answers(deployed: list[ChartResult]) -> None:
    dashboards = load_assets().dashboards
    expected = [(slug, chart) for slug, item in dashboards.items() for chart in item.charts()]
    assert [(result.dashboard, result.chart) for result in deployed] == expected
    assert failures(deployed) == []
    overview = [result.status for result in deployed if result.dashboard == "overview"]
    assert overview == ["ok"] * 15


def test_a_second_deployment_changes_nothing(
    superset: Superset,
    deployed: list[ChartResult],
    superset_settings: DashboardsSettings,
    marts: WarehouseSettings,
) -> None:
    def state() -> tuple[dict[str, bytes], list[int]]:
        exported = superset.export()
        exported.pop("metadata.yaml")
        kinds = ("database", "dataset", "chart", "dashboard")
        return exported, [superset.count(kind) for kind in kinds]

    before = state()
    again = deploy(superset_settings, marts)
    assert again.changes == []
    assert state() == before
    assets = load_assets()
    written = (assets.databases, assets.datasets, assets.charts, assets.dashboards)
    assert before[1] == [len(kind) for kind in written]
    assert [(item.chart, item.rows) for item in again.charts] == [
        (item.chart, item.rows) for item in deployed
    ]


@pytest.mark.usefixtures("deployed")
def test_superset_reads_the_columns_from_the_warehouse(superset: Superset) -> None:
    contracts = mart_columns()
    for slug, dataset in load_assets().datasets.items():
        computed = {column.name for column in dataset.columns if column.expression is not None}
        found = set(superset.refresh_dataset(asset_uuid("datasets", slug)))
        assert found == set(contracts[dataset.table]) | computed


@pytest.mark.usefixtures("deployed")
def test_a_chart_that_fails_is_named_and_the_others_answer(
    marts_owner: Client, superset_settings: DashboardsSettings
) -> None:
    mart = "marts.mart_engagement__benchmark"
    marts_owner.command(f"RENAME TABLE {mart} TO {mart}_away")
    try:
        results = check_dashboard("overview", superset_settings)
    finally:
        marts_owner.command(f"RENAME TABLE {mart}_away TO {mart}")
    assert [result.chart for result in failures(results)] == ["benchmark"]
    assert "mart_engagement__benchmark" in (failures(results)[0].error or "")


@pytest.mark.usefixtures("deployed")
def test_empty_marts_fail_no_chart(superset: Superset, marts_owner: Client) -> None:
    """Recorded data of one day leave some marts without rows, which is no error."""
    assets = load_assets()
    tables = [f"marts.{dataset.table}" for dataset in assets.datasets.values()]
    for table in tables:
        marts_owner.command(f"CREATE TABLE {table}_empty AS {table}")
        marts_owner.command(f"EXCHANGE TABLES {table} AND {table}_empty")
    try:
        answers = {slug: superset.chart_data(asset_uuid("charts", slug)) for slug in assets.charts}
    finally:
        for table in tables:
            marts_owner.command(f"EXCHANGE TABLES {table} AND {table}_empty")
            marts_owner.command(f"DROP TABLE {table}_empty")
    assert {slug: answer.error for slug, answer in answers.items() if answer.error} == {}
    assert answers["followers"].rows == [{"followers": None}]
    assert answers["top-accounts"].rows == []


@pytest.mark.usefixtures("deployed")
def test_a_missing_mart_stops_the_deployment(
    marts_owner: Client, superset_settings: DashboardsSettings, marts: WarehouseSettings
) -> None:
    mart = "marts.mart_engagement__benchmark"
    marts_owner.command(f"RENAME TABLE {mart} TO {mart}_away")
    try:
        with pytest.raises(UserError, match=f"warehouse: {mart} is missing"):
            deploy(superset_settings, marts)
    finally:
        marts_owner.command(f"RENAME TABLE {mart}_away TO {mart}")


def test_a_missing_column_stops_the_deployment(
    marts_owner: Client, superset_settings: DashboardsSettings, marts: WarehouseSettings
) -> None:
    mart = "marts.mart_engagement__account_day"
    marts_owner.command(f"ALTER TABLE {mart} RENAME COLUMN follower_tier TO tier_of_followers")
    try:
        with pytest.raises(UserError, match=f"{mart} has no column 'follower_tier'"):
            deploy(superset_settings, marts)
    finally:
        marts_owner.command(f"ALTER TABLE {mart} RENAME COLUMN tier_of_followers TO follower_tier")


def test_a_wrong_password_is_one_line(superset_settings: DashboardsSettings) -> None:
    wrong = superset_settings.model_copy(update={"password": SecretStr("not the password")})
    with pytest.raises(UserError, match="password of 'admin' was refused") as caught:
        session(wrong).__enter__()
    assert "not the password" not in str(caught.value)


def test_the_command_prints_one_table(
    superset_settings: DashboardsSettings, marts: WarehouseSettings, deployed: list[ChartResult]
) -> None:
    user, password = marts.login("reader")
    environment = {
        "SUPERSET_URL": superset_settings.url,
        "SUPERSET_HOME": str(superset_settings.home),
        "SUPERSET_EMBED_ORIGINS": superset_settings.embed_origins,
        "CLICKHOUSE_PORT": str(marts.port),
        "CLICKHOUSE_READER_USER": user,
        "CLICKHOUSE_READER_PASSWORD": password,
    }

    def run(**changed: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "dashboards", "deploy"],
            cwd=ROOT,
            env=dict(os.environ) | environment | changed,
            capture_output=True,
            text=True,
            check=False,
        )

    done = run()
    assert done.returncode == 0, done.stderr
    statuses = [result.status for result in deployed]
    assert done.stdout.count(" ok ") == statuses.count("ok")
    assert f"{superset_settings.url}/superset/dashboard/overview/" in done.stdout

    refused = run(SUPERSET_PASSWORD="wrong")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: superset: ")
    assert len(refused.stderr.strip().splitlines()) == 1
