"""The warehouse from a shell: serve it, ask it, back it up.

python -m warehouse server
python -m warehouse query "SELECT count() FROM core.dim_account"
"""

from pathlib import Path
from typing import Annotated

import typer

from warehouse.errors import exit_on_user_error
from warehouse.settings import WarehouseSettings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False
)


@app.command()
def server(
    path: Annotated[
        Path | None, typer.Option(help="Data folder [default: .data/warehouse]")
    ] = None,
    port: Annotated[int | None, typer.Option(help="0 picks a free one [default: 8123]")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on")] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Host name by which clients may address the server")
    ] = None,
) -> None:
    """Serve the embedded warehouse until Ctrl-C or SIGTERM."""
    from warehouse.server.process import serve

    settings = WarehouseSettings()
    if path is not None:
        settings.path = path
    serve(settings, host, settings.port if port is None else port, tuple(allow_host or ()))


@app.command()
def schema() -> None:
    """Create the databases of all layers and the tables that code writes; safe to repeat."""
    from warehouse.client import connect
    from warehouse.schema_ddl import apply

    settings = WarehouseSettings()
    count = apply(connect(settings=settings), settings)
    print(f"schema: {count} statements applied")


@app.command()
def env() -> None:
    """Print the settings as shell exports: eval "$(python -m warehouse env)"."""
    import shlex

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
    for name, value in values.items():
        print(f"export {name}={shlex.quote(value)}")


def main() -> None:
    """Run the command line; a UserError ends it with one line and exit code 2."""
    with exit_on_user_error():
        app()


if __name__ == "__main__":
    main()
