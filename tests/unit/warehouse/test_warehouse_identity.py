"""Passwords, hosts and origins, and the settings that lead to them."""

import stat
from pathlib import Path

import pytest

from warehouse.schema_ddl import statements
from warehouse.server.errors import ClickHouseError, from_engine
from warehouse.server.identity import Doors, credentials
from warehouse.settings import WarehouseSettings


def settings(path: Path, **values: object) -> WarehouseSettings:
    return WarehouseSettings(_env_file=None, path=path, **{"env": ""} | values)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLICKHOUSE_PASSWORD", "CLICKHOUSE_READER_PASSWORD", "CLICKHOUSE_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_generated_passwords_are_private_and_found_again(tmp_path: Path) -> None:
    made = credentials(settings(tmp_path))
    for name in ("owner", "reader"):
        file = tmp_path / f"{name}.password"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        user, password = settings(tmp_path).login(name)
        assert made.authenticate(user, password) == name
    assert credentials(settings(tmp_path)) == made


def test_a_loose_password_file_is_tightened(tmp_path: Path) -> None:
    file = tmp_path / "owner.password"
    file.write_text("secret\n")
    file.chmod(0o644)
    credentials(settings(tmp_path))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("user", "password"), [("owner", ""), ("owner", "x"), ("", ""), ("x", "y")]
)
def test_wrong_logins(tmp_path: Path, user: str, password: str) -> None:
    with pytest.raises(ClickHouseError) as caught:
        credentials(settings(tmp_path)).authenticate(user, password)
    assert (caught.value.code, caught.value.status) == (516, 403)


def test_another_machine_gets_no_local_password(tmp_path: Path) -> None:
    credentials(settings(tmp_path))
    assert settings(tmp_path, host="db.example").login("owner") == ("owner", "")


def test_secrets_do_not_show(tmp_path: Path) -> None:
    assert "hunter2" not in repr(settings(tmp_path, password="hunter2"))


@pytest.mark.parametrize(
    ("headers", "admitted"),
    [
        ({}, True),
        ({"host": "127.0.0.1:8123"}, True),
        ({"host": "LOCALHOST:8123"}, True),
        ({"host": "[::1]:8123"}, True),
        ({"host": "warehouse.example"}, True),
        ({"host": "evil.example:8123"}, False),
        ({"host": "127.0.0.1@evil.example"}, False),
        ({"host": "localhost:8123", "origin": "http://localhost:8123"}, True),
        ({"host": "localhost:8123", "origin": "http://localhost:3000"}, False),
        ({"host": "localhost:8123", "origin": "https://evil.example"}, False),
        ({"host": "localhost:8123", "origin": "null"}, False),
        ({"host": "[", "origin": "http://["}, False),
    ],
)
def test_doors(headers: dict[str, str], admitted: bool) -> None:
    doors = Doors.for_bind("127.0.0.1", ("Warehouse.example",))
    assert doors.admits(headers) is admitted


def test_environment_prefixes_databases(tmp_path: Path) -> None:
    ddl = statements(settings(tmp_path, env="ci"))
    assert "CREATE DATABASE IF NOT EXISTS ci_raw" in ddl
    assert any("ci_ops.ingestion_outcome" in text for text in ddl)
    assert not any("{" in text for text in ddl)


def test_engine_errors_are_read() -> None:
    text = "Streaming query failed: Code: 47. DB::Exception: Unknown x. (UNKNOWN_IDENTIFIER)"
    error = from_engine(RuntimeError(text))
    assert (error.code, error.status) == (47, 404)
    assert error.body("1.2") == (
        b"Code: 47. DB::Exception: Unknown x. (UNKNOWN_IDENTIFIER) (version 1.2)\n"
    )
    assert from_engine(RuntimeError("odd")).code == 1001
