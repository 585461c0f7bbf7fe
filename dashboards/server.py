"""Runs Superset as a child process out of its own environment.

Superset pins libraries that the project cannot share, so it is never imported here: the child is
``bootstrap.py`` under ``<venv>/bin/python``. Its output goes to ``<home>/superset.log``.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import httpx

from dashboards.settings import DashboardsSettings
from warehouse.errors import UserError

HERE = Path(__file__).parent
START_SECONDS = 300.0
STOP_SECONDS = 20.0
# What Superset needs of our environment: the warehouse's and the platforms' secrets are not in it.
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE")


@contextmanager
def running(
    settings: DashboardsSettings, host: str = "127.0.0.1", port: int | None = None
) -> Iterator[str]:
    """A Superset that answers at the yielded URL and is stopped on leaving.

    ``port`` 0 picks a free one. Raises :class:`UserError` where the environment is missing, the
    port is taken or Superset stops while starting.
    """
    port = _free_port(host, settings.port if port is None else port)
    _require_environment(settings)
    log = settings.home / "superset.log"
    child = _start(settings, host, port, log)
    url = f"http://{host}:{port}"
    try:
        _wait_until_ready(child, url, log)
        yield url
    finally:
        _stop(child)


def serve(settings: DashboardsSettings, host: str, port: int | None) -> None:
    """Run Superset until SIGINT or SIGTERM; print its address once it answers."""

    def stop(number: int, frame: FrameType | None) -> None:
        # One is enough: a second signal must not cut the orderly stop short.
        for again in stopping:
            signal.signal(again, signal.SIG_IGN)
        raise KeyboardInterrupt

    stopping = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, stop) for number in stopping}
    try:
        with running(settings, host, port) as url:
            print(f"superset: listening on {url}", flush=True)  # noqa: T201
            signal.pause()
    except KeyboardInterrupt:
        print("superset: stopped", flush=True)  # noqa: T201
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _require_environment(settings: DashboardsSettings) -> None:
    if not settings.python.exists():
        raise UserError(
            f"superset: its environment {settings.venv} is missing. Run `make superset-env`."
        )


def _free_port(host: str, port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UserError(
                f"port {port}: cannot be bound on {host} ({error.strerror}). "
                "Stop the other process or pass --port."
            ) from None
        found: int = probe.getsockname()[1]
        return found


def _start(
    settings: DashboardsSettings, host: str, port: int, log: Path
) -> "subprocess.Popen[bytes]":
    password, key = settings.admin_password(create=True), settings.signing_key(create=True)
    settings.home.mkdir(parents=True, exist_ok=True)
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {
        "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
        "SUPERSET_HOME": str(settings.home.absolute()),
        "SUPERSET_METADATA_URL": settings.superset_metadata_url(),
        "SUPERSET_SECRET_KEY": key,
        "SUPERSET_COOKIE_SECURE": str(settings.url.startswith("https://")).lower(),
        "SUPERSET_EMBED_ORIGINS": ",".join(settings.origins()),
        "SUPERSET_ADMIN_USER": settings.user,
        "SUPERSET_ADMIN_PASSWORD": password,
        "PYTHONUNBUFFERED": "1",
        **settings.oidc_environment(),
    }
    if settings.guest_key is not None:
        environment["SUPERSET_GUEST_KEY"] = settings.guest_key.get_secret_value()
    command = [str(settings.python), str(HERE / "bootstrap.py"), "--stop-on-stdin-eof"]
    command += ["--host", host, "--port", str(port)]
    command += ["--workers", str(settings.workers), "--threads", str(settings.threads)]
    with log.open("ab") as output:
        # A session of its own: Ctrl-C reaches us alone, and we stop the child in order.
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=settings.home,
            start_new_session=True,
        )


def _wait_until_ready(child: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Poll the login page: ``/health`` answers 200 before, and even when, the pages fail."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise UserError(
                f"superset: stopped while starting (exit {child.returncode}): "
                f"{_last_error(log)} The log is {log}."
            )
        try:
            if httpx.get(f"{url}/login/", timeout=30, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise UserError(f"superset: not ready after {START_SECONDS:.0f} s. The log is {log}.")


def _last_error(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "nothing was logged."


def _stop(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if child.stdin is not None:
        child.stdin.close()
