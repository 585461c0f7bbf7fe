"""A synthetic world's warehouse for training and evaluation: history, models and truth, no APIs.

python -m benchmarks.worlds --seed 11 --creators 1000 --days 180 --path DIR

Builds the embedded warehouse in ``DIR/warehouse`` and the marts of all its days. What is there
already is left alone, so that a stopped build goes on. Simulated: no claim about real creators.
"""

import os
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.post_days.builds import Dbt
from ingestion.connections.cipher import keys_beside
from orchestration.services import running
from orchestration.settings import PROJECT_ROOT
from orchestration.stage import warehouse_environment, warehouse_service
from warehouse.client import connect
from warehouse.errors import UserError, exit_on_user_error
from warehouse.settings import WarehouseSettings

LAST_DAY = date(2026, 6, 30)
"""Of every world that is built here, so that a seed gives the same world whenever it is built."""
BUILT = "built"
"""The file of a world's folder that says it is whole."""


def build_world(
    path: Path,
    seed: int,
    creators: int,
    days: int,
    stealth: float = 0.5,
    prune: bool = True,
    clear: bool = False,
) -> None:
    """Build a world's warehouse; with ``prune`` the raw and core tables are emptied at the end.

    :raises UserError: where the folder holds another world.
    """
    world = [
        *("--seed", str(seed), "--creators", str(creators), "--days", str(days)),
        *("--end-date", LAST_DAY.isoformat(), "--stealth", str(stealth)),
    ]
    shown = [*world, "--clear"] if clear else world
    if already_built(path, shown):
        return
    warehouse = path / "warehouse"
    warehouse.mkdir(parents=True, exist_ok=True)
    with running(warehouse_service(warehouse, 0), path / "logs") as server:
        env = {
            **warehouse_environment(server, warehouse),
            "DATABASE_URL": f"sqlite:///{path / 'operational.db'}",
            "TOKEN_KEYS": keys_beside(path / "operational.db"),
            "DLT_DIR": str(path / "dlt"),
        }
        _run(env, "warehouse", "schema")
        _run(env, "ingestion.sandbox", "connections", *world)
        _run(env, "ingestion.app")
        _run(env, "ingestion.sandbox", "history", *shown)
        _run(env, "ingestion.sandbox", "truth", "load", *shown)
        settings = WarehouseSettings(
            host=env["CLICKHOUSE_HOST"], port=int(env["CLICKHOUSE_PORT"]), path=warehouse
        )
        client = connect(settings=settings)
        built = Dbt(settings, path / "dbt").full_refresh(client)
        _say(f"marts built in {built.seconds:.0f} s")
        if prune:
            _empty(client, settings)
        client.close()
    (path / BUILT).touch()


def already_built(path: Path, world: list[str]) -> bool:
    """Whether the folder holds the whole world; an empty one is marked as this one's."""
    asked, marker = " ".join(world), path / "world"
    path.mkdir(parents=True, exist_ok=True)
    if not any(path.iterdir()):
        marker.write_text(asked)
    if not marker.exists():
        raise UserError(f"{path}: is not empty and holds no world. Pass another --path.")
    if (found := marker.read_text()) != asked:
        raise UserError(f"{path}: holds the world of {found}. Pass another --path, or remove it.")
    return (path / BUILT).exists()


def _empty(client: object, settings: WarehouseSettings) -> None:
    """Free the disk of what no model reads."""
    query = "SELECT database, name FROM system.tables WHERE database IN {d:Array(String)}"
    wide = [settings.database("raw"), settings.database("core")]
    for database, name in client.query(query, parameters={"d": wide}).result_rows:  # type: ignore[attr-defined]
        engine = f"TRUNCATE TABLE IF EXISTS {database}.{name}"
        if name.startswith("fct_post") or database == settings.database("raw"):
            client.command(engine)  # type: ignore[attr-defined]


def _run(env: dict[str, str], *arguments: str) -> None:
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", *arguments], env={**os.environ, **env}, cwd=PROJECT_ROOT, check=True
    )
    _say(f"{' '.join(arguments[:3])}: {time.monotonic() - began:.0f} s")


def _say(line: str) -> None:
    print(line, flush=True)


def main(
    path: Annotated[Path, typer.Option(help="Folder of the world.")],
    seed: Annotated[int, typer.Option(min=0)] = 11,
    creators: Annotated[int, typer.Option(min=1)] = 1000,
    days: Annotated[int, typer.Option(min=1)] = 180,
    stealth: Annotated[float, typer.Option(min=0, max=1)] = 0.5,
    prune: Annotated[
        bool, typer.Option(help="Empty raw and the facts of posts at the end.")
    ] = True,
    clear: Annotated[
        bool, typer.Option(help="Without noise from day to day and gaps of the APIs.")
    ] = False,
) -> None:
    """Build a synthetic world's warehouse."""
    build_world(path, seed, creators, days, stealth, prune, clear)


if __name__ == "__main__":
    with exit_on_user_error():
        typer.run(main)
