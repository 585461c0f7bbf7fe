"""Where models lie and how they are trained: one typed class, read from the environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MlSettings(BaseSettings):
    """The artefact folder and what training is repeated with."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="ML_", extra="ignore")

    artifacts: Path = Path(".data/models")
    """Folder of the fitted models and their cards: one folder per model and version."""
    seed: int = Field(default=7, ge=0)
    """Seed of everything that is drawn while training."""
    threads: int = Field(default=1, ge=1)
    """Threads that the training of one model takes; Dagster trains several at once."""
    history_days: int = Field(default=400, ge=60)
    """Days of history that a growth forecast looks at."""
    snapshot_every_days: int = Field(default=14, ge=1)
    """Days between two rows of one account in a training set."""
    snapshot_count: int = Field(default=26, ge=2)
    """Rows of one account in a training set, at most."""
