"""Every KPI on the recorded TikTok data: as pandas counts it from the file, or not known.

The recording is one reading of 362 accounts and their videos, so all that needs a second day,
insights, audiences or comments is NULL in every row.
"""

from collections.abc import Mapping

import pandas as pd
import pytest
from clickhouse_connect.driver.client import Client
from kpi_marts import KEYS, columns_of, read
from kpi_recorded import Recorded
from kpi_registry import differences, recount
from recorded_build import CSV, needs_recorded_data
from test_kpis_counted_anew import COUNTING

from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect

assert COUNTING

ROWS = {
    "mart_engagement__account": 362,
    "mart_engagement__account_day": 362,
    "mart_engagement__post": 10_335,
    "mart_growth__account_day": 362,
    "mart_audience__account_day": 362,
    "mart_insurance__account_exposure": 362,
    "mart_fraud__account_day": 362,
}
KNOWN = {
    "mart_engagement__account": {
        "follower_count", "follower_tier", "post_count", "view_count", "interaction_count",
        "engagement_rate_by_views", "engagement_rate_by_followers", "benchmark_quartile",
        "median_engagement_rate_by_views", "benchmark_engagement_rate_by_views",
    },
    "mart_engagement__account_day": {
        "follower_count", "follower_tier", "post_count", "view_count", "interaction_count",
        "engagement_rate_by_views", "engagement_rate_by_followers",
    },
    "mart_engagement__benchmark": {
        "post_count", "account_count",
        *(f"p{level}_engagement_rate_by_{base}" for level in ("05", "25", "50", "75", "95")
          for base in ("views", "followers")),
    },
    "mart_engagement__post": {
        "follower_count", "follower_tier", "view_count", "interaction_count", "is_listed",
        "engagement_rate_by_views", "engagement_rate_by_followers",
    },
    "mart_growth__account_day": {
        "follower_count", "account_age_days", "is_filled", "is_age_from_first_seen",
    },
    "mart_growth__cohort": {"cohort_account_count", "rated_by_growth_count"},
    "mart_insurance__account_exposure": {"days_of_history", "days_observed_90d"},
    "mart_fraud__account_day": {
        "likes_spread_value", "comment_like_value", "liked_beyond_views_share", "signal_count",
        "reason_codes", "likes_spread_percentile", "comment_like_percentile", "spike_n",
        "engagement_residual_n", "velocity_n", "comment_quality_n", "pod_n", "likes_spread_n",
        "comment_like_n",
    },
    "mart_fraud__comment_quality": {"comment_quality_n"},
    "mart_fraud__follower_spike": {"follower_count"},
}  # fmt: skip
"""What one reading of accounts and videos can say; every other column is NULL in all rows."""

OTHERS = {"mart_ops__cost", "mart_ops__pipeline_health", "mart_growth__forecast"}
"""Marts that are not of the recorded data."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    needs_recorded_data,
]

Counted = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def dbt(recorded: DbtInProcess) -> DbtInProcess:
    """The environment that holds the recorded accounts."""
    return recorded


@pytest.fixture(scope="module")
def counted(dbt: DbtInProcess) -> Counted:
    """Every mart's figures as pandas counts them from the file."""
    core, raw = (dbt.warehouse.database(layer) for layer in ("core", "raw"))
    with connect(settings=dbt.warehouse) as client:
        keys, days = {}, set()
        for key, handle, day in client.query(
            f"SELECT account_key, handle, toInt32(last_snapshot_date) FROM {core}.dim_account"
        ).result_rows:
            keys[handle] = key
            days.add(day)
        (day,) = days
        recorded = Recorded(client, raw, CSV, keys, day)
        return {
            mart: rows
            for function in recount.distinct()
            if function.__module__ != "kpi_ops"
            for mart, rows in function(recorded).items()
            if mart not in OTHERS
        }


def test_the_marts_hold_what_pandas_counts_from_the_file(
    dbt: DbtInProcess, counted: Counted, warehouse_client: Client
) -> None:
    told = {}
    for mart, expected in counted.items():
        found = read(warehouse_client, dbt.warehouse.database("marts"), mart, expected)
        wanted = expected[[*KEYS[mart], *columns_of(mart, expected)]]
        if different := differences(found, wanted, KEYS[mart]):
            told[mart] = different
        assert len(found) == ROWS.get(mart, len(found))
        known = {column for column in columns_of(mart, found) if found[column].notna().any()}
        assert known == KNOWN.get(mart, set()), f"{mart}: {known ^ KNOWN.get(mart, set())}"
    assert told == {}
