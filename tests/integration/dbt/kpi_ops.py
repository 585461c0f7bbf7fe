"""The KPIs of operations, counted anew from ingestion's outcomes and the query log."""

import json
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from kpi_raw import MICROSECONDS_A_DAY, Raw
from kpi_registry import Figures, recount

LATE_HOURS, KEPT_DAYS = 30, 30
DAILY = {
    "app": ["connections", "creators"],
    "facebook": ["page_insights", "pages", "posts"],
    "instagram": ["account_insights", "accounts", "media"],
    "tiktok": ["account_insights", "users", "videos"],
    "youtube": ["channels", "playlist_items", "video_stats", "videos"],
}
"""Streams that have something to read every day."""
GOOD, BAD = ["ok", "empty"], ["failed", "unloaded"]


@recount.of(
    *("late_streams", "streams", "failed_streams", "last_read_at"),
    *("streams_tried", "quota_units", "calls", "failed_attempts"),
)
def pipeline(raw: Raw) -> Figures:
    """Streams of accounts by day, and whether by its end (or now) 30 hours passed without one."""
    ops = raw.database.removesuffix("raw") + "ops"
    rows = raw.client.query_arrow(
        "SELECT platform, account_id, stream, status, call_count, quota_units, "
        "toInt32(snapshot_date) AS day, "
        "toUnixTimestamp64Micro(started_at) AS started, "
        f"toUnixTimestamp64Micro(finished_at) AS finished FROM {ops}.ingestion_outcome",
        use_strings=True,
    ).to_pandas()
    rows = rows.astype({"day": "int64"})
    rows = rows[rows.day > rows.day.max() - KEPT_DAYS]
    now = datetime.now(UTC).timestamp() * 1e6
    daily = {f"{source}__{name}" for source, names in DAILY.items() for name in names}
    revoked = set(raw.owners.account[raw.owners.status == "revoked"])
    found = []
    for (platform, account_id, stream), own in rows.groupby(["platform", "account_id", "stream"]):
        for day in sorted(own.day.unique()):
            known = own[own.day <= day]
            of_day = known[(known.day == day) & (known.status != "skipped")]
            good = known.finished[known.status.isin(GOOD)]
            moment = now if day == own.day.max() else min(now, (day + 1) * MICROSECONDS_A_DAY)
            hours = (moment - good.max()) / 3.6e9 if len(good) else np.inf
            last = of_day.sort_values("started").status.iloc[-1] if len(of_day) else ""
            is_due = stream in daily or last in BAD
            is_late = is_due and hours > LATE_HOURS and f"{platform}:{account_id}" not in revoked
            skips = known.started[(known.day == day) & (known.status == "skipped")]
            has_skipped = last in GOOD and (skips == of_day.started.max()).any()
            key = {"platform": platform, "account_id": account_id, "stream": stream, "day": day}
            figures = {
                "is_late": is_late,
                "is_latest": day == own.day.max(),
                "attempt_status": "skipped" if has_skipped else last,
                "failed_attempt_count": of_day.status.isin(BAD).sum(),
                "call_count": known.call_count[known.day == day].sum(min_count=1),
                "quota_unit_count": known.quota_units[known.day == day].sum(min_count=1),
                "last_success_at": good.max() if len(good) else np.nan,
            }
            found.append(key | figures)
    return {"mart_ops__pipeline_health": pd.DataFrame(found)}


@recount.of(
    *("query_seconds", "rows_read", "bytes_read"),
    *("queries", "failed_queries", "peak_memory"),
)
def cost(raw: Raw) -> Figures:
    """What the finished queries of each asset cost by day, of those that say what they are for."""
    rows = raw.client.query_arrow(
        "SELECT toInt32(event_date) AS event_day, log_comment, query_duration_ms AS ms, read_rows, "
        "read_bytes, memory_usage, exception_code != 0 AS has_failed "
        "FROM system.query_log WHERE type != 'QueryStart' AND is_initial_query",
        use_strings=True,
    ).to_pandas()
    said = [json.loads(text) if text.startswith("{") else {} for text in rows.log_comment]
    rows["kind"] = [comment.get("kind", "") for comment in said]
    rows["asset"] = [comment.get("asset", "") for comment in said]
    is_over = ~rows.kind.isin(["", "other"]) & (rows.asset != "marts/mart_ops__cost")
    rows = rows[is_over].astype({"event_day": "int64"})
    groups = rows.groupby(["event_day", "kind", "asset"])
    figures = pd.DataFrame(
        {
            "query_seconds": groups.ms.sum() / 1000,
            "read_row_count": groups.read_rows.sum(),
            "read_bytes": groups.read_bytes.sum(),
            "query_count": groups.size(),
            "failed_query_count": groups.has_failed.sum(),
            "peak_memory_bytes": groups.memory_usage.max(),
        }
    )
    return {"mart_ops__cost": figures.reset_index()}
