"""The commands and health checks of docker-compose.yml's Dagster services, run on this machine.

PostgreSQL is a cluster in a temporary folder, and the embedded warehouse stands for ClickHouse.
"""

from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from ingestion.connections.database import Database
from ingestion.connections.schema import tokens
from tests.compose import SERVICES, Local, up
from tests.postgresql import running_postgresql
from warehouse.client import connect
from warehouse.settings import WarehouseSettings


@pytest.mark.slow
def test_every_service_of_ours_starts_and_is_healthy(
    warehouse: WarehouseSettings, tmp_path: Path
) -> None:
    local = Local(warehouse, tmp_path)
    with ExitStack() as stack:
        stack.enter_context(running_postgresql(tmp_path, local.ports["5432"], "compose-test"))
        # `access` needs a server that keeps users; its SQL is tested on the engine's parser
        for name in ("schema", "sandbox-connections"):
            local.run(name).check_returncode()
        database = local.environment(SERVICES["code"])["DATABASE_URL"]
        with Database(SecretStr(database)).reading() as sql:
            assert sql.scalar(select(func.count()).select_from(tokens))
        for name in ("sandbox", "code", "webserver", "daemon"):
            stack.enter_context(up(name, local))
    databases = connect("owner", warehouse).query("SHOW DATABASES").result_columns[0]
    assert {"raw", "marts", "ml", "ops"} <= set(databases)
