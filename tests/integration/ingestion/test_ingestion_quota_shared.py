"""Processes that run at once share one quota, on both databases."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from ingestion.quota import youtube_ledger
from ingestion.settings import IngestionSettings

ROOT = Path(__file__).parents[3]
SPENDER = str(Path(__file__).with_name("quota_spender.py"))
PROCESSES = 3
QUOTA = 3_000
BLOCK = 30


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/credence.db"
    made: str = request.getfixturevalue("make_postgresql_database")()
    return made


def test_processes_never_exceed_the_quota_together(url: str) -> None:
    command = [sys.executable, SPENDER, url, str(QUOTA)]
    spenders = [
        subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    booked = [int(spender.communicate(timeout=120)[0]) for spender in spenders]
    # Who is refused first may leave a block to each of the others, which they give back.
    assert QUOTA - PROCESSES * BLOCK <= sum(booked) <= QUOTA
    settings = IngestionSettings(
        database_url=SecretStr(url), youtube_api_key=SecretStr("key"), youtube_daily_units=QUOTA
    )
    assert youtube_ledger(settings).used()["default"] == sum(booked)
