"""The sandbox's commands: what a user can get wrong is one line, and a stop is clean."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from ingestion_environment import ROOT

from ingestion.sandbox.replay import COLUMNS


def sandbox(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ingestion.sandbox", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(*arguments: str) -> str:
    done = sandbox(*arguments)
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
    out = tmp_path / "connections.json"
    said = refused("connections", "--replay", str(tmp_path), "--out", str(out))
    assert "row 2, column view_count: 'lots' is not a whole number" in said
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refused("connections", "--out", str(tmp_path / "file" / "connections.json"))
    assert "cannot be written" in said


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
