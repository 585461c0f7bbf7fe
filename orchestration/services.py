"""Child processes of the demo and of ``make up``: start, wait until ready, stop in order.

A service says that it is ready by a line ``... listening on http://host:port`` in its log, or by
answering its health URL. Everything it prints goes to ``<logs>/<name>.log``.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import httpx
from dotenv import dotenv_values

from orchestration.settings import PROJECT_ROOT
from warehouse.errors import UserError

READY_LINE = re.compile(r"listening on (https?://[^\s]+)")
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 30.0
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Service:
    """A command that serves until it is told to stop."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    health_url: str | None = None
    cwd: Path = PROJECT_ROOT
    ready_seconds: float = 90.0


@dataclass
class Launched:
    """A started service: ``url`` blocks until it answers."""

    service: Service
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.name

    @cached_property
    def url(self) -> str:
        """Where the service listens, once it is ready.

        Raises UserError with the service's own last line when it ends or stays silent instead.
        """
        deadline = time.monotonic() + self.service.ready_seconds
        while time.monotonic() < deadline:
            self.check_alive()
            url = _ready_url(self.service, self.log)
            if url:
                return url
            time.sleep(POLL_SECONDS)
        raise UserError(
            f"{self.name}: not ready after {self.service.ready_seconds:.0f} s: "
            f"{last_line(self.log)} (log: {self.log})"
        )

    def check_alive(self) -> None:
        """Raise UserError when the process has ended."""
        if self.process.poll() is not None:
            raise UserError(
                f"{self.name}: ended with code {self.process.returncode}: "
                f"{last_line(self.log).removeprefix('error: ')} (log: {self.log})"
            )


@contextmanager
def launched(service: Service, logs: Path) -> Iterator[Launched]:
    """Start a service and stop it, with all it started, on the way out."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{service.name}.log"
    with log.open("wb") as output:
        process = spawn(service.command, service.env, output, service.cwd)
    try:
        yield Launched(service, log, process)
    finally:
        stop(process)


@contextmanager
def running(service: Service, logs: Path) -> Iterator[Launched]:
    """The same, entered once the service is ready."""
    with launched(service, logs) as started:
        _ = started.url
        yield started


def spawn(
    command: Sequence[str],
    env: Mapping[str, str],
    output: BinaryIO,
    cwd: Path = PROJECT_ROOT,
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start a command of ours, its output in a file; ``env`` lies above the environment and .env.

    It gets a session of its own: Ctrl-C reaches the parent alone, which stops children in order.
    A parent that is killed takes its children with it (on Linux): none holds a port or a folder
    that nobody looks after. SIGTERM ends it even where the parent itself blocks or ignores that.
    """
    return subprocess.Popen(  # noqa: S603
        list(command),
        env={**settings_file(), **os.environ, **env},
        cwd=cwd,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_made_stoppable(),
    )


def settings_file() -> dict[str, str]:
    """What the project's ``.env`` sets, for a process that does not run where it lies."""
    values = dotenv_values(PROJECT_ROOT / ".env")
    return {name: value for name, value in values.items() if value}


def _made_stoppable() -> Callable[[], object]:
    # looked up before the fork: a child between fork and exec may not load anything
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        # both are inherited through exec, and whoever stops the child would wait for nothing
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        if prctl:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return prepare


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started: SIGTERM to all, and SIGKILL for what is left later."""
    _signal_group(process, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def last_line(log: Path) -> str:
    """The last non-empty line of a log, for an error message."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it printed nothing"


def _ready_url(service: Service, log: Path) -> str | None:
    if service.health_url is None:
        said = READY_LINE.search(log.read_text(errors="replace"))
        return said.group(1).rstrip("/.") if said else None
    try:
        answer = httpx.get(service.health_url, timeout=2.0)
    except httpx.HTTPError:
        return None
    return str(httpx.URL(service.health_url).copy_with(path="/")) if answer.is_success else None
