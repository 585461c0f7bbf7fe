"""Child processes: ready when they say so, one clear line when not, nothing left behind."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from orchestration.services import Service, launched, running
from warehouse.errors import UserError

SERVE = "import time; print('x: listening on http://127.0.0.1:1234', flush=True); time.sleep(60)"
FAIL = "import sys; sys.exit('error: port 1: already in use. Pass --port.')"
SILENT = "import time; time.sleep(60)"
STUBBORN_CHILD = (
    "import subprocess, sys, time;"
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print(p.pid, 'listening on http://127.0.0.1:1', flush=True); time.sleep(60)"
)


def service(code: str, **options: float) -> Service:
    return Service("probe", [sys.executable, "-c", code], env={}, **options)  # type: ignore[arg-type]


def test_ready_line_gives_the_url(tmp_path: Path) -> None:
    with running(service(SERVE), tmp_path) as probe:
        assert probe.url == "http://127.0.0.1:1234"
    assert probe.process.returncode == -signal.SIGTERM


@pytest.mark.parametrize("deaf", ["blocked", "ignored"])
def test_a_service_hears_what_its_parent_does_not(tmp_path: Path, deaf: str) -> None:
    handler, mask = signal.getsignal(signal.SIGTERM), signal.pthread_sigmask(signal.SIG_BLOCK, [])
    try:
        if deaf == "blocked":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        else:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with running(service(SERVE), tmp_path) as probe:
            pass
    finally:
        signal.signal(signal.SIGTERM, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    assert probe.process.returncode == -signal.SIGTERM


def test_a_service_that_ends_is_told_with_its_own_line(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match=r"probe: ended with code 1: port 1: already in use"),
        running(service(FAIL), tmp_path),
    ):
        pass


def test_a_silent_service_is_given_up(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="not ready after 0 s: it printed nothing"),
        running(service(SILENT, ready_seconds=0.3), tmp_path),
    ):
        pass


def test_grandchildren_are_stopped_too(tmp_path: Path) -> None:
    with running(service(STUBBORN_CHILD), tmp_path) as probe:
        grandchild = int(probe.log.read_text().split()[0])
        assert psutil.pid_exists(grandchild)
    gone, alive = psutil.wait_procs(_process(grandchild), timeout=10)
    assert not alive, gone


def test_a_service_that_dies_later_is_noticed(tmp_path: Path) -> None:
    with launched(service(SERVE), tmp_path) as probe:
        _ = probe.url
        probe.check_alive()
        os.kill(probe.process.pid, signal.SIGKILL)
        probe.process.wait()
        with pytest.raises(UserError, match="ended with code -9"):
            probe.check_alive()


def _process(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return []
    return [] if process.status() == psutil.STATUS_ZOMBIE else [process]
