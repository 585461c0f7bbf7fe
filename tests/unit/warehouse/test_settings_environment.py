"""Settings come from variables of ours, never from a shell's own."""

from pathlib import Path

import pytest

from warehouse.settings import WarehouseSettings


def test_path_and_env_of_the_shell_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WAREHOUSE_PATH", raising=False)
    monkeypatch.delenv("CREDENCE_ENV", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.setenv("ENV", "/etc/profile")
    settings = WarehouseSettings()
    assert settings.path == Path(".data/warehouse")
    assert settings.env == ""


def test_our_variables_are_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAREHOUSE_PATH", "elsewhere")
    monkeypatch.setenv("CREDENCE_ENV", "ci")
    settings = WarehouseSettings()
    assert settings.path == Path("elsewhere")
    assert settings.database("raw") == "ci_raw"
