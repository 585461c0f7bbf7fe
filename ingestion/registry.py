"""The platforms that the house reads: one line makes a source part of every run."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dlt.extract import DltSource

from ingestion.tiktok import tiktok_source
from ingestion.youtube import youtube_source

# called with ``dates`` and ``outcomes``; see ingestion.tiktok.tiktok_source
PLATFORMS: Mapping[str, Callable[..., DltSource]] = MappingProxyType(
    {
        "tiktok": tiktok_source,
        "youtube": youtube_source,
    }
)
