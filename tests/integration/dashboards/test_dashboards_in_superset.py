"""Dashboards in a real Superset on a real warehouse: each figure against a query on the marts."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

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


def chart_rows(superset: Superset, slug: str) -> list[dict[str, Any]]:
    data = superset.chart_data(asset_uuid("charts", slug))
    assert data.error is None
    return data.rows


def test_every_chart_answers(deployed: list[ChartResult]) -> None:
    dashboards = load_assets().dashboards
    expected = [(slug, chart) for slug, item in dashboards.items() for chart in item.charts()]
    assert [(result.dashboard, result.chart) for result in deployed] == expected
    assert failures(deployed) == []
    overview = [result.status for result in deployed if result.dashboard == "overview"]
    assert overview == ["ok"] * 15


@pytest.mark.usefixtures("deployed")
def test_accounts(superset: Superset, marts_reader: Client) -> None:
    expected = marts_reader.query(
        "SELECT count() FROM (SELECT DISTINCT account_key FROM marts.mart_engagement__account_day)"
    ).result_rows
    assert chart_rows(superset, "accounts") == [{"accounts": expected[0][0]}]
    assert expected == [(8,)]


@pytest.mark.usefixtures("deployed")
def test_followers_are_each_accounts_latest_and_never_summed_over_days(
    superset: Superset, marts_reader: Client
) -> None:
    expected = marts_reader.query(
        "SELECT sum(latest.1) FROM (SELECT argMax(tuple(follower_count), snapshot_date) AS latest "
        "FROM marts.mart_engagement__account_day GROUP BY account_key)"
    ).result_rows
    assert chart_rows(superset, "followers") == [{"followers": expected[0][0]}]
    assert expected == [(3_229_604,)]


@pytest.mark.usefixtures("deployed")
def test_followers_over_time(superset: Superset, marts_reader: Client) -> None:
    platforms = ("facebook", "instagram", "tiktok", "youtube")
    # a platform that was not read on a day is not known there, and not zero
    sums = ", ".join(
        f"if(has(groupArray(platform), '{name}'), sumIf(follower_count, platform = '{name}'), NULL)"
        for name in platforms
    )
    expected = marts_reader.query(
        f"SELECT toUnixTimestamp(toDateTime(snapshot_date, 'UTC')) * 1000, {sums} "
        "FROM marts.mart_growth__account_day GROUP BY snapshot_date ORDER BY snapshot_date"
    ).result_rows
    rows = chart_rows(superset, "followers-over-time")
    assert [
        (row["snapshot_date"], *(row[f"followers, {name}"] for name in platforms)) for row in rows
    ] == expected
    assert [row[2] for row in expected] == [20_000, None]
    assert len(expected) == 2


@pytest.mark.usefixtures("deployed")
def test_engagement_against_benchmark(superset: Superset, marts_reader: Client) -> None:
    expected = marts_reader.query(
        """
        SELECT
            follower_tier,
            countIf(rate < q25),
            countIf(rate >= q25 AND rate < q50),
            countIf(rate >= q50 AND rate < q75),
            countIf(rate >= q75)
        FROM (
            SELECT platform, follower_tier, median_engagement_rate_by_views AS rate
            FROM marts.mart_engagement__account
        ) AS account
        INNER JOIN (
            SELECT
                platform,
                follower_tier,
                p25_engagement_rate_by_views AS q25,
                p50_engagement_rate_by_views AS q50,
                p75_engagement_rate_by_views AS q75
            FROM marts.mart_engagement__benchmark
            WHERE post_format = 'all'
        ) AS benchmark USING (platform, follower_tier)
        WHERE rate IS NOT NULL
        GROUP BY follower_tier
        ORDER BY follower_tier
        """
    ).result_rows
    quartiles = ("Q1 lowest", "Q2", "Q3", "Q4 highest")
    rows = chart_rows(superset, "engagement-against-benchmark")
    assert [row["tier"] for row in rows] == ["1 nano", "2 micro", "4 mega"]
    found = sorted(
        (row["tier"][2:], *(row[f"accounts, {name}"] or 0 for name in quartiles)) for row in rows
    )
    assert found == expected
    assert sum(sum(row[1:]) for row in expected) == 6


@pytest.mark.usefixtures("deployed")
def test_top_accounts(superset: Superset, marts_reader: Client) -> None:
    expected = marts_reader.query(
        "SELECT account_key, follower_count, follower_change, "
        "engagement_rate_by_views, benchmark_engagement_rate_by_views, "
        "median_engagement_rate_by_views, engagement_rate_by_followers, benchmark_quartile, "
        "toUnixTimestamp(toDateTime(snapshot_date, 'UTC')) * 1000 "
        "FROM marts.mart_engagement__account"
    ).result_rows
    rows = chart_rows(superset, "top-accounts")
    found = [
        (
            row["account"].split('"')[1],
            row["followers"],
            row["net_growth"],
            row["rate_by_views"],
            row["benchmark"],
            row["median_post"],
            row["rate_by_followers"],
            row["benchmark_quartile"],
            row["snapshot_date"],
        )
        for row in rows
    ]
    assert sorted(found) == sorted(expected)
    followers = [row["followers"] for row in rows if row["followers"] is not None]
    assert followers == sorted(followers, reverse=True)
    assert rows[-1]["followers"] is None, "an account that hides its followers comes last"


@pytest.mark.usefixtures("deployed")
def test_what_an_owner_writes_is_no_markup(superset: Superset) -> None:
    names = [row["account"] for row in chart_rows(superset, "top-accounts")]
    mia = next(name for name in names if "Mia" in name)
    assert ">Mia &lt;i&gt;&amp; Co&lt;/i&gt;</a>" in mia
    assert 'href="https://example.com/t1?a=1&amp;b=2"' in mia


@pytest.mark.usefixtures("deployed")
def test_benchmark(superset: Superset, marts_reader: Client) -> None:
    columns = [f"{name}_engagement_rate_by_views" for name in ("p05", "p25", "p50", "p75", "p95")]
    expected = marts_reader.query(
        f"SELECT platform, follower_tier, account_count, post_count, {', '.join(columns)}, "
        "p50_engagement_rate_by_followers FROM marts.mart_engagement__benchmark "
        "WHERE post_format = 'all' "
        "ORDER BY platform, indexOf(['nano', 'micro', 'mid', 'mega'], follower_tier)"
    ).result_rows
    rows = chart_rows(superset, "benchmark")
    names = ["accounts", "posts", *(f"{name}_by_views" for name in ("p05", "p25", "p50"))]
    names += ["p75_by_views", "p95_by_views", "p50_by_followers"]
    found = [(row["platform"], row["tier"][2:], *(row[name] for name in names)) for row in rows]
    assert found == expected
    assert len(expected) == 6


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
    assert state() == before
    assets = load_assets()
    written = (assets.databases, assets.datasets, assets.charts, assets.dashboards)
    assert before[1] == [len(kind) for kind in written]
    assert [(item.chart, item.rows) for item in again] == [
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
