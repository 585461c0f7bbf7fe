"""A platform that counts calls: a run over it waits its turn and loses no account."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr
from typer.testing import CliRunner

from ingestion import tiktok
from ingestion.http import PacedAdapter
from ingestion.rate import CallWindow
from ingestion.sandbox.__main__ import app
from ingestion.sandbox.credentials import DEFAULT_API_KEY
from ingestion.sandbox.legacy_world import SyntheticWorld
from ingestion.sandbox.server import build_app
from ingestion.settings import IngestionSettings
from ingestion.snapshot import SnapshotRun

CREATORS, CALLS = 24, 12


@contextmanager
def throttled_sandbox(today: date) -> Iterator[str]:
    """A sandbox of this process whose minute is half a second; gives its address."""
    world = SyntheticWorld(5, CREATORS, 20, today)
    started = threading.Event()
    application = build_app(world, DEFAULT_API_KEY, make_window=lambda: CallWindow(CALLS, 0.5))
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning"))
    thread = threading.Thread(target=partial(_serve, server, started))
    thread.start()
    try:
        assert started.wait(30)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


def _serve(server: uvicorn.Server, started: threading.Event) -> None:
    startup = server.startup

    async def announce(*arguments: object, **options: object) -> None:
        await startup(*arguments, **options)  # type: ignore[arg-type]
        started.set()

    server.startup = announce  # type: ignore[method-assign]
    server.run()


@pytest.fixture
def database_url(tmp_path: Path, today: date) -> str:
    url = f"sqlite:///{tmp_path}/credence.db"
    options = ["--seed", "5", "--creators", str(CREATORS), "--days", "20", "--end-date", str(today)]
    env = {"DATABASE_URL": url, "TOKEN_KEYS": ""}
    result = CliRunner().invoke(app, ["connections", *options], env=env)
    assert result.exit_code == 0, result.output
    return url


def read_all(url: str, database_url: str, attempts: int, calls: int, seconds: float) -> str:
    """Read every account's videos; gives how it went in one line."""
    settings = IngestionSettings(
        _env_file=None,
        tiktok_base_url=url,  # type: ignore[arg-type]
        database_url=SecretStr(database_url),
        request_attempts=attempts,
        request_backoff=0,
    )
    run = SnapshotRun("tiktok", tiktok.make_client, settings=settings)
    run.client._adapter = PacedAdapter(calls, seconds)
    for _ in run.read(tiktok.VIDEOS, run.account_days(), partial(tiktok.read_videos, run)):
        pass
    return run.outcomes.summary()


def test_a_client_that_keeps_the_limit_is_never_refused(database_url: str, today: date) -> None:
    with throttled_sandbox(today) as url:
        summary = read_all(url, database_url, attempts=1, calls=CALLS, seconds=1.5)
        assert summary == f"{CREATORS} of {CREATORS} accounts read whole"
        # Without the limit the same calls are too many: the sandbox does count.
        assert "rate_limit_exceeded" in read_all(url, database_url, attempts=1, calls=0, seconds=0)


def test_a_client_that_is_refused_waits_as_long_as_it_is_told(
    database_url: str, today: date
) -> None:
    with throttled_sandbox(today) as url:
        summary = read_all(url, database_url, attempts=8, calls=0, seconds=0)
    assert summary == f"{CREATORS} of {CREATORS} accounts read whole"
