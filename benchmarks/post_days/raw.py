"""Raw tables as ingestion makes them, filled inside the engine: ``INSERT ... SELECT``."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from clickhouse_connect.driver.client import Client

from benchmarks.post_days import facebook, instagram, tiktok, youtube
from benchmarks.post_days.shapes import HANDLE, Stream
from benchmarks.post_days.world import CREATORS, PLATFORMS, World, account_columns
from ingestion.app import app_source
from ingestion.outcomes import Outcomes
from ingestion.pipeline import run
from ingestion.sandbox.history.runner import create_tables as create_platform_tables
from ingestion.settings import IngestionSettings
from warehouse.settings import WarehouseSettings

STREAMS: Mapping[str, Mapping[str, Stream]] = {
    "facebook": facebook.STREAMS,
    "instagram": instagram.STREAMS,
    "tiktok": tiktok.STREAMS,
    "youtube": youtube.STREAMS,
}
"""Platform to table to what it holds."""


def create_tables(warehouse: WarehouseSettings) -> None:
    """Make the raw tables as ingestion makes them: by a run of each source over no account."""
    with tempfile.TemporaryDirectory(prefix="post-days-") as folder:
        settings = IngestionSettings(
            database_url=f"sqlite:///{folder}/connections.db", dlt_dir=Path(folder) / "dlt"
        )
        for platform in PLATFORMS:
            create_platform_tables(platform, settings, warehouse)
        run(app_source(settings), Outcomes(), settings, warehouse)


def copy_tables(client: Client, source: WarehouseSettings, target: WarehouseSettings) -> None:
    """Make all raw tables of one environment in another, empty."""
    tables = client.query(f"SHOW TABLES FROM {source.database('raw')}").result_rows
    for (name,) in tables:
        client.command(
            f"CREATE TABLE IF NOT EXISTS {target.database('raw')}.{name} "
            f"AS {source.database('raw')}.{name}"
        )


def table_names() -> list[str]:
    """All raw tables that are filled."""
    streams = [f"{platform}__{name}" for platform, tables in STREAMS.items() for name in tables]
    return ["app__connections", "app__creators", *streams]


def fill(client: Client, world: World, warehouse: WarehouseSettings) -> int:
    """Land the world's days, month by month; gives the rows written to ``raw``.

    ``ops.ingestion_outcome`` tells of them besides.
    """
    written = 0
    for table, statement in statements(world):
        written += _insert(client, f"{warehouse.database('raw')}.{table}", statement)
    for platform in PLATFORMS:
        outcomes = f"{warehouse.database('ops')}.ingestion_outcome"
        _insert(client, outcomes, outcome_statement(platform, world))
    return written


def fill_accounts(client: Client, world: World, warehouse: WarehouseSettings) -> None:
    """Land who stands behind the accounts: two hundred creators."""
    raw = warehouse.database("raw")
    for table, statement in app_statements(world).items():
        client.command(f"TRUNCATE TABLE {raw}.{table}")
        _insert(client, f"{raw}.{table}", statement)


def statements(world: World) -> Iterator[tuple[str, str]]:
    """Each table's rows, as SELECTs of one month each whose columns are named ``<column>_``."""
    for month in world.months():
        for platform, streams in STREAMS.items():
            for name, stream in streams.items():
                yield f"{platform}__{name}", stream.select(platform, month)


def outcome_statement(platform: str, world: World) -> str:
    """An attempt a day to read each stream of each account; one in 500 failed."""
    streams = [f"{platform}__{name}" for name in STREAMS[platform]]
    return f"""SELECT 'run' AS run_id_, '{platform}' AS platform_, account_id AS account_id_,
    stream AS stream_, day AS snapshot_date_, has_failed ? 'failed' : 'ok' AS status_,
    has_failed ? NULL : 100 AS row_count_, 1 AS call_count_, 0.5 AS duration_seconds_,
    has_failed ? 'timeout' : NULL AS error_class_,
    toDateTime64(day, 6, 'UTC') + toIntervalHour(20) AS started_at_, started_at_ AS finished_at_
FROM {world.account_days(platform)}
ARRAY JOIN {streams} AS stream
ARRAY JOIN [sipHash64(account_id, stream, day) % 500 = 0] AS has_failed"""


def app_statements(world: World) -> dict[str, str]:
    """The rows of creators and connections."""
    moment = "toDateTime64('2015-01-01', 6, 'UTC')"
    stamp = f"toDate('{world.last}') AS snapshot_date_, {moment} AS fetched_at_"
    per_platform = world.platform_accounts
    connections = " UNION ALL ".join(
        f"""SELECT {stamp}, concat('{platform}:', account_id) AS connection_id_,
    concat('creator_', toString((account + {per_platform * place}) % {CREATORS})) AS creator_id_,
    '{platform}' AS platform_, account_id AS account_id_, {HANDLE} AS handle_,
    {moment} AS connected_at_, 'active' AS status_
FROM (SELECT number AS account, toDate('{world.last}') AS day, {account_columns(platform)}
    FROM numbers({per_platform}))"""
        for place, platform in enumerate(PLATFORMS)
    )
    creators = f"""SELECT {stamp}, concat('creator_', toString(number)) AS creator_id_,
    concat('Creator ', toString(number)) AS display_name_, {moment} AS created_at_
FROM numbers({CREATORS})"""
    return {"app__connections": connections, "app__creators": creators}


def _insert(client: Client, table: str, statement: str) -> int:
    described = client.query(f"DESCRIBE ({statement})").result_rows
    columns = ", ".join(f"`{row[0].removesuffix('_')}`" for row in described)
    done = client.command(f"INSERT INTO {table} ({columns}) {statement}")
    return int(done.written_rows)  # type: ignore[union-attr]
