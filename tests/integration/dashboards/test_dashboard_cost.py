"""The warehouse knows which dashboard its queries were for."""

import pytest
from clickhouse_connect.driver.client import Client

from dashboards.deploy import ChartResult

ASKED_FOR = """
    SELECT
        JSONExtractString(log_comment, 'kind') AS kind,
        JSONExtractString(log_comment, 'asset') AS asset,
        count()
    FROM system.query_log
    WHERE type = 'QueryFinish' AND log_comment != '' AND query ILIKE '%FROM%mart_engagement__%'
    GROUP BY kind, asset
"""


@pytest.mark.superset
@pytest.mark.slow
def test_a_charts_query_is_counted_for_its_dashboard(
    deployed: list[ChartResult], marts_owner: Client
) -> None:
    marts_owner.command("SYSTEM FLUSH LOGS")
    found = {(kind, asset): n for kind, asset, n in marts_owner.query(ASKED_FOR).result_rows}
    charts = [result for result in deployed if result.dashboard == "overview"]
    assert found[("dashboard", "dashboards/overview")] >= len(charts)
