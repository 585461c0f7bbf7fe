"""The commands over connections: connect an account, look, try, end, change the keys.

Tokens come from the variables ``CONNECTION_ACCESS_TOKEN`` and ``CONNECTION_REFRESH_TOKEN``, or are
asked for without being shown; never from an argument, which other users of the machine could read.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from getpass import getpass
from itertools import groupby
from typing import Annotated
from uuid import uuid4

import typer
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from ingestion.connections import Connection, ConnectionStore, Creator, Tokens
from ingestion.connections.cipher import new_key
from ingestion.errors import ApiError
from ingestion.registry import PLATFORMS
from ingestion.settings import IngestionSettings, read_settings
from ingestion.snapshot import AccountDay, SnapshotRun
from warehouse.errors import UserError

ACCESS_TOKEN = "CONNECTION_ACCESS_TOKEN"  # noqa: S105
REFRESH_TOKEN = "CONNECTION_REFRESH_TOKEN"  # noqa: S105
WIDE = 240
"""Columns of a table that is not shown on a terminal but, say, searched."""

app = typer.Typer(
    help="Creators' connected accounts and the tokens that open them.",
    no_args_is_help=True,
)

ConnectionId = Annotated[str, typer.Argument(help="The connection's id; list shows it.")]
PlatformName = Annotated[str, typer.Option("--platform", help=f"One of {', '.join(PLATFORMS)}.")]
Expiry = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%dT%H:%M:%SZ"], help="UTC, as the platform told: 2026-12-31T23:59:59Z."
    ),
]


@app.command()
def add(
    platform: PlatformName,
    account_id: Annotated[
        str, typer.Option(help="The platform's own id, e.g. TikTok's open_id, a channel's id.")
    ],
    handle: Annotated[str, typer.Option(help="The name that the platform shows.")] = "",
    creator: Annotated[
        str | None, typer.Option(help="The creator's id; without it a new creator is added.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="A new creator's name.")] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="A scope that was granted; may be repeated.")
    ] = None,
    access_expires_at: Expiry = None,
    refresh_expires_at: Expiry = None,
) -> None:
    """Connect an account, or connect it again with new tokens.

    Tokens come from CONNECTION_ACCESS_TOKEN and CONNECTION_REFRESH_TOKEN, or are asked for.
    """
    _check_platform(platform)
    store = ConnectionStore(read_settings())
    now = datetime.now(UTC)
    creators = _creators_for(store, creator, name, now)
    creator_id = creators[0].creator_id if creators else str(creator)
    try:
        connection = Connection(
            connection_id=f"{platform}_{account_id}",
            creator_id=creator_id,
            platform=platform,
            account_id=account_id,
            handle=handle,
            connected_at=now,
            scopes=tuple(scope or ()),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise UserError(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}.") from None
    tokens = _read_tokens(access_expires_at, refresh_expires_at)
    store.put(creators, [(connection, tokens)])
    what = "connected" if tokens else "connected without a token"
    typer.echo(f"{connection.connection_id}: {what}, creator {creator_id}")


@app.command("list")
def list_connections(
    platform: Annotated[str | None, typer.Option(help="Only those of one platform.")] = None,
) -> None:
    """Show all connections, whatever their status; never a token."""
    if platform is not None:
        _check_platform(platform)
    store = ConnectionStore(read_settings())
    names = {creator.creator_id: creator.display_name for creator in store.creators()}
    table = Table(box=None, pad_edge=False)
    for title in ("connection", "creator", "name", "handle", "connected", "status", "scopes"):
        table.add_column(title, overflow="fold")
    for one in store.connections(platform, status=None):
        table.add_row(
            one.connection_id,
            one.creator_id,
            names[one.creator_id],
            one.handle,
            f"{one.connected_at:%Y-%m-%d %H:%M}",
            one.status if one.reason is None else f"{one.status}: {one.reason}",
            " ".join(one.scopes),
        )
    width = None if sys.stdout.isatty() else WIDE
    Console(width=width, highlight=False, markup=False).print(table)


@app.command("test")
def probe_connections(
    connection: Annotated[
        str | None, typer.Argument(help="A connection's id; without it all active ones.")
    ] = None,
) -> None:
    """Ask each account's platform for the least that shows whether it can be read."""
    settings = read_settings()
    store = ConnectionStore(settings)
    found = [store.connection(connection)] if connection else store.connections()
    failed = 0
    for one, error in _probed(settings, found):
        failed += error is not None
        typer.echo(f"{one.connection_id}: {'can be read' if error is None else error}")
    if failed:
        raise UserError(f"{failed} of {len(found)} connections cannot be read.")
    if not found:
        typer.echo("no active connection")


