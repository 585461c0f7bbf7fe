"""Marts as dbt's enforced contracts declare them, filled by hand: what dashboards' tests read."""

from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from clickhouse_connect.driver.client import Client

from tests.marts_accounts import ACCOUNTS, DAYS, identity, tier
from tests.marts_audience_rows import audiences, circles, comments, scores, signals, spikes
from tests.marts_growth_rows import cohorts, earlier_growth, forecasts, growth
from tests.marts_rows import costs, posting_times, posts
from warehouse.contracts import mart_columns


def create_marts(client: Client, database: str) -> None:
    """Create every mart anew, empty."""
    for mart, columns in mart_columns().items():
        listed = ", ".join(f"`{name}` {type_}" for name, type_ in columns.items())
        client.command(f"DROP TABLE IF EXISTS {database}.{mart}")
        client.command(
            f"CREATE TABLE {database}.{mart} ({listed}) ENGINE MergeTree ORDER BY tuple()"
        )


def insert(client: Client, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows that name some columns each; the others are NULL or the type's default."""
    for columns, alike in groupby(sorted(rows, key=tuple), key=tuple):
        client.insert(table, [list(row.values()) for row in alike], column_names=list(columns))


BENCHMARK: list[dict[str, Any]] = [
    {"platform": "tiktok", "follower_tier": "nano", "quartiles": (0.01, 0.02, 0.04)},
    {"platform": "instagram", "follower_tier": "micro", "quartiles": (0.02, 0.03, 0.04)},
    {"platform": "facebook", "follower_tier": "mid", "quartiles": (0.01, 0.02, 0.03)},
    {"platform": "tiktok", "follower_tier": "mega", "quartiles": (0.021, 0.03, 0.04)},
    {"platform": "youtube", "follower_tier": "nano", "quartiles": (0.05, 0.07, 0.09)},
    {"platform": "youtube", "follower_tier": "mega", "quartiles": (0.004, 0.005, 0.006)},
]


# Rows of one kind of post each; the bands of a median do not add up.
FORMATS: list[dict[str, Any]] = [
    {"platform": "tiktok", "post_format": "video", "post_count": 300, "rate": 0.04},
    {"platform": "instagram", "post_format": "carousel", "post_count": 120, "rate": 0.03},
    {"platform": "youtube", "post_format": "video", "post_count": 200, "rate": 0.02},
]
# What a stream's last attempt was, on the last day but for one that an older row holds.
STREAMS: list[dict[str, Any]] = [
    {"key": "tiktok:t1", "stream": "tiktok__videos", "attempt_status": "ok"},
    {"key": "tiktok:t1", "stream": "tiktok__comments", "attempt_status": "failed", "late": True},
    {"key": "youtube:y1", "stream": "youtube__videos", "attempt_status": "ok"},
    {"key": "youtube:y1", "stream": "youtube__videos", "attempt_status": "failed", "old": True},
]


def fill_marts(client: Client, database: str) -> None:
    """Put what is written down above into the marts."""
    insert(client, f"{database}.mart_engagement__format", [_format(row) for row in FORMATS])
    insert(client, f"{database}.mart_ops__pipeline_health", [_stream(row) for row in STREAMS])
    insert(client, f"{database}.mart_engagement__post", posts())
    insert(client, f"{database}.mart_engagement__posting_time", posting_times())
    insert(client, f"{database}.mart_ops__cost", costs())
    insert(client, f"{database}.mart_growth__account_day", earlier_growth())
    insert(client, f"{database}.mart_growth__cohort", cohorts())
    insert(client, f"{database}.mart_growth__forecast", forecasts())
    insert(client, f"{database}.mart_fraud__authenticity", scores())
    insert(client, f"{database}.mart_fraud__follower_spike", spikes())
    insert(client, f"{database}.mart_fraud__comment_quality", comments())
    insert(client, f"{database}.mart_fraud__pod", circles())
    insert(client, f"{database}.mart_audience__account_day", audiences())
    bands = [_band(band, post_format) for band in BENCHMARK for post_format in ("all", "video")]
    insert(client, f"{database}.mart_engagement__benchmark", bands)
    days = [
        (account, _account_day(account, number))
        for account in ACCOUNTS
        for number in range(len(account["followers"]))
    ]
    reached = [day | _reach(day) | _windows(account) for account, day in days]
    latest = {account["key"]: _account(account, day) for account, day in days}
    insert(client, f"{database}.mart_engagement__account_day", reached)
    insert(client, f"{database}.mart_engagement__account", list(latest.values()))
    insert(client, f"{database}.mart_growth__account_day", [_growth_day(day) for _, day in days])
    insert(client, f"{database}.mart_fraud__account_day", [_signals_day(day) for _, day in days])


def _account_day(account: dict[str, Any], number: int) -> dict[str, Any]:
    followers, before = account["followers"][number], account["followers"][:number][-1:]
    change = None if followers is None or not before else followers - before[0]
    return identity(account["key"]) | {
        "snapshot_date": DAYS[number],
        "follower_count": followers,
        "follower_change": change,
        "follower_tier": tier(followers),
        "post_count": 3,
        # Pooled over the posts it differs from the median post, so that a chart which shows the
        # wrong one is found.
        "engagement_rate_by_views": account["rate"] and account["rate"] * 1.1,
        "engagement_rate_by_followers": None if followers is None else 12 / followers,
    }


def _reach(day: dict[str, Any]) -> dict[str, Any]:
    unknown = day["platform"] == "youtube" or day["follower_count"] is None
    return {"mean_reach_28d": None if unknown else day["follower_count"] / 4}


def _windows(account: dict[str, Any]) -> dict[str, Any]:
    return {
        "day_interaction_count": 5,
        "view_count_28d": 1000,
        "interaction_count_28d": 40,
        "engagement_rate_by_views_28d": account["rate"],
    }


def _shared(day: dict[str, Any]) -> dict[str, Any]:
    """What the marts by account and day have in common."""
    names = ("platform", "account_key", "account_id", "creator_id", "display_name")
    return {
        name: day[name] for name in (*names, "snapshot_date", "follower_count", "follower_tier")
    }


def _growth_day(day: dict[str, Any]) -> dict[str, Any]:
    change = day["follower_change"]
    return (
        _shared(day)
        | {
            "follower_change": change,
            "follower_growth_rate_28d": None if change is None else change / day["follower_count"],
            "growth_percentile_28d": None if day["platform"] != "youtube" else 0.5,
        }
        | growth(day["account_key"], day["snapshot_date"])
    )


def _signals_day(day: dict[str, Any]) -> dict[str, Any]:
    return _shared(day) | signals(day["account_key"], day["snapshot_date"])


def _format(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "platform": row["platform"],
        "follower_tier": "micro",
        "post_format": row["post_format"],
        "sponsorship": "organic",
        "post_count": row["post_count"],
        "account_count": 6,
        "median_day_7_views": 1000.0,
        "median_day_7_engagement_rate_by_views": row["rate"],
        "median_day_7_engagement_rate_by_followers": row["rate"] / 2,
    }


def _stream(row: dict[str, Any]) -> dict[str, Any]:
    day = DAYS[0 if row.get("old") else 1]
    account = identity(row["key"])
    read = row["attempt_status"] == "ok"
    failure = {
        "error_class": "40102",
        "error_message": "Token <b>dead</b>.",
        "problem": "The token is dead.",
        "remedy": "Reconnect the account.",
        "failed_attempt_count": 2,
    }
    return (
        account
        | ({} if read else failure)
        | {
            "stream": row["stream"],
            "snapshot_date": day,
            "is_latest": not row.get("old", False),
            "attempt_status": row["attempt_status"],
            "last_success_at": datetime(day.year, day.month, day.day, 3, 5, tzinfo=UTC)
            if read
            else None,
            "is_late": row.get("late", False),
            "call_count": 10,
            "quota_unit_count": 7 if account["platform"] == "youtube" else 0,
        }
    )


def _account(account: dict[str, Any], day: dict[str, Any]) -> dict[str, Any]:
    url = None if account.get("no_url") else f"https://example.com/{day['account_id']}?a=1&b=2"
    quartiles = next(
        (
            band["quartiles"]
            for band in BENCHMARK
            if (band["platform"], band["follower_tier"]) == (day["platform"], day["follower_tier"])
        ),
        None,
    )
    rate = account["rate"]
    standing = None if rate is None or quartiles is None else sum(rate >= q for q in quartiles)
    return day | {
        "profile_url": url,
        "median_engagement_rate_by_views": rate,
        "benchmark_engagement_rate_by_views": quartiles and quartiles[1],
        "benchmark_quartile": None
        if standing is None
        else ("Q1 lowest", "Q2", "Q3", "Q4 highest")[standing],
    }


def _band(band: dict[str, Any], post_format: str) -> dict[str, Any]:
    # what one format shows differs from what all do, so that a chart which mixes them is found
    low, median, high = (q * (1 if post_format == "all" else 0.5) for q in band["quartiles"])
    return {
        "platform": band["platform"],
        "follower_tier": band["follower_tier"],
        "post_format": post_format,
        "post_count": 1200,
        # too few of one band to be shared with a creator
        "account_count": 2 if band["follower_tier"] == "mid" else 6,
        "p05_engagement_rate_by_views": low / 2,
        "p25_engagement_rate_by_views": low,
        "p50_engagement_rate_by_views": median,
        "p75_engagement_rate_by_views": high,
        "p95_engagement_rate_by_views": high * 2,
        "p50_engagement_rate_by_followers": None,
    }
