"""The long tables of YouTube's history: Analytics by day, video, source, audience and country."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingestion import youtube_insights as source
from ingestion.metrics import metrics_for
from ingestion.sandbox import youtube_reports as reports
from ingestion.sandbox.history.columns import dates, rows_of
from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.grid import Pairs, Readings, asked_dates, visible_posts
from ingestion.sandbox.history.linked import listed
from ingestion.sandbox.world.model import Bools, Ints, PlatformBlock, Texts
from ingestion.tables import Table


def channel_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__channel_insights``."""
    seen = context.readings(block, first, last)
    reading, day = _asked(seen, context)
    account, read_on = seen.account[reading], seen.day[reading]
    values = reports.channel_values(block, account, day, read_on)
    return _long(source.CHANNEL_INSIGHTS, "channel", seen, reading, day, values)


def video_insights(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__video_insights``."""
    seen, _ = listed(block, context, first, last)
    within = context.settings.object_insight_days + source.LATE_DAYS
    posts = visible_posts(seen, published_within=within)
    asked = _asked(seen, context)
    begins = np.searchsorted(asked.reading, np.arange(seen.size))
    counts = np.bincount(asked.reading, minlength=seen.size)[posts.reading]
    pair = np.repeat(np.arange(posts.thing.size), counts)
    nth = np.arange(pair.size) - np.repeat(np.cumsum(counts) - counts, counts)
    reading, post = posts.reading[pair], posts.thing[pair]
    day = asked.thing[begins[reading] + nth]
    there = block.post_created[post] < block.end_of(-1) + (day + 1) * 86_400
    reading, post, day = reading[there], post[there], day[there]
    values = reports.video_values(block, post, day, seen.day[reading])
    objects = block.post_id[post]
    return _long(source.VIDEO_INSIGHTS, "video", seen, reading, day, values, objects=objects)


def traffic_sources(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__traffic_sources``."""
    seen = context.readings(block, first, last)
    reading, day = _asked(seen, context)
    found = reports.traffic_values(block, seen.account[reading], day, seen.day[reading])
    return _segmented(
        source.TRAFFIC_SOURCES, "traffic_source", seen, reading, day, found, found.values["views"]
    )


def demographics(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__demographics``."""
    seen, until = _ranges(block, context, first, last)
    found = reports.demographic_values(block, seen.account, until)
    there = found.values["viewerPercentage"]
    reading = np.arange(seen.size)
    return _segmented(source.DEMOGRAPHICS, "demographics", seen, reading, until, found, there)


def geography(block: PlatformBlock, context: Context, first: int, last: int) -> pa.Table:
    """``youtube__geography``."""
    seen, until = _ranges(block, context, first, last)
    since = until - source.RANGE_DAYS + 1
    found = reports.country_values(block, seen.account, since, until)
    reading = np.arange(seen.size)
    return _segmented(
        source.GEOGRAPHY, "geography", seen, reading, until, found, found.values["views"]
    )


def _asked(seen: Readings, context: Context) -> Pairs:
    backfill = context.settings.insights_backfill_days
    return asked_dates(seen, backfill, source.RESTATED_DAYS, reports.LATE_DAYS)


def _ranges(block: PlatformBlock, context: Context, first: int, last: int) -> tuple[Readings, Ints]:
    """The readings that ask for a range of days, and the last of it; none before the world."""
    seen = context.readings(block, first, last)
    seen = seen.only(seen.is_due(source.WEEK) & (seen.day >= source.LATE_DAYS))
    return seen, seen.day - source.LATE_DAYS


def _segmented(
    table: Table,
    about: str,
    seen: Readings,
    reading: Ints,
    day: Ints,
    found: reports.Segments,
    there: npt.NDArray[Any],
) -> pa.Table:
    """Rows of the segments that are ``there`` [N, S]: a report leaves out the empty ones."""
    row, segment = np.nonzero(there)
    names = np.array(found.names, dtype=object)[segment]
    values = {metric: of[row, segment] for metric, of in found.values.items()}
    return _long(table, about, seen, reading[row], day[row], values, segments=names)


def _long(
    table: Table,
    about: str,
    seen: Readings,
    reading: Ints,
    day: Ints,
    values: Mapping[str, npt.NDArray[Any]],
    segments: Texts | None = None,
    objects: Texts | None = None,
) -> pa.Table:
    """A row for each metric and value: of the reading, about the ``day`` (index)."""
    block = seen.block
    account = block.account_id[seen.account[reading]]
    days = [block.first_day + timedelta(days=n) for n in range(block.days)]
    parts = []
    for metric in dict.fromkeys(m for on in days for m in metrics_for("youtube", about, on)):
        # A metric that retires within the days is asked for on those before alone.
        asked = np.array([metric.is_asked_for(on) for on in days], dtype=bool)
        kept: Bools = asked[seen.day[reading]]
        known = [source.definition_of(metric.metric, on) for on in days]
        size = int(kept.sum())
        parts.append(
            rows_of(
                table,
                size,
                {
                    "snapshot_date": dates(block, seen.day[reading][kept]),
                    "account_id": account[kept],
                    "object_id": (account if objects is None else objects)[kept],
                    "metric": metric.metric,
                    "period": source.RANGE_PERIOD if metric.period == "range" else "day",
                    "breakdown": metric.breakdown,
                    "segment": "" if segments is None else segments[kept],
                    "date": dates(block, day[kept]),
                    "value": values[metric.metric][kept],
                    "view_definition": pa.array(known, pa.string()).take(pa.array(day[kept])),
                },
            )
        )
    return pa.concat_tables(parts) if parts else rows_of(table, 0, {})
