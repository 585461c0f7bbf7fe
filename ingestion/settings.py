"""Where the platforms are, which connections to load and how hard to ask: one typed class."""

import os
from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import UserError


class IngestionSettings(BaseSettings):
    """Read from the environment and ``.env``; names are the fields' in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    instagram_base_url: HttpUrl | None = None
    """Where a platform's API is, if not at the platform's own address."""
    facebook_base_url: HttpUrl | None = None
    tiktok_base_url: HttpUrl | None = None
    tiktok_business_base_url: HttpUrl | None = None
    """TikTok's Accounts API."""
    youtube_base_url: HttpUrl | None = None
    youtube_analytics_base_url: HttpUrl | None = None
    youtube_oauth_base_url: HttpUrl | None = None
    """Google's token endpoint."""
    youtube_api_key: SecretStr | None = None
    """Reads public data, such as the profiles of commenters."""
    google_client_id: str = ""
    """The application that creators connected their channels to; renews their tokens."""
    google_client_secret: SecretStr | None = None
    meta_app_id: str = ""
    """The application of Instagram and Facebook connections."""
    meta_app_secret: SecretStr | None = None
    tiktok_client_key: str = ""
    tiktok_client_secret: SecretStr | None = None
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
    youtube_daily_units: int = Field(default=10_000, ge=0)
    """Quota of the Google project, from midnight to midnight Pacific; 0: counted, not limited."""
    youtube_daily_searches: int = Field(default=100, ge=0)
    youtube_daily_video_stats: int = Field(default=10_000, ge=0)
    """Calls of ``videos.batchGetStats``, which have a quota of their own, as searches have."""
    connect_timeout: float = Field(default=10, gt=0)
    """Seconds."""
    read_timeout: float = Field(default=60, gt=0)
    """Seconds."""

    longest_wait: float = Field(default=900, ge=0)
    """Most seconds that a run waits where a platform names the minute to call again; beyond it the
    run ends and says when to run again."""

    insights_backfill_days: int = Field(default=30, ge=1)
    """Days of dated insights that an account's first reading asks for, as far as the platform keeps
    them."""
    object_insight_days: int = Field(default=7, ge=0)
    """Insights of posts are read for those published in this many days before the snapshot."""
    comment_days: int = Field(default=7, ge=0)
    """Comments are read for posts published in this many days before the snapshot."""
    comment_pages: int = Field(default=1, ge=1)
    """Pages of comments, newest first, per post and day."""
    instagram_peers: str = ""
    """Usernames of professional accounts, comma separated, whose public numbers every Instagram
    account reads once a week; empty: none."""
    youtube_commenter_sample: int = Field(default=25, ge=0)
    """Most public profiles of commenters that are read per YouTube channel and week."""

    database_url: SecretStr = SecretStr("sqlite:///.data/credence.db")
    """Creators, connections and tokens; see :mod:`ingestion.connections`."""
    token_keys: SecretStr | None = None
    """Fernet keys, separated by commas: the first encrypts tokens, all decrypt."""

    def base_url(self, platform: str, host: str, default: str) -> str:
        """The address of a platform's host: the setting ``<PLATFORM>[_<HOST>]_BASE_URL`` or the
        platform's own. A platform without a field here is looked up in the environment."""
        name = "_".join(part for part in (platform, host, "base_url") if part)
        found = getattr(self, name, None) or os.environ.get(name.upper())
        return str(found or default)


def read_settings() -> IngestionSettings:
    """The settings of the environment; raises :class:`UserError` naming one that is not valid."""
    try:
        return IngestionSettings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        raise UserError(f"setting {name}: {first['msg']}. Correct it in the environment.") from None
