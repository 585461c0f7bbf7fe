"""The Dagster code location: every arrow of the house, loaded without network or environment.

dagster dev -w workspace.yaml
"""

import dagster as dg

from orchestration.bi import charts_after_each_load, charts_job, dashboard_assets, deploy_job
from orchestration.executor import step_executor
from orchestration.freshness import raw_freshness
from orchestration.ingest import ingest_assets
from orchestration.models import model_assets, registry_asset, training_keys
from orchestration.partitions import daily_partitions
from orchestration.resources import resources
from orchestration.transform import transform_assets


def definitions() -> dg.Definitions:
    """Assets, checks, jobs, schedules, sensors and resources."""
    raw, transforms, dashboards = ingest_assets(), transform_assets(), dashboard_assets()
    models = model_assets()
    freshness = raw_freshness(raw)
    everything = dg.AssetSelection.assets(*raw, *transforms, *models)
    training = dg.AssetSelection.assets(*training_keys())
    daily = dg.define_asset_job(
        "daily",
        selection=everything - training,
        partitions_def=daily_partitions(),
        description="Reads every platform's counters of a day, rebuilds what follows from them and "
        "scores every account.",
    )
    first_day = dg.define_asset_job(
        "first_day",
        selection=everything,
        partitions_def=daily_partitions(),
        description="The daily job on a new warehouse: trains the models before they score.",
    )
    train = dg.define_asset_job(
        "train_models",
        selection=training,
        description="Fits a candidate of each model; one that passes its checks becomes champion.",
    )
    watch = dg.define_asset_job(
        "freshness",
        selection=dg.AssetSelection.checks(freshness),
        description="Checks that every raw table was read within a day.",
    )
    charts = charts_job(dashboards)
    return dg.Definitions(
        assets=[*raw, *transforms, *models, registry_asset(), dashboards],
        asset_checks=[freshness],
        jobs=[daily, first_day, train, watch, deploy_job(dashboards), charts],
        sensors=[charts_after_each_load([daily, first_day], charts)],
        schedules=[
            dg.build_schedule_from_partitioned_job(
                # late, so that a day's counters and posts are those of nearly the whole day
                daily,
                hour_of_day=22,
                default_status=dg.DefaultScheduleStatus.RUNNING,
            ),
            dg.ScheduleDefinition(
                job=train,
                # before the scores of the night from Sunday on
                cron_schedule="0 20 * * 0",
                default_status=dg.DefaultScheduleStatus.RUNNING,
            ),
            dg.ScheduleDefinition(
                job=watch,
                cron_schedule="15 * * * *",
                default_status=dg.DefaultScheduleStatus.RUNNING,
            ),
        ],
        resources=resources(),
        executor=step_executor(),
    )


def job_named(name: str) -> dg.JobDefinition:
    """A job of the code location, for a process that executes it and for each of its steps."""
    return defs.resolve_job_def(name)


defs = definitions()
