"""The scene of the demo and of ``make up``: which services run, on which ports and folders.

Both run the same commands that production runs; what differs is the environment made here.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from ingestion.sandbox.credentials import DEFAULT_API_KEY
from orchestration.services import Launched, Service
from orchestration.settings import PROJECT_ROOT, OrchestrationSettings
from orchestration.world import World
from warehouse.settings import WarehouseSettings


@dataclass(frozen=True)
class Folders:
    """Where one warehouse and what belongs to it lie."""

    warehouse: Path
    dagster_home: Path
    dlt: Path
    connections: Path
    logs: Path

    @classmethod
    def of(cls, data_dir: Path, warehouse: Path) -> "Folders":
        """The folders under the data folder, next to a warehouse folder."""
        base = data_dir.resolve()
        return cls(
            warehouse=warehouse.resolve(),
            dagster_home=base / "dagster",
            dlt=base / "dlt",
            connections=base / "sandbox-connections.json",
            logs=base / "logs",
        )


def folders(settings: OrchestrationSettings | None = None) -> Folders:
    """The folders that the settings name."""
    settings = settings or OrchestrationSettings()
    return Folders.of(PROJECT_ROOT / settings.data_dir, PROJECT_ROOT / WarehouseSettings().path)


def module(*arguments: str) -> list[str]:
    """``python -m ...`` with the interpreter that runs now."""
    return [sys.executable, "-m", *arguments]


def warehouse_service(path: Path, port: int) -> Service:
    """The embedded warehouse on a folder; port 0 takes a free one."""
    command = module("warehouse", "server", "--path", str(path), "--port", str(port))
    return Service("warehouse", command, env={})


def sandbox_service(world: World, port: int) -> Service:
    """The platforms' APIs, playing a world; port 0 takes a free one."""
    arguments = ["--port", str(port), *world.sandbox_arguments()]
    return Service("sandbox", module("ingestion.sandbox", *arguments), env={})


def warehouse_environment(warehouse: Launched, path: Path) -> dict[str, str]:
    """The settings under which every package finds a running embedded warehouse, and no other."""
    host, port = warehouse.url.removeprefix("http://").split(":")
    return {
        "CLICKHOUSE_HOST": host,
        "CLICKHOUSE_PORT": port,
        "CLICKHOUSE_SECURE": "false",
        "CLICKHOUSE_USER": "owner",
        "CLICKHOUSE_READER_USER": "reader",
        "WAREHOUSE_PATH": str(path),
        **embedded_passwords(path),
    }


def embedded_passwords(path: Path) -> dict[str, str]:
    """The generated passwords: set outright, so that none of a real server is taken by chance."""
    settings = WarehouseSettings(path=path)
    return {
        "CLICKHOUSE_PASSWORD": settings.password_file("owner").read_text().strip(),
        "CLICKHOUSE_READER_PASSWORD": settings.password_file("reader").read_text().strip(),
    }


def world_environment(world: World, sandbox: Launched, connections: Path) -> dict[str, str]:
    """The settings under which every platform is the sandbox and days begin with the world's."""
    return {
        "TIKTOK_BASE_URL": sandbox.url,
        "YOUTUBE_BASE_URL": sandbox.url,
        "YOUTUBE_API_KEY": DEFAULT_API_KEY,
        "CONNECTIONS_FILE": str(connections),
        "SANDBOX_CLOCK": "true",
        "PARTITIONS_START": world.snapshot_days()[0].isoformat(),
    }


def dagster_environment(at: Folders) -> dict[str, str]:
    """Where Dagster and dlt keep their state; ``dagster.yaml`` is put there."""
    at.dagster_home.mkdir(parents=True, exist_ok=True)
    source = PROJECT_ROOT / "orchestration" / "dagster.yaml"
    (at.dagster_home / "dagster.yaml").write_bytes(source.read_bytes())
    return {
        "DAGSTER_HOME": str(at.dagster_home),
        "DLT_DIR": str(at.dlt),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
