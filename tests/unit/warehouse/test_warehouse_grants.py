"""The SQL for a real server's owner and reader: complete, parsed by the engine, without secrets."""

import chdb
import pytest

from warehouse.errors import UserError
from warehouse.grants import render, statements
from warehouse.settings import READABLE_LAYERS, WarehouseSettings


@pytest.fixture
def settings() -> WarehouseSettings:
    return WarehouseSettings(
        _env_file=None, password="owner-secret", reader_password="reader-secret", env="dev"
    )


def test_every_statement_is_one_the_engine_parses(settings: WarehouseSettings) -> None:
    found = statements(settings)
    assert len(found) > 10
    engine = chdb.connect(":memory:")
    for statement in found:
        assert engine.query(f"EXPLAIN AST {statement}").bytes()


def test_reader_is_granted_the_readable_layers_alone(settings: WarehouseSettings) -> None:
    granted = [s for s in statements(settings) if s.startswith("GRANT") and s.endswith("TO reader")]
    assert granted == [f"GRANT SELECT ON dev_{layer}.* TO reader" for layer in READABLE_LAYERS]


def test_passwords_leave_as_hashes(settings: WarehouseSettings) -> None:
    assert "secret" not in render(settings)


def test_a_missing_password_is_named() -> None:
    elsewhere = WarehouseSettings(_env_file=None, host="db.example")
    with pytest.raises(UserError, match="Set CLICKHOUSE_PASSWORD"):
        render(elsewhere)


def test_a_user_name_that_is_no_identifier_is_refused(settings: WarehouseSettings) -> None:
    with pytest.raises(UserError, match="letters"):
        render(settings.model_copy(update={"user": "a; DROP"}))
