"""dlt resources as assets: one step per source, one asset ``raw/<source>__<resource>`` each."""

from collections.abc import Iterator
from datetime import date, timedelta

import dagster as dg
from dagster_dlt import DagsterDltTranslator, build_dlt_asset_specs
from dagster_dlt.translator import DltResourceTranslatorData
from dlt.extract import DltSource

from ingestion.app import app_source
from ingestion.outcomes import Outcomes
from ingestion.pipeline import make_pipeline
from ingestion.registry import PLATFORMS
from orchestration.freshness import POLICY
from orchestration.partitions import daily_partitions
from orchestration.resources import RETRY, DltResource


class RawTableTranslator(DagsterDltTranslator):
    """Asset key = ``raw`` and the table's name, so that it meets the dbt source of that name."""

    def get_asset_spec(self, data: DltResourceTranslatorData) -> dg.AssetSpec:
        """``raw/tiktok__videos`` for resource ``videos`` of source ``tiktok``; nothing upstream."""
        spec = super().get_asset_spec(data)
        return spec.replace_attributes(
            key=raw_key(data.resource.source_name, data.resource.name),
            deps=[],
            group_name="raw",
            freshness_policy=POLICY,
        )


def raw_key(source: str, resource: str) -> dg.AssetKey:
    """The asset key of a resource's table."""
    return dg.AssetKey(["raw", f"{source}__{resource}"])


def ingest_assets() -> list[dg.AssetsDefinition]:
    """The raw assets of our own tables and of every registered platform."""
    return [app_assets(), *(platform_assets(name) for name in PLATFORMS)]


def app_assets() -> dg.AssetsDefinition:
    """Creators and connections: read whole on every run, so not partitioned."""

    @dg.multi_asset(
        name="ingest_app",
        specs=_specs(app_source()),
        can_subset=True,
        retry_policy=RETRY,
        pool="app",
    )
    def ingest(
        context: dg.AssetExecutionContext, dlt: DltResource
    ) -> Iterator[dg.MaterializeResult]:
        yield from _load(context, dlt, app_source(), Outcomes())

    return ingest


def platform_assets(name: str) -> dg.AssetsDefinition:
    """A platform's tables: one step reads the days of a run for every connected account."""

    @dg.multi_asset(
        name=f"ingest_{name}",
        specs=_specs(PLATFORMS[name].source()),
        can_subset=True,
        partitions_def=daily_partitions(),
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        # one run at a time per platform: two would share its quota without knowing
        pool=name,
    )
    def ingest(
        context: dg.AssetExecutionContext, dlt: DltResource
    ) -> Iterator[dg.MaterializeResult]:
        outcomes = Outcomes()
        source = PLATFORMS[name].source(days_of(context), outcomes=outcomes)
        yield from _load(context, dlt, source, outcomes)

    return ingest


def days_of(context: dg.AssetExecutionContext) -> list[date]:
    """The days of a run's partitions, in order."""
    window = context.partition_time_window
    count = (window.end.date() - window.start.date()).days
    return [window.start.date() + timedelta(days=n) for n in range(count)]


def _specs(source: DltSource) -> list[dg.AssetSpec]:
    return list(
        build_dlt_asset_specs(
            dlt_source=source,
            dlt_pipeline=make_pipeline(source.name),
            dagster_dlt_translator=RawTableTranslator(),
        )
    )


def _load(
    context: dg.AssetExecutionContext, dlt: DltResource, source: DltSource, outcomes: Outcomes
) -> Iterator[dg.MaterializeResult]:
    """Load the selected resources; what each account came to stands in the metadata."""
    wanted = {
        name: raw_key(source.name, name)
        for name in source.resources
        if raw_key(source.name, name) in context.selected_asset_keys
    }
    result = dlt.load(source.with_resources(*wanted), outcomes)
    for failure in outcomes.failures:
        context.log.warning(str(failure.error))
    for name, key in wanted.items():
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                "dagster/row_count": result.row_counts.get(name, 0),
                "outcome": outcomes.summary() if outcomes.all else "read whole",
            },
        )
