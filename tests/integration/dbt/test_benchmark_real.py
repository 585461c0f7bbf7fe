"""Real TikTok data the whole way: sandbox, dlt, dbt; the benchmark against pandas on the file.

The expectation reads the CSV alone and shares no code with the models. It uses the file's rule for
doubled ids (the higher view count, then like count, is the later reading) and the definitions of
the KPIs: interactions = likes + comments + shares, by views and by followers, tiers by followers.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from clickhouse_connect.driver.client import Client
from recorded_build import CSV, needs_recorded_data

from tests.integration.dbt.dbt_in_process import DbtInProcess

QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
RATES = ("engagement_rate_by_views", "engagement_rate_by_followers")

pytestmark = [pytest.mark.slow, needs_recorded_data]


@pytest.fixture(scope="module")
def dbt(recorded: DbtInProcess) -> DbtInProcess:
    """The environment that holds the recorded accounts."""
    return recorded


@pytest.fixture(scope="module")
def videos() -> pd.DataFrame:
    """One row per video of the file, with its tier and rates."""
    frame = pd.read_csv(CSV, dtype={"video_id": str, "username": str})
    # 81 doubled ids have equal views and likes: more comments, then more shares, is later
    counters = ["view_count", "like_count", "comment_count", "share_count"]
    frame = frame.sort_values(counters).drop_duplicates("video_id", keep="last")
    bounds = [-1, 9_999, 99_999, 999_999, np.inf]
    frame["tier"] = pd.cut(frame.follower_count, bounds, labels=["nano", "micro", "mid", "mega"])
    interactions = frame.like_count + frame.comment_count + frame.share_count
    frame["engagement_rate_by_views"] = interactions / frame.view_count.where(frame.view_count > 0)
    followers = frame.follower_count.where(frame.follower_count > 0)
    frame["engagement_rate_by_followers"] = interactions / followers
    return frame


def test_core_holds_every_account_and_every_video_once(
    dbt: DbtInProcess, videos: pd.DataFrame, rows: Callable[..., list[dict]]
) -> None:
    assert (videos.username.nunique(), len(videos)) == (362, 10_335)
    accounts = rows("core", "dim_account", "account_key", "platform, handle, creator_id")
    assert len(accounts) == 362
    assert {row["handle"] for row in accounts} == set(videos.username)
    assert {row["platform"] for row in accounts} == {"tiktok"}
    assert all(row["creator_id"] for row in accounts)
    assert len(rows("core", "fct_account_day", "account_key")) == 362
    for table in ("dim_post", "fct_post_day"):
        keys = [row["post_key"] for row in rows("core", table, "post_key", "post_key")]
        assert len(keys) == 10_335
        assert {key.removeprefix("tiktok:") for key in keys} == set(videos.video_id)


def test_counters_are_those_of_the_later_reading(
    dbt: DbtInProcess, videos: pd.DataFrame, warehouse_client: Client
) -> None:
    table = f"{dbt.warehouse.database('marts')}.mart_engagement__post"
    found = warehouse_client.query_df(
        f"SELECT post_id AS video_id, view_count, like_count, follower_count FROM {table}"
    )
    both = videos.merge(found, on="video_id", suffixes=("", "_found"), validate="one_to_one")
    assert len(both) == 10_335
    for column in ("view_count", "like_count", "follower_count"):
        assert (both[column] == both[f"{column}_found"]).all(), column


def test_benchmark_equals_pandas(
    dbt: DbtInProcess, videos: pd.DataFrame, rows: Callable[..., list[dict]]
) -> None:
    every = rows("marts", "mart_engagement__benchmark", "1")
    found = {row["follower_tier"]: row for row in every if row["post_format"] == "all"}
    assert set(found) == {"nano", "micro", "mid", "mega"}
    # TikTok's posts are of one format, so its rows say the same once more
    assert {row["post_format"] for row in every} == {"all", "video"}
    videos_of = {row["follower_tier"]: row for row in every if row["post_format"] == "video"}
    assert {k: v | {"post_format": "all"} for k, v in videos_of.items()} == found
    for tier, posts in videos.groupby("tier", observed=True):
        row = found[tier]
        assert row["post_count"] == len(posts)
        assert row["account_count"] == posts.username.nunique()
        assert row["rated_by_views_count"] == posts.engagement_rate_by_views.notna().sum()
        assert row["rated_by_followers_count"] == posts.engagement_rate_by_followers.notna().sum()
        for rate in RATES:
            for name, level in QUANTILES.items():
                expected = posts[rate].quantile(level, interpolation="linear")
                difference = abs(row[f"{name}_{rate}"] - expected)
                assert difference < 1e-9, (
                    f"{tier} {name} {rate}: {row[f'{name}_{rate}']} {expected}"
                )
    assert sum(row["post_count"] for row in found.values()) == 10_335
