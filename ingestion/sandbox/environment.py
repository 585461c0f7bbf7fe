"""What points the sources at a sandbox: the settings of every registered platform."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from ingestion.registry import PLATFORMS
from ingestion.sandbox import credentials

APPLICATION: Mapping[str, str] = MappingProxyType(
    {
        "YOUTUBE_API_KEY": credentials.DEFAULT_API_KEY,
        "GOOGLE_CLIENT_ID": credentials.CLIENT_KEY,
        "GOOGLE_CLIENT_SECRET": credentials.CLIENT_SECRET,
        "META_APP_ID": credentials.CLIENT_KEY,
        "META_APP_SECRET": credentials.CLIENT_SECRET,
        "TIKTOK_CLIENT_KEY": credentials.CLIENT_KEY,
        "TIKTOK_CLIENT_SECRET": credentials.CLIENT_SECRET,
    }
)
"""The application that the world's creators connected their accounts to."""

LIMITS: Mapping[str, str] = MappingProxyType(
    {
        "TIKTOK_CALLS_PER_MINUTE": "0",
        "YOUTUBE_DAILY_UNITS": "0",
        "YOUTUBE_DAILY_VIDEO_STATS": "0",
        "REQUEST_BACKOFF": "0.05",
    }
)
"""How hard a run may ask: a sandbox's days pass faster than those of a quota, and an account whose
API is down for a day in the world is not waited for."""


def environment(url: str) -> dict[str, str]:
    """The settings under which every platform is the sandbox at ``url``.

    A platform stands under its name (``<url>/tiktok``), each of its hosts there with the path that
    the host's own address has.
    """
    addresses = {
        "_".join(part for part in (name, host, "base_url") if part).upper(): (
            f"{url}/{name}{urlsplit(default).path.rstrip('/')}"
        )
        for name, platform in PLATFORMS.items()
        for host, default in platform.hosts.items()
    }
    return {**addresses, **APPLICATION, **LIMITS, "SANDBOX_CLOCK": "true"}
