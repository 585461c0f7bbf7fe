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
    """Bring every asset and who may see it into Superset, and run every chart."""
    from rich.console import Console
    from rich.table import Table

    from dashboards.deploy import deploy as run
    from dashboards.deploy import failures

    settings = DashboardsSettings()
    deployment = run(settings)
    results = deployment.charts
    table = Table("dashboard", "chart", "rows", "seconds", "status", title="Charts")
    for result in results:
        seconds = f"{result.seconds:.2f}"
        table.add_row(result.dashboard, result.title, str(result.rows), seconds, result.status)
    Console().print(table)
    for change in deployment.changes:
        print(change)
    print(f"dashboards: {len(deployment.changes) or 'no'} change(s) in Superset")
    for slug in dict.fromkeys(result.dashboard for result in results):
        print(f"{settings.link}/superset/dashboard/{slug}/")
    if failed := failures(results):
        first = f"{failed[0].title}: {failed[0].error}"
        raise UserError(f"dashboards: {len(failed)} of {len(results)} charts failed: {first}")


@app.command()
def diff() -> None:
    """Show what was edited in Superset since the deployment; exit code 1 where something was."""
    from dashboards.assets import load_assets
    from dashboards.drift import find_drift

    drift = find_drift(load_assets(), DashboardsSettings())
    for line in [*drift.changes, *drift.absent, *drift.unmanaged]:
        print(line)
    if drift:
        raise typer.Exit(1)
    print("dashboards: no drift")


@app.command()
def export(
    slugs: Annotated[list[str] | None, typer.Argument(help="Assets, all by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Another folder of assets to write to.")] = None,
) -> None:
    """Write edits made in Superset into the asset files; exit code 1 where no file can hold one."""
    from dashboards.assets import ASSETS_PATH, load_assets
    from dashboards.drift import find_drift
    from dashboards.rewriting import bring_back

    folder = out or ASSETS_PATH
    assets = load_assets(folder)
    rewritten = bring_back(find_drift(assets, DashboardsSettings()), assets, folder, slugs or [])
    for path in rewritten.files:
        print(f"dashboards: wrote {path}")
    for line in rewritten.refused:
        print(line)
    print(f"dashboards: {len(rewritten.files) or 'no'} file(s) written")
    if rewritten.refused:
        raise typer.Exit(1)


@app.command()
def demo_users() -> None:
    """Make one user per role for a demo; the creator's is a creator of the warehouse."""
    from dashboards.client import session
    from dashboards.users import ensure_demo_users
    from warehouse.settings import WarehouseSettings

    settings = DashboardsSettings()
    with session(settings) as superset:
        for user in ensure_demo_users(superset, settings, WarehouseSettings()):
            print(f"{user.role:<12} {user.name:<22} {user.password}")


@app.command()
def embedder_user() -> None:
    """Make the user as whom an application that embeds dashboards signs in."""
    from dashboards.client import session
    from dashboards.users import ensure_role_user

    settings = DashboardsSettings()
    with session(settings) as superset:
        user = ensure_role_user(superset, settings, "embedder", settings.embedder_user)
        print(f"{user.role:<12} {user.name:<22} {user.password}")


@app.command()
def example(
    creator: Annotated[str, typer.Option(help="The creator_id of the page's visitor.")],
    dashboard: Annotated[str, typer.Option(help="The dashboard that it shows.")] = "growth",
    port: Annotated[int, typer.Option(help="One of SUPERSET_EMBED_ORIGINS.")] = 8090,
) -> None:
    """Serve an example of a page that embeds a creator's dashboard, as the embedder."""
    from dashboards.example.server import serve as run

    settings = DashboardsSettings().as_embedder()
    print(f"dashboards: example on http://127.0.0.1:{port}", flush=True)
    run(settings, creator, dashboard, port)


@app.command()
def screenshots(
    slugs: Annotated[list[str] | None, typer.Argument(help="Dashboards, all by default.")] = None,
    out: Annotated[Path, typer.Option(help="The folder of the PNGs.")] = Path("docs/img"),
) -> None:
    """Take a picture of each deployed dashboard, as wide as a desk's screen and as a phone's."""
    from dashboards.assets import load_assets
    from dashboards.screenshot import take_screenshots

    dashboards = load_assets().dashboards
    for slug in slugs or []:
        if slug not in dashboards:
            raise UserError(f"dashboards: {slug!r} is not one of: {', '.join(dashboards)}.")
    charts = {slug: len(dashboards[slug].charts()) for slug in slugs or dashboards}
    for path in take_screenshots(DashboardsSettings(), charts, out):
        print(f"dashboards: wrote {path} ({path.stat().st_size:,} bytes)", flush=True)


if __name__ == "__main__":
    with exit_on_user_error():
        app()
