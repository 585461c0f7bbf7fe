"""``truth load`` on a real warehouse: the tables hold one world, whatever was there before."""

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from typer.testing import CliRunner

from ingestion.sandbox.__main__ import app
from ingestion.sandbox.world.truth import SCHEMAS
from warehouse.client import connect
from warehouse.settings import WarehouseSettings

WORLD = ("--creators", "30", "--days", "40", "--end-date", "2026-11-20")


def load(monkeypatch: pytest.MonkeyPatch, warehouse: WarehouseSettings, *arguments: str) -> str:
    """Run the command against the test's warehouse and return what it says."""
    assert warehouse.password is not None
    monkeypatch.setenv("CLICKHOUSE_HOST", warehouse.host)
    monkeypatch.setenv("CLICKHOUSE_PORT", str(warehouse.port))
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", warehouse.password.get_secret_value())
    done = CliRunner().invoke(app, ["truth", "load", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def contents(client: Client, database: str) -> dict[str, tuple[int, int]]:
    """Rows and a checksum of each table of the truth."""
    found = {}
    for name in SCHEMAS:
        query = f"SELECT count(), sum(cityHash64(*)) FROM {database}.{name}"
        found[name] = client.query(query).result_rows[0]
    return found


def test_loading_replaces_the_world(
    monkeypatch: pytest.MonkeyPatch, warehouse: WarehouseSettings, warehouse_client: Client
) -> None:
    database = warehouse.database("truth")
    assert "rows in 10 tables" in load(monkeypatch, warehouse, *WORLD, "--seed", "7")
    first = contents(warehouse_client, database)
    assert first["creator"][0] == 30
    assert all(first[name][0] for name in ("world", "coefficient", "account", "event", "post"))
    load(monkeypatch, warehouse, *WORLD, "--seed", "7")
    assert contents(warehouse_client, database) == first
    load(monkeypatch, warehouse, *WORLD, "--seed", "8")
    other = contents(warehouse_client, database)
    assert other["creator"][0] == 30
    assert other["creator"] != first["creator"]
    names = warehouse_client.query(f"SHOW TABLES FROM {database}").result_columns[0]
    assert sorted(names) == sorted(SCHEMAS)


def test_the_reader_may_not_read_it(
    monkeypatch: pytest.MonkeyPatch, warehouse: WarehouseSettings
) -> None:
    load(monkeypatch, warehouse, *WORLD)
    client = connect("reader", warehouse)
    try:
        with pytest.raises(DatabaseError, match=r"ACCESS_DENIED|privileges"):
            client.query(f"SELECT * FROM {warehouse.database('truth')}.creator")
    finally:
        client.close()
