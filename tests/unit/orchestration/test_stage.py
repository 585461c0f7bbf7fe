"""The environment of the demo: nothing of a real deployment's settings gets in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.stage import alone_on, dagster_environment, embedded_environment
from orchestration.up import dagster_service
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings

REAL = {
    "CLICKHOUSE_HOST": "ch.example",
    "CLICKHOUSE_USER": "prod",
    "CLICKHOUSE_PASSWORD": "prod-password",
    "CLICKHOUSE_READER_USER": "bi",
    "CLICKHOUSE_READER_PASSWORD": "bi-password",
    "CLICKHOUSE_SECURE": "true",
}


def test_a_real_servers_settings_stay_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in REAL.items():
        monkeypatch.setenv(variable, value)
    env = embedded_environment(tmp_path / "w")
    assert env["CLICKHOUSE_USER"] == "owner"
    assert env["CLICKHOUSE_READER_USER"] == "reader"
    assert env["CLICKHOUSE_SECURE"] == "false"
    assert not {"prod-password", "bi-password"} & set(env.values())


def test_passwords_are_those_that_the_folder_keeps(tmp_path: Path) -> None:
    env = embedded_environment(tmp_path / "w")
    assert env == embedded_environment(tmp_path / "w")
    kept = WarehouseSettings(_env_file=None, path=tmp_path / "w")
    assert env["CLICKHOUSE_PASSWORD"] == kept.password_file("owner").read_text().strip()
    assert kept.password_file("reader").stat().st_mode & 0o777 == 0o600


def test_dagster_works_where_no_env_file_lies(tmp_path: Path) -> None:
    """Its command line would put the file above what the stage sets."""
    env = dagster_environment(tmp_path / "dagster")
    home = Path(env["DAGSTER_HOME"])
    assert dagster_service(1, env).cwd == home
    assert sorted(path.name for path in home.iterdir()) == ["dagster.yaml"]
    for name in ("DLT_DIR", "SUPERSET_HOME", "SUPERSET_VENV"):
        assert Path(env[name]).is_absolute()
    assert env["DATABASE_URL"].startswith("sqlite:////")


def test_one_demo_at_a_time_on_a_folder(tmp_path: Path) -> None:
    with (
        alone_on(tmp_path / "w"),
        pytest.raises(UserError, match=f"process {os.getpid()}"),
        alone_on(tmp_path / "w"),
    ):
        pass
    with alone_on(tmp_path / "w"):
        pass


def test_services_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """The parent starts a child and is killed; the child must not outlive it."""
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from orchestration.services import Service, launched\n"
        "command = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        f"with launched(Service('child', command, env={{}}), Path({str(tmp_path)!r})) as child:\n"
        "    print(child.process.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60
    )
    wait_until_gone(int(done.stdout))


def wait_until_gone(pid: int) -> None:
    import psutil

    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return
    _, alive = psutil.wait_procs([process], timeout=10)
    assert all(p.status() == psutil.STATUS_ZOMBIE for p in alive)
