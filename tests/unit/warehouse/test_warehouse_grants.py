"""The SQL for a real server's owner and reader: complete, parsed by the engine, without secrets."""

import chdb
import pytest

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
