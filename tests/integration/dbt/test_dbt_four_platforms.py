"""Random readings of four platforms, and every figure again in pandas from the raw rows alone.

The expectation shares no code with the models: what each platform's interactions are, which posts
are listed, how rates and tiers are made, is written here a second time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clickhouse_connect.driver.client import Client
from raw_tables import create_raw, day, fill

from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect

DAYS = (1, 2, 3)
ACCOUNTS, POSTS = 5, 6
COUNTERS = ["view_count", "like_count", "comment_count", "share_count"]
ACCOUNT_TABLES = {
    "facebook": ("facebook__pages", "snapshot_date id followers_count"),
    "instagram": ("instagram__accounts", "snapshot_date id followers_count"),
    "tiktok": ("tiktok__users", "snapshot_date open_id follower_count"),
    "youtube": ("youtube__channels", "snapshot_date id subscriber_count"),
}
POST_TABLES = {
    "facebook": (
        "facebook__posts",
        "snapshot_date page_id id reaction_count comment_count share_count",
        ["like_count", "comment_count", "share_count"],
    ),
    "instagram": (
        "instagram__media",
        "snapshot_date account_id id view_count like_count comments_count shares_count",
        COUNTERS,
    ),
    "tiktok": (
        "tiktok__videos",
        "snapshot_date open_id id view_count like_count comment_count share_count",
        COUNTERS,
    ),
    "youtube": (
        "youtube__video_stats",
        "snapshot_date channel_id id view_count like_count comment_count",
        ["view_count", "like_count", "comment_count"],
    ),
}
INTERACTIONS = {
    "facebook": ["like_count", "comment_count"],
    "instagram": ["like_count", "comment_count"],
    "tiktok": ["like_count", "comment_count", "share_count"],
    "youtube": ["like_count", "comment_count"],
}


def some(random: np.random.Generator, choices: list[int | None]) -> int | None:
    return choices[random.integers(len(choices))]


@pytest.fixture(scope="module")
def readings() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accounts and posts as the platforms show them on each day; posts come and go."""
    random = np.random.default_rng(4)
    accounts: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    for platform in ACCOUNT_TABLES:
        for number in range(ACCOUNTS):
            for on in DAYS:
                where = {"platform": platform, "account": f"a{number}", "day": day(on)}
                followers = some(random, [None, 0, 9_999, 10_000, 250_000, 2_000_000])
                accounts.append({**where, "followers": followers})
                for post in random.choice(POSTS, random.integers(1, POSTS + 1), replace=False):
                    counts = {name: some(random, [None, 0, 3, 50, 3_000]) for name in COUNTERS}
                    posts.append({**where, "post": f"a{number}-{post}", **counts})
    return pd.DataFrame(accounts), pd.DataFrame(posts)


@pytest.fixture(scope="module")
def built(dbt: DbtInProcess, readings: tuple[pd.DataFrame, pd.DataFrame]) -> DbtInProcess:
    accounts, posts = (frame.astype(object).where(frame.notna(), None) for frame in readings)
    raw = dbt.warehouse.database("raw")
    with connect(settings=dbt.warehouse) as client:
        create_raw(client, raw)
        for platform, (table, columns) in ACCOUNT_TABLES.items():
            mine = accounts[accounts.platform == platform]
            rows = mine[["day", "account", "followers"]].to_numpy().tolist()
            fill(client, f"{raw}.{table}", columns, rows)
        for platform, (table, columns, counters) in POST_TABLES.items():
            mine = posts[posts.platform == platform]
            rows = mine[["day", "account", "post", *counters]].to_numpy().tolist()
            fill(client, f"{raw}.{table}", columns, rows)
        # the views of a page's posts are those of their videos, each a second object
        mine = posts[posts.platform == "facebook"]
        videos = [
            (row.day, row.account, f"video-{row.post}", row.post, row.view_count)
            for row in mine.itertuples()
        ]
        fill(
            client,
            f"{raw}.facebook__videos",
            "snapshot_date page_id id post_id views",
            videos,
        )
    dbt.succeed("build", "--exclude-resource-type", "unit_test")
    return dbt


