"""``make evaluate``: every model on real data, each figure beside what it must reach.

The data stay outside the project; an evaluation whose folder is absent is named and left out.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ml.evaluation import accounts, claims, growth, insurance
from ml.evaluation.figures import Figure, show
from warehouse.errors import UserError, exit_on_user_error

EVALUATIONS: dict[str, tuple[str, Callable[[Path], list[Figure]]]] = {
    "Fake accounts": ("accounts", accounts.evaluate),
    "Growth forecasts": ("real", growth.evaluate),
    "Motor frequency and severity, tail of fire losses": ("insurance", insurance.evaluate),
    "Triage of claims": ("claims", claims.evaluate),
}


def main(
    data: Annotated[Path, typer.Option(help="Folder of the real data.")],
) -> None:
    """Print every figure; exit code 1 where one does not hold."""
    console = Console(highlight=False)
    if not any((data / folder).is_dir() for folder, _ in EVALUATIONS.values()):
        folders = ", ".join(folder for folder, _ in EVALUATIONS.values())
        raise UserError(f"DATA: {data} holds none of {folders}. Pass the folder of the real data.")
    held = True
    for title, (folder, evaluate) in EVALUATIONS.items():
        if not (data / folder).is_dir():
            console.print(f"{title}: {data / folder} is absent, so it is left out", soft_wrap=True)
            continue
        began = time.monotonic()
        with console.status(f"{title} ..."):
            figures = evaluate(data / folder)
        held = show(title, figures, console) and held
        console.print(f"[dim]{time.monotonic() - began:.0f} s[/dim]\n")
    if not held:
        raise typer.Exit(1)


if __name__ == "__main__":
    with exit_on_user_error():
        typer.run(main)
