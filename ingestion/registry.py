"""The platforms that the house reads: one line makes a platform part of every run."""

from collections.abc import Mapping
from types import MappingProxyType

from ingestion.facebook import FACEBOOK
from ingestion.instagram import INSTAGRAM
from ingestion.policy import Platform
from ingestion.tiktok import TIKTOK
from ingestion.youtube import YOUTUBE

PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {
        FACEBOOK.name: FACEBOOK,
        INSTAGRAM.name: INSTAGRAM,
        TIKTOK.name: TIKTOK,
        YOUTUBE.name: YOUTUBE,
    }
)
