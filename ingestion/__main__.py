"""Administer ingestion: ``python -m ingestion connections --help``."""

import typer

from ingestion.connections_command import app as connections
from warehouse.errors import exit_on_user_error

app = typer.Typer(
    help="Administer what is ingested; a source is run by its own module, e.g. ingestion.tiktok.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(connections, name="connections")

if __name__ == "__main__":
    with exit_on_user_error():
        app()
