"""The warehouse from a shell: serve it, ask it, back it up.

python -m warehouse server
python -m warehouse query "SELECT count() FROM core.dim_account"
"""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated, cast

import typer
from clickhouse_connect.driver.client import Client

from warehouse.client import connect
from warehouse.errors import UserError, exit_on_user_error
from warehouse.settings import Identity, WarehouseSettings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False
)


def _client(identity: Identity = "owner") -> Client:
    return connect(identity)


@app.command()
def server(
    path: Annotated[
        Path | None, typer.Option(help="Data folder [default: .data/warehouse]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0 picks a free one [default: 8123]")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Host name by which clients may address the server")
    ] = None,
) -> None:
    """Serve the embedded warehouse until Ctrl-C or SIGTERM."""
    # The engine takes its time zone from the process when it is loaded; the warehouse knows UTC.
    os.environ["TZ"] = "UTC"
    from warehouse.server.process import serve

    settings = WarehouseSettings()
    if path is not None:
        settings.path = path
    serve(settings, host, settings.port if port is None else port, tuple(allow_host or ()))


@app.command()
def schema() -> None:
    """Create the databases of all layers and the tables that code writes; safe to repeat."""
    from warehouse.schema_ddl import apply

    count = apply(_client(), WarehouseSettings())
    print(f"schema: {count} statements applied")


@app.command()
def query(
    statement: Annotated[str, typer.Argument(help="SQL; - reads it from standard input")],
    output: Annotated[
        str | None,
        typer.Option("--format", help="A ClickHouse format instead of a table, e.g. CSVWithNames"),
    ] = None,
    identity: Annotated[str, typer.Option(help="owner or reader")] = "owner",
) -> None:
    """Run a statement and print its result."""
    from warehouse.console import print_format, print_table

    if identity not in ("owner", "reader"):
        raise UserError(f"--identity {identity}: use owner or reader")
    text = sys.stdin.read() if statement == "-" else statement
    client = _client(cast(Identity, identity))
    if output is None:
        print_table(client, text)
    else:
        print_format(client, text, output)


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet")],
) -> None:
    """Write all layers to a folder with ClickHouse's BACKUP."""
    from warehouse import backup as backups

    names = backups.backup(_client(), WarehouseSettings(), folder)
    print(f"backup: {', '.join(names)} written to {folder}")


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that backup has written")],
) -> None:
    """Read all layers back from a folder, into tables that are absent or empty."""
    from warehouse import backup as backups

    names = backups.restore(_client(), WarehouseSettings(), folder)
    print(f"restore: {', '.join(names)} read from {folder}")


@app.command()
def grants(
    apply_as: Annotated[
        str | None,
        typer.Option(help="Run the SQL as this administrator instead of printing it"),
    ] = None,
) -> None:
    """Make owner and reader on a ClickHouse server of your own: print the SQL, or run it."""
    from warehouse.client import connect
    from warehouse.grants import render, statements

    settings = WarehouseSettings()
    if apply_as is None:
        print(render(settings), end="")
        return
    if settings.admin_password is None:
        raise UserError(f"user {apply_as}: no password is set. Set CLICKHOUSE_ADMIN_PASSWORD.")
    admin = settings.model_copy(update={"user": apply_as, "password": settings.admin_password})
    found = statements(settings)
    with connect("owner", admin) as client:
        for statement in found:
            client.command(statement)
    print(f"grants: {len(found)} statements applied")


@app.command()
def env() -> None:
    """Print the settings as shell exports: eval "$(python -m warehouse env)"."""
    settings = WarehouseSettings()
    owner, password = settings.login("owner")
    reader, reader_password = settings.login("reader")
    values = {
        "CLICKHOUSE_HOST": settings.host,
        "CLICKHOUSE_PORT": str(settings.port),
        "CLICKHOUSE_SECURE": str(settings.secure).lower(),
        "CLICKHOUSE_USER": owner,
        "CLICKHOUSE_PASSWORD": password,
        "CLICKHOUSE_READER_USER": reader,
        "CLICKHOUSE_READER_PASSWORD": reader_password,
        "WAREHOUSE_PATH": str(settings.path),
        "CREDENCE_ENV": settings.env,
    }
    if settings.cluster:
        values |= {"CLICKHOUSE_CLUSTER": settings.cluster, "DBT_TARGET": "cluster"}
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")


def main() -> None:
    """Run the command line; a UserError ends it with one line and exit code 2."""
    with exit_on_user_error():
        app()


if __name__ == "__main__":
    main()
