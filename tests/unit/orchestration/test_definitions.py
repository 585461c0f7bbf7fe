"""The graph: loads without environment and network, keys meet by name, nothing is left out."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.sensor_definition import SensorExecutionData

from ml import features
from orchestration.bi import CHECK
from orchestration.executor import PRELOADED, with_forks
from orchestration.models import FEATURE_MARTS

ROOT = Path(__file__).resolve().parents[3]
SEEDS = ROOT / "dbt_project" / "seeds"

GRAPH = [
    "core/country_language",
    "core/dim_account",
    "core/dim_account_history",
    "core/dim_creator",
    "core/dim_date",
    "core/dim_post",
    "core/error_remedy",
    "core/fct_account_day",
    "core/fct_account_post_day",
    "core/fct_audience_day",
    "core/fct_audience_hour",
    "core/fct_comment",
    "core/fct_insight_reading",
    "core/fct_post_day",
    "core/fct_post_milestone",
    "core/rate_card",
    "core/reason_code",
    "dashboards/audience",
    "dashboards/engagement",
    "dashboards/growth",
    "dashboards/overview",
    "dashboards/pipeline-health",
    "marts/mart_audience__account_day",
    "marts/mart_engagement__account",
    "marts/mart_engagement__account_day",
    "marts/mart_engagement__benchmark",
    "marts/mart_engagement__format",
    "marts/mart_engagement__post",
    "marts/mart_engagement__posting_time",
    "marts/mart_fraud__account_day",
    "marts/mart_fraud__authenticity",
    "marts/mart_fraud__comment_quality",
    "marts/mart_fraud__follower_spike",
    "marts/mart_fraud__pod",
    "marts/mart_fraud__post_reaction",
    "marts/mart_growth__account_day",
    "marts/mart_growth__cohort",
    "marts/mart_growth__forecast",
    "marts/mart_insurance__account_exposure",
    "marts/mart_ops__cost",
    "marts/mart_ops__pipeline_health",
    "ml/account_feature",
    "ml/authenticity_champion",
    "ml/authenticity_model",
    "ml/authenticity_score",
    "ml/growth_champion",
    "ml/growth_forecast",
    "ml/growth_model",
    "ml/model_registry",
    "ml/risk_champion",
    "ml/risk_model",
    "ml/risk_score",
    "ml/training_example",
    "ops/ingestion_outcome",
    "raw/app__connections",
    "raw/app__creators",
    "raw/facebook__comments",
    "raw/facebook__page_insights",
    "raw/facebook__pages",
    "raw/facebook__post_insights",
    "raw/facebook__post_reactions",
    "raw/facebook__posts",
    "raw/facebook__video_insights",
    "raw/facebook__videos",
    "raw/instagram__account_insights",
    "raw/instagram__accounts",
    "raw/instagram__audience",
    "raw/instagram__comments",
    "raw/instagram__follower_changes",
    "raw/instagram__media",
    "raw/instagram__media_insights",
    "raw/instagram__online_followers",
    "raw/instagram__peers",
    "raw/instagram__stories",
    "raw/instagram__story_insights",
    "raw/tiktok__account_insights",
    "raw/tiktok__audience",
    "raw/tiktok__comments",
    "raw/tiktok__users",
    "raw/tiktok__video_insights",
    "raw/tiktok__video_refresh",
    "raw/tiktok__videos",
    "raw/youtube__channel_insights",
    "raw/youtube__channels",
    "raw/youtube__comment_threads",
    "raw/youtube__commenter_channels",
    "raw/youtube__comments",
    "raw/youtube__demographics",
    "raw/youtube__geography",
    "raw/youtube__playlist_items",
    "raw/youtube__traffic_sources",
    "raw/youtube__video_insights",
    "raw/youtube__video_stats",
    "raw/youtube__videos",
    "staging/stg_app__connections",
    "staging/stg_app__creators",
    "staging/stg_facebook__account_days",
    "staging/stg_facebook__account_insights",
    "staging/stg_facebook__audience_days",
    "staging/stg_facebook__audience_hours",
    "staging/stg_facebook__comments",
    "staging/stg_facebook__page_insights",
    "staging/stg_facebook__pages",
    "staging/stg_facebook__post_comments",
    "staging/stg_facebook__post_days",
    "staging/stg_facebook__post_insights",
    "staging/stg_facebook__post_reactions",
    "staging/stg_facebook__posts",
    "staging/stg_facebook__published_posts",
    "staging/stg_facebook__video_insights",
    "staging/stg_facebook__videos",
    "staging/stg_instagram__account_days",
    "staging/stg_instagram__account_insights",
    "staging/stg_instagram__account_metrics",
    "staging/stg_instagram__accounts",
    "staging/stg_instagram__audience",
    "staging/stg_instagram__audience_days",
    "staging/stg_instagram__audience_hours",
    "staging/stg_instagram__comments",
    "staging/stg_instagram__follower_changes",
    "staging/stg_instagram__media",
    "staging/stg_instagram__media_comments",
    "staging/stg_instagram__media_insights",
    "staging/stg_instagram__online_followers",
    "staging/stg_instagram__peers",
    "staging/stg_instagram__post_days",
    "staging/stg_instagram__posts",
    "staging/stg_instagram__stories",
    "staging/stg_instagram__story_insights",
    "staging/stg_tiktok__account_days",
    "staging/stg_tiktok__account_insights",
    "staging/stg_tiktok__account_metrics",
    "staging/stg_tiktok__audience",
    "staging/stg_tiktok__audience_days",
    "staging/stg_tiktok__audience_hours",
    "staging/stg_tiktok__comments",
    "staging/stg_tiktok__post_days",
    "staging/stg_tiktok__posts",
    "staging/stg_tiktok__users",
    "staging/stg_tiktok__video_comments",
    "staging/stg_tiktok__video_insights",
    "staging/stg_tiktok__video_refresh",
    "staging/stg_tiktok__videos",
    "staging/stg_youtube__account_days",
    "staging/stg_youtube__account_insights",
    "staging/stg_youtube__audience_days",
    "staging/stg_youtube__audience_hours",
    "staging/stg_youtube__channel_insights",
    "staging/stg_youtube__channels",
    "staging/stg_youtube__comment_replies",
    "staging/stg_youtube__comment_threads",
    "staging/stg_youtube__commenter_channels",
    "staging/stg_youtube__comments",
    "staging/stg_youtube__demographics",
    "staging/stg_youtube__geography",
    "staging/stg_youtube__playlist_items",
    "staging/stg_youtube__post_days",
    "staging/stg_youtube__posts",
    "staging/stg_youtube__traffic_sources",
    "staging/stg_youtube__video_insights",
    "staging/stg_youtube__video_stats",
    "staging/stg_youtube__videos",
    "system/query_log",
]


OUTSIDE = {"ops", "system"}
"""What code writes beside the graph, and what the engine logs of itself."""
ON_SCORES = {"marts/mart_fraud__authenticity", "marts/mart_growth__forecast"}
"""Marts that join what the models say; no model reads them."""
TRAINING = {
    "ml/training_example",
    *(
        f"ml/{name}_{part}"
        for name in ("authenticity", "growth", "risk")
        for part in ("model", "champion")
    ),
}
# Views of nothing: the platform gives no such thing, and core reads the same views of all.
OF_NOTHING = {
    "stg_facebook__audience_days",
    "stg_facebook__audience_hours",
    "stg_youtube__audience_hours",
}


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from orchestration.definitions import defs

    return defs


def test_loads_without_environment_and_network(tmp_path: Path) -> None:
    """In a new process whose sockets are shut and whose environment is bare; without the models'
    libraries, which take longer to load than all the rest."""
    code = (
        "import socket, sys\n"
        "def shut(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = shut\n"
        "socket.getaddrinfo = shut\n"
        "from orchestration.definitions import defs\n"
        "print(sorted({'sklearn', 'skops', 'statsforecast', 'matplotlib'} & set(sys.modules)))\n"
        "print(len(list(defs.resolve_asset_graph().get_all_asset_keys())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.defpath, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    loaded, count = done.stdout.strip().splitlines()[-2:]
    assert loaded == "[]"
    assert int(count) == len(GRAPH)


def test_the_graph_is_the_one_written_here(defs: dg.Definitions) -> None:
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert keys == set(GRAPH)


def test_every_asset_has_its_layer_as_group(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    built = {key for key in graph.get_all_asset_keys() if key.path[0] not in OUTSIDE}
    groups = {key: graph.get(key).group_name for key in built}
    assert {key: key.path[0] for key in groups} == groups


def test_layers_flow_one_way(defs: dg.Definitions) -> None:
    order = [*sorted(OUTSIDE), *("raw", "staging", "core", "marts", "ml", "scored", "dashboards")]

    def place(key: dg.AssetKey) -> int:
        return order.index("scored" if key.to_user_string() in ON_SCORES else key.path[0])

    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        parents = [place(parent) for parent in graph.get(key).parent_keys]
        rank = place(key)
        assert all(parent <= rank for parent in parents), key
        if not parents and rank > order.index("raw"):
            assert key.path[1] in OF_NOTHING or is_written_down(key), f"{key}: nothing upstream"


def is_written_down(key: dg.AssetKey) -> bool:
    """A seed, or the calendar."""
    return bool(list(SEEDS.rglob(f"{key.path[1]}.csv"))) or key.path[1] == "dim_date"


def test_every_raw_table_has_a_freshness_check_and_a_policy(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    raw = {key for key in graph.get_all_asset_keys() if key.path[0] == "raw"}
    fresh = {check.asset_key for check in graph.asset_check_keys if check.name == "fresh"}
    assert fresh == raw
    assert all(graph.get(key).freshness_policy for key in raw)


def test_every_mart_has_checks(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    checked = {check.asset_key for check in graph.asset_check_keys}
    built = {k for k in graph.get_all_asset_keys() if k.path[0] in ("core", "marts")}
    assert built <= checked


def built_by(defs: dg.Definitions, job: str) -> set[str]:
    keys = defs.resolve_job_def(job).asset_layer.executable_asset_keys
    return {key.to_user_string() for key in keys}


def test_the_daily_job_builds_everything_but_dashboards_and_trains_nothing(
    defs: dg.Definitions,
) -> None:
    outside = ("dashboards/", *(f"{layer}/" for layer in OUTSIDE), "ml/model_registry")
    everything = {key for key in GRAPH if not key.startswith(outside)}
    assert built_by(defs, "daily") == everything - TRAINING
    assert built_by(defs, "first_day") == everything
    assert built_by(defs, "train_models") == TRAINING


def test_no_champion_stands_before_its_checks(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for name in ("authenticity", "growth", "risk"):
        model = dg.AssetKey(["ml", f"{name}_model"])
        assert graph.get(dg.AssetKey(["ml", f"{name}_champion"])).parent_keys == {model}
        assert graph.get_check_spec(dg.AssetCheckKey(model, "may_speak")).blocking


def test_two_runs_never_train_or_promote_a_model_at_once(defs: dg.Definitions) -> None:
    """One pool per model, of the one slot that both instances' settings give to a pool."""
    job = defs.resolve_job_def("train_models")
    for name in ("authenticity", "growth", "risk"):
        steps = (f"ml__{name}_model", f"ml__{name}_champion")
        assert {job.get_node_named(step).definition.pool for step in steps} == {f"model_{name}"}
    for settings in ("dagster.yaml", "compose/dagster.yaml"):
        text = (ROOT / "orchestration" / settings).read_text(encoding="utf-8")
        assert yaml.safe_load(text)["concurrency"]["pools"]["default_limit"] == 1


