"""The sandbox's commands: what a user can get wrong is one line, and a stop is clean."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ingestion_environment import ROOT

from ingestion.connections import ConnectionStore
from ingestion.sandbox.replay import COLUMNS
from ingestion.settings import IngestionSettings


def sandbox(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingestion.sandbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(*arguments: str, **env: str) -> str:
    done = sandbox(*arguments, **env)
    assert done.returncode == 2, done
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_busy_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} on 127.0.0.1 cannot be taken" in refused("--port", str(port))


def test_a_malformed_replay_is_one_line_and_writes_nothing(tmp_path: Path) -> None:
    assert "not found" in refused("--replay", str(tmp_path / "nowhere"))
    assert "tiktok_videos.csv not found" in refused("serve", "--replay", str(tmp_path))
    (tmp_path / "real").mkdir()
    broken = f"{','.join(COLUMNS)}\n1,1601169789,ann,[],18,5,1,2,lots,5000,900,7\n"
    (tmp_path / "real" / "tiktok_videos.csv").write_text(broken)
    env = {"DATABASE_URL": f"sqlite:///{tmp_path}/credence.db"}
    said = refused("connections", "--replay", str(tmp_path), **env)
    assert "row 2, column view_count: 'lots' is not a whole number" in said
    assert not (tmp_path / "credence.db").exists()


def test_a_database_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refused("connections", DATABASE_URL=f"sqlite:///{tmp_path}/file/credence.db")
    assert "file/credence.db: cannot be opened" in said


def test_a_world_takes_the_place_of_an_earlier_one_and_of_nothing_real(tmp_path: Path) -> None:
    env = {"DATABASE_URL": f"sqlite:///{tmp_path}/credence.db", "TOKEN_KEYS": ""}
    store = ConnectionStore(IngestionSettings(_env_file=None, database_url=env["DATABASE_URL"]))
    earlier: set[str] = set()
    for seed in ("1", "2"):
        done = sandbox("connections", "--seed", seed, "--creators", "3", **env)
        accounts = store.connections(status=None)
        counts = f"{len(store.creators())} creators, {len(accounts)} connections"
        assert done.stdout.startswith(counts), done.stderr
        assert accounts
        assert all(store.tokens(one.connection_id) for one in accounts)
        assert not earlier & {one.account_id for one in accounts}
        earlier = {one.account_id for one in accounts}
    real = accounts[0].model_copy(update={"connection_id": "real", "account_id": "real"})
    store.add(real, None)
    before = store.connections(status=None)
    assert "connection real: is not a sandbox's" in refused("connections", "--seed", "3", **env)
    assert store.connections(status=None) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_clean(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestion.sandbox", "--port", "0", "--creators", "2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("sandbox: listening on http://127.0.0.1:")
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")
