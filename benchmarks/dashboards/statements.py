"""What the engine did for each chart, by its query log, and how it is made to forget."""

import os
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client

CACHES = (
    "MARK",
    "UNCOMPRESSED",
    "PRIMARY INDEX",
    "INDEX MARK",
    "INDEX UNCOMPRESSED",
    "QUERY",
    "QUERY CONDITION",
    "COMPILED EXPRESSION",
    "MMAP",
)
"""What ``SYSTEM DROP ... CACHE`` knows and a chart's query can profit from."""


@dataclass(frozen=True)
class Work:
    """The engine's work for one chart: its queries, and the seconds (of the clock and of the
    processor), rows and bytes read of all statements that they cause."""

    queries: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    read_rows: int = 0
    read_bytes: int = 0


def forget(client: Client, database: str) -> None:
    """Drop the engine's caches, and the pages of a database's files that the kernel holds."""
    for cache in CACHES:
        client.command(f"SYSTEM DROP {cache} CACHE")
    for (path,) in client.query(
        "SELECT path FROM system.parts WHERE active AND database = {database:String}",
        {"database": database},
    ).result_rows:
        for file in Path(path).rglob("*"):
            if file.is_file():
                _forget_file(file)


def now(client: Client) -> object:
    """The engine's clock."""
    return client.query("SELECT now64(6)").result_rows[0][0]


def work_since(client: Client, start: object) -> dict[str, Work]:
    """Work for each chart's uuid since ``start``; under the empty uuid that of statements which
    name no chart, such as those that open a connection."""
    client.command("SYSTEM FLUSH LOGS")
    rows = client.query(
        """
        SELECT
            JSONExtractString(log_comment, 'chart') AS chart,
            -- besides, the embedded server's reader has the engine explain each query
            countIf(
                query NOT LIKE 'EXPLAIN %' AND query NOT LIKE 'SELECT formatQuerySingleLine%'
            ),
            sum(query_duration_ms) / 1000,
            sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6,
            sum(read_rows),
            sum(read_bytes)
        FROM system.query_log
        WHERE
            type = 'QueryFinish'
            AND event_date >= toDate({start:DateTime64(6)})
            AND query_start_time_microseconds >= {start:DateTime64(6)}
        GROUP BY chart
        """,
        {"start": start},
    ).result_rows
    return {
        chart: Work(int(count), float(seconds), float(cpu), int(read), int(size))
        for chart, count, seconds, cpu, read, size in rows
    }


def _forget_file(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
