"""The daily job as Dagster runs it, on a real warehouse and a real sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestion.connections import ConnectionStore
from ingestion.registry import PLATFORMS
from ingestion.sandbox.world import World as SyntheticWorld
from ingestion.settings import IngestionSettings
from orchestration.dagster_run import RunReport, run_job
from orchestration.demo import run_command
from orchestration.services import running
from orchestration.stage import (
    Folders,
    dagster_environment,
    module,
    sandbox_service,
    world_environment,
)
from orchestration.world import World
from tests.warehouse_process import WarehouseServer
from warehouse.client import connect
from warehouse.settings import WarehouseSettings

ENV = "daily"
TODAY = datetime.now(UTC).date()
WORLD = World(seed=3, creators=4, days=10, end_date=TODAY, api_days=3)
DAYS = WORLD.run_days()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    base = tmp_path_factory.mktemp("daily")
    return Folders.of_demo(base / "warehouse", base / "logs")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarehouseSettings]:
    """A warehouse of its own: a server's reader has rights on one environment alone."""
    server = WarehouseServer(tmp_path_factory.mktemp("server"), env={"CREDENCE_ENV": ENV})
    yield server.settings
    server.stop()


@pytest.fixture(scope="module")
def environment(warehouse: WarehouseSettings, folders: Folders) -> dict[str, str]:
    """What leads the steps of a run to this warehouse."""
    env = {
        "CLICKHOUSE_HOST": warehouse.host,
        "CLICKHOUSE_PORT": str(warehouse.port),
        "CLICKHOUSE_USER": warehouse.user,
        "CLICKHOUSE_PASSWORD": warehouse.login("owner")[1],
        "CLICKHOUSE_READER_PASSWORD": warehouse.login("reader")[1],
        "CREDENCE_ENV": ENV,
        "REQUEST_ATTEMPTS": "1",
        **dagster_environment(folders.dagster_home, watched=False),
    }
    run_command(module("warehouse", "schema"), env)
    return env


@pytest.fixture(scope="module")
def first_run(
    environment: dict[str, str], folders: Folders
) -> Iterator[tuple[RunReport, dict[str, str]]]:
    with running(sandbox_service(WORLD, 0), folders.logs) as sandbox:
        env = environment | world_environment(WORLD, sandbox, folders)
        arguments = WORLD.sandbox_arguments()
        run_command(module("ingestion.sandbox", "connections", *arguments), env)
        yield run_job("daily", DAYS, env, folders.logs / "run.log", print), env


def rows(warehouse: WarehouseSettings) -> dict[str, int]:
    """Rows per table of the run's databases, and a checksum of what the marts say."""
    with connect("owner", warehouse) as client:
        tables = client.query(
            "SELECT database, name FROM system.tables WHERE startsWith(database, {env:String}) "
            "AND NOT match(name, '_dlt|ingestion_outcome|metric_availability|^mart_ops__') "
            "AND database NOT LIKE '%_ml'",
            parameters={"env": f"{ENV}_"},
        ).result_rows
        return {
            f"{database}.{name}": client.query(
                "SELECT count() FROM {database:Identifier}.{name:Identifier}",
                parameters={"database": database, "name": name},
            ).result_rows[0][0]
            for database, name in tables
        }


@pytest.mark.slow
def test_a_range_of_days_is_one_run_that_fills_every_layer(
    first_run: tuple[RunReport, dict[str, str]], warehouse: WarehouseSettings
) -> None:
    report, _ = first_run
    assert report.failures == []
    assert report.checks_passed > 50
    counted, synthetic = (
        rows(warehouse),
        SyntheticWorld(WORLD.seed, WORLD.creators, WORLD.days, TODAY),
    )
    blocks = [block for platform in PLATFORMS for block in synthetic.blocks(platform)]
    accounts = sum(block.account_id.size for block in blocks)
    assert accounts == len(synthetic.accounts()) > WORLD.creators
    assert counted[f"{ENV}_core.dim_account"] == accounts
    # insights speak of days before the first reading too
    with connect("owner", warehouse) as client:
        read = client.command(
            f"SELECT countIf(fetched_at IS NOT NULL) FROM {ENV}_core.fct_account_day"
        )
    assert read == sum(int(block.available[:, -WORLD.api_days :].sum()) for block in blocks)
    assert counted[f"{ENV}_core.fct_account_day"] > read
    assert counted[f"{ENV}_marts.mart_engagement__account"] == accounts


@pytest.mark.slow
def test_a_second_run_of_a_day_changes_no_row_count(
    first_run: tuple[RunReport, dict[str, str]], warehouse: WarehouseSettings, folders: Folders
) -> None:
    _, env = first_run
    before = rows(warehouse)
    report = run_job("daily", (TODAY, TODAY), env, folders.logs / "again.log", print)
    assert report.failures == []
    assert rows(warehouse) == before


@pytest.mark.slow
def test_a_broken_platform_fails_the_run_with_its_own_error(
    first_run: tuple[RunReport, dict[str, str]], warehouse: WarehouseSettings, folders: Folders
) -> None:
    """The platform's asset fails at once and in one line; nothing that was there is lost."""
    _, env = first_run
    before = rows(warehouse)
    unreachable = env | {"TIKTOK_BASE_URL": "http://127.0.0.1:9"}
    report = run_job("daily", (TODAY, TODAY), unreachable, folders.logs / "broken.log", print)
    assert len(report.failures) == 1
    (failure,) = report.failures
    assert failure.startswith("ingest_tiktok: ")
    assert "127.0.0.1:9" in failure
    assert "\n" not in failure
    assert rows(warehouse) == before


@pytest.mark.slow
def test_no_token_reaches_the_logs(
    first_run: tuple[RunReport, dict[str, str]], folders: Folders
) -> None:
    _, env = first_run
    settings = IngestionSettings(database_url=env["DATABASE_URL"], token_keys=env["TOKEN_KEYS"])
    store = ConnectionStore(settings)
    kept = [store.tokens(connection.connection_id) for connection in store.connections()]
    store.close()
    secrets = {tokens.access_token.get_secret_value() for tokens in kept if tokens}
    assert len(secrets) == len(kept) > 2
    secrets |= {env["CLICKHOUSE_PASSWORD"], env["YOUTUBE_API_KEY"], env["TOKEN_KEYS"]}
    files = [
        path
        for place in (folders.logs, folders.dagster_home, folders.dlt)
        for path in files_of(place)
    ]
    assert files
    leaks = [
        path
        for path in files
        for content in [path.read_bytes()]
        if any(secret.encode() in content for secret in secrets)
    ]
    assert leaks == []


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
