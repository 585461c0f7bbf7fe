"""``python -m dashboards``: serve Superset and bring its assets into it."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards.settings import DashboardsSettings
from warehouse.errors import UserError, exit_on_user_error

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False
)


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


@app.command()
def validate() -> None:
    """Check the assets; needs neither Superset nor a warehouse."""
    from dashboards.assets import load_assets
    from dashboards.validation import validate as find_faults

    assets = load_assets()
    faults = find_faults(assets)
    for fault in faults:
        print(fault)
    if faults:
        raise UserError(f"dashboards: {len(faults)} fault(s) in the assets.")
    print(f"dashboards: {len(assets.dashboards)} dashboard(s), {len(assets.charts)} charts: sound")


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="The zip to write.")] = Path("bundle.zip"),
) -> None:
    """Write the bundle that Superset imports (Settings > Import), without passwords."""
    from dashboards.assets import load_assets
    from dashboards.bundle import build_bundle
    from dashboards.validation import require_valid
    from warehouse.settings import WarehouseSettings

    assets = load_assets()
    require_valid(assets)
    bundle = build_bundle(assets, WarehouseSettings())
    if not out.parent.is_dir():
        raise UserError(f"{out}: its folder does not exist.")
    out.write_bytes(bundle)
    print(f"dashboards: wrote {out} ({len(bundle):,} bytes)")


@app.command()
def deploy() -> None:
    """Bring every asset into Superset and run every chart."""
    from rich.console import Console
    from rich.table import Table

    from dashboards.deploy import deploy as run
    from dashboards.deploy import failures

    settings = DashboardsSettings()
    results = run(settings)
    table = Table("dashboard", "chart", "rows", "seconds", "status", title="Charts")
    for result in results:
        seconds = f"{result.seconds:.2f}"
        table.add_row(result.dashboard, result.title, str(result.rows), seconds, result.status)
    Console().print(table)
    for slug in dict.fromkeys(result.dashboard for result in results):
        print(f"{settings.url.rstrip('/')}/superset/dashboard/{slug}/")
    if failed := failures(results):
        first = f"{failed[0].title}: {failed[0].error}"
        raise UserError(f"dashboards: {len(failed)} of {len(results)} charts failed: {first}")


@app.command()
def screenshot(
    slug: Annotated[str, typer.Argument(help="The dashboard.")] = "overview",
    out: Annotated[Path, typer.Option(help="The PNG to write.")] = Path("docs/img/overview.png"),
) -> None:
    """Take a picture of a deployed dashboard."""
    from dashboards.assets import load_assets
    from dashboards.screenshot import take_screenshot

    dashboards = load_assets().dashboards
    if slug not in dashboards:
        raise UserError(f"dashboards: {slug!r} is not one of: {', '.join(dashboards)}.")
    take_screenshot(DashboardsSettings(), slug, len(dashboards[slug].charts()), out)
    print(f"dashboards: wrote {out}")


if __name__ == "__main__":
    with exit_on_user_error():
        app()
