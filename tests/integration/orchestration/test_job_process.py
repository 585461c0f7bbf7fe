"""A process that waits for its job ends by itself, whatever becomes of it."""

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from orchestration import dagster_run
from orchestration.dagster_run import job_process
from orchestration.stage import dagster_environment

DAYS = (date(2026, 3, 1), date(2026, 3, 1))


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return dagster_environment(tmp_path / "dagster", watched=False)


def test_a_process_that_could_not_load_is_reported_by_its_last_line(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", "raise SystemExit('error: the graph does not load')"]
    monkeypatch.setattr(dagster_run, "module", lambda *_: command)
    with job_process(env, tmp_path / "run.log") as process:
        process._process.wait()
        report = process.run("daily", DAYS, print)
    assert report.failures == ["daily: error: the graph does not load"]


def test_a_job_that_is_not_there_is_refused_by_name(env: dict[str, str], tmp_path: Path) -> None:
    with job_process(env, tmp_path / "run.log") as process:
        report = process.run("weekly", DAYS, print)
    (failure,) = report.failures
    assert "weekly" in failure


def test_a_process_that_is_asked_nothing_is_stopped(env: dict[str, str], tmp_path: Path) -> None:
    with job_process(env, tmp_path / "run.log") as process:
        pid = process._process.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
