"""A platform that counts calls: a run over it waits its turn and loses no account."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from ingestion_environment import serving
from pydantic import SecretStr
from typer.testing import CliRunner

from ingestion.http import PacedAdapter
from ingestion.rate import CallWindow
from ingestion.sandbox.__main__ import app
from ingestion.sandbox.environment import environment
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from ingestion.settings import IngestionSettings
from ingestion.snapshot import SnapshotRun
from ingestion.tiktok import TIKTOK, VIDEOS, read_videos

CREATORS, CALLS = 40, 12


@contextmanager
def throttled_sandbox(today: date) -> Iterator[str]:
    """A sandbox of this process whose minute is half a second; gives its address."""
    world = World(5, CREATORS, 20, today)
    app = build_app(world, TokenBook(world), make_window=lambda: CallWindow(CALLS, 0.5))
    with serving(app) as url:
        yield url


@pytest.fixture
def database_url(tmp_path: Path, today: date) -> str:
    url = f"sqlite:///{tmp_path}/credence.db"
    options = ["--seed", "5", "--creators", str(CREATORS), "--days", "20", "--end-date", str(today)]
    env = {"DATABASE_URL": url, "TOKEN_KEYS": ""}
    result = CliRunner().invoke(app, ["connections", *options], env=env)
    assert result.exit_code == 0, result.output
    return url


def read_all(url: str, database_url: str, attempts: int, calls: int, seconds: float) -> SnapshotRun:
    """Read every account's videos."""
    settings = IngestionSettings(
        _env_file=None,
        tiktok_base_url=environment(url)["TIKTOK_BASE_URL"],
        database_url=SecretStr(database_url),
        request_attempts=attempts,
        request_backoff=0,
    )
    run = SnapshotRun(TIKTOK, settings=settings)
    run.client._adapter = PacedAdapter(run.client, calls)
    run.client._adapter._make_window = partial(CallWindow, calls, seconds)
    for _ in run.read(VIDEOS, run.account_days(), read_videos):
        pass
    run.outcomes.close()
    return run


def test_a_client_that_keeps_the_limit_is_never_refused(database_url: str, today: date) -> None:
    with throttled_sandbox(today) as url:
        run = read_all(url, database_url, attempts=1, calls=CALLS, seconds=1.5)
        assert not run.outcomes.failures
        assert len(run.outcomes.all) > CALLS
        # Without the limit the same calls are too many: the sandbox does count.
        again = read_all(url, database_url, attempts=1, calls=0, seconds=0)
        assert {getattr(f.error, "code", "") for f in again.outcomes.failures} == {
            "rate_limit_exceeded"
        }


def test_a_client_that_is_refused_waits_as_long_as_it_is_told(
    database_url: str, today: date
) -> None:
    with throttled_sandbox(today) as url:
        run = read_all(url, database_url, attempts=8, calls=0, seconds=0)
    assert not run.outcomes.failures
    assert sum(outcome.call_count for outcome in run.outcomes.all) > len(run.outcomes.all)
