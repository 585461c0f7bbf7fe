"""A raw table is fresh when it was read within thirty hours."""

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from orchestration.freshness import judge

KEY = dg.AssetKey(["raw", "tiktok__users"])
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (timedelta(hours=30), True),
        (timedelta(hours=30, seconds=1), False),
        (timedelta(days=9), False),
    ],
)
def test_age_decides(age: timedelta, fresh: bool) -> None:
    assert judge(KEY, NOW - age, NOW).passed is fresh


def test_a_table_never_read_is_not_fresh() -> None:
    assert not judge(KEY, None, NOW).passed


def test_a_time_without_zone_is_utc() -> None:
    assert judge(KEY, (NOW - timedelta(hours=29)).replace(tzinfo=None), NOW).passed
