"""History in bulk against a bare Arrow insert of the same rows.

    python -m benchmarks.history [--creators 200] [--days 120]

Writes a world's history as ``python -m ingestion.sandbox history`` does (worlds are drawn, rows
made and inserted), then inserts the very same Arrow tables again, ready-made, with the same client
into the same emptied tables. Prints rows per second of both and checks that history reaches 500,000
rows/s or 0.3 of the bare insert, and the writer's peak memory.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.warehouse import Server
from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.runner import BATCH_ROWS, HISTORY_TABLES, stamped, write_history
from ingestion.sandbox.world.world import World
from ingestion.settings import IngestionSettings
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

END = date(2026, 11, 1)
WANTED_RATE, WANTED_RATIO = 500_000, 0.3


def measure_history(
    creators: int, days: int, settings: IngestionSettings, warehouse: WarehouseSettings
) -> tuple[int, float]:
    """Rows and seconds of the whole way."""
    world = World(7, creators, days, END)
    began = time.perf_counter()
    written = write_history(world, world.first_day, END, settings, warehouse)
    return written.total, time.perf_counter() - began


def measure_bare(
    creators: int, days: int, settings: IngestionSettings, warehouse: WarehouseSettings
) -> float:
    """Seconds to insert the same rows where they lie ready, in batches of the same size."""
    world, seconds = World(7, creators, days, END), 0.0
    with connect("owner", warehouse) as client:
        for platform, tables in HISTORY_TABLES.items():
            for table, make_rows in tables.items():
                name = f"{platform}__{table}"
                client.command(f"TRUNCATE TABLE {warehouse.database('raw')}.{name}")
                parts = [
                    make_rows(block, Context(world, settings, 0), 0, days)
                    for block in world.blocks(platform)
                ]
                ready = stamped(pa.concat_tables(parts)).combine_chunks()
                began = time.perf_counter()
                for start in range(0, ready.num_rows, BATCH_ROWS):
                    batch = ready.slice(start, BATCH_ROWS)
                    client.insert_arrow(name, batch, database=warehouse.database("raw"))
                seconds += time.perf_counter() - began
    return seconds


def main() -> None:
    """Measure, print and exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--creators", type=int, default=200)
    parser.add_argument("--days", type=int, default=120)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="history-bench-") as folder:
        server = Server(Path(folder) / "warehouse")
        os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
        try:
            settings = IngestionSettings(
                database_url=f"sqlite:///{folder}/connections.db", dlt_dir=Path(folder) / "dlt"
            )
            with connect("owner", server.settings) as client:
                apply(client, server.settings)
            size = (arguments.creators, arguments.days, settings, server.settings)
            rows, seconds = measure_history(*size)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            bare = measure_bare(*size)
        finally:
            server.stop()
    rate, bare_rate = rows / seconds, rows / bare
    sheet = Table("history in bulk", "rows/s", "of the bare insert", "peak MB")
    sheet.add_row(
        f"{rows:,} rows, {arguments.creators} creators x {arguments.days} days",
        f"{rate:,.0f}",
        f"{rate / bare_rate:.2f}",
        f"{peak:.0f}",
    )
    sheet.add_row("the same Arrow tables, inserted", f"{bare_rate:,.0f}", "1.00", "")
    Console().print(sheet)
    if rate < WANTED_RATE and rate < WANTED_RATIO * bare_rate:
        sys.exit(f"missed: {WANTED_RATE:,} rows/s or {WANTED_RATIO:g} of the bare insert")


if __name__ == "__main__":
    main()
