"""docker-compose.yml's services on this machine: their commands, settings and health checks.

No container engine is needed: host names become 127.0.0.1, ports become free ones, mounted files
are the repository's, and in place of an image stands the environment that its lock file makes here.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ingestion.connections.cipher import new_key
from orchestration.services import spawn, stop
from tests.ports import free_port
from warehouse.settings import WarehouseSettings

ROOT = Path(__file__).resolve().parents[1]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())[
    "services"
]
PORTS = ("3000", "4000", "5432", "8081", "8088")
HOSTS = ("postgres", "code", "clickhouse", "superset")
HEALTHY_WITHIN = 300.0


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
        self.ports = {port: str(free_port()) for port in PORTS}
        self.ports["8123"] = str(warehouse.port)
        self.secrets = {
            "CLICKHOUSE_PASSWORD": warehouse.login("owner")[1],
            "CLICKHOUSE_READER_PASSWORD": warehouse.login("reader")[1],
            "POSTGRES_PASSWORD": "compose-test",
            "SUPERSET_POSTGRES_PASSWORD": "compose-test-superset",
            "SUPERSET_PASSWORD": "compose-test-admin",
            "SUPERSET_SECRET_KEY": new_key(),
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
            text = re.sub(rf"^{host}$|((?<=@)|(?<=http://)){host}(?=:)", "127.0.0.1", text)
        return text.replace("/app/.data", str(self.folder)).replace("0.0.0.0", "127.0.0.1")

    def _variable(self, found: re.Match[str]) -> str:
        return self.secrets.get(found.group(1), found.group(2) or "")

    def command(self, service: dict[str, Any]) -> list[str]:
        first, *words = [self.word(word) for word in service["command"]]
        for volume in service.get("volumes", []):
            file, mounted = volume.split(":")[:2]
            words = [str(ROOT / file) if word == mounted else word for word in words]
        if words[0] == "bootstrap.py":
            words[0] = str(ROOT / "dashboards" / "bootstrap.py")
            return [str(ROOT / ".venv-superset" / "bin" / "python"), *words]
        return [sys.executable if first == "python" else first, *words]

    def check(self, service: dict[str, Any]) -> list[str]:
        first, *words = [self.word(word) for word in service["healthcheck"]["test"][1:]]
        return [sys.executable if first == "python" else first, *words]

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        given = {key: self.word(value) for key, value in service.get("environment", {}).items()}
        binaries = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        of_images = {
            "DAGSTER_HOME": str(self.home),
            "SUPERSET_HOME": str(self.folder),
            "SUPERSET_CONFIG_PATH": str(ROOT / "dashboards" / "superset_config.py"),
        }
        return {**given, **of_images, "PATH": binaries}

    def run(self, name: str) -> "subprocess.CompletedProcess[str]":
        """A service that does one thing and ends."""
        return subprocess.run(
            self.command(SERVICES[name]),
            env={**os.environ, **self.environment(SERVICES[name])},
            cwd=ROOT,
            capture_output=True,
            text=True,
        )


@contextmanager
def up(name: str, local: Local) -> Iterator[None]:
    """A service started by its command and healthy by its own health check."""
    service = SERVICES[name]
    env, log = local.environment(service), local.folder / f"{name}.log"
    check = local.check(service)

    def healthy() -> bool:
        done = subprocess.run(check, env={**os.environ, **env}, cwd=ROOT, capture_output=True)
        return done.returncode == 0

    with log.open("wb") as output:
        process = spawn(local.command(service), env, output)
    try:
        wait_for(healthy, name, process, log)
        yield
    finally:
        stop(process)
