"""The embedded server against the same statements run in-process.

    python -m benchmarks.warehouse

Prints and checks four figures:

- insert: 2,000,000 rows x 8 columns from an Arrow table into a MergeTree table. The baseline is
  the same engine in its own process, fed the same table by the same client library
  (clickhouse-connect's in-process chdb backend), and besides, the engine's own streaming insert
  of the same bytes, which leaves out the client's work of turning rows into bytes.
- select: the same rows read back as an Arrow table, against chdb's own Arrow result.
- ``SELECT 1``: CPU time of the server's process for each.
- memory: the server's peak resident memory over an insert and a select of 10,000,000 rows.

Each rate is the best of several runs, with both sides taking turns, on a table of its own.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import clickhouse_connect
import numpy as np
import psutil
import pyarrow as pa
from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.table import Table

from warehouse.client import connect
from warehouse.settings import WarehouseSettings

ROWS = 2_000_000
BIG_ROWS = 10_000_000
ROUNDS = 5
PINGS = 500
COLUMNS = (
    "account_id String, post_id UInt64, snapshot_date Date, created_at DateTime64(3, 'UTC'), "
    "view_count Int64, like_count Int64, engagement_rate Float64, title String"
)
TABLE = f"({COLUMNS}) ENGINE = MergeTree ORDER BY (snapshot_date, account_id, post_id)"


def rows(count: int, seed: int = 7) -> pa.Table:
    """Posts of a few thousand accounts: two strings, dates, integers and a rate."""
    random = np.random.default_rng(seed)
    views = random.lognormal(9, 2, count).astype("int64")
    rate = random.beta(2, 30, count)
    day = np.datetime64("2026-01-01") + random.integers(0, 30, count).astype("timedelta64[D]")
    accounts = np.array([f"account_{number:05d}" for number in range(5000)])
    titles = np.array([f"A title of an ordinary length, number {n}" for n in range(20000)])
    created = day.astype("datetime64[ms]") - random.integers(0, 10**9, count).astype(
        "timedelta64[ms]"
    )
    return pa.table(
        {
            "account_id": accounts[random.integers(0, len(accounts), count)],
            "post_id": np.arange(count, dtype="uint64"),
            "snapshot_date": pa.array(day.astype("datetime64[D]"), pa.date32()),
            "created_at": pa.array(created, pa.timestamp("ms", "UTC")),
            "view_count": views,
            "like_count": (views * rate).astype("int64"),
            "engagement_rate": rate,
            "title": titles[random.integers(0, len(titles), count)],
        }
    )


class Server:
    """An embedded server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "warehouse", "server", "--port", "0"]
        self._process = subprocess.Popen(
            [*command, "--path", str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline().rsplit(":", 1)[1])
        self.settings = WarehouseSettings(host="127.0.0.1", port=port, path=folder)
        self.process = psutil.Process(self._process.pid)

    def cpu_seconds(self) -> float:
        """CPU time of the server so far."""
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def peak_bytes(self) -> int:
        """The most resident memory that the server has held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def forget_peak(self) -> None:
        """Let :meth:`peak_bytes` tell of what comes from now on."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _fresh(client: Client) -> None:
    client.command("DROP TABLE IF EXISTS bench SYNC")
    client.command(f"CREATE TABLE bench {TABLE}")


def _engine_insert(client: Client, encoded: bytes) -> None:
    """The engine's own streaming insert, on the in-process client's handle."""
    handle = client._backend._handle.conn  # type: ignore[attr-defined]
    inserter = handle.send_insert("INSERT INTO bench", "Arrow")
    inserter.append(encoded)
    inserter.finish()


def _engine_select(client: Client) -> None:
    handle = client._backend._handle.conn  # type: ignore[attr-defined]
    assert handle.query("SELECT * FROM bench", "ArrowTable").num_rows == ROWS


def rates(server: Server, folder: Path) -> dict[str, float]:
    """Best rows per second of each side."""
    data = rows(ROWS)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, data.schema) as writer:
        writer.write_table(data, max_chunksize=65536)
    encoded = sink.getvalue().to_pybytes()
    remote = connect(settings=server.settings)
    local = clickhouse_connect.get_client(interface="chdb", path=str(folder))
    best: dict[str, float] = {}

    def measure(name: str, work: Callable[[], object]) -> None:
        best[name] = max(best.get(name, 0.0), ROWS / _seconds(work))

    def select(client: Client) -> None:
        assert client.query_arrow("SELECT * FROM bench").num_rows == ROWS

    for _ in range(ROUNDS):
        _fresh(remote)
        measure("insert, server", lambda: remote.insert_arrow("bench", data))
        _fresh(local)
        measure("insert, engine", lambda: _engine_insert(local, encoded))
        _fresh(local)
        measure("insert, in-process client", lambda: local.insert_arrow("bench", data))
        measure("select, server", lambda: select(remote))
        measure("select, in-process client", lambda: select(local))
        measure("select, engine", lambda: _engine_select(local))
    assert remote.command("SELECT count() FROM bench") == ROWS
    local.close()
    return best


def cpu_milliseconds_per_ping(server: Server) -> float:
    """CPU time of the server for one ``SELECT 1`` of clickhouse-connect."""
    client = connect(settings=server.settings)
    for _ in range(50):
        client.query("SELECT 1")
    before = server.cpu_seconds()
    for _ in range(PINGS):
        client.query("SELECT 1")
    return (server.cpu_seconds() - before) / PINGS * 1000


def peak_gigabytes(server: Server) -> float:
    """The server's peak memory over an insert and a select of ten million rows."""
    client = connect(settings=server.settings)
    _fresh(client)
    client.insert_arrow("bench", rows(BIG_ROWS))
    count = 0
    with client.query_arrow_stream("SELECT * FROM bench") as stream:
        for batch in stream:
            count += batch.num_rows
    assert count == BIG_ROWS
    with client.query_column_block_stream("SELECT * FROM bench") as stream:
        count = sum(len(block[0]) for block in stream)
    assert count == BIG_ROWS
    return server.peak_bytes() / 1e9


def main() -> int:
    """Measure, print a table, and give 1 when a target is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.parse_args()
    table = Table("figure", "value", "target", "")
    missed = 0

    def report(name: str, value: str, target: str, holds: bool) -> None:
        nonlocal missed
        missed += not holds
        table.add_row(name, value, target, "holds" if holds else "[red]missed[/red]")

    with tempfile.TemporaryDirectory(prefix="warehouse-bench-") as folder:
        server = Server(Path(folder) / "served")
        try:
            ping = cpu_milliseconds_per_ping(server)
            best = rates(server, Path(folder) / "local")
        finally:
            server.stop()
        server = Server(Path(folder) / "big")
        try:
            peak = peak_gigabytes(server)
        finally:
            server.stop()
    for kind in ("insert", "select"):
        served = best[f"{kind}, server"]
        table.add_row(
            f"{kind} of {ROWS:,} rows through the server", f"{served:,.0f} rows/s", "", ""
        )
        for side in ("in-process client", "engine"):
            rate = best[f"{kind}, {side}"]
            report(
                f"... against the {side} ({rate:,.0f} rows/s)",
                f"{served / rate:.2f}",
                ">= 0.50",
                served / rate >= 0.5,
            )
    report("server CPU for SELECT 1", f"{ping:.2f} ms", "<= 3 ms", ping <= 3)
    report(f"server peak memory, {BIG_ROWS:,} rows", f"{peak:.2f} GB", "< 1.5 GB", peak < 1.5)
    Console().print(table)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Console().print(f"[dim]this process: {own / 1e6:.1f} GB at its peak[/dim]")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
