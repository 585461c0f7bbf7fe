"""Where the platforms are, which connections to load and how hard to ask: one typed class."""

from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import UserError


class IngestionSettings(BaseSettings):
    """Read from the environment and ``.env``; names are the fields' in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    tiktok_base_url: HttpUrl = HttpUrl("https://open.tiktokapis.com")
    youtube_base_url: HttpUrl = HttpUrl("https://www.googleapis.com")
    youtube_api_key: SecretStr | None = None
    dlt_dir: Path = Path(".data/dlt")
    """Working folder of the dlt pipelines: extracted packages until they are loaded."""
    sandbox_clock: bool = False
    """The platforms are a sandbox whose clock a request may set: earlier days can be read."""

    ingestion_concurrency: int = Field(default=8, ge=1, le=64)
    """Accounts read at the same time from one platform."""
    request_attempts: int = Field(default=5, ge=1, le=20)
    request_backoff: float = Field(default=1, ge=0)
    """Seconds before the second attempt; doubled for each further one."""
    tiktok_calls_per_minute: int = Field(default=600, ge=0)
    """Most calls of one TikTok endpoint in a minute, as the platform allows; 0: no limit."""
    connect_timeout: float = Field(default=10, gt=0)
    """Seconds."""
    read_timeout: float = Field(default=60, gt=0)
    """Seconds."""

    youtube_comment_days: int = Field(default=7, ge=0)
    """Comments are read for videos published in this many days before the snapshot."""
    youtube_comment_pages: int = Field(default=1, ge=1)
    """Pages of 100 comment threads, newest first, per video and day."""

    database_url: SecretStr = SecretStr("sqlite:///.data/credence.db")
    """Creators, connections and tokens; see :mod:`ingestion.connections`."""
    token_keys: SecretStr | None = None
    """Fernet keys, separated by commas: the first encrypts tokens, all decrypt."""


def read_settings() -> IngestionSettings:
    """The settings of the environment; raises :class:`UserError` naming one that is not valid."""
    try:
        return IngestionSettings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        raise UserError(f"setting {name}: {first['msg']}. Correct it in the environment.") from None
