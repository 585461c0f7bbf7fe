"""The recorded TikTok accounts the whole way, sandbox, dlt and dbt: built once for all tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion.registry import PLATFORMS
from ingestion.sandbox.environment import environment as sandbox_environment
from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import LAYERS, WarehouseSettings

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data"
CSV = DATA / "real" / "tiktok_videos.csv"
needs_recorded_data = pytest.mark.skipif(not CSV.exists(), reason=f"real data: {CSV} is absent")


@pytest.fixture(scope="session")
def recorded_sandbox() -> Iterator[str]:
    """The recorded accounts served as TikTok; gives the address."""
    command = [sys.executable, "-m", "ingestion.sandbox", "--replay", str(DATA), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "listening on " in line, line
        yield line.split("listening on ")[1].strip()
        process.terminate()


@pytest.fixture(scope="session")
def recorded(
    warehouse: WarehouseSettings, recorded_sandbox: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DbtInProcess]:
    """The recorded accounts in core and marts, through the doors that a user goes through."""
    folder = tmp_path_factory.mktemp("recorded")
    settings = warehouse.model_copy(update={"env": "t_recorded"})
    user, password = settings.login("owner")
    env = {
        "CLICKHOUSE_HOST": settings.host,
        "CLICKHOUSE_PORT": str(settings.port),
        "CLICKHOUSE_USER": user,
        "CLICKHOUSE_PASSWORD": password,
        "CREDENCE_ENV": settings.env,
        "DATABASE_URL": f"sqlite:///{folder}/credence.db",
        "DLT_DIR": str(folder / "dlt"),
        **sandbox_environment(recorded_sandbox),
    }
    with connect(settings=settings) as client:
        apply(client, settings)
        for module, *arguments in (
            ("ingestion.sandbox", "connections", "--replay", str(DATA)),
            ("ingestion.app",),
            *((f"ingestion.{platform}",) for platform in PLATFORMS),
        ):
            done = subprocess.run(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env={**os.environ, **env},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{module}: {done.stdout}{done.stderr}"
        dbt = DbtInProcess(settings, folder)
        dbt.succeed("build", "--exclude-resource-type", "unit_test")
        yield dbt
        for layer in LAYERS:
            client.command(f"DROP DATABASE IF EXISTS {settings.database(layer)}")
