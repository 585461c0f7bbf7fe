"""``make demo``: a warehouse's first day end to end on a new embedded warehouse and the sandbox.

Everything is built in a folder next to the final one and moved into place when the run has
succeeded: a demo that fails or is stopped leaves the last one as it was.
"""

import os
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from orchestration.dagster_run import RunReport, Say, job_process
from orchestration.services import launched, running
from orchestration.settings import PROJECT_ROOT
from orchestration.stage import (
    Folders,
    alone_on,
    dagster_environment,
    logs_folder,
    module,
    sandbox_service,
    warehouse_environment,
    warehouse_path,
    warehouse_service,
    world_environment,
)
from orchestration.summary import print_summary
from orchestration.world import World, put_in_place, recover, refuse_foreign, remove_world
from warehouse.errors import UserError
from warehouse.server.process import owned

JOB = "first_day"
# each in a process of its own, with about the same number of rows
HISTORY_SHARES = (("facebook", "tiktok"), ("instagram", "youtube"))


def run_demo(creators: int, days: int, api_days: int, replay: Path | None) -> bool:
    """Build the demo warehouse from a world and print what came of it.

    The last ``api_days`` of the ``days`` are read through the platforms' APIs, those before are
    written in bulk; recorded data have one reading, of today.
    Returns whether the run succeeded; what failed is printed with the asset's error.
    """
    console = Console(highlight=False)
    began = time.monotonic()
    world = make_world(creators, days, api_days, replay)
    final = warehouse_path()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/dim]  {line}", soft_wrap=True)

    with alone_on(final):
        recover(final)
        refuse_foreign(final)
        refuse_served(final)
        say(world.describe())
        try:
            report = build_in_place(world, final, console, say)
        except KeyboardInterrupt:
            say("stopped: the last demo is as it was")
            raise
    if report.failures:
        for failure in report.failures:
            console.print(f"[red]failed[/red] {escape(failure)}", soft_wrap=True)
        console.print(f"The run's log: {logs_folder() / 'run.log'}", soft_wrap=True)
        return False
    console.print(
        f"\nDone in {time.monotonic() - began:.0f} s: {len(report.materialized)} assets, "
        f"{report.checks_passed} checks passed.\n[bold]make up[/bold] opens the UIs."
    )
    return True


def make_world(creators: int, days: int, api_days: int, replay: Path | None) -> World:
    """The world that the arguments name, ending today (UTC)."""
    for option, value in (("--creators", creators), ("--days", days), ("--api-days", api_days)):
        if value < 1:
            raise UserError(f"{option}: {value} is too few. Pass 1 or more.")
    if api_days > days:
        raise UserError(
            f"--api-days: {api_days} is more than the world's {days} days. Pass fewer, or more "
            "--days."
        )
    if replay is not None and not replay.is_dir():
        raise UserError(f"REPLAY: {replay} is not a folder. Pass the folder that holds real/.")
    today = datetime.now(UTC).date()
    if replay:
        return World(replay=replay.resolve(), end_date=today)
    return World(creators=creators, days=days, end_date=today, api_days=api_days)


def build_in_place(world: World, final: Path, console: Console, say: Say) -> RunReport:
    """Build the world's warehouse beside the last one and, where the run succeeds, replace it."""
    building = final.with_name(final.name + ".building")
    refuse_served(building)
    remove_world(building)
    try:
        world.write(building)
        report = build(world, Folders.of_demo(building, logs_folder()), console, say)
        if not report.failures:
            refuse_served(final)
            put_in_place(building, final)
        return report
    finally:
        remove_world(building)


def build(world: World, at: Folders, console: Console, say: Say) -> RunReport:
    """Run the job over the world's last days into the folders and print the summary."""
    with (
        # it makes its world while the warehouse starts
        launched(sandbox_service(world, 0), at.logs) as sandbox,
        running(warehouse_service(at.warehouse, 0), at.logs) as warehouse,
    ):
        env = warehouse_environment(warehouse, at.warehouse)
        env |= dagster_environment(at.dagster_home, watched=False)
        say(f"warehouse ready at {warehouse.url}")
        run_command(module("warehouse", "schema"), env)
        say(f"sandbox ready at {sandbox.url}")
        env |= world_environment(world, sandbox, at)
        arguments = world.sandbox_arguments()
        say(run_command(module("ingestion.sandbox", "connections", *arguments), env))
        with job_process(env, at.logs / "run.log") as dagster:
            write_past(world, env, say)
            say("starting Dagster")
            report = dagster.run(JOB, world.run_days(), say)
        # whoever opens it from here on may watch it
        dagster_environment(at.dagster_home)
        if not report.failures:
            print_summary(console, env, report)
        return report


def write_past(world: World, env: Mapping[str, str], say: Say) -> None:
    """Write a synthetic world's days before those that are read through the APIs, and its truth.

    Models are trained on labels that come out of the truth, late and with errors.
    """
    if world.replay:
        return
    commands = [module("ingestion.sandbox", "truth", "load", *world.sandbox_arguments())]
    days = world.history_days()
    if days is not None:
        first, last = (day.isoformat() for day in days)
        say(f"writing history, {first} to {last}")
        arguments = [*world.sandbox_arguments(), "--until", last]
        for platforms in HISTORY_SHARES:
            chosen = [word for platform in platforms for word in ("--platform", platform)]
            commands.append(module("ingestion.sandbox", "history", *arguments, *chosen))
    with ThreadPoolExecutor(len(commands)) as pool:
        for words in pool.map(lambda command: run_command(command, env), commands):
            say(words)


def run_command(command: list[str], env: Mapping[str, str]) -> str:
    """Run a command of ours to its end and give what it printed; its error line becomes ours."""
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
    return done.stdout.strip()


def refuse_served(warehouse: Path) -> None:
    """Raise UserError where a server holds the folder that the demo would replace."""
    if not warehouse.exists():
        return
    try:
        with owned(warehouse):
            return
    except UserError as error:
        holder = str(error).partition("already ")[2].partition(".")[0]
        raise UserError(
            f"{warehouse}: is {holder or 'in use'}. "
            "Stop that server (make up), or set WAREHOUSE_PATH to another folder."
        ) from None
