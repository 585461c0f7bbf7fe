"""SIGKILL of the loader at random moments of a load of 100 accounts: the next run heals the day.

``SOAK_KILLS`` sets how often the loader is killed (2 by default, 20 in ``make soak``).
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ingestion.sandbox.__main__ import app
from tests.integration.ingestion.ingestion_environment import ROOT, Ingestion, serve
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

KILLS = int(os.environ.get("SOAK_KILLS", "2"))
ACCOUNTS = 100
WORLD = ("--creators", "400", "--days", "8", "--seed", "5")
SEED = 20260101
Rows = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    yield from serve(*WORLD)


def environment(folder: Path, url: str, warehouse: WarehouseSettings, name: str) -> Ingestion:
    """Empty layers and the world's accounts."""
    folder.mkdir()
    own = warehouse.model_copy(update={"env": name})
    client = connect(settings=own)
    apply(client, own)
    made = Ingestion(folder, url, own, client)
    put = CliRunner().invoke(app, ["connections", *WORLD], env=made.environment())
    assert put.exit_code == 0, put.output
    return made


def start(ingestion: Ingestion, day: str) -> subprocess.Popen[str]:
    command = ["-m", "ingestion.tiktok", "--snapshot-date", day, "--limit", str(ACCOUNTS)]
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=ingestion.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_to_its_end(ingestion: Ingestion, day: str) -> float:
    """Load the day; gives how many seconds it took."""
    started = time.monotonic()
    process = start(ingestion, day)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    return time.monotonic() - started


@pytest.mark.slow
@pytest.mark.timeout(240 + 120 * KILLS)
def test_a_load_killed_anywhere_lands_the_same_rows(
    sandbox: str, warehouse: WarehouseSettings, tmp_path: Path
) -> None:
    day = str(datetime.now(UTC).date() - timedelta(days=1))
    whole = environment(tmp_path / "whole", sandbox, warehouse, "soakwhole")
    killed = environment(tmp_path / "killed", sandbox, warehouse, "soakkilled")
    seconds = run_to_its_end(whole, day)
    expected = whole.raw_rows("tiktok")
    # An account or two may be suspended on the day: they are tried, and stay without rows.
    tried, read = "uniqExact(account_id)", "uniqExactIf(account_id, status = 'ok')"
    ((accounts, whole_accounts),) = whole.query(
        f"SELECT {tried}, {read} FROM {{ops}}.ingestion_outcome"
    )
    assert accounts == ACCOUNTS
    assert int(str(whole_accounts)) > 0.9 * ACCOUNTS
    moment, ended = random.Random(SEED), 0
    for _ in range(KILLS):
        process = start(killed, day)
        try:
            # The moment of the kill is the test's subject: anywhere in a load's life.
            process.wait(moment.uniform(0.2, 1.0) * seconds)
            ended += 1
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        run_to_its_end(killed, day)
        assert killed.raw_rows("tiktok") == expected
    assert ended < KILLS, "no load was killed before its end"
    cursors = (
        "SELECT account_id, stream FROM {ops}.ingestion_outcome WHERE status IN ('ok','empty')"
    )
    assert set(killed.query(cursors)) == set(whole.query(cursors))
