"""A load that dies at its worst moments: the next run gives the rows of one that did not."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ingestion_environment import ROOT, WORLD, Ingestion

from warehouse.client import connect
from warehouse.schema_ddl import apply

KILLER = str(Path(__file__).with_name("killed_loader.py"))


def run_killer(
    ingestion: Ingestion, day: date, moment: str, pid: int
) -> subprocess.CompletedProcess[str]:
    arguments = [moment, str(pid), "--snapshot-date", str(day)]
    return ingestion.command(KILLER, *arguments, PYTHONPATH=str(ROOT))


@pytest.mark.parametrize("moment", ["staged", "merging", "deleted"])
def test_a_killed_load_is_finished_by_the_next_run(
    ingestion: Ingestion, moment: str, today: date, yesterday: date
) -> None:
    ingestion.load("tiktok", yesterday)
    expected = ingestion.rows("tiktok__videos")
    killed = run_killer(ingestion, yesterday, moment, 0)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # Another day is read: what was cut off has to be completed from what had been read.
    ingestion.load("tiktok")
    of_yesterday = [row for row in ingestion.rows("tiktok__videos") if row[0] != today]
    assert of_yesterday == expected
    ingestion.load("tiktok", yesterday)
    assert [row for row in ingestion.rows("tiktok__videos") if row[0] != today] == expected
    accounts = ingestion.store.connections("tiktok")
    assert len(ingestion.rows("tiktok__users")) == 2 * len(accounts) > 0


def test_what_waits_for_one_warehouse_is_not_loaded_into_another(
    ingestion: Ingestion, tmp_path: Path, start_warehouse: Callable[..., Any], yesterday: date
) -> None:
    """Both have databases of the same names, and the same ``DLT_DIR``."""
    first = ingestion.warehouse
    killed = run_killer(ingestion, yesterday, "merging", 0)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    other = start_warehouse(tmp_path / "warehouse").settings
    ingestion.warehouse = other.model_copy(update={"env": first.env})
    with connect(settings=ingestion.warehouse) as client:
        apply(client, ingestion.warehouse)
        ingestion.load("tiktok")
        days = f"SELECT DISTINCT snapshot_date FROM {first.database('raw')}.tiktok__videos"
        assert len(client.query(days).result_rows) == 1
    ingestion.warehouse = first
    ingestion.load("tiktok")
    assert len(ingestion.query(days)) == 2


@pytest.mark.parametrize("moment", ["staged", "deleted"])
def test_the_warehouse_dies_in_mid_load(
    make_ingestion: Callable[..., Ingestion],
    sandbox: str,
    tmp_path: Path,
    start_warehouse: Callable[..., Any],
    moment: str,
    yesterday: date,
) -> None:
    server = start_warehouse(tmp_path / "warehouse")
    ingestion = make_ingestion(sandbox, *WORLD, settings=server.settings)
    ingestion.load("tiktok", yesterday)
    expected = ingestion.rows("tiktok__videos")
    failed = run_killer(ingestion, yesterday, moment, server.process.pid)
    assert failed.returncode == 2, failed.stderr
    assert failed.stderr.strip().splitlines()[-1].startswith("error: warehouse 127.0.0.1:")
    assert "Traceback" not in failed.stderr
    # At the same address: it is the same warehouse, for which the package waits.
    server = start_warehouse(tmp_path / "warehouse", "--port", str(server.settings.port))
    ingestion.client = connect(settings=ingestion.warehouse)
    ingestion.load("tiktok", yesterday)
    assert ingestion.rows("tiktok__videos") == expected


def test_two_runs_at_once_wait_for_each_other(ingestion: Ingestion, yesterday: date) -> None:
    command = [sys.executable, "-m", "ingestion.tiktok", "--snapshot-date", str(yesterday)]
    runs = [
        subprocess.Popen(
            command, cwd=ROOT, env=ingestion.environment(), stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    assert [(run.communicate(timeout=240)[1], run.returncode) for run in runs] == [("", 0)] * 3
    ids = ingestion.query("SELECT count(), uniqExact(id) FROM {raw}.tiktok__videos")
    assert ids[0][0] == ids[0][1]
