"""What calls cost of a day's quota, kept so that a day's runs share it; Meta's usage headers.

YouTube grants a Google project so many units a day, which ends at midnight Pacific time: 10,000 for
most methods, and buckets of their own for ``search.list`` (100 calls) and ``videos.batchGetStats``
(10,000). A :class:`DailyLedger` books a call before it is made and refuses the one that would
exceed a limit. Uses stand in the operational database, table ``quota_use``: platform, project (a
hash of the API key), day (Pacific), bucket, units.

Units are taken from the table in blocks (a hundredth of the limit, 100 at most) and spent from
memory; closing gives the rest back. So processes never exceed the limit together, a call costs no
query, and a killed run loses one block at most.

Sources: https://developers.google.com/youtube/v3/determine_quota_cost (every call costs, a refused
one too); https://developers.facebook.com/docs/graph-api/overview/rate-limiting.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ingestion.connections.database import Database
from ingestion.connections.schema import quota_use
from ingestion.errors import PlatformError
from ingestion.policy import Ledger
from ingestion.settings import IngestionSettings
from warehouse.errors import UnavailableError

log = logging.getLogger("ingestion")

QUOTA_EXCEEDED = "quotaExceeded"
PACIFIC = "America/Los_Angeles"
LARGEST_BLOCK = 100
YOUTUBE_DATA = "/youtube/v3/"
YOUTUBE_BUCKETS = {"search": "search", "videos:batchGetStats": "video_stats"}
"""Methods with a bucket of their own; each call of any method that is used here costs 1 unit."""


@dataclass(frozen=True)
class Bucket:
    """Units of a day that calls of one kind share; ``setting`` is where the limit comes from."""

    limit: int
    """0: counted, never refused."""
    setting: str

    @property
    def block(self) -> int:
        return max(1, min(LARGEST_BLOCK, self.limit // 100)) if self.limit else LARGEST_BLOCK


class DailyLedger(Ledger):
    """The quota of one project on one platform, from midnight to midnight Pacific.

    ``cost_of`` gives the bucket and units of a path, None for a call that costs nothing. Safe to
    share between threads.
    """

    def __init__(
        self,
        platform: str,
        project: str,
        buckets: Mapping[str, Bucket],
        cost_of: Callable[[str], tuple[str, int] | None],
        database: Database,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._platform, self._project, self._buckets = platform, project, buckets
        self._cost_of, self._database, self._clock = cost_of, database, clock
        self._lock = threading.Lock()
        self._day = date.min
        self._held: dict[str, int] = {}

    def spend(self, path: str) -> int:
        """Book the call of ``path`` and give its units; see :meth:`book`."""
        cost = self._cost_of(path)
        if cost is None:
            return 0
        self.book(*cost)
        return cost[1]

    def book(self, bucket: str, units: int) -> None:
        """Take ``units`` of today's bucket.

        Raises :class:`PlatformError` (code ``quotaExceeded``) where they exceed the limit, and
        :class:`UnavailableError` where the operational database does not answer.
        """
        with self._lock:
            self._turn_to(pacific_day(self._clock()))
            held = self._held.get(bucket, 0)
            if held < units:
                held += self._reserve(bucket, units - held)
            self._held[bucket] = held - units

    def used(self) -> dict[str, int]:
        """Units spent today by every run of the project, by bucket."""
        with self._lock:
            self._turn_to(pacific_day(self._clock()))
            with self._database.reading() as connection:
                found = connection.execute(
                    sa.select(quota_use.c.bucket, quota_use.c.units).where(*self._today())
                )
                booked = {row.bucket: row.units for row in found}
            return {
                bucket: booked.get(bucket, 0) - self._held.get(bucket, 0)
                for bucket in self._buckets
            }

    def close(self) -> None:
        """Give back what was taken and not spent. The ledger may be used again."""
        with self._lock:
            self._give_back()
            self._database.close()

    def _turn_to(self, day: date) -> None:
        if day != self._day:
            self._give_back()
            self._day = day

    def _reserve(self, name: str, missing: int) -> int:
        """Take a block from the table, or just what is missing where no block is left."""
        bucket = self._buckets[name]
        with self._database.writing() as connection:
            self._make_row(connection, name)
            for units in (max(missing, bucket.block), missing):
                left = [quota_use.c.units + units <= bucket.limit] if bucket.limit else []
                if self._add(connection, name, units, *left):
                    return units
        until = next_reset(self._clock())
        raise PlatformError(
            f"{self._platform}: the quota of {bucket.limit:,} units a day ({name}) is used up "
            f"until {until:%Y-%m-%d %H:%M} UTC (midnight Pacific). Run again then, or set "
            f"{bucket.setting} if the project was granted more.",
            QUOTA_EXCEEDED,
        )

    def _give_back(self) -> None:
        unspent = {name: units for name, units in self._held.items() if units}
        self._held = {}
        if not unspent:
            return
        try:
            with self._database.writing() as connection:
                for name, units in unspent.items():
                    self._add(connection, name, -units)
        except UnavailableError as error:
            # Units that stay booked are lost for the day, which harms less than a failed run.
            log.warning("%s: %s units stay booked: %s", self._platform, unspent, error)

    def _add(
        self, connection: sa.Connection, name: str, units: int, *left: sa.ColumnElement[bool]
    ) -> bool:
        changed = connection.execute(
            sa.update(quota_use)
            .where(*self._today(), quota_use.c.bucket == name, *left)
            .values(units=quota_use.c.units + units)
        )
        return changed.rowcount == 1

    def _make_row(self, connection: sa.Connection, name: str) -> None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(quota_use)
            .values(
                platform=self._platform,
                project=self._project,
                day=self._day,
                bucket=name,
                units=0,
            )
            .on_conflict_do_nothing()
        )

    def _today(self) -> list[sa.ColumnElement[bool]]:
        return [
            quota_use.c.platform == self._platform,
            quota_use.c.project == self._project,
            quota_use.c.day == self._day,
        ]


def pacific_day(now: datetime) -> date:
    """The day whose quota a call at ``now`` uses."""
    return now.astimezone(ZoneInfo(PACIFIC)).date()


def next_reset(now: datetime) -> datetime:
    """The midnight Pacific after ``now``, in UTC."""
    midnight = datetime.combine(
        pacific_day(now) + timedelta(days=1), time(), tzinfo=ZoneInfo(PACIFIC)
    )
    return midnight.astimezone(UTC)


def project_of(secret: str) -> str:
    """A short name of the project that a key belongs to, which does not give the key away."""
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def youtube_cost(path: str) -> tuple[str, int] | None:
    """Bucket and units of a call; None for Analytics and tokens, which cost none."""
    _host, data, method = unquote(path).partition(YOUTUBE_DATA)
    return (YOUTUBE_BUCKETS.get(method, "default"), 1) if data else None


def youtube_ledger(settings: IngestionSettings) -> DailyLedger:
    """The ledger of the Google project that the settings name by API key, else by OAuth client."""
    key = settings.youtube_api_key
    return DailyLedger(
        "youtube",
        project_of(key.get_secret_value() if key else settings.google_client_id),
        {
            "default": Bucket(settings.youtube_daily_units, "YOUTUBE_DAILY_UNITS"),
            "search": Bucket(settings.youtube_daily_searches, "YOUTUBE_DAILY_SEARCHES"),
            "video_stats": Bucket(settings.youtube_daily_video_stats, "YOUTUBE_DAILY_VIDEO_STATS"),
        },
        youtube_cost,
        Database(settings.database_url),
    )


@dataclass(frozen=True)
class Usage:
    """How much of its share an app has used, as an answer of the Graph API tells."""

    percent: float | None
    """The highest of all shares (calls, CPU time, time); None where nothing is told."""
    wait_seconds: float
    """Until calls are let through again; 0 where nothing holds them."""


def usage_of(headers: Mapping[str, str]) -> Usage:
    """What ``X-App-Usage`` and ``X-Business-Use-Case-Usage`` say; nothing where unreadable."""
    found = {name.lower(): text for name, text in headers.items()}
    shares = [_object(found.get("x-app-usage"))]
    for uses in _object(found.get("x-business-use-case-usage")).values():
        shares += [use for use in uses if isinstance(use, dict)] if isinstance(uses, list) else []
    percents = _numbers(
        share.get(name)
        for share in shares
        for name in ("call_count", "total_cputime", "total_time")
    )
    minutes = _numbers(share.get("estimated_time_to_regain_access") for share in shares)
    return Usage(max(percents, default=None), max(minutes, default=0.0) * 60)


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _numbers(values: Iterable[object]) -> list[float]:
    return [float(value) for value in values if isinstance(value, int | float)]
