"""Which metrics to ask each platform for, until when its API versions live, what a view counts.

Three tables stand beside this file and are the only place to change when a platform announces
something:

- ``metrics.csv``: one row per platform, API version, ``object`` (what is asked about: account,
  followers, audience, online_followers, media, story, page, post, video, channel, demographics,
  traffic_source, geography), ``product`` (Instagram's FEED, REELS, STORY; Facebook's REEL, VIDEO;
  else empty), metric and breakdown. ``metric_type``, ``period`` and ``breakdown`` are parameters of
  the platform (``breakdown`` is YouTube's dimensions besides ``day``, and elsewhere a name for the
  segments of a value that comes as an object). ``status`` is *living*, *deprecated* (asked for
  until ``retire_date``) or *dead* (never asked for; it stays so that nobody adds it again);
- ``api_versions.csv``: when each version came and when it goes (empty: not announced);
- ``view_definitions.csv``: from which day on, and for which format, what is counted as a view.

Sources by their names in the tables: ``ig-user-insights``, ``ig-media-insights``:
https://developers.facebook.com/docs/instagram-platform (API reference, updated June 2026);
``page-insights``, ``page-deprecated-metrics``:
https://developers.facebook.com/docs/platforminsights/page; ``video-insights``:
https://developers.facebook.com/docs/graph-api/reference/video/video_insights;
``graph-versions``, ``graph-v18-changelog``: https://developers.facebook.com/docs/graph-api/changelog;
``meta-2025-01-21``, ``meta-2025-08-15``: posts of that day in https://developers.facebook.com/blog;
``youtube-channel-reports``, ``youtube-revisions``: https://developers.google.com/youtube/analytics
(``channel_reports``, ``revision_history``); ``tiktok-business``: https://business-api.tiktok.com/portal/docs
(v1.3); ``tiktok-changelog``, ``tiktok-video-object``: https://developers.tiktok.com/doc.
YouTube's notice of the view that counts for every format is dated 27 August 2026; it was counted so
from the 24th on.
"""

import csv
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args

log = logging.getLogger("ingestion")

Status = Literal["living", "deprecated", "dead"]
Read = TypeVar("Read")

WARN_AHEAD = timedelta(days=180)
"""A version's end is warned of from this long before."""


@dataclass(frozen=True)
class Metric:
    """A row of ``metrics.csv``; empty where a column does not apply."""

    platform: str
    version: str
    object: str
    product: str
    metric: str
    metric_type: str
    period: str
    breakdown: str
    status: Status
    retire_date: date | None
    source: str

    def is_asked_for(self, day: date) -> bool:
        """Whether a call on that day should name the metric."""
        if self.status == "deprecated":
            return self.retire_date is None or day < self.retire_date
        return self.status == "living"


@dataclass(frozen=True)
class ApiVersion:
    """A version of a platform's API; None where the platform has announced no day."""

    platforms: Collection[str]
    version: str
    released: date | None
    sunset: date | None
    source: str


@dataclass(frozen=True)
class ViewDefinition:
    """What ``platform`` counts as a view from ``since`` on (None: from the beginning)."""

    platform: str
    format: str
    since: date | None
    definition: str
    meaning: str
    source: str


FILTERS = frozenset(column.name for column in fields(Metric)) - {"platform", "object"}


def metrics_for(
    platform: str, object: str, day: date, **filters: str | Collection[str]
) -> list[Metric]:
    """The metrics to ask for on ``day`` about one kind of object, in the table's order.

    ``filters`` name columns and the value or values wanted (``product="REELS"``,
    ``metric_type="total_value"``). Raises :class:`ValueError` for an object or a filter that the
    table does not know.
    """
    if unknown := filters.keys() - FILTERS:
        raise ValueError(f"metrics: no column {', '.join(sorted(unknown))}")
    known = [row for row in all_metrics() if (row.platform, row.object) == (platform, object)]
    if not known:
        raise ValueError(f"metrics: nothing is known of {platform} {object}")
    wanted = {
        name: {value} if isinstance(value, str) else set(value) for name, value in filters.items()
    }
    return [
        row
        for row in known
        if row.is_asked_for(day)
        and all(getattr(row, name) in values for name, values in wanted.items())
    ]


def warn_of_sunset(platform: str, version: str, today: date) -> None:
    """Log one line if the version ends within :data:`WARN_AHEAD` (a warning) or has ended, or is
    not in the table (an error): an ended version is answered by another, or not at all."""
    known = {row.version: row for row in api_versions() if platform in row.platforms}
    found = known.get(version)
    if found is None:
        versions = ", ".join(known) or "none"
        log.error("%s: API version %s: unknown. Known: %s.", platform, version, versions)
        return
    if found.sunset is None or today < found.sunset - WARN_AHEAD:
        return
    newest = max(known.values(), key=lambda row: row.released or date.min).version
    if today < found.sunset:
        log.warning(
            "%s: API version %s ends on %s, in %d days. Move to %s.",
            *(platform, version, found.sunset, (found.sunset - today).days, newest),
        )
    else:
        log.error(
            "%s: API version %s ENDED on %s: another version answers, or none. Move to %s.",
            *(platform, version, found.sunset, newest),
        )


@lru_cache(maxsize=4096)
def view_definition(platform: str, day: date, format: str | None = None) -> str | None:
    """What a view counted on ``day`` means, in a word of ``view_definitions.csv``; None where
    nothing is known.

    ``format`` is the platform's own word in small letters (short, video, live, reel). Without one,
    or for one that is counted like the rest, the platform's rule for its views as a whole holds
    (*mixed* while YouTube counted Shorts in another way than videos).
    """
    rows = [row for row in view_definitions() if row.platform == platform]
    own = [row for row in rows if row.format == (format or "")]
    rules = own or [row for row in rows if not row.format]
    begun = [row for row in rules if row.since is None or row.since <= day]
    latest = max(begun, key=lambda row: row.since or date.min, default=None)
    return latest.definition if latest else None


@cache
def all_metrics() -> Sequence[Metric]:
    """Every row of ``metrics.csv``, the dead ones too."""
    return _read("metrics.csv", _as_metric)


@cache
def api_versions() -> Sequence[ApiVersion]:
    """Every row of ``api_versions.csv``."""
    return _read(
        "api_versions.csv",
        lambda row: ApiVersion(
            platforms=row["platforms"].split(),
            version=row["version"],
            released=_day(row["released"]),
            sunset=_day(row["sunset"]),
            source=row["source"],
        ),
    )


@cache
def view_definitions() -> Sequence[ViewDefinition]:
    """Every row of ``view_definitions.csv``."""
    return _read(
        "view_definitions.csv",
        lambda row: ViewDefinition(
            platform=row["platform"],
            format=row["format"],
            since=_day(row["since"]),
            definition=row["definition"],
            meaning=row["meaning"],
            source=row["source"],
        ),
    )


def _as_metric(row: dict[str, str]) -> Metric:
    if row["status"] not in get_args(Status):
        raise ValueError(f"metrics.csv: status {row['status']!r} of {row['metric']}")
    texts = {name: row[name] for name in row.keys() - {"status", "retire_date"}}
    status = cast(Status, row["status"])
    return Metric(**texts, status=status, retire_date=_day(row["retire_date"]))


def _read(name: str, make: Callable[[dict[str, str]], Read]) -> Sequence[Read]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return tuple(make(row) for row in csv.DictReader(file))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