@app.command()
def revoke(connection: ConnectionId) -> None:
    """End a connection: it is not read any more, and its tokens are deleted."""
    ConnectionStore(read_settings()).revoke(connection)
    typer.echo(f"{connection}: revoked, its tokens are deleted")


@app.command()
def rotate() -> None:
    """Encrypt all tokens with the first of TOKEN_KEYS (or of the key file)."""
    count = ConnectionStore(read_settings()).rotate()
    typer.echo(f"tokens of {count} connections are encrypted with the first key")


@app.command("new-key")
def make_key() -> None:
    """Print a new key for TOKEN_KEYS."""
    typer.echo(new_key())


def _check_platform(name: str) -> None:
    if name not in PLATFORMS:
        raise UserError(f"platform {name}: not known. Name one of {', '.join(PLATFORMS)}.")


def _creators_for(
    store: ConnectionStore, creator: str | None, name: str | None, now: datetime
) -> list[Creator]:
    """The creator to add or rename, if any; raises UserError where none is named."""
    known = {one.creator_id for one in store.creators()}
    if name:
        return [Creator(creator_id=creator or uuid4().hex, display_name=name, created_at=now)]
    if creator is None:
        raise UserError("creator: none is named. Pass --creator ID, or --name for a new one.")
    if creator not in known:
        raise UserError(f"creator {creator}: not known. Pass --name to add a creator of this id.")
    return []


def _read_tokens(
    access_expires_at: datetime | None, refresh_expires_at: datetime | None
) -> Tokens | None:
    ask = _asking()
    access = os.environ.get(ACCESS_TOKEN) or ask("Access token (empty: none): ")
    if not access:
        return None
    refresh = os.environ.get(REFRESH_TOKEN) or ask("Refresh token (empty: none): ")
    return Tokens(
        access_token=SecretStr(access),
        refresh_token=SecretStr(refresh) if refresh else None,
        access_expires_at=access_expires_at and access_expires_at.replace(tzinfo=UTC),
        refresh_expires_at=refresh_expires_at and refresh_expires_at.replace(tzinfo=UTC),
    )


def _asking() -> Callable[[str], str]:
    """How a token is asked for: at a terminal without showing it, else the next line of stdin."""
    if sys.stdin.isatty():
        return lambda question: getpass(question).strip()
    return lambda _: sys.stdin.readline().strip()


def _probed(
    settings: IngestionSettings, connections: Sequence[Connection]
) -> Iterator[tuple[Connection, ApiError | None]]:
    """Each connection with the error that its platform's probe meets, in order."""
    today = datetime.now(UTC).date()

    def probe(run: SnapshotRun, connection: Connection) -> ApiError | None:
        try:
            run.platform.probe(run, AccountDay(connection, today))
        except ApiError as error:
            return error
        return None

    with ThreadPoolExecutor(settings.ingestion_concurrency) as pool:
        for name, of_platform in groupby(connections, key=lambda one: one.platform):
            _check_platform(name)
            run, group = SnapshotRun(PLATFORMS[name], settings=settings), list(of_platform)
            results = pool.map(lambda one, run=run: probe(run, one), group)
            yield from zip(group, results, strict=True)
