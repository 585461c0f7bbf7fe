"""A synthetic world in raw, as a user would land it, with what it lacks: a cohort and forecasts.

The world's tiers hold few accounts each, and a percentile needs twenty. So one account of few
followers gets twins that are read like it and grow each at its own pace, every other one at the
same as the one before. Forecasts are those that a model might have left: a champion and a
candidate, two days of forecasting, days that have come and days that have not.
"""

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from clickhouse_connect.driver.client import Client

from warehouse.settings import WarehouseSettings

ROOT = Path(__file__).parents[3]
CREATORS, DAYS, SEED = 24, 120, 7
TWINS = 26


def environment(warehouse: WarehouseSettings, folder: Path) -> dict[str, str]:
    """What ingestion's commands need to write to the environment of ``warehouse``."""
    user, password = warehouse.login("owner")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CLICKHOUSE_", "DBT_"))}
    return clean | {
        "CLICKHOUSE_HOST": warehouse.host,
        "CLICKHOUSE_PORT": str(warehouse.port),
        "CLICKHOUSE_USER": user,
        "CLICKHOUSE_PASSWORD": password,
        "CREDENCE_ENV": warehouse.env,
        "DATABASE_URL": f"sqlite:///{folder}/credence.db",
        "DLT_DIR": str(folder / "dlt"),
        "RUNTIME__LOG_LEVEL": "CRITICAL",
    }


def run(env: dict[str, str], module: str, *arguments: str) -> None:
    """Run a module of the project that must end well."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{module}: {done.stdout}{done.stderr}"


def write_world(warehouse: WarehouseSettings, folder: Path, end: date) -> None:
    """Connect a world's creators and write their daily readings up to ``end``."""
    world = [
        *("--seed", str(SEED), "--creators", str(CREATORS), "--days", str(DAYS)),
        *("--end-date", end.isoformat()),
    ]
    env = environment(warehouse, folder)
    run(env, "ingestion.sandbox", "connections", *world)
    run(env, "ingestion.app")
    run(env, "ingestion.sandbox", "history", *world)


def add_twins(client: Client, raw: str) -> None:
    """Give the TikTok account of the fewest followers twins: a cohort of more than twenty."""
    client.command(
        f"INSERT INTO {raw}.tiktok__users SELECT * REPLACE ("
        "concat(open_id, '-twin-', toString(twin)) AS open_id, "
        "concat(username, toString(twin)) AS username, "
        "toInt64(follower_count + intDiv(twin, 2) * (snapshot_date - toDate('2026-07-01'))) "
        "AS follower_count) "
        f"FROM (SELECT * FROM {raw}.tiktok__users WHERE open_id = ("
        f"SELECT open_id FROM {raw}.tiktok__users GROUP BY open_id ORDER BY max(follower_count) "
        f"LIMIT 1)) ARRAY JOIN range({TWINS}) AS twin"
    )


def add_forecasts(client: Client, raw: str, ml: str, end: date) -> None:
    """Forecasts of some accounts' followers, views and rates, around what came."""
    made = datetime(2026, 1, 1, tzinfo=UTC)
    for version, stage in (("1", "retired"), ("2", "champion"), ("3", "candidate")):
        client.insert(
            "model_registry",
            [["growth", version, stage, made]],
            column_names=["model_name", "version", "stage", "created_at"],
            database=ml,
        )
    accounts = client.query(
        f"SELECT open_id, follower_count FROM {raw}.tiktok__users "
        f"WHERE snapshot_date = '{end}' ORDER BY open_id LIMIT 8"
    ).result_rows
    rows = []
    for place, (account_id, followers) in enumerate(accounts):
        for metric, scale in (
            ("follower_count", float(followers)),
            ("reach_count", 300.0 * (place + 1)),
            ("view_count", 500.0 * (place + 1)),
            ("engagement_rate_by_views", 0.04 * (place + 1)),
        ):
            for version in ("1", "2", "3"):
                for as_of in (end - timedelta(days=20), end - timedelta(days=13)):
                    for horizon in (1, 7, 14, 28):
                        value = scale * (1 + 0.002 * horizon)
                        width = None if horizon == 28 else 0.02 * horizon * scale
                        rows.append(
                            [
                                *("", "tiktok", account_id, f"tiktok:{account_id}", as_of, metric),
                                *(as_of + timedelta(days=horizon), horizon, value),
                                None if width is None else value - width,
                                None if width is None else value + width,
                                None if width is None else value - 2 * width,
                                None if width is None else value + 2 * width,
                                *("growth", version, made + timedelta(days=horizon)),
                            ]
                        )
    columns = (
        "creator_id platform account_id account_key as_of metric target_date horizon_days "
        "forecast_value lower_value upper_value lower_95_value upper_95_value model_name version "
        "created_at"
    )
    client.insert("growth_forecast", rows, column_names=columns.split(), database=ml)


