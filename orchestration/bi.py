"""Superset dashboards as assets, downstream of the marts that their charts read."""

import dagster as dg

from dashboards.assets import Assets, load_assets
from dashboards.deploy import deploy, failures
from warehouse.errors import UserError


def dashboard_assets() -> list[dg.AssetsDefinition]:
    """One asset ``dashboards/<slug>`` for each dashboard that is written down."""
    assets = load_assets()
    return [_dashboard_asset(slug, assets) for slug in assets.dashboards]


def _dashboard_asset(slug: str, assets: Assets) -> dg.AssetsDefinition:
    dashboard = assets.dashboards[slug]

    @dg.asset(
        name=slug,
        key_prefix="dashboards",
        group_name="dashboards",
        deps=[dg.AssetKey(list(table)) for table in assets.tables(slug)],
        description=dashboard.description,
        kinds={"superset"},
        pool="superset",
    )
    def deployed_dashboard() -> dg.MaterializeResult:
        """Deploy the dashboards and run every chart of this one."""
        try:
            results = [result for result in deploy() if result.dashboard == slug]
        except UserError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        failed = failures(results)
        if failed:
            raise dg.Failure(description=f"{failed[0].title}: {failed[0].error}")
        return dg.MaterializeResult(
            metadata={result.title: f"{result.rows} rows" for result in results}
        )

    return deployed_dashboard
