"""The scene of the demo and of ``make up``: which services run, on which ports and folders.

Both run the same commands that production runs; what differs is the environment made here. It
names every setting that leads somewhere, so that a ``.env`` made for real services leads nobody
there by chance.
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from dashboards.settings import DashboardsSettings
from ingestion.connections.cipher import keys_beside
from ingestion.connections.database import absolute_url
from ingestion.sandbox.credentials import DEFAULT_API_KEY
from ingestion.sandbox.environment import environment
from ingestion.settings import IngestionSettings
from ml.settings import MlSettings
from orchestration.services import Launched, Service
from orchestration.settings import PROJECT_ROOT, OrchestrationSettings
from orchestration.world import World
from warehouse.errors import UserError
from warehouse.server.identity import credentials
from warehouse.settings import WarehouseSettings


@dataclass(frozen=True)
class Folders:
    """Where one warehouse and what belongs to it lie."""

    warehouse: Path
    dagster_home: Path
    dlt: Path
    database: Path
    """Creators, connections and tokens."""
    models: Path
    """Fitted models and their cards."""
    logs: Path

    @classmethod
    def of_demo(cls, warehouse: Path, logs: Path) -> "Folders":
        """A demo keeps everything of its own inside its warehouse's folder, under the marker."""
        base = warehouse / "demo"
        return cls(
            warehouse=warehouse,
            dagster_home=base / "dagster",
            dlt=base / "dlt",
            database=base / "operational.db",
            models=base / "models",
            logs=logs,
        )


def warehouse_path() -> Path:
    """The folder of the embedded warehouse that the settings name."""
    return (PROJECT_ROOT / WarehouseSettings().path).resolve()


def data_folder() -> Path:
    """Where what belongs to no demo lies: one's own Dagster instance, and the logs."""
    return (PROJECT_ROOT / OrchestrationSettings().data_dir).resolve()


def logs_folder() -> Path:
    """Where every service of the stage writes what it says."""
    return data_folder() / "logs"


@contextmanager
def alone_on(warehouse: Path) -> Iterator[None]:
    """Hold a warehouse folder for a demo or for the UIs; the hold ends with the process.

    Raises UserError where another one holds it.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with warehouse.with_name(f".{warehouse.name}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UserError(
                f"{warehouse}: make demo or make up is at work on it (process {lock.read()}). "
                "Wait for it, stop it, or set WAREHOUSE_PATH to another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def module(*arguments: str) -> list[str]:
    """``python -m ...`` with the interpreter that runs now."""
    return [sys.executable, "-m", *arguments]


def warehouse_service(path: Path, port: int) -> Service:
    """The embedded warehouse on a folder; port 0 takes a free one."""
    command = module("warehouse", "server", "--path", str(path), "--port", str(port))
    return Service("warehouse", command, env=embedded_environment(path))


def sandbox_service(world: World, port: int) -> Service:
    """The platforms' APIs, playing a world; port 0 takes a free one."""
    arguments = ["--port", str(port), *world.sandbox_arguments()]
    env = {"SANDBOX_API_KEY": DEFAULT_API_KEY}
    return Service("sandbox", module("ingestion.sandbox", *arguments), env=env)


def warehouse_environment(warehouse: Launched, path: Path) -> dict[str, str]:
    """The settings under which every package finds a running embedded warehouse, and no other."""
    host, port = warehouse.url.removeprefix("http://").split(":")
    return {**embedded_environment(path), "CLICKHOUSE_HOST": host, "CLICKHOUSE_PORT": port}


def embedded_environment(path: Path) -> dict[str, str]:
    """The embedded server's identities, with the passwords that its folder keeps."""
    path.mkdir(parents=True, exist_ok=True)
    # the defaults, whatever the environment and .env say of a real server
    own = WarehouseSettings.model_construct(path=path)
    users = credentials(own).users
    return {
        "CLICKHOUSE_SECURE": "false",
        "CLICKHOUSE_USER": own.user,
        "CLICKHOUSE_PASSWORD": users[own.user][1],
        "CLICKHOUSE_READER_USER": own.reader_user,
        "CLICKHOUSE_READER_PASSWORD": users[own.reader_user][1],
        "WAREHOUSE_PATH": str(path),
    }


def world_environment(world: World, sandbox: Launched, at: Folders) -> dict[str, str]:
    """The settings under which every platform is the sandbox and days begin with the world's.

    It lies above :func:`dagster_environment`: a demo's accounts and packages are its own.
    """
    return {
        **environment(sandbox.url),
        "INSTAGRAM_PEERS": world.instagram_peers(),
        "DATABASE_URL": f"sqlite:///{at.database}",
        "TOKEN_KEYS": keys_beside(at.database),
        "DLT_DIR": str(at.dlt),
        "ML_ARTIFACTS": str(at.models),
        "PARTITIONS_START": world.first_day().isoformat(),
    }


def dagster_environment(home: Path, watched: bool = True) -> dict[str, str]:
    """Where Dagster keeps its state and runs; ``dagster.yaml`` is put there.

    A home that no UI is to watch yet gets the quicker event log (``orchestration.event_log``).
    Dagster's command line puts a ``.env`` of its working directory above the environment, so it
    works in its own folder, and the settings that are paths are made absolute for it; a world's
    environment lies above.
    """
    home.mkdir(parents=True, exist_ok=True)
    source = PROJECT_ROOT / "orchestration" / "dagster.yaml"
    log = {} if watched else {"event_log_storage": _unwatched_event_log(home)}
    (home / "dagster.yaml").write_text(source.read_text() + (yaml.safe_dump(log) if log else ""))
    return {
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": str(PROJECT_ROOT),
        "DATABASE_URL": absolute_url(IngestionSettings().database_url, PROJECT_ROOT),
        "DLT_DIR": str(PROJECT_ROOT / IngestionSettings().dlt_dir),
        "ML_ARTIFACTS": str(PROJECT_ROOT / MlSettings().artifacts),
        "SUPERSET_HOME": str(PROJECT_ROOT / DashboardsSettings().home),
        "SUPERSET_VENV": str(PROJECT_ROOT / DashboardsSettings().venv),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def _unwatched_event_log(home: Path) -> dict[str, object]:
    """The entry of ``dagster.yaml``, over the folder where Dagster's own event log lies."""
    return {
        "module": "orchestration.event_log",
        "class": "UnwatchedEventLog",
        "config": {"base_dir": str(home / "history" / "runs")},
    }
