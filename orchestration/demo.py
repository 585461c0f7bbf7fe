"""``make demo``: the daily job end to end on a new embedded warehouse and the sandbox.

Everything is built in folders next to the final ones and moved into place when the run has
succeeded: a demo that fails or is stopped leaves the last one as it was.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from orchestration.dagster_run import RunReport, Say, run_job
from orchestration.services import running
from orchestration.settings import PROJECT_ROOT
from orchestration.stage import (
    Folders,
    dagster_environment,
    folders,
    module,
    sandbox_service,
    warehouse_environment,
    warehouse_service,
    world_environment,
)
from orchestration.summary import print_summary
from orchestration.world import World, refuse_foreign
from warehouse.errors import UserError
from warehouse.server.process import owned

JOB = "daily"
WORLD_DAYS = 60


def run_demo(days: int, replay: Path | None) -> bool:
    """Build the demo warehouse from a world and print what came of it.

    ``days`` is how many daily snapshots are taken; recorded data have one snapshot, of today.
    Returns whether the run succeeded; what failed is printed with the asset's error.
    """
    console = Console(highlight=False)
    began = time.monotonic()
    world = make_world(days, replay)
    final = folders()
    refuse_foreign(final.warehouse)
    refuse_served(final.warehouse)
    building = building_folders(final)

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {line}", soft_wrap=True)

    say(world.describe())
    remove(building)
    try:
        report = build(world, building, console, say)
        if report.failures:
            for failure in report.failures:
                console.print(f"[red]failed[/red] {failure}", soft_wrap=True)
            console.print(f"The run's log: {final.logs / 'run.log'}", soft_wrap=True)
            return False
        world.write(building.warehouse)
        put_in_place(building, final)
    finally:
        remove(building)
    console.print(
        f"\nDone in {time.monotonic() - began:.0f} s: {len(report.materialized)} assets, "
        f"{report.checks_passed} checks passed.\n[bold]make up[/bold] opens the UIs."
    )
    return True


def make_world(days: int, replay: Path | None) -> World:
    """The world that the arguments name, ending today (UTC)."""
    if days < 1:
        raise UserError(f"--days: {days} is not a number of daily snapshots. Pass 1 or more.")
    if replay is not None and not replay.is_dir():
        raise UserError(f"REPLAY: {replay} is not a folder. Pass the folder that holds real/.")
    today = datetime.now(UTC).date()
    if replay:
        return World(replay=replay.resolve(), end_date=today)
    return World(days=max(WORLD_DAYS, days), end_date=today, snapshots=days)


def build(world: World, at: Folders, console: Console, say: Say) -> RunReport:
    """Run the daily job over the world's last days into the folders and print the summary."""
    with running(warehouse_service(at.warehouse, 0), at.logs) as warehouse:
        env = {**warehouse_environment(warehouse, at.warehouse), **dagster_environment(at)}
        say(f"warehouse ready at {warehouse.url}")
        run_command(module("warehouse", "schema"), env)
        with running(sandbox_service(world, 0), at.logs) as sandbox:
            say(f"sandbox ready at {sandbox.url}")
            env |= world_environment(world, sandbox, at.connections)
            arguments = ["--out", str(at.connections), *world.sandbox_arguments()]
            run_command(module("ingestion.sandbox", "connections", *arguments), env)
            report = run_job(JOB, world.snapshot_days(), env, at.logs / "run.log", say)
        if not report.failures:
            print_summary(console, env, report)
        return report


def run_command(command: list[str], env: Mapping[str, str]) -> None:
    """Run a command of ours to its end; its own error line becomes ours."""
    done = subprocess.run(  # noqa: S603
        command,
        env={**os.environ, **env},
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["it printed nothing"]
        raise UserError(lines[-1].removeprefix("error: "))


def refuse_served(warehouse: Path) -> None:
    """Raise UserError where a server holds the folder that the demo would replace."""
    if warehouse.exists():
        with owned(warehouse):
            return


def building_folders(final: Folders) -> Folders:
    """Where a demo builds until it has succeeded; logs stay where they are looked for."""
    return replace(
        final,
        warehouse=final.warehouse.with_name(final.warehouse.name + ".building"),
        dagster_home=final.dagster_home.with_name(final.dagster_home.name + ".building"),
        dlt=final.dlt.with_name(final.dlt.name + ".building"),
        connections=final.connections.with_suffix(".building.json"),
    )


def put_in_place(building: Folders, final: Folders) -> None:
    """Replace the last demo by the new one."""
    remove(final)
    for source, target in zip(_paths(building), _paths(final), strict=True):
        if source.exists():
            source.rename(target)


def remove(at: Folders) -> None:
    """Remove what a demo builds; logs stay."""
    for path in _paths(at):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _paths(at: Folders) -> list[Path]:
    return [at.warehouse, at.dagster_home, at.dlt, at.connections]
