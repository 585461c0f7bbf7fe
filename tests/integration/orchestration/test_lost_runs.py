"""A run whose process is gone gives its place back: the next run of its pool is not blocked."""

from pathlib import Path

import dagster as dg

from orchestration.dagster_run import end_lost_runs
from orchestration.stage import dagster_environment


def test_a_run_cut_off_is_failed_and_its_pool_freed(tmp_path: Path) -> None:
    home = dagster_environment(tmp_path / "dagster")["DAGSTER_HOME"]

    @dg.op(pool="tiktok")
    def read() -> None: ...

    @dg.job
    def daily() -> None:
        read()

    with dg.DagsterInstance.from_config(home) as instance:
        run = instance.create_run_for_job(daily)
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default("tiktok")
        storage.claim_concurrency_slot("tiktok", run.run_id, "read")
        instance.handle_new_event(
            dg.EventLogEntry(
                error_info=None,
                level="INFO",
                user_message="",
                run_id=run.run_id,
                timestamp=0.0,
                job_name="daily",
                dagster_event=dg.DagsterEvent(
                    event_type_value=dg.DagsterEventType.RUN_START.value, job_name="daily"
                ),
            )
        )
        before = instance.get_run_by_id(run.run_id)
        assert before is not None
        assert before.status == dg.DagsterRunStatus.STARTED

    said: list[str] = []
    end_lost_runs(home, said.append)

    with dg.DagsterInstance.from_config(home) as instance:
        after = instance.get_run_by_id(run.run_id)
        assert after is not None
        assert after.status == dg.DagsterRunStatus.FAILURE
        assert instance.event_log_storage.get_concurrency_info("tiktok").active_slot_count == 0
    assert len(said) == 1
