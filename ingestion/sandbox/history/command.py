"""``python -m ingestion.sandbox history``: a world's past in ``raw`` within a minute."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from ingestion.sandbox.world.world import World
from ingestion.settings import read_settings
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

DAY_FORMATS = ["%Y-%m-%d"]


def history(
    seed: Annotated[int, typer.Option(help="Seed of the synthetic world.", min=0)] = 7,
    creators: Annotated[int, typer.Option(help="Creators of the world.", min=1)] = 50,
    days: Annotated[int, typer.Option(help="Days of the world; all are written.", min=1)] = 60,
    end_date: Annotated[
        datetime | None,
        typer.Option(formats=DAY_FORMATS, help="Last day of the world (default: today)."),
    ] = None,
    stealth: Annotated[
        float, typer.Option(help="How well the world's fraud hides.", min=0, max=1)
    ] = 0.5,
    clear: Annotated[
        bool, typer.Option(help="Without noise from day to day and gaps of the APIs.")
    ] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=DAY_FORMATS, help="Write from this day on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=DAY_FORMATS, help="Write up to this day.")
    ] = None,
    platform: Annotated[
        list[str] | None,
        typer.Option(help="Write this platform; give it again for more (default: all)."),
    ] = None,
) -> None:
    """Write a world's daily readings to raw in bulk, as a run a day would have landed them.

    Run ``connections`` with the same options first; a run through the sandbox's APIs goes on from
    the last day written. Days that are written again are replaced.
    """
    from ingestion.sandbox.history.runner import HISTORY_TABLES, write_history

    platforms = platform or list(HISTORY_TABLES)
    if unknown := sorted(set(platforms) - set(HISTORY_TABLES)):
        raise UserError(
            f"--platform: {unknown[0]} is none of the world's. Pass {', '.join(HISTORY_TABLES)}."
        )
    console = Console(highlight=False, stderr=True)
    last_day = end_date.date() if end_date else datetime.now(UTC).date()
    world = World(seed, creators, days, last_day, stealth, clear)
    first, last = _day(since) or world.first_day, _day(until) or world.last_day
    began = time.monotonic()
    with console.status("writing history") as status:
        written = write_history(
            world,
            first,
            last,
            read_settings(),
            WarehouseSettings(),
            lambda table, rows: status.update(f"{table}: {rows:,} rows"),
            platforms,
        )
    if not written.total:
        raise UserError(f"history {first} to {last}: the world has no account. Pass --creators.")
    seconds = time.monotonic() - began
    typer.echo(
        f"{written.total:,} rows in {len(written.rows)} tables, {first} to {last} "
        f"({(last - first + timedelta(days=1)).days} days), {seconds:.0f} s"
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