def test_every_dashboard_has_a_check_of_its_charts(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    checks = {check.asset_key for check in graph.asset_check_keys if check.name == CHECK}
    assert checks == {key for key in graph.get_all_asset_keys() if key.path[0] == "dashboards"}
    specs = [graph.get_check_spec(dg.AssetCheckKey(key, CHECK)) for key in checks]
    assert not any(spec.blocking for spec in specs)
    assert all(graph.get(key).owners for key in checks)


def test_one_step_deploys_and_one_checks(defs: dg.Definitions) -> None:
    """Whatever number of dashboards there is: Superset imports all of them in one call."""
    dashboards = {key for key in GRAPH if key.startswith("dashboards/")}
    for name, deployed in (("deploy_dashboards", dashboards), ("charts", set())):
        job = defs.resolve_job_def(name)
        assert [node.name for node in job.nodes] == ["dashboards"]
        keys = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
        assert keys == deployed
        assert len(job.asset_layer.asset_graph.asset_check_keys) == len(dashboards)


@pytest.mark.parametrize(("job", "requests"), [("daily", 1), ("first_day", 1), ("freshness", 0)])
def test_each_load_is_followed_by_a_run_of_every_chart(
    defs: dg.Definitions, job: str, requests: int
) -> None:
    sensor = defs.resolve_sensor_def("charts_after_each_load")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.job_name == "charts"
    with dg.instance_for_test() as instance:

        def tick(cursor: str | None) -> SensorExecutionData:
            context = dg.build_sensor_context(
                instance, cursor=cursor, repository_def=defs.get_repository_def()
            )
            return sensor.evaluate_tick(context)

        begin = tick(None).cursor
        run = instance.add_run(dg.DagsterRun(job_name=job))
        success = dg.DagsterEvent(dg.DagsterEventType.PIPELINE_SUCCESS.value, job)
        instance.report_dagster_event(success, run.run_id)
        asked = tick(begin).run_requests or []
    assert [request.run_key for request in asked] == [run.run_id] * requests


def test_the_schedule_runs_the_day_that_has_begun(defs: dg.Definitions) -> None:
    """Counters are read as of now, so at 22:00 on a day the run fills that very day."""
    from datetime import UTC, datetime

    schedule = defs.get_schedule_def("daily_schedule")
    with dg.instance_for_test() as instance:
        context = dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=datetime(2026, 11, 20, 22, tzinfo=UTC),
            repository_def=defs.get_repository_def(),
        )
        request = schedule.evaluate_tick(context).run_requests[0]
    assert request.partition_key == "2026-11-20"


