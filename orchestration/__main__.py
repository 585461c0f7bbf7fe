"""``python -m orchestration demo|up``: what ``make demo`` and ``make up`` run."""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from warehouse.errors import exit_on_user_error

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False
)


@app.command()
def demo(
    creators: Annotated[int, typer.Option(help="Creators of the synthetic world.")] = 200,
    days: Annotated[int, typer.Option(help="Days of the synthetic world.")] = 120,
    api_days: Annotated[
        int, typer.Option(help="The last of them, read through the platforms' APIs.")
    ] = 3,
    replay: Annotated[
        Path | None, typer.Option(help="Folder of recorded data (real/tiktok_videos.csv).")
    ] = None,
) -> None:
    """Run the daily job end to end on a new embedded warehouse and the sandbox."""
    from orchestration.demo import run_demo

    if not run_demo(creators, days, api_days, replay):
        sys.exit(1)


@app.command()
def up() -> None:
    """Serve what the last demo built: warehouse, sandbox, Dagster and Superset."""
    from orchestration.up import serve

    serve()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run a command; Ctrl-C and SIGTERM stop its services in order (exit code 130)."""
    # a shell starts background jobs with SIGINT ignored: ours is set either way
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    with exit_on_user_error():
        app()


if __name__ == "__main__":
    main()
