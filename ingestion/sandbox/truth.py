"""Loads the truth about a synthetic world into the ``truth`` database.

``python -m ingestion.sandbox truth load`` with the options of the world that ``serve`` and
``history`` were given. The tables are replaced as a whole: loading again, or another world, leaves
exactly that world's truth. Nothing serves these tables; labels and evaluation alone read them.
"""

from datetime import UTC, datetime
from typing import Annotated

import typer
from clickhouse_connect.driver.client import Client

from ingestion.sandbox.world import World
from ingestion.sandbox.world.publication import coefficient_table
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

truth = typer.Typer(help="What really happened in the synthetic world.", no_args_is_help=True)


@truth.callback()
def _group() -> None:
    """What really happened in the synthetic world."""


@truth.command("load")
def load(
    seed: Annotated[int, typer.Option(help="Seed of the synthetic world.", min=0)] = 7,
    creators: Annotated[int, typer.Option(help="Creators of the world.", min=1)] = 50,
    days: Annotated[int, typer.Option(help="Days of the world.", min=1)] = 60,
    end_date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day of the world (default: today)."),
    ] = None,
    stealth: Annotated[
        float, typer.Option(help="How well the world's fraud hides: 0 crude, 1 best.", min=0, max=1)
    ] = 0.5,
    clear: Annotated[
        bool, typer.Option(help="Without noise from day to day and gaps of the APIs.")
    ] = False,
) -> None:
    """Replace the truth in the warehouse by that of this world."""
    last_day = end_date.date() if end_date else datetime.now(UTC).date()
    world = World(seed, creators, days, last_day, stealth, clear)
    settings = WarehouseSettings()
    client = connect(settings=settings)
    try:
        apply(client, settings)
        rows = load_truth(world, client, settings)
    finally:
        client.close()
    typer.echo(f"truth: {sum(rows.values())} rows in {len(rows)} tables ({world.name})")


@truth.command("coefficients")
def coefficients() -> None:
    """Print what generates the world as the table that docs/world.md publishes."""
    typer.echo(coefficient_table())


def load_truth(world: World, client: Client, settings: WarehouseSettings) -> dict[str, int]:
    """Replace every table of the ``truth`` database; the schema must be applied.

    The rows go into tables beside the old ones, which take their places at the end: a reader never
    sees half of a world, and an interrupted load leaves what was there.

    Returns:
        Rows by table.
    """
    database = settings.database("truth")
    tables = world.truth()
    for name, rows in tables.items():
        client.command(f"DROP TABLE IF EXISTS {database}.{name}__new")
        client.command(f"CREATE TABLE {database}.{name}__new AS {database}.{name}")
        if rows.num_rows:
            client.insert_arrow(f"{name}__new", rows, database=database)
    for name in tables:
        client.command(f"EXCHANGE TABLES {database}.{name} AND {database}.{name}__new")
        client.command(f"DROP TABLE {database}.{name}__new")
    return {name: rows.num_rows for name, rows in tables.items()}
