"""Run the sandbox: ``python -m ingestion.sandbox [serve|connections|history|truth] --help``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from typer.core import TyperGroup

from ingestion.connections import Connection, ConnectionStore, Creator, Tokens
from ingestion.registry import PLATFORMS
from ingestion.sandbox import credentials
from ingestion.sandbox.faults import FAULTS, Injection, read_faults
from ingestion.sandbox.history.command import history
from ingestion.sandbox.platforms import World
from ingestion.sandbox.replay import ReplayWorld
from ingestion.sandbox.server import serve as serve_world
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.truth import truth
from ingestion.sandbox.world import World as SyntheticWorld
from ingestion.settings import read_settings
from warehouse.errors import UserError, exit_on_user_error

CONNECTION_PREFIX = "sandbox_"
"""Tells a world's connections from real ones."""


class ServeByDefault(TyperGroup):
    """``serve`` is what the sandbox is for, so its name may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] != "--help"):
            args = ["serve", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ServeByDefault,
    help="The platforms' APIs as a local server (serve is the default command).",
    pretty_exceptions_enable=False,
    add_completion=False,
)

Replay = Annotated[
    Path | None, typer.Option(help="Serve the recorded data of this folder (real/...) as TikTok.")
]
Seed = Annotated[int, typer.Option(help="Seed of the synthetic world.", min=0)]
CreatorCount = Annotated[int, typer.Option(help="Creators of the synthetic world.", min=1)]
Days = Annotated[int, typer.Option(help="Days of the synthetic world.", min=1)]
EndDate = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Last day of the synthetic world (default: today)."),
]
Stealth = Annotated[
    float, typer.Option(help="How well the world's fraud hides: 0 crude, 1 best.", min=0, max=1)
]
Faults = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME[:rate], repeated or by commas, goes wrong; 'list' tells what there is."
    ),
]


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="0 takes a free port.", min=0, max=65535)] = 8081,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    replay: Replay = None,
    seed: Seed = 7,
    creators: CreatorCount = 50,
    days: Days = 60,
    end_date: EndDate = None,
    stealth: Stealth = 0.5,
    api_key: Annotated[
        str, typer.Option(envvar="SANDBOX_API_KEY", help="The YouTube API key to accept.")
    ] = credentials.DEFAULT_API_KEY,
    calls_per_minute: Annotated[
        int, typer.Option(help="Most calls of one endpoint in a minute; 0: no limit.", min=0)
    ] = 0,
    faults: Faults = None,
) -> None:
    """Serve the platforms' APIs until stopped; prints the address once ready."""
    if faults == ["list"]:
        for fault in FAULTS.values():
            typer.echo(f"{fault.name:18}{fault.what} (rate {fault.rate:g})")
        return
    rates = read_faults(faults or [])
    world = _world(replay, seed, creators, days, end_date, stealth)
    injection = Injection(rates, seed)
    serve_world(world, TokenBook(world, api_key), host, port, calls_per_minute, injection)


@app.command()
def connections(
    replay: Replay = None,
    seed: Seed = 7,
    creators: CreatorCount = 50,
    days: Days = 60,
    end_date: EndDate = None,
    stealth: Stealth = 0.5,
) -> None:
    """Connect the creators of the world that serve, with the same options, serves.

    They go into the database of DATABASE_URL, in place of an earlier world's; one that holds real
    connections is left alone.
    """
    world = _world(replay, seed, creators, days, end_date, stealth)
    store = ConnectionStore(read_settings())
    _refuse_real(store)
    people = [Creator(**vars(creator)) for creator in world.creators()]
    accounts = _connected(world)
    store.put(people, accounts, replace=True)
    typer.echo(f"{len(people)} creators, {len(accounts)} connections ({world.name})")


app.command()(history)
app.add_typer(truth, name="truth")


def _world(
    replay: Path | None,
    seed: int,
    creators: int,
    days: int,
    end_date: datetime | None,
    stealth: float,
) -> World:
    if replay is not None:
        if not replay.is_dir():
            raise UserError(f"replay: folder {replay} not found. Pass --replay DIR.")
        return ReplayWorld(replay)
    last_day = end_date.date() if end_date else datetime.now(UTC).date()
    return SyntheticWorld(seed, creators, days, last_day, stealth)


def _connected(world: World) -> list[tuple[Connection, Tokens]]:
    issued = TokenBook(world).issued
    found = []
    for account in world.accounts():
        if account.platform not in PLATFORMS:
            continue
        pair = issued(account.platform, account.account_id)
        connection = Connection(
            **vars(account),
            connection_id=f"{CONNECTION_PREFIX}{account.platform}_{account.account_id}",
        )
        tokens = Tokens(
            access_token=SecretStr(pair.access_token), refresh_token=SecretStr(pair.refresh_token)
        )
        found.append((connection, tokens))
    return found


def _refuse_real(store: ConnectionStore) -> None:
    for connection in store.connections(status=None):
        if not connection.connection_id.startswith(CONNECTION_PREFIX):
            raise UserError(
                f"connection {connection.connection_id}: is not a sandbox's, so the database is "
                "left alone. Name another one in DATABASE_URL."
            )


if __name__ == "__main__":
    with exit_on_user_error():
        app()