def test_steps_are_forked_unless_a_run_says_otherwise(defs: dg.Definitions) -> None:
    """Of the jobs and of whatever is materialized by hand."""
    assert with_forks({"in_process": {}}) == {"in_process": {}}
    forked = with_forks({"multiprocess": {"max_concurrent": 2}})
    assert forked["multiprocess"] == {
        "start_method": {"forkserver": {"preload_modules": PRELOADED}},
        "max_concurrent": 2,
    }
    spawned = {"multiprocess": {"start_method": {"spawn": {}}}}
    assert with_forks(spawned) == spawned
    for job in defs.get_repository_def().get_all_jobs():
        assert job.executor_def.name == "steps"


def test_transient_errors_are_retried(defs: dg.Definitions) -> None:
    for name in ("ingest_app", "ingest_tiktok", "ingest_youtube"):
        node = defs.resolve_job_def("daily").get_node_named(name)
        policy = node.definition.retry_policy
        assert policy is not None
        assert policy.max_retries >= 2


def test_what_steps_are_forked_from_has_not_loaded_the_engine() -> None:
    """Loading it starts threads that a fork does not have: a step that asks it would hang."""
    loads = "; ".join(f"import {name}" for name in PRELOADED)
    code = f"import sys; {loads}; sys.exit('chdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT)
    assert done.returncode == 0


def test_the_features_stand_below_every_mart_that_they_read() -> None:
    read = set(re.findall(r"mart_[a-z]+__[a-z_]+", inspect.getsource(features)))
    assert read == set(FEATURE_MARTS)