def add_scores(client: Client, raw: str, ml: str, end: date) -> None:
    """Scores of some accounts by three versions, the champion's twice, one of them unknown."""
    made = datetime(2026, 2, 1, tzinfo=UTC)
    for version, stage in (("1", "retired"), ("2", "champion"), ("3", "candidate")):
        client.insert(
            "model_registry",
            [["authenticity", version, stage, made]],
            column_names=["model_name", "version", "stage", "created_at"],
            database=ml,
        )
    accounts = client.query(
        f"SELECT open_id FROM {raw}.tiktok__users "
        f"WHERE snapshot_date = '{end}' ORDER BY open_id LIMIT 6"
    ).result_rows
    rows = []
    for place, (account_id,) in enumerate(accounts):
        for days_ago in (0, 1, 89, 91):
            for version, later in (("1", 9), ("2", 0), ("2", 1), ("3", 9)):
                risk = None if place == 5 else (place + later + days_ago / 100) / 20
                known = risk is not None
                rows.append(
                    [
                        *("tiktok", account_id, f"tiktok:{account_id}"),
                        end - timedelta(days=days_ago),
                        *((100 * (1 - risk), risk, risk / 2, min(1.0, 2 * risk), 0.5) if known
                          else (None,) * 5),
                        risk >= 0.2 if known else None,
                        *("authenticity", version, made + timedelta(days=later)),
                    ]
                )  # fmt: skip
    columns = (
        "platform account_id account_key as_of authenticity_score fraud_probability "
        "fraud_probability_lower fraud_probability_upper anomaly_score is_flagged model_name "
        "version created_at"
    )
    client.insert("authenticity_score", rows, column_names=columns.split(), database=ml)


def add_outcomes(client: Client, raw: str, ops: str, now: datetime) -> None:
    """Attempts of the last days: in time and late, failed, skipped, of daily streams and not."""
    accounts = client.query(
        f"SELECT DISTINCT open_id FROM {raw}.tiktok__users ORDER BY open_id LIMIT 3"
    ).result_rows
    one, two, three = (str(row[0]) for row in accounts)
    attempts = [
        (one, "tiktok__users", "ok", 29),
        (one, "tiktok__videos", "ok", 31),
        (one, "tiktok__comments", "ok", 50),
        (two, "tiktok__users", "ok", 100),
        (two, "tiktok__users", "failed", 60),
        (two, "tiktok__users", "ok", 5),
        (two, "tiktok__comments", "empty", 40),
        (two, "tiktok__comments", "failed", 1),
        (two, "tiktok__videos", "ok", 10),
        (two, "tiktok__videos", "unloaded", 1),
        (three, "tiktok__users", "failed", 2),
        (three, "tiktok__videos", "ok", 3),
        (three, "tiktok__videos", "skipped", 3),
    ]
    rows = []
    for account_id, stream, status, hours in attempts:
        moment = now - timedelta(hours=hours)
        started = moment - timedelta(seconds=20)
        rows.append(
            [
                *("recent", "tiktok", account_id, stream, moment.date(), status),
                *(started, moment, hours + 1, hours * 2),
            ]
        )
    columns = (
        "run_id platform account_id stream snapshot_date status started_at finished_at "
        "call_count quota_units"
    )
    client.insert("ingestion_outcome", rows, column_names=columns.split(), database=ops)
