"""Writes a world's daily readings to ``raw`` in bulk: the rows that a run a day would have landed.

A daily snapshot needs a run a day, so a year of them cannot come through the APIs. Tables are made
by the platforms' own sources, rows come from the platform's module beside this one as Arrow tables,
block by block, so memory does not grow with the world. ``fetched_at`` is the last second of the day
that a row speaks of. Each account's last reading is written to ``ops.ingestion_outcome``, so the
next run through the API goes on from there. Days that are written again are replaced.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from clickhouse_connect.driver.client import Client

from ingestion.outcomes import COLUMNS as OUTCOME_COLUMNS
from ingestion.outcomes import Outcomes
from ingestion.pipeline import run
from ingestion.registry import PLATFORMS
from ingestion.sandbox.history.context import Context, MakeRows
from ingestion.sandbox.history.facebook import TABLES as FACEBOOK
from ingestion.sandbox.history.instagram import TABLES as INSTAGRAM
from ingestion.sandbox.history.tiktok import TABLES as TIKTOK
from ingestion.sandbox.history.youtube import TABLES as YOUTUBE
from ingestion.sandbox.world.model import PlatformBlock
from ingestion.sandbox.world.world import World
from ingestion.settings import IngestionSettings
from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

BATCH_ROWS = 250_000
RUN_ID = "history"

Tell = Callable[[str, int], None]


HISTORY_TABLES: Mapping[str, Mapping[str, MakeRows]] = MappingProxyType(
    {
        "facebook": FACEBOOK,
        "instagram": INSTAGRAM,
        "tiktok": TIKTOK,
        "youtube": YOUTUBE,
    }
)
"""For each platform of the world the tables whose history can be written."""


@dataclass
class Written:
    """What was written: rows by raw table."""

    rows: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def write_history(
    world: World,
    first: date,
    last: date,
    settings: IngestionSettings,
    warehouse: WarehouseSettings,
    tell: Tell = lambda table, rows: None,
    platforms: Collection[str] = tuple(HISTORY_TABLES),
) -> Written:
    """Write the readings of the days ``first`` to ``last`` of the platforms.

    Where ``raw`` holds earlier days, daily runs are taken to have begun with those. ``tell`` is
    called with a raw table and the rows written to it so far. Raises :class:`UserError` for days
    outside the world.
    """
    if not world.first_day <= first <= last <= world.last_day:
        raise UserError(
            f"history {first} to {last}: the world has {world.first_day} to {world.last_day}. "
            "Pass fewer --days, or a world of more days."
        )
    written = Written()
    from_day, end = (first - world.first_day).days, (last - world.first_day).days + 1
    with connect("owner", warehouse) as client:
        for platform in platforms:
            tables = HISTORY_TABLES[platform]
            create_tables(platform, settings, warehouse)
            clear(client, warehouse, platform, tables, first, last)
            begun = first_day_of(client, warehouse, platform, tables) or first
            start = min(from_day, max(0, (begun - world.first_day).days))
            streams = Streams(platform)
            with Writer(client, warehouse, written, tell) as writer:
                for block in world.blocks(platform):
                    context = Context(world, settings, start)
                    made = {
                        table: make_rows(block, context, from_day, end)
                        for table, make_rows in tables.items()
                    }
                    for table, rows in made.items():
                        writer.add(platform, table, rows)
                        last_days = streams.last_readings(table, made, block, from_day, end)
                        writer.outcomes(platform, table, last_days)
    return written


def create_tables(platform: str, settings: IngestionSettings, warehouse: WarehouseSettings) -> None:
    """Make the platform's raw tables as its own source makes them: by a run over no account."""
    outcomes = Outcomes()
    source = PLATFORMS[platform].source(settings=settings, outcomes=outcomes, limit=0)
    run(source, outcomes, settings, warehouse)


def first_day_of(
    client: Client, warehouse: WarehouseSettings, platform: str, tables: Iterable[str]
) -> date | None:
    """The first day that the platform's tables hold; None where they are empty."""
    raw = warehouse.database("raw")
    days = " UNION ALL ".join(
        f"SELECT minOrNull(snapshot_date) AS day FROM {raw}.{platform}__{table}"  # noqa: S608
        for table in tables
    )
    found = client.query(f"SELECT min(day) FROM ({days})").result_rows[0][0]  # noqa: S608
    return found if isinstance(found, date) else None


