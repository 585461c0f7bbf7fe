"""What the ingestion tests run in: a sandbox process, a warehouse environment, the commands."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import uvicorn
from clickhouse_connect.driver.client import Client
from starlette.applications import Starlette

from ingestion.app import app_source
from ingestion.connections import ConnectionStore
from ingestion.outcomes import Outcomes
from ingestion.pipeline import LoadResult, run
from ingestion.registry import PLATFORMS
from ingestion.sandbox.environment import environment as sandbox_environment
from ingestion.settings import IngestionSettings
from warehouse.settings import LAYERS, WarehouseSettings

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"
WORLD = ("--creators", "8", "--days", "20", "--seed", "5")
OURS = {name.upper() for name in IngestionSettings.model_fields}
API_KEY = "sandbox-api-key"


@dataclass
class Ingestion:
    """Runs the commands as a user does: one environment, one sandbox, one warehouse."""

    folder: Path
    url: str
    warehouse: WarehouseSettings
    client: Client
    env: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> ConnectionStore:
        return ConnectionStore(self.settings())

    def command(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run ``python <arguments>`` to its end."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment() | env,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def load(self, source: str, *days: date, **changes: object) -> LoadResult:
        """Load a source in this process, as the orchestration does."""
        settings, outcomes = self.settings(**changes), Outcomes()
        made = (
            app_source(settings)
            if source == "app"
            else PLATFORMS[source].source(list(days) or None, settings, outcomes)
        )
        return run(made, outcomes, settings, self.warehouse)

    def settings(self, **changes: object) -> IngestionSettings:
        """The settings that :meth:`environment` spells for a process."""
        values = {
            name.lower(): value
            for name, value in self.environment().items()
            if name.lower() in IngestionSettings.model_fields
        }
        return IngestionSettings(_env_file=None, **{**values, **changes})  # type: ignore[arg-type]

    def fails(self, source: str, *arguments: str, **env: str) -> str:
        """Run a source's command, which has to fail in one line, and give that line."""
        done = self.command("-m", f"ingestion.{source}", *arguments, **env)
        assert done.returncode == 2, (done.stdout, done.stderr)
        lines = done.stderr.strip().splitlines()
        assert lines[-1].startswith("error: "), done.stderr
        assert "Traceback" not in done.stderr
        # Nobody but ourselves has said anything before it.
        assert all(line.startswith(("error: ", "WARNING ")) for line in lines), done.stderr
        assert "Retrying" not in done.stderr
        return lines[-1]

    def environment(self) -> dict[str, str]:
        owner, password = self.warehouse.login("owner")
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in OURS and not re.match("CLICKHOUSE_|CREDENCE_|WAREHOUSE_", name)
        }
        return {
            **clean,
            "CLICKHOUSE_HOST": self.warehouse.host,
            "CLICKHOUSE_PORT": str(self.warehouse.port),
            "CLICKHOUSE_USER": owner,
            "CLICKHOUSE_PASSWORD": password,
            "CREDENCE_ENV": self.warehouse.env,
            **sandbox_environment(self.url),
            "REQUEST_ATTEMPTS": "2",
            "REQUEST_BACKOFF": "0.01",
            "DATABASE_URL": f"sqlite:///{self.folder}/credence.db",
            "DLT_DIR": str(self.folder / "dlt"),
            **self.env,
        }

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Rows of a statement; ``{raw}`` and ``{ops}`` stand for the databases."""
        names = {layer: self.warehouse.database(layer) for layer in LAYERS}
        return [tuple(row) for row in self.client.query(statement.format(**names)).result_rows]

    def rows(self, table: str) -> list[tuple[object, ...]]:
        """A raw table's rows in order, all columns but the time of reading."""
        return self.query(f"SELECT * EXCEPT (fetched_at) FROM {{raw}}.{table} ORDER BY ALL")

    def raw_rows(self, source: str) -> dict[str, list[tuple[object, ...]]]:
        """The rows of all raw tables of a source, as :meth:`rows` gives them."""
        tables = self.query(
            "SELECT table FROM system.columns WHERE database = '{raw}' AND name = 'fetched_at' "
            f"AND startsWith(table, '{source}__') ORDER BY table"
        )
        return {str(table): self.rows(str(table)) for (table,) in tables}


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """A sandbox's application on a free port of this process; gives its address."""
    started = threading.Event()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    startup = server.startup

    async def announce(*arguments: Any, **options: Any) -> None:
        await startup(*arguments, **options)
        started.set()

    server.startup = announce  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert started.wait(30)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


def serve(*arguments: str) -> Iterator[str]:
    """A sandbox on a free port; gives its address and stops it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestion.sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("sandbox: listening on http://127.0.0.1:"), line
    yield line.split(" on ")[1].strip()
    process.terminate()
    assert process.wait(timeout=30) == 0
