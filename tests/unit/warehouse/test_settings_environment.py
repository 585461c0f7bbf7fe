"""Settings come from variables of ours, never from a shell's own."""

from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import exit_on_user_error
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


def _line(capsys: pytest.CaptureFixture[str], settings: type[BaseSettings]) -> str:
    with pytest.raises(SystemExit) as caught, exit_on_user_error():
        settings(_env_file=None)  # type: ignore[call-arg]
    assert caught.value.code == 2
    text = capsys.readouterr().err
    assert len(text.splitlines()) == 1
    return text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLICKHOUSE_PORT", "abc"),
        ("CLICKHOUSE_PORT", "99999"),
        ("CLICKHOUSE_SECURE", "perhaps"),
        ("CREDENCE_ENV", "_x"),
        ("CREDENCE_ENV", "A-B"),
    ],
)
def test_a_wrong_setting_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value)
    line = _line(capsys, WarehouseSettings)
    assert line.startswith(f"error: {variable}={value}: ")
    assert ".env" in line


class _Keys(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SOME_")

    signing: SecretStr | None = None
    api_key: int = 0
    region: str


def test_a_secret_setting_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "moonstone")
    line = _line(capsys, _Keys)
    assert "SOME_API_KEY: " in line
    assert "SOME_REGION: is not set" in line
    assert "moonstone" not in line
    with pytest.raises(SystemExit), exit_on_user_error():
        _Keys.model_validate({"signing": ["moonstone"], "region": "x"})
    assert "moonstone" not in capsys.readouterr().err


def test_other_validation_errors_are_bugs() -> None:
    with pytest.raises(ValidationError), exit_on_user_error():
        SettingsBeside.model_validate({"a": "x"})


class SettingsBeside(BaseModel):
    """A model that is no settings class."""

    a: int


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CLICKHOUSE_PASSWORD", "CLICKHOUSE_READER_PASSWORD", "CREDENCE_ENV"):
        monkeypatch.setenv(name, "")
    (tmp_path / "owner.password").write_text("stored\n")
    monkeypatch.setenv("WAREHOUSE_PATH", str(tmp_path))
    settings = WarehouseSettings(_env_file=None)
    assert settings.password is None
    assert settings.reader_password is None
    assert settings.env == ""
    assert settings.login("owner") == ("owner", "stored")