@pytest.fixture(scope="module")
def expected(readings: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """Every post and day with what it comes to."""
    accounts, posts = (frame.copy() for frame in readings)
    for platform, parts in INTERACTIONS.items():
        mine = posts.platform == platform
        posts.loc[mine, "interactions"] = posts.loc[mine, parts].sum(axis=1, skipna=False)
    posts = posts.merge(accounts, on=["platform", "account", "day"], validate="many_to_one")
    posts["by_views"] = posts.interactions / posts.view_count.where(posts.view_count > 0)
    posts["by_followers"] = posts.interactions / posts.followers.where(posts.followers > 0)
    bounds = [-1, 9_999, 99_999, 999_999, np.inf]
    tiers = pd.cut(posts.followers.astype(float), bounds, labels=["nano", "micro", "mid", "mega"])
    posts["tier"] = tiers.astype(object)
    return posts


def read(client: Client, built: DbtInProcess, sql: str) -> pd.DataFrame:
    databases = {name: built.warehouse.database(name) for name in ("core", "marts")}
    return client.query_df(sql.format(**databases))


def same(found: pd.Series, wanted: pd.Series) -> None:
    pd.testing.assert_series_equal(
        found.astype(float).reset_index(drop=True),
        wanted.astype(float).reset_index(drop=True),
        check_names=False,
        rtol=1e-12,
    )


def test_every_post_and_day_stands_once_with_its_interactions(
    built: DbtInProcess, expected: pd.DataFrame, warehouse_client: Client
) -> None:
    found = read(
        warehouse_client,
        built,
        "SELECT post_key, snapshot_date, view_count, interaction_count FROM {core}.fct_post_day "
        "ORDER BY post_key, snapshot_date",
    )
    wanted = expected.assign(key=expected.platform + ":" + expected.post)
    wanted = wanted.sort_values(["key", "day"])
    assert found.post_key.tolist() == wanted.key.tolist()
    same(found.view_count, wanted.view_count)
    same(found.interaction_count, wanted.interactions)


def test_posts_stand_at_their_latest_day_and_say_whether_they_are_listed(
    built: DbtInProcess, expected: pd.DataFrame, warehouse_client: Client
) -> None:
    found = read(
        warehouse_client,
        built,
        "SELECT post_key, is_listed, follower_tier, engagement_rate_by_views AS by_views, "
        "engagement_rate_by_followers AS by_followers FROM {marts}.mart_engagement__post "
        "ORDER BY post_key",
    )
    wanted = expected.assign(key=expected.platform + ":" + expected.post)
    wanted = wanted.sort_values("day").drop_duplicates("key", keep="last").sort_values("key")
    last_day = wanted.groupby(["platform", "account"]).day.transform("max")
    assert found.post_key.tolist() == wanted.key.tolist()
    assert found.is_listed.tolist() == (wanted.day == last_day).tolist()
    assert not found.is_listed.all()
    tiers = [None if pd.isna(tier) else tier for tier in found.follower_tier]
    assert tiers == [None if pd.isna(tier) else tier for tier in wanted.tier]
    same(found.by_views, wanted.by_views)
    same(found.by_followers, wanted.by_followers)


def test_the_benchmark_is_that_of_the_listed_posts(
    built: DbtInProcess, expected: pd.DataFrame, rows: Callable[..., list[dict]]
) -> None:
    last_day = expected.groupby(["platform", "account"]).day.transform("max")
    listed = expected[(expected.day == last_day) & expected.tier.notna()]
    found = {
        (row["platform"], row["follower_tier"]): row
        for row in rows("marts", "mart_engagement__benchmark", "1")
        if row["post_format"] == "all"
    }
    bands = dict(list(listed.groupby(["platform", "tier"])))
    assert set(found) == set(bands)
    assert {platform for platform, _ in bands} == set(ACCOUNT_TABLES)
    for key, band in bands.items():
        row = found[key]
        assert row["post_count"] == len(band)
        assert row["rated_by_views_count"] == band.by_views.notna().sum()
        for name, level in (("p25", 0.25), ("p50", 0.5), ("p95", 0.95)):
            for rate in ("views", "followers"):
                value = band[f"by_{rate}"].astype(float).quantile(level)
                got = row[f"{name}_engagement_rate_by_{rate}"]
                assert (got is None) == bool(np.isnan(value)), (key, name, rate)
                assert got is None or abs(got - value) < 1e-9, (key, name, rate)
