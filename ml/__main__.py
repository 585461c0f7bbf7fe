"""``python -m ml``: the registry of models on the command line."""

import json
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from ml.cards.card import CARD_FILE
from ml.registry import Registry, Version
from ml.tables import Tables
from warehouse.errors import exit_on_user_error

app = typer.Typer(
    help="Models: what is trained, and which version speaks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
models = typer.Typer(help="Versions of the models.", no_args_is_help=True)
app.add_typer(models, name="models")
NAME = Annotated[str, typer.Argument(help="Model, e.g. authenticity.")]
VERSION = Annotated[str, typer.Argument(help="Version, or the beginning of it.")]
METRICS = """
SELECT dataset, segment, metric, metric_value, row_count FROM {ml}.model_metric FINAL
WHERE model_name = {name:String} AND version = {version:String}
ORDER BY dataset, segment, metric
"""


@models.command("list")
def list_versions(
    name: Annotated[str, typer.Argument(help="Model; all of them by default.")] = "",
) -> None:
    """List every version with its stage, oldest first."""
    with Tables() as tables:
        table = Table("model", "version", "stage", "trained until", "rows", "since", "because")
        for version in Registry(tables).versions(name):
            table.add_row(
                version.model_name,
                version.version,
                version.stage,
                str(version.trained_until or "-"),
                f"{version.row_count:,}" if version.row_count is not None else "-",
                f"{version.created_at:%Y-%m-%d %H:%M}",
                version.reason,
            )
    Console(highlight=False).print(table)


@models.command("show")
def show(name: NAME, version: VERSION) -> None:
    """Show a version: parameters, features, figures, where it lies."""
    with Tables() as tables:
        registry = Registry(tables)
        found = registry.version(name, version)
        metrics = tables.read(METRICS, {"name": name, "version": found.version})
        path = registry.path(found)
    console = Console(highlight=False)
    console.print(f"[bold]{found.model_name} {found.version}[/bold]: {found.stage}, {found.reason}")
    for label, text in _facts(found).items():
        console.print(f"  {label:<14}{text}", soft_wrap=True)
    console.print(f"  {'artefact':<14}{path}", soft_wrap=True)
    card = path.with_name(CARD_FILE)
    console.print(f"  {'card':<14}{card if card.exists() else 'none'}", soft_wrap=True)
    table = Table("data", "segment", "metric", "value", "rows")
    for row in metrics.to_dict("records"):
        value = "-" if pd.isna(row["metric_value"]) else f"{row['metric_value']:.4f}"
        names = [str(row[name]) for name in ("dataset", "segment", "metric")]
        rows = "-" if pd.isna(row["row_count"]) else f"{row['row_count']:,.0f}"
        table.add_row(*names, value, rows)
    console.print(table)


@models.command("promote")
def promote(
    name: NAME,
    version: VERSION,
    reason: Annotated[str, typer.Option(help="Why; it stays in the registry.")],
) -> None:
    """Make a version the champion; the one before it is retired."""
    with Tables() as tables:
        registry = Registry(tables)
        found = registry.promote(name, registry.version(name, version).version, reason)
    typer.echo(f"{name}: {found.version} is the champion")


@models.command("rollback")
def rollback(
    name: NAME,
    reason: Annotated[str, typer.Option(help="Why; it stays in the registry.")] = "rolled back",
) -> None:
    """Go back to the champion before the present one."""
    with Tables() as tables:
        found = Registry(tables).rollback(name, reason)
    typer.echo(f"{name}: {found.version} is the champion again")


def _facts(version: Version) -> dict[str, str]:
    return {
        "trained on": f"{version.trained_from or '-'} to {version.trained_until or '-'}, "
        f"{version.row_count or 0:,} rows, {version.data_sha256[:16]}",
        "code": version.code_sha256[:16],
        "libraries": ", ".join(f"{k} {v}" for k, v in version.libraries.items()),
        "features": ", ".join(version.features),
        "parameters": json.dumps(json.loads(version.parameters)),
    }


if __name__ == "__main__":
    with exit_on_user_error():
        app()
