"""Where runs keep their state and from which day partitions exist."""

from datetime import date
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class OrchestrationSettings(BaseSettings):
    """Settings of the Dagster code location and of the demo."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    partitions_start: date = Field(date(2026, 1, 1), validation_alias="PARTITIONS_START")
    data_dir: Path = Field(Path(".data"), validation_alias="CREDENCE_DATA_DIR")
    dagster_port: int = Field(3000, validation_alias="DAGSTER_PORT")
    sandbox_port: int = Field(8081, validation_alias="SANDBOX_PORT")
