"""The event log of a run that no UI watches: as Dagster's own one reads it afterwards."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.event_log import UnwatchedEventLog
from orchestration.stage import dagster_environment

DAYS = ("2026-03-01", "2026-03-02")
POSTS = dg.AssetKey(["raw", "posts"])


@dg.multi_asset_check(specs=[dg.AssetCheckSpec("known", asset=POSTS)])
def posts_are_known() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(asset_key=POSTS, check_name="known", passed=True)


@dg.asset(
    key=POSTS,
    partitions_def=dg.DailyPartitionsDefinition(DAYS[0], end_date="2026-03-03"),
    backfill_policy=dg.BackfillPolicy.single_run(),
)
def posts() -> None: ...


def run(instance: dg.DagsterInstance) -> str:
    """Materialize two days and check them."""
    tags = dict(
        zip(
            ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end"),
            DAYS,
            strict=True,
        )
    )
    done = dg.materialize([posts, posts_are_known], instance=instance, tags=tags)
    assert done.success
    return done.run_id


def recorded(home: Path, run_id: str) -> tuple[list[str], set[str], int]:
    """What an instance knows: a run's kinds of events in their order, days, evaluations."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        entries = [
            record.event_log_entry for record in instance.get_records_for_run(run_id).records
        ]
        kinds = [e.dagster_event.event_type_value for e in entries if e.dagster_event]
        check = dg.AssetCheckKey(POSTS, "known")
        evaluations = instance.event_log_storage.get_asset_check_execution_history(check, 10)
        return kinds, instance.get_materialized_partitions(POSTS), len(evaluations)


def test_a_watched_instance_reads_what_an_unwatched_one_wrote(tmp_path: Path) -> None:
    told = []
    for watched in (True, False):
        home = tmp_path / str(watched)
        dagster_environment(home, watched=watched)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            expected = SqliteEventLogStorage if watched else UnwatchedEventLog
            assert type(instance.event_log_storage) is expected
            run_id = run(instance)
        dagster_environment(home)
        told.append(recorded(home, run_id))
    assert told[0] == told[1]
    kinds, days, evaluations = told[0]
    assert {"ASSET_CHECK_EVALUATION", "PIPELINE_SUCCESS"} <= set(kinds)
    assert days == set(DAYS)
    assert evaluations > 0


def test_its_files_are_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    open_file = UnwatchedEventLog._open
    monkeypatch.setattr(
        UnwatchedEventLog, "_open", lambda log, shard: opened.append(shard) or open_file(log, shard)
    )
    dagster_environment(tmp_path, watched=False)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        run_id = run(instance)
    assert sorted(opened) == sorted([run_id, "index"])
    assert not list((tmp_path / "history").rglob("*-wal")), "a file was left open"
