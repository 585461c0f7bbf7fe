""".env.example lists every setting with its default, and nothing else."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from dashboards.settings import DashboardsSettings
from ingestion.settings import IngestionSettings
from ml.settings import MlSettings
from orchestration.settings import OrchestrationSettings
from warehouse.settings import WarehouseSettings

ROOT = Path(__file__).resolve().parents[3]
CLASSES = (
    WarehouseSettings,
    IngestionSettings,
    DashboardsSettings,
    MlSettings,
    OrchestrationSettings,
)
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "SUPERSET_COOKIE_SECURE", "SUPERSET_POSTGRES_PASSWORD"}


def example() -> dict[str, str | None]:
    """Every variable of the file with its value; None where it is commented out."""
    found: dict[str, str | None] = {}
    for line in (ROOT / ".env.example").read_text().splitlines():
        given = re.fullmatch(r"(# )?([A-Z][A-Z_]+)=(.*)", line)
        if given:
            found[given.group(2)] = None if given.group(1) else given.group(3)
    return found


def variables(settings: type[BaseSettings]) -> Iterator[tuple[str, str]]:
    """Each setting's variable and field name."""
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        yield (str(alias) if alias else f"{prefix}{name}".upper()), name


def test_every_setting_is_listed_and_nothing_else() -> None:
    known = {variable for cls in CLASSES for variable, _ in variables(cls)}
    assert set(example()) == known | COMPOSE_ONLY


@pytest.mark.parametrize("settings", CLASSES)
def test_values_are_the_defaults(
    settings: type[BaseSettings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for variable, _ in variables(settings):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    defaults = settings()
    for variable, value in example().items():
        if value is not None:
            monkeypatch.setenv(variable, value)
    assert settings() == defaults


def test_no_secret_has_a_value() -> None:
    secrets = {
        variable
        for cls in CLASSES
        for variable, name in variables(cls)
        if SecretStr in getattr(cls.model_fields[name].annotation, "__args__", ())
    }
    assert secrets
    assert not {variable for variable in secrets if example()[variable] is not None}
