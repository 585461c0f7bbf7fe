"""The warehouse knows what its queries were for, and is asked for little besides."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from dashboards.assets import asset_uuid, load_assets
from dashboards.deploy import ChartResult, check_dashboard
from dashboards.settings import DashboardsSettings

ASKED_FOR = """
    SELECT
        JSONExtractString(log_comment, 'kind') AS kind,
        JSONExtractString(log_comment, 'asset') AS asset,
        groupUniqArray(JSONExtractString(log_comment, 'chart'))
    FROM system.query_log
    WHERE type = 'QueryFinish' AND log_comment != '' AND query ILIKE '%FROM%mart_engagement__%'
    GROUP BY kind, asset
"""


CONNECTIONS_OPENED = """
    SELECT count() FROM system.query_log
    WHERE type = 'QueryFinish' AND query LIKE 'SELECT name, value, readonly FROM system.settings%'
"""


@pytest.mark.superset
@pytest.mark.slow
def test_a_charts_query_is_counted_for_its_dashboard(
    deployed: list[ChartResult], marts_owner: Client
) -> None:
    marts_owner.command("SYSTEM FLUSH LOGS")
    found = {(kind, asset): charts for kind, asset, charts in _rows(marts_owner, ASKED_FOR)}
    assert found[("dashboard", "dashboards/overview")]
    counted = {
        chart for (kind, _), charts in found.items() if kind == "dashboard" for chart in charts
    }
    asked = load_assets().charts
    for chart in {result.chart for result in deployed}:
        if asked[chart].dataset.startswith("mart_engagement__"):
            assert str(asset_uuid("charts", chart)) in counted, chart


@pytest.mark.superset
@pytest.mark.slow
def test_a_connection_serves_one_chart_after_the_other(
    deployed: list[ChartResult], superset_settings: DashboardsSettings, marts_owner: Client
) -> None:
    opened = []
    for _ in range(2):
        marts_owner.command("SYSTEM FLUSH LOGS")
        opened.append(_rows(marts_owner, CONNECTIONS_OPENED)[0][0])
        charts = check_dashboard("overview", superset_settings)
    assert len(charts) > superset_settings.workers
    assert opened[1] - opened[0] <= superset_settings.workers


@pytest.mark.superset
@pytest.mark.slow
def test_the_action_log_keeps_what_was_done_without_its_steps(
    deployed: list[ChartResult], superset_settings: DashboardsSettings
) -> None:
    with closing(sqlite3.connect(superset_settings.home / "superset.db")) as metadata:
        actions = {action for (action,) in metadata.execute("SELECT DISTINCT action FROM logs")}
    assert "ChartRestApi.get" in actions
    assert not actions & {"execute_sql", "load_into_dataframe", "_get_data_response"}


def _rows(client: Client, query: str) -> Sequence[Sequence[Any]]:
    return client.query(query).result_rows
