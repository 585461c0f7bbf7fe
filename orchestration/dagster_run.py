"""Run a job of the code location in a process of its own and tell what happens as it happens."""

import subprocess
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from time import sleep

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, EventLogEntry, RunsFilter

from orchestration.job_process import Question
from orchestration.services import last_line, spawn, stop
from orchestration.stage import module

LAUNCH_TAG = "credence/launch"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
# the run has the machine to itself
TWO_STEPS = {"execution": {"config": {"multiprocess": {"max_concurrent": 2}}}}
POLL_SECONDS = 0.3
IN_PROGRESS = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

Say = Callable[[str], None]


@dataclass
class RunReport:
    """What a run did: seconds by step, materialized assets, checks, and what failed.

    ``failures`` holds one line per failed step or check, the asset's own error first.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    materialized: set[str] = field(default_factory=set)
    checks_passed: int = 0
    failures: list[str] = field(default_factory=list)
    _started: dict[str, float] = field(default_factory=dict)

    def take(self, event: EventLogEntry, say: Say) -> None:
        """Add one event of the run's log and say it where a person waits for it."""
        if event.dagster_event is None:
            return
        kind, step = event.dagster_event.event_type, event.step_key or ""
        if kind == DagsterEventType.STEP_START:
            self._started[step] = event.timestamp
            say(f"{step} ...")
        elif kind in (DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE):
            self.seconds[step] = event.timestamp - self._started.get(step, event.timestamp)
            if kind == DagsterEventType.STEP_FAILURE:
                self.failures.append(f"{step}: {_cause(event)}")
        elif kind == DagsterEventType.STEP_UP_FOR_RETRY:
            say(f"{step} is tried again: {_cause(event)}")
        elif kind == DagsterEventType.ASSET_MATERIALIZATION:
            self._take_materialization(event, say)
        elif kind == DagsterEventType.ASSET_CHECK_EVALUATION:
            self._take_check(event)

    def _take_materialization(self, event: EventLogEntry, say: Say) -> None:
        key = event.asset_materialization.asset_key.to_user_string()  # type: ignore[union-attr]
        if key not in self.materialized:
            self.materialized.add(key)
            say(f"  {key}")

    def _take_check(self, event: EventLogEntry) -> None:
        check = event.asset_check_evaluation
        if check is None:
            return
        if check.passed:
            self.checks_passed += 1
        elif check.severity == dg.AssetCheckSeverity.ERROR:
            self.failures.append(f"{check.asset_key.to_user_string()}: check {check.check_name}")


class JobProcess:
    """A process that loads the graph as soon as it starts and executes one job when it is told."""

    def __init__(self, process: subprocess.Popen[bytes], instance: DagsterInstance, log: Path):
        self._process, self._instance, self._log = process, instance, log

    def run(self, job: str, days: tuple[date, date], say: Say) -> RunReport:
        """Execute a partitioned job over a range of days and report it.

        The run is recorded in the instance, so the Dagster UI shows it afterwards. A run that fails
        is reported, not raised.
        """
        launch = uuid.uuid4().hex
        tags = {
            LAUNCH_TAG: launch,
            RANGE_START_TAG: days[0].isoformat(),
            RANGE_END_TAG: days[1].isoformat(),
        }
        report = RunReport()
        self._ask(Question(job=job, tags=tags, config=TWO_STEPS))
        for event in _events(self._instance, launch, self._process):
            report.take(event, say)
        if self._process.returncode and not report.failures:
            report.failures.append(f"{job}: {last_line(self._log)}")
        return report

    def _ask(self, question: Question) -> None:
        # a process that could not load has ended: its last line tells why
        with suppress(BrokenPipeError), self._process.stdin as line:  # type: ignore[union-attr]
            line.write(question.model_dump_json().encode())


@contextmanager
def job_process(env: Mapping[str, str], log: Path) -> Iterator[JobProcess]:
    """Start a process for a job in the instance at ``env["DAGSTER_HOME"]``, and stop it at the end.

    It loads the graph meanwhile: start it before anything else that takes a while.
    """
    command = module("orchestration.job_process")
    with log.open("wb") as output, DagsterInstance.from_config(env["DAGSTER_HOME"]) as instance:
        process = spawn(command, env, output, stdin=subprocess.PIPE)
        try:
            yield JobProcess(process, instance, log)
        finally:
            stop(process)


def run_job(
    job: str, days: tuple[date, date], env: Mapping[str, str], log: Path, say: Say
) -> RunReport:
    """Execute a partitioned job over a range of days in a process of its own and report it."""
    with job_process(env, log) as process:
        return process.run(job, days, say)


def end_lost_runs(home: str, say: Say) -> None:
    """Mark runs as failed whose processes are gone, and free the pools they hold.

    For an instance that this machine alone uses, while nothing of Dagster runs: a run that was
    killed with its machine would otherwise hold its place for ever and block every later one.
    """
    with DagsterInstance.from_config(home) as instance:
        for run in instance.get_runs(RunsFilter(statuses=IN_PROGRESS)):
            instance.report_run_failed(run, "The process of this run is gone. Re-execute it.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
            say(f"run {run.run_id[:8]} of {run.job_name} was cut off: marked as failed")


def _events(
    instance: DagsterInstance, launch: str, process: subprocess.Popen[bytes]
) -> Iterator[EventLogEntry]:
    run_id, cursor = None, None
    while True:
        ended = process.poll() is not None
        if run_id is None:
            runs = instance.get_runs(RunsFilter(tags={LAUNCH_TAG: launch}), limit=1)
            run_id = runs[0].run_id if runs else None
        if run_id is not None:
            page = instance.get_records_for_run(run_id, cursor=cursor)
            cursor = page.cursor
            yield from (record.event_log_entry for record in page.records)
            if page.has_more:
                continue
        if ended:
            return
        sleep(POLL_SECONDS)


def _cause(event: EventLogEntry) -> str:
    """The innermost error of a failed step in one line."""
    data = event.dagster_event.event_specific_data if event.dagster_event else None
    error = getattr(data, "error", None)
    while error is not None and error.cause is not None:
        error = error.cause
    failure = getattr(data, "user_failure_data", None)
    if failure is not None and failure.description:
        return str(failure.description)
    if error is None:
        return event.user_message
    return " ".join(error.message.split())
