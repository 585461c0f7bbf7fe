"""The platforms that the house reads: one line makes a platform part of every run."""

from collections.abc import Mapping
from pkgutil import resolve_name
from types import MappingProxyType

from ingestion.policy import Platform

SOURCES = (
    "ingestion.facebook:FACEBOOK",
    "ingestion.instagram:INSTAGRAM",
    "ingestion.tiktok:TIKTOK",
    "ingestion.youtube:YOUTUBE",
)

PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {platform.name: platform for platform in map(resolve_name, SOURCES)}
)
