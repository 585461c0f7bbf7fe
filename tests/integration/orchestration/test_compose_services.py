"""The commands and health checks of docker-compose.yml, run on this machine.

No container engine is needed: host names become 127.0.0.1, ports become free ones, PostgreSQL is a
cluster in a temporary folder, and the embedded warehouse stands for ClickHouse.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import func, select

from ingestion.connections.cipher import new_key
from ingestion.connections.database import Database
from ingestion.connections.schema import tokens
from orchestration.services import spawn, stop
from tests.postgresql import running_postgresql
from warehouse.client import connect
from warehouse.settings import WarehouseSettings

ROOT = Path(__file__).resolve().parents[3]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
    "services"
]
PORTS = ("3000", "4000", "5432", "8081")
HOSTS = ("postgres", "code", "clickhouse")
HEALTHY_WITHIN = 120.0


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def wait_for(condition: Any, name: str, process: Any = None, log: Path | None = None) -> None:
    deadline = time.monotonic() + HEALTHY_WITHIN
    while not condition():
        tail = log.read_text()[-2000:] if log else ""
        assert process is None or process.poll() is None, f"{name} ended: {tail}"
        assert time.monotonic() < deadline, f"{name} is not healthy: {tail}"
        time.sleep(0.2)


class Local:
    """A compose file's words as they are on this machine."""

    def __init__(self, warehouse: WarehouseSettings, folder: Path) -> None:
        self.ports = {port: free_port() for port in PORTS}
        self.ports["8123"] = str(warehouse.port)
        self.secrets = {
            "CLICKHOUSE_PASSWORD": warehouse.login("owner")[1],
            "CLICKHOUSE_READER_PASSWORD": warehouse.login("reader")[1],
            "POSTGRES_PASSWORD": "compose-test",
            "TOKEN_KEYS": new_key(),
        }
        self.folder = folder
        self.home = folder / "dagster_home"
        self.home.mkdir()
        shutil.copy(ROOT / "orchestration/compose/dagster.yaml", self.home / "dagster.yaml")

    def word(self, text: str) -> str:
        text = re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", self._variable, text)
        for port, local in self.ports.items():
            text = re.sub(rf"\b{port}\b", local, text)
        for host in HOSTS:
            text = re.sub(rf"^{host}$|(?<=@){host}(?=:)", "127.0.0.1", text)
        return text.replace("/app/.data", str(self.folder)).replace("0.0.0.0", "127.0.0.1")

    def _variable(self, found: re.Match[str]) -> str:
        return self.secrets.get(found.group(1), found.group(2) or "")

    def command(self, words: list[str]) -> list[str]:
        local = [self.word(word) for word in words]
        return [sys.executable if local[0] == "python" else local[0], *local[1:]]

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        given = {key: self.word(value) for key, value in service.get("environment", {}).items()}
        binaries = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        return {**given, "DAGSTER_HOME": str(self.home), "PATH": binaries}


@contextmanager
def up(name: str, local: Local) -> Iterator[None]:
    """A service started by its command and healthy by its own health check."""
    service = SERVICES[name]
    env, log = local.environment(service), local.folder / f"{name}.log"
    check = local.command(service["healthcheck"]["test"][1:])

    def healthy() -> bool:
        done = subprocess.run(check, env={**os.environ, **env}, cwd=ROOT, capture_output=True)
        return done.returncode == 0

    with log.open("wb") as output:
        process = spawn(local.command(service["command"]), env, output)
    try:
        wait_for(healthy, name, process, log)
        yield
    finally:
        stop(process)


@pytest.mark.slow
def test_every_service_of_ours_starts_and_is_healthy(
    warehouse: WarehouseSettings, tmp_path: Path
) -> None:
    local = Local(warehouse, tmp_path)
    with ExitStack() as stack:
        stack.enter_context(running_postgresql(tmp_path, local.ports["5432"], "compose-test"))
        # `access` needs a server that keeps users; its SQL is tested on the engine's parser
        for name in ("schema", "sandbox-connections"):
            subprocess.run(
                local.command(SERVICES[name]["command"]),
                env={**os.environ, **local.environment(SERVICES[name])},
                cwd=ROOT,
                check=True,
            )
        database = local.environment(SERVICES["code"])["DATABASE_URL"]
        with Database(SecretStr(database)).reading() as sql:
            assert sql.scalar(select(func.count()).select_from(tokens))
        for name in ("sandbox", "code", "webserver", "daemon"):
            stack.enter_context(up(name, local))
    databases = connect("owner", warehouse).query("SHOW DATABASES").result_columns[0]
    assert {"raw", "marts", "ml", "ops"} <= set(databases)