class Streams:
    """How a platform's tables build on each other: some are read where another found something."""

    def __init__(self, platform: str) -> None:
        self._resources: Mapping[str, Any] = PLATFORMS[platform].source().resources

    def last_readings(
        self,
        table: str,
        made: Mapping[str, pa.Table],
        block: PlatformBlock,
        first: int,
        end: int,
    ) -> dict[str, date]:
        """Each account's last reading of a table in the days ``first`` to ``end - 1``."""
        earlier = self._resources[table]._pipe.parent
        if earlier is not None:
            column = str(self._resources[earlier.name]._hints["merge_key"][0])
            found = made[earlier.name].group_by(column).aggregate([("snapshot_date", "max")])
            return dict(
                zip(found[column].to_pylist(), found["snapshot_date_max"].to_pylist(), strict=True)
            )
        last_days = {}
        for account, account_id in enumerate(block.account_id):
            available = np.flatnonzero(block.available[account, first:end])
            if available.size:
                index = first + int(available[-1])
                last_days[str(account_id)] = block.first_day + timedelta(days=index)
        return last_days


def clear(
    client: Client,
    warehouse: WarehouseSettings,
    platform: str,
    tables: Mapping[str, MakeRows],
    first: date,
    last: date,
) -> None:
    """Take out what the tables hold of the days that are written anew."""
    days = {"first": first, "last": last}
    between = "snapshot_date BETWEEN {first:Date} AND {last:Date}"
    raw = warehouse.database("raw")
    for table in tables:
        name = f"{raw}.{platform}__{table}"
        if client.query(f"SELECT 1 FROM {name} WHERE {between} LIMIT 1", days).result_rows:  # noqa: S608
            client.command(f"DELETE FROM {name} WHERE {between}", days)  # noqa: S608


class Writer:
    """Collects rows by table and inserts them in large batches, while the next are made."""

    def __init__(
        self, client: Client, warehouse: WarehouseSettings, written: Written, tell: Tell
    ) -> None:
        self._client, self._written, self._tell = client, written, tell
        self._raw, self._ops = warehouse.database("raw"), warehouse.database("ops")
        self._waiting: dict[str, list[pa.Table]] = {}
        self._outcomes: list[list[object]] = []
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._running: Future[None] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "Writer":
        self._stack.enter_context(self._pool)
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        with self._stack:
            if failure is None:
                for table in list(self._waiting):
                    self._flush(table)
                self._wait()
                self._write_outcomes()

    def add(self, platform: str, table: str, rows: pa.Table) -> None:
        """Keep rows for a raw table; a full batch is inserted."""
        name = f"{platform}__{table}"
        waiting = self._waiting.setdefault(name, [])
        waiting.append(rows)
        if sum(part.num_rows for part in waiting) >= BATCH_ROWS:
            self._flush(name)

    def outcomes(self, platform: str, table: str, last_days: Mapping[str, date]) -> None:
        """Keep each account's last reading of the table, from which the next run goes on."""
        self._outcomes += [
            outcome_row(platform, table, account_id, day) for account_id, day in last_days.items()
        ]

    def _flush(self, name: str) -> None:
        rows = pa.concat_tables(self._waiting.pop(name, []) or [])
        if not rows.num_rows:
            return
        self._wait()
        self._running = self._pool.submit(self._insert, name, rows)

    def _wait(self) -> None:
        if self._running is not None:
            self._running.result()
            self._running = None

    def _insert(self, name: str, rows: pa.Table) -> None:
        self._client.insert_arrow(name, stamped(rows), database=self._raw)
        self._written.rows[name] = self._written.rows.get(name, 0) + rows.num_rows
        self._tell(name, self._written.rows[name])

    def _write_outcomes(self) -> None:
        if self._outcomes:
            self._client.insert(
                "ingestion_outcome",
                self._outcomes,
                column_names=OUTCOME_COLUMNS,
                database=self._ops,
            )


def stamped(rows: pa.Table) -> pa.Table:
    """The rows with ``fetched_at``: the last second of the day that they speak of."""
    moment = pa.timestamp("us", "UTC")
    midnights = rows["snapshot_date"].cast(pa.timestamp("us")).cast(moment)
    last_second = pa.scalar(timedelta(days=1) - timedelta(seconds=1), pa.duration("us"))
    return rows.append_column("fetched_at", pc.add(midnights, last_second))


def outcome_row(platform: str, table: str, account_id: str, day: date) -> list[object]:
    """A reading in bulk as a row of ``ops.ingestion_outcome``: what it cost is not known."""
    moment = datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)
    known = {
        "run_id": RUN_ID,
        "platform": platform,
        "account_id": account_id,
        "stream": f"{platform}__{table}",
        "snapshot_date": day,
        "status": "ok",
        "started_at": moment,
        "finished_at": moment,
    }
    return [known.get(column) for column in OUTCOME_COLUMNS]
