"""The command line that every source has: read, count, load."""

import logging
import os
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime
from typing import Annotated

import pyarrow as pa
import typer
from dlt.extract import DltSource

from ingestion.outcomes import Outcomes
from ingestion.pipeline import LoadResult, configure_dlt, run, told_in_one_line
from ingestion.policy import Platform
from ingestion.settings import IngestionSettings, read_settings
from warehouse.errors import exit_on_user_error

DryRun = Annotated[bool, typer.Option("--dry-run", help="Read and count; load nothing.")]
Day = Annotated[
    list[datetime] | None,
    typer.Option(
        "--snapshot-date",
        formats=["%Y-%m-%d"],
        help="UTC day to read (default: today); may be repeated. Earlier days need a sandbox.",
    ),
]
BackfillDays = Annotated[
    int | None,
    typer.Option(
        min=1, help="Days of insights that a first reading asks for (INSIGHTS_BACKFILL_DAYS)."
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N connected accounts.")]


def main(platform: Platform) -> None:
    """Run the command of a platform's source."""

    def load(
        snapshot_date: Day = None,
        limit: Limit = None,
        backfill_days: BackfillDays = None,
        dry_run: DryRun = False,
    ) -> None:
        settings, outcomes = read_settings(), Outcomes()
        if backfill_days:
            settings = settings.model_copy(update={"insights_backfill_days": backfill_days})
        days: list[date] | None = [d.date() for d in snapshot_date] if snapshot_date else None
        source = platform.source(days, settings, outcomes, limit)
        _run(source, outcomes, settings, dry_run)

    name = platform.name
    _start(load, f"Read the connected {name} accounts and load raw.{name}__*.")


def run_app(make_source: Callable[[IngestionSettings], DltSource]) -> None:
    """Run the command of the source of our own tables."""

    def load(dry_run: DryRun = False) -> None:
        settings = read_settings()
        _run(make_source(settings), Outcomes(), settings, dry_run)

    _start(load, "Read our creators and connections and load raw.app__*.")


def _start(command: Callable[..., None], text: str) -> None:
    # Our own lines alone: what a library has to say about a failure is in the error's one line.
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.CRITICAL)
    logging.getLogger("ingestion").setLevel(logging.WARNING)
    # clickhouse-connect gives it a level of its own.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(help=text)(command)
    with exit_on_user_error():
        app()


def _run(source: DltSource, outcomes: Outcomes, settings: IngestionSettings, dry_run: bool) -> None:
    if dry_run:
        with closing(outcomes):
            counts = _count(source)
        outcomes.raise_if_unusable()
    else:
        result: LoadResult = run(source, outcomes, settings)
        counts = dict(result.row_counts)
    for table, rows in counts.items():
        typer.echo(f"{source.name}__{table}: {rows} rows{' (not loaded)' if dry_run else ''}")
    if outcomes.all:
        typer.echo(outcomes.summary())


def _count(source: DltSource) -> dict[str, int]:
    configure_dlt()
    counts = dict.fromkeys(source.selected_resources, 0)

    def counting(name: str) -> Callable[[pa.Table], pa.Table]:
        def count(part: pa.Table) -> pa.Table:
            counts[name] += part.num_rows
            return part

        return count

    with told_in_one_line():
        for name, resource in source.selected_resources.items():
            resource.add_map(counting(name))
        for _ in source:
            pass
    return counts
