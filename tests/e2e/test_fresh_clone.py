"""The README's commands on a fresh clone: the demo, its services, the recorded data.

The clone holds what is committed and makes its own environments from the lock files.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from ingestion.sandbox.environment import environment as sandbox_environment
from tests.ports import free_port

pytestmark = pytest.mark.timeout(1800)
ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "data"
# patience on a machine that does other work too: how long it takes is measured elsewhere
UP_WITHIN = 420.0
RUN_WITHIN = 600.0

# what the README says to run, and the test of this suite that runs it
RUN_BY = {
    "make demo": "test_demo_prints_its_summary",
    "make up": "test_up_serves_what_the_demo_built",
    "make demo REPLAY=../shared/data": "test_demo_on_recorded_data",
    "python -m ingestion.app": "test_sources_and_dbt_by_hand",
    "python -m ingestion.instagram": "test_sources_and_dbt_by_hand",
    "python -m ingestion.facebook": "test_sources_and_dbt_by_hand",
    "python -m ingestion.youtube": "test_sources_and_dbt_by_hand",
    "python -m ingestion.tiktok": "test_sources_and_dbt_by_hand",
    'make dbt ARGS="build"': "test_sources_and_dbt_by_hand",
}

# a newcomer's second day: .env leads to real services, and the demo must touch none of them
REAL_SERVICES = """
CLICKHOUSE_HOST=clickhouse.invalid
CLICKHOUSE_USER=prod
CLICKHOUSE_PASSWORD=not-for-the-demo
CLICKHOUSE_READER_USER=bi
CLICKHOUSE_READER_PASSWORD=not-for-the-demo-either
CLICKHOUSE_SECURE=true
YOUTUBE_API_KEY=real-key
SUPERSET_METADATA_URL=postgresql://superset.invalid/superset
"""


def clean_environment(**extra: str) -> dict[str, str]:
    """The environment of a newcomer: no virtual environment, no setting of ours."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key != "VIRTUAL_ENV" and not key.startswith(("CLICKHOUSE_", "DAGSTER_", "SUPERSET_"))
    }
    return {**kept, **extra}


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *arguments],
        cwd=clone,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh") / "credence"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    (folder / ".env").write_text(REAL_SERVICES)
    return folder


@pytest.fixture(scope="module")
def demo(clone: Path) -> str:
    done = make(clone, "demo", "CREATORS=20", "DAYS=10", "API_DAYS=2")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@dataclass
class Up:
    """A running ``make up`` and where its services are."""

    process: subprocess.Popen[bytes]
    log: Path
    ports: dict[str, int]


@pytest.fixture(scope="module")
def up(clone: Path, demo: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    ports = {name: free_port() for name in ("CLICKHOUSE", "SANDBOX", "DAGSTER", "SUPERSET")}
    env = clean_environment(
        **{f"{name}_PORT": str(port) for name, port in ports.items()},
        SUPERSET_URL=f"http://127.0.0.1:{ports['SUPERSET']}",
    )
    log = tmp_path_factory.mktemp("up") / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "up"],
            cwd=clone,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + UP_WITHIN
        while "Everything is up" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        yield Up(process, log, ports)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = {line.strip() for block in blocks for line in block.splitlines() if line.strip()}
    assert {c.removeprefix(".venv/bin/") for c in commands} == set(RUN_BY)


def test_every_target_of_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    for target in set(re.findall(r"`make ([a-z-]+)", readme)):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_demo_prints_its_summary(demo: str) -> None:
    for part in ("Rows per layer", "Seconds per step", "benchmark", "Top accounts", "make up"):
        assert part in demo
    assert "marts" in demo
    for platform in ("facebook", "instagram", "tiktok", "youtube"):
        assert platform in demo


