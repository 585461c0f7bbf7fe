"""``python -m dashboards``: serve Superset and bring its assets into it."""

from typing import Annotated

import typer

from dashboards.settings import DashboardsSettings
from warehouse.errors import exit_on_user_error

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def main() -> None:
    """Superset dashboards as code."""


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="0 picks a free one.")] = None,
    host: Annotated[str, typer.Option(help="The address to bind.")] = "127.0.0.1",
) -> None:
    """Run Superset out of its own environment until Ctrl-C."""
    from dashboards.server import serve as run

    run(DashboardsSettings(), host, port)


if __name__ == "__main__":
    with exit_on_user_error():
        app()
