"""The marts' side: the rows of a built mart in the terms in which KPIs are counted anew."""

import pandas as pd
from clickhouse_connect.driver.client import Client

from warehouse.kpis import kpis

ACCOUNT_DAY = ["account", "day"]
KEYS = {
    "mart_engagement__account": ["account"],
    "mart_engagement__account_day": ACCOUNT_DAY,
    "mart_engagement__benchmark": ["platform", "follower_tier", "post_format"],
    "mart_engagement__format": ["platform", "follower_tier", "post_format", "sponsorship"],
    "mart_engagement__post": ["post"],
    "mart_engagement__posting_time": ["platform", "follower_tier", "weekday", "hour_utc"],
    "mart_growth__account_day": ACCOUNT_DAY,
    "mart_growth__cohort": ["platform", "age_band", "follower_tier", "week"],
    "mart_growth__forecast": ["account", "metric", "target"],
    "mart_audience__account_day": ACCOUNT_DAY,
    "mart_insurance__account_exposure": ACCOUNT_DAY,
    "mart_fraud__account_day": ACCOUNT_DAY,
    "mart_fraud__authenticity": ACCOUNT_DAY,
    "mart_fraud__comment_quality": ACCOUNT_DAY,
    "mart_fraud__follower_spike": ACCOUNT_DAY,
    "mart_fraud__pod": ACCOUNT_DAY,
    "mart_fraud__post_reaction": ACCOUNT_DAY,
    "mart_ops__pipeline_health": ["platform", "account_id", "stream", "day"],
    "mart_ops__cost": ["event_day", "kind", "asset"],
}
EXPRESSIONS = {
    "account": "account_key",
    "post": "post_key",
    "day": "toInt32(snapshot_date)",
    "week": "toInt32(week_start_date)",
    "target": "toInt32(target_date)",
    "event_day": "toInt32(event_date)",
    "last_success_at": "toUnixTimestamp64Micro(last_success_at)",
    "modelled_income_amount": "toString(modelled_income_amount)",
    "documented_income_amount": "toString(documented_income_amount)",
}


COMPARED = {"mart_ops__cost": "kind != 'other' AND asset != 'marts/mart_ops__cost'"}
"""Rows that are compared: the log goes on while the mart of it is built and read."""

BESIDE = {
    "mart_fraud__account_day": [
        *(
            f"{signal}_percentile"
            for signal in (
                "spike",
                "round_lot",
                "spike_decay",
                "sawtooth",
                "engagement_residual",
                "decoupling",
                "likes_spread",
                "comment_like",
                "velocity",
                "comment_quality",
                "pod",
                "geography",
                "benford",
            )
        ),
        *("spike_n", "engagement_residual_n", "velocity_n", "comment_quality_n", "pod_n"),
        *("likes_spread_n", "comment_like_n"),
        "comment_language_mismatch_share",
    ],
    "mart_growth__account_day": ["is_filled", "is_age_from_first_seen"],
    "mart_engagement__post": ["is_listed"],
    "mart_fraud__comment_quality": ["comment_quality_n", "comment_language_mismatch_share"],
}
"""Columns that stand beside a KPI and are counted anew too."""


def kpi_columns(mart: str) -> list[str]:
    """Columns of a mart that a KPI names, keys aside."""
    named = {column for kpi in kpis().values() for column in kpi.grain.get(mart, ())}
    return sorted(named - {EXPRESSIONS.get(key, key) for key in KEYS[mart]})


def columns_of(mart: str, expected: pd.DataFrame) -> list[str]:
    """Those of the mart's KPI columns that were counted anew."""
    listed = [*kpi_columns(mart), *BESIDE.get(mart, [])]
    return [column for column in listed if column in expected]


def read(client: Client, database: str, mart: str, expected: pd.DataFrame) -> pd.DataFrame:
    """Keys and KPI columns of a mart, days as numbers of days since 1970."""
    wanted = [*KEYS[mart], *columns_of(mart, expected)]
    listed = ", ".join(f"{EXPRESSIONS.get(name, name)} AS `{name}`" for name in wanted)
    sql = f"SELECT {listed} FROM {database}.{mart} WHERE {COMPARED.get(mart, '1')}"
    return client.query_arrow(sql, use_strings=True).to_pandas()
