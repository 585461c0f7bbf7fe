"""The Dagster code location: every arrow of the house, loaded without network or environment.

dagster dev -w workspace.yaml
"""

import dagster as dg

from orchestration.bi import dashboard_assets
from orchestration.freshness import raw_freshness
from orchestration.ingest import ingest_assets
from orchestration.partitions import daily_partitions
from orchestration.resources import resources
from orchestration.transform import transform_assets


def definitions() -> dg.Definitions:
    """Assets, checks, jobs, schedules and resources."""
    raw, models, dashboards = ingest_assets(), transform_assets(), dashboard_assets()
    freshness = raw_freshness(raw)
    daily = dg.define_asset_job(
        "daily",
        selection=dg.AssetSelection.assets(*raw, models),
        partitions_def=daily_partitions(),
        description="Reads every platform's counters of a day and rebuilds what follows from them.",
    )
    watch = dg.define_asset_job(
        "freshness",
        selection=dg.AssetSelection.checks(freshness),
        description="Checks that every raw table was read within a day.",
    )
    return dg.Definitions(
        assets=[*raw, models, *dashboards],
        asset_checks=[freshness],
        jobs=[daily, watch],
        schedules=[
            dg.build_schedule_from_partitioned_job(
                # late, so that a day's counters and posts are those of nearly the whole day
                daily,
                hour_of_day=22,
                default_status=dg.DefaultScheduleStatus.RUNNING,
            ),
            dg.ScheduleDefinition(
                job=watch,
                cron_schedule="15 * * * *",
                default_status=dg.DefaultScheduleStatus.RUNNING,
            ),
        ],
        resources=resources(),
        # a process per step; a run may ask for one process, as the demo does
        executor=dg.multi_or_in_process_executor,
    )


defs = definitions()