def test_demo_refuses_a_warehouse_it_did_not_build(clone: Path, demo: str, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    done = subprocess.run(
        [clone / ".venv/bin/python", "-m", "orchestration", "demo"],
        cwd=clone,
        env=clean_environment(WAREHOUSE_PATH=str(tmp_path / "precious")),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "no demo built" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (tmp_path / "precious" / "file").exists()


@pytest.mark.superset
def test_up_serves_what_the_demo_built(up: Up) -> None:
    superset = httpx.get(f"http://127.0.0.1:{up.ports['SUPERSET']}/login/")
    assert superset.status_code == 200
    states = asset_states(up)
    assert states["marts/mart_engagement__benchmark"]
    assert states["raw/tiktok__videos"]


@pytest.mark.superset
def test_every_asset_materializes_from_the_ui(up: Up) -> None:
    """All but tables that others write: those of the engine, and of models that are to come."""
    nodes = graphql(up, "{ assetNodes { assetKey { path } isExecutable } }")["assetNodes"]
    keys = [node["assetKey"]["path"] for node in nodes if node["isExecutable"]]
    assert len(nodes) - len(keys) < 5
    today = time.strftime("%Y-%m-%d", time.gmtime())
    partitioned = [key for key in keys if key[0] != "dashboards"]
    run = launch(up, partitioned, {"dagster/partition": today})
    dashboards = [key for key in keys if key[0] == "dashboards"]
    assert dashboards
    assert wait_for_run(up, run) == "SUCCESS"
    assert wait_for_run(up, launch(up, dashboards, {})) == "SUCCESS"
    assert check_states(up, dashboards) == ["SUCCEEDED"] * len(dashboards)


@pytest.mark.superset
def test_sources_and_dbt_by_hand(clone: Path, up: Up) -> None:
    """The README's block for one's own accounts, on the accounts of the running sandbox."""
    sandbox = f"http://127.0.0.1:{up.ports['SANDBOX']}"
    kept = clone / ".data" / "warehouse"
    env = clean_environment(
        CLICKHOUSE_HOST="127.0.0.1",
        CLICKHOUSE_PORT=str(up.ports["CLICKHOUSE"]),
        CLICKHOUSE_SECURE="false",
        CLICKHOUSE_USER="owner",
        CLICKHOUSE_PASSWORD=(kept / "owner.password").read_text().strip(),
        DATABASE_URL=f"sqlite:///{kept}/demo/operational.db",
        # they are of the code, and run where the models are tested
        DBT_EXCLUDE_RESOURCE_TYPES="unit_test",
        **sandbox_environment(sandbox),
    )
    block = [c for c, test in RUN_BY.items() if test == "test_sources_and_dbt_by_hand"]
    runbook = (ROOT / "docs" / "runbooks.md").read_text()
    block += re.findall(r"^make dbt ARGS=.*--vars.*$", runbook, re.MULTILINE)
    assert len(block) == 7
    for command in block:
        words = f".venv/bin/{command}" if command.startswith("python") else command
        done = subprocess.run(
            ["bash", "-c", words], cwd=clone, env=env, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


@pytest.mark.superset
def test_up_stops_cleanly(up: Up) -> None:
    family = psutil.Process(up.process.pid).children(recursive=True)
    assert family
    # as a terminal does: Ctrl-C reaches make and what it runs
    os.killpg(up.process.pid, signal.SIGINT)
    up.process.wait(90)
    _, alive = psutil.wait_procs(family, timeout=30)
    assert not alive
    assert "Stopping" in up.log.read_text()
    assert "Traceback" not in up.log.read_text()


def test_demo_on_recorded_data(clone: Path, up: Up) -> None:
    if not (RECORDED / "real" / "tiktok_videos.csv").exists():
        pytest.skip(f"recorded data are not at {RECORDED}")
    done = make(clone, "demo", f"REPLAY={RECORDED}")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert re.search(r"core\W+dim_account\W+362\b", done.stdout)
    assert re.search(r"core\W+dim_post\W+10,335\b", done.stdout)
    # the recording knows TikTok alone: a platform without accounts owes no rows
    assert "raw/youtube__videos" in done.stdout


def graphql(up: Up, query: str, **variables: Any) -> Any:
    answer = httpx.post(
        f"http://127.0.0.1:{up.ports['DAGSTER']}/graphql",
        json={"query": query, "variables": variables},
        timeout=30,
    )
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]


def asset_states(up: Up) -> dict[str, bool]:
    """Every asset of the graph and whether it has been materialized."""
    nodes = graphql(
        up, "{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } } }"
    )["assetNodes"]
    return {"/".join(n["assetKey"]["path"]): bool(n["assetMaterializations"]) for n in nodes}


def check_states(up: Up, keys: list[list[str]]) -> list[str]:
    """How the latest run of each asset's checks ended."""
    query = """
    query Checks($key: AssetKeyInput!) {
      assetNodeOrError(assetKey: $key) { ... on AssetNode { assetChecksOrError {
        ... on AssetChecks { checks { executionForLatestMaterialization { status } } }
      } } }
    }"""
    nodes = [graphql(up, query, key={"path": key})["assetNodeOrError"] for key in keys]
    checks = [check for node in nodes for check in node["assetChecksOrError"]["checks"]]
    return [check["executionForLatestMaterialization"]["status"] for check in checks]


def launch(up: Up, keys: list[list[str]], tags: dict[str, str]) -> str:
    """What the button Materialize sends."""
    mutation = """
    mutation Launch($params: ExecutionParams!) {
      launchPipelineExecution(executionParams: $params) {
        __typename
        ... on LaunchRunSuccess { run { runId } }
        ... on PythonError { message }
      }
    }"""
    params = {
        "selector": {
            "repositoryLocationName": "credence",
            "repositoryName": "__repository__",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": key} for key in keys],
        },
        "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
    }
    result = graphql(up, mutation, params=params)["launchPipelineExecution"]
    assert result["__typename"] == "LaunchRunSuccess", result
    return str(result["run"]["runId"])


def wait_for_run(up: Up, run_id: str) -> str:
    query = "query Run($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    deadline = time.monotonic() + RUN_WITHIN
    while time.monotonic() < deadline:
        status = str(graphql(up, query, id=run_id)["runOrError"]["status"])
        if status in {"SUCCESS", "FAILURE", "CANCELED"}:
            return status
        time.sleep(1)
    return "TIMEOUT"
