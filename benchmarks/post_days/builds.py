"""dbt as the daily run starts it, and what its statements cost, read back from the query log."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from clickhouse_connect.driver.client import Client

from warehouse.settings import WarehouseSettings

PROJECT = Path(__file__).parents[2] / "dbt_project"


@dataclass(frozen=True)
class Cost:
    """What one node's statements came to: rows read, seconds (of the clock and of the processor)
    and the largest statement's memory."""

    node: str
    read_rows: int
    seconds: float
    cpu_seconds: float
    memory_bytes: int

    @property
    def is_test(self) -> bool:
        """Whether the node checks data instead of making it."""
        return self.node.startswith("test.")

    @property
    def name(self) -> str:
        """The node's own name."""
        return self.node.split(".")[2]


@dataclass(frozen=True)
class Build:
    """A finished dbt command: wall seconds and the cost of each node, dearest in rows first."""

    seconds: float
    costs: tuple[Cost, ...]

    def read_rows(self, tests: bool = False) -> int:
        """Rows that models (or tests) read."""
        return sum(cost.read_rows for cost in self.costs if cost.is_test == tests)

    def engine_seconds(self) -> float:
        """Seconds that the engine spent on models and tests; two statements may run at once."""
        return sum(cost.seconds for cost in self.costs)


@dataclass(frozen=True)
class Dbt:
    """dbt on one environment of a warehouse, writing its files to ``folder``."""

    warehouse: WarehouseSettings
    folder: Path

    def full_refresh(self, client: Client) -> Build:
        """Seeds and models anew from all of ``raw``, without tests."""
        return self._build(client, ("--full-refresh", "--exclude-resource-type", "test"), {})

    def day(self, client: Client, day: date) -> Build:
        """Seeds, models and tests of one day, as a partition of the daily run."""
        days = {"start_date": day.isoformat(), "end_date": day.isoformat()}
        return self._build(client, ("--exclude-resource-type",), days)

    def _build(self, client: Client, arguments: tuple[str, ...], days: Mapping[str, str]) -> Build:
        user, password = self.warehouse.login("owner")
        environment = os.environ | {
            "CLICKHOUSE_HOST": self.warehouse.host,
            "CLICKHOUSE_PORT": str(self.warehouse.port),
            "CLICKHOUSE_USER": user,
            "CLICKHOUSE_PASSWORD": password,
            "CREDENCE_ENV": self.warehouse.env,
        }
        command = [
            *(str(Path(sys.executable).parent / "dbt"), "--no-use-colors", "build"),
            # the last argument may be the option that this goes on
            *(*arguments, "unit_test"),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(self.folder), "--log-path", str(self.folder)),
            *(("--vars", json.dumps(days)) if days else ()),
        ]
        start = client.query("SELECT now64(6)").result_rows[0][0]
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        if done.returncode:
            sys.exit(f"dbt build failed:\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
        return Build(seconds, _costs(client, start))


def _costs(client: Client, start: object) -> tuple[Cost, ...]:
    client.command("SYSTEM FLUSH LOGS")
    rows = client.query(
        """
        SELECT
            extract(query, '"node_id": "([^"]+)"') AS node,
            -- the engine's own log grows with the statements of a day, not with its data
            sumIf(read_rows, NOT has(tables, 'system.query_log')) AS rows,
            sum(query_duration_ms) / 1000,
            sum(ProfileEvents['OSCPUVirtualTimeMicroseconds']) / 1e6,
            max(memory_usage)
        FROM system.query_log
        WHERE
            type = 'QueryFinish'
            AND event_date >= toDate({start:DateTime64(6)})
            AND query_start_time_microseconds >= {start:DateTime64(6)}
            AND node != ''
        GROUP BY node
        ORDER BY rows DESC, node
        """,
        {"start": start},
    ).result_rows
    return tuple(
        Cost(node, int(read), float(seconds), float(cpu), int(memory))
        for node, read, seconds, cpu, memory in rows
    )
