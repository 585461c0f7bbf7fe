"""Superset's dashboards as assets downstream of their marts, each with a check of its charts.

One step serves all of them. Where a dashboard is selected it deploys once, for whatever number is
selected; where only checks are, it runs the charts that stand in Superset and deploys nothing. That
is what follows each load: the data are new, the dashboards are not.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dashboards.assets import Assets, load_assets
from dashboards.deploy import ChartResult, check_dashboard, deploy, failures
from dashboards.settings import DashboardsSettings
from warehouse.errors import UserError

# what `dg.define_asset_job` gives, which Dagster does not export
AssetJob: TypeAlias = UnresolvedAssetJobDefinition
GROUP = "dashboards"
CHECK = "every_chart_answers"


def dashboard_assets() -> dg.AssetsDefinition:
    """One asset ``dashboards/<slug>`` with a check ``every_chart_answers`` per dashboard."""
    assets = load_assets()

    @dg.multi_asset(
        name=GROUP,
        group_name=GROUP,
        specs=[_spec(slug, assets) for slug in assets.dashboards],
        check_specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=_key(slug),
                description="Superset runs every chart of the dashboard, past its cache.",
            )
            for slug in assets.dashboards
        ],
        can_subset=True,
        # a deployment rewrites what a check reads: one of them at a time
        pool="superset",
    )
    def dashboards(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Deploy where a dashboard is selected, and judge every selected check."""
        deployed = {key.path[-1] for key in context.selected_asset_keys}
        checked = {check.asset_key.path[-1] for check in context.selected_asset_check_keys}
        results = _deploy() if deployed else []
        for slug in assets.dashboards:
            of_this = [result for result in results if result.dashboard == slug]
            if slug in deployed:
                yield dg.MaterializeResult(asset_key=_key(slug), metadata=_metadata(slug, of_this))
            if slug in checked:
                yield judge(slug, of_this) if deployed else _check(slug)

    return dashboards


def deploy_job(dashboards: dg.AssetsDefinition) -> AssetJob:
    """The job ``deploy_dashboards``: everything that is written down, and each chart once."""
    return dg.define_asset_job(
        "deploy_dashboards",
        selection=dg.AssetSelection.assets(dashboards),
        description="Brings the dashboards as they are written down into Superset.",
    )


def charts_job(dashboards: dg.AssetsDefinition) -> AssetJob:
    """The job ``charts``: every chart of every dashboard against the data of now."""
    return dg.define_asset_job(
        "charts",
        selection=dg.AssetSelection.checks_for_assets(dashboards),
        description="Runs every chart that stands in Superset and deploys nothing.",
    )


def charts_after_each_load(loads: Sequence[AssetJob], charts: AssetJob) -> dg.SensorDefinition:
    """Asks for the job ``charts`` once for each run of one of ``loads`` that succeeded."""

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="charts_after_each_load",
        monitored_jobs=[*loads],
        request_job=charts,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs every chart against what a load has changed.",
    )
    def after_load(context: dg.RunStatusSensorContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return after_load


def judge(slug: str, results: Sequence[ChartResult]) -> dg.AssetCheckResult:
    """The check of a dashboard: failed by a chart whose query fails, not by one without rows."""
    words = [f"{result.title}: {result.error}" for result in failures(results)]
    metadata = _chart_metadata(results)
    if not words:
        return _result(slug, passed=True, words=None, metadata=metadata)
    more = f" (and {len(words) - 1} more)" if len(words) > 1 else ""
    metadata["failed"] = dg.MetadataValue.json(words)
    return _result(slug, passed=False, words=words[0] + more, metadata=metadata)


def _spec(slug: str, assets: Assets) -> dg.AssetSpec:
    dashboard = assets.dashboards[slug]
    return dg.AssetSpec(
        _key(slug),
        deps=[dg.AssetKey(list(table)) for table in assets.tables(slug)],
        description=dashboard.description,
        owners=[f"team:{dashboard.owner}"],
        kinds={"superset"},
        # an asset that is not selected with the others is not materialized
        skippable=True,
    )


def _key(slug: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, slug])


def _deploy() -> list[ChartResult]:
    try:
        return deploy().charts
    except UserError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _check(slug: str) -> dg.AssetCheckResult:
    try:
        results = check_dashboard(slug)
    except UserError as error:
        return _result(slug, passed=False, words=str(error), metadata={})
    return judge(slug, results)


def _result(
    slug: str, *, passed: bool, words: str | None, metadata: dict[str, dg.MetadataValue]
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=_key(slug),
        check_name=CHECK,
        passed=passed,
        description=words,
        metadata=metadata,
    )


def _metadata(slug: str, results: Sequence[ChartResult]) -> dict[str, dg.MetadataValue]:
    url = f"{DashboardsSettings().link}/superset/dashboard/{slug}/"
    return {"superset": dg.MetadataValue.url(url), **_chart_metadata(results)}


def _chart_metadata(results: Sequence[ChartResult]) -> dict[str, dg.MetadataValue]:
    slowest = max(results, key=lambda result: result.seconds, default=None)
    found: dict[str, dg.MetadataValue] = {
        "charts": dg.MetadataValue.int(len(results)),
        "rows": dg.MetadataValue.int(sum(result.rows for result in results)),
    }
    if slowest is not None:
        found["slowest chart"] = dg.MetadataValue.text(f"{slowest.title}: {slowest.seconds:.2f} s")
    if empty := [result.title for result in results if result.status == "empty"]:
        found["empty"] = dg.MetadataValue.json(empty)
    return found
