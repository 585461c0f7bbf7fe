"""TikTok's source against the sandbox into a real warehouse: every table, twice, day after day."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from ingestion_environment import Ingestion

TABLES = (
    "users",
    "videos",
    "video_refresh",
    "account_insights",
    "audience",
    "video_insights",
    "comments",
)


def landed(ingestion: Ingestion) -> dict[str, list[tuple[object, ...]]]:
    return {table: ingestion.rows(f"tiktok__{table}") for table in TABLES}


def test_every_table_lands_and_a_second_run_adds_nothing(
    ingestion: Ingestion, three_days: list[date]
) -> None:
    result = ingestion.load("tiktok", *three_days)
    assert result.outcomes.failures == []
    first = landed(ingestion)
    print({t: len(r) for t, r in first.items()})
    assert all(first[table] for table in TABLES if table != "video_refresh")
    ingestion.load("tiktok", *three_days)
    assert landed(ingestion) == first
