"""From recorded API pages to ClickHouse, against plain dlt on the same destination.

    python -m benchmarks.ingestion [--rows 1000000]

Prints and checks two figures, which need the recorded pages of ``../shared/data``:

- load: video snapshots from pages of JSON bytes through the YouTube source's own table into
  ``raw``, and the same rows as dictionaries through a plain ``dlt.pipeline(...).run(...)`` into the
  same server. The plain run gets fewer rows: its rate does not depend on how many.
- memory: the loader's peak resident memory, whatever the number of rows.

Each side runs in a process of its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.json import json as fast_json
from rich.console import Console
from rich.table import Table

from benchmarks.warehouse import Server
from ingestion.pipeline import make_destination, make_pipeline
from ingestion.settings import IngestionSettings
from ingestion.snapshot import CHUNK_ROWS
from ingestion.tables import Row
from ingestion.youtube_rows import VIDEOS, video_row
from warehouse.client import connect
from warehouse.settings import WarehouseSettings

PAGES = Path(__file__).parents[1] / "../shared/data/recorded/youtube/apidata/videos"
PAGE_ITEMS = 50
DISTINCT_PAGES = 400
ROWS, PLAIN_ROWS = 1_000_000, 60_000
WANTED_RATIO, MOST_MEGABYTES = 5.0, 600
DAY = date(2026, 11, 1)
MOMENT = datetime(2026, 11, 1, 12, tzinfo=UTC)


def pages(rows: int) -> Iterator[bytes]:
    """Recorded video resources in full pages of JSON, each video with an id of its own."""
    recorded = [
        item
        for file in ("videos_info_multi.json", "videos_chart_paged_1.json")
        for item in json.loads((PAGES / file).read_text())["items"]
    ]
    made = [
        fast_json.dumpb(
            {
                "kind": "youtube#videoListResponse",
                "items": [
                    {**recorded[n % len(recorded)], "id": f"video{page:04d}{n:02d}"}
                    for n in range(PAGE_ITEMS)
                ],
            }
        )
        for page in range(DISTINCT_PAGES)
    ]
    for number in range(rows // PAGE_ITEMS):
        yield made[number % DISTINCT_PAGES]


def page_rows(page: bytes, number: int) -> list[Row]:
    """A page's videos as rows of one channel's day; each page is another channel."""
    stamp = {"snapshot_date": DAY, "fetched_at": MOMENT}
    channel = f"channel{number:06d}"
    return [{**video_row(item, channel, DAY), **stamp} for item in fast_json.loadb(page)["items"]]


def tables(rows: int) -> Iterator[pa.Table]:
    """What the source yields: Arrow tables of the declared columns."""
    chunk: list[pa.Table] = []
    for number, page in enumerate(pages(rows)):
        chunk.append(VIDEOS.to_arrow(page_rows(page, number)))
        if len(chunk) * PAGE_ITEMS >= CHUNK_ROWS:
            yield pa.concat_tables(chunk)
            chunk = []
    if chunk:
        yield pa.concat_tables(chunk)


def load_ours(rows: int, warehouse: WarehouseSettings, folder: Path) -> None:
    pipeline = make_pipeline("youtube", IngestionSettings(dlt_dir=folder), warehouse)
    source = dlt.source(
        lambda: [VIDEOS.resource(lambda: tables(rows))], name="youtube", max_table_nesting=0
    )()
    pipeline.run(source).raise_on_failed_jobs()


def load_plain(rows: int, warehouse: WarehouseSettings, folder: Path) -> None:
    def dicts() -> Iterator[dict[str, Any]]:
        for number, page in enumerate(pages(rows)):
            yield from (dict(row) for row in page_rows(page, number))

    pipeline = dlt.pipeline(
        pipeline_name="plain",
        pipelines_dir=str(folder),
        destination=make_destination(warehouse),
        dataset_name="plain",
    )
    pipeline.run(dicts(), table_name="videos").raise_on_failed_jobs()


LOADS = {"ours": load_ours, "plain": load_plain}


def measured(name: str, rows: int) -> tuple[float, float]:
    """Rows per second and peak megabytes of one side, in this process."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        LOADS[name](rows, WarehouseSettings(), Path(folder))
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return rows / seconds, peak


def apart(name: str, rows: int) -> tuple[float, float]:
    """:func:`measured` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.ingestion", "--side", name, "--rows", str(rows)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    rate, peak = done.stdout.split()[-2:]
    return float(rate), float(peak)


def create_databases(warehouse: WarehouseSettings) -> None:
    with connect("owner", warehouse) as client:
        client.command(f"CREATE DATABASE IF NOT EXISTS {warehouse.database('raw')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--side", choices=LOADS)
    arguments = parser.parse_args()
    if arguments.side:
        print(*measured(arguments.side, arguments.rows))
        return
    if not PAGES.is_dir():
        sys.exit("benchmarks.ingestion: skipped: ../shared/data is not here")
    with tempfile.TemporaryDirectory(prefix="ingestion-bench-") as folder:
        server = Server(Path(folder))
        try:
            os.environ |= {
                "CLICKHOUSE_PORT": str(server.settings.port),
                "WAREHOUSE_PATH": str(folder),
            }
            create_databases(server.settings)
            plain, _ = apart("plain", PLAIN_ROWS)
            some, some_peak = apart("ours", arguments.rows // 4)
            all_, peak = apart("ours", arguments.rows)
        finally:
            server.stop()
    sheet = Table("video snapshots, JSON pages to ClickHouse", "rows/s", "of plain dlt", "peak MB")
    sheet.add_row(f"{PLAIN_ROWS:,} rows through plain dlt", f"{plain:,.0f}", "1.0", "")
    for rows, rate, most in ((arguments.rows // 4, some, some_peak), (arguments.rows, all_, peak)):
        sheet.add_row(f"{rows:,} rows", f"{rate:,.0f}", f"{rate / plain:.1f}", f"{most:.0f}")
    Console().print(sheet)
    if all_ < WANTED_RATIO * plain or peak > MOST_MEGABYTES:
        sys.exit(f"missed: {WANTED_RATIO:g} times plain dlt under {MOST_MEGABYTES} MB")


if __name__ == "__main__":
    main()
