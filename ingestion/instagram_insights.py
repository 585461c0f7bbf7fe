"""Instagram's insights: of media and stories, of the account by day, of its followers.

Six tables in long format (:mod:`ingestion.insights`); which metrics are asked for stands in
``metrics.csv``. Days are the platform's, which end at midnight Pacific (``end_time`` 07:00 or
08:00 UTC): a value belongs to the day before its ``end_time``. A metric without data gives no row;
a story that too few have seen gives rows without values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion import graph
from ingestion.errors import AccountError, GoneError
from ingestion.http import part_list
from ingestion.insights import NO_DATA, Quarantine, ask_metrics, insight_row, insight_table
from ingestion.metrics import Metric, metrics_for, view_definition
from ingestion.policy import Json
from ingestion.snapshot import AccountDay, SnapshotRun, windows
from ingestion.tables import MOMENT, Row

MEDIA_INSIGHTS = insight_table("media_insights")
STORY_INSIGHTS = insight_table("story_insights")
ACCOUNT_INSIGHTS = insight_table("account_insights")
FOLLOWER_CHANGES = insight_table("follower_changes")
AUDIENCE = insight_table("audience")
ONLINE_FOLLOWERS = insight_table("online_followers")

PACIFIC = ZoneInfo(graph.TIME_ZONE)
WINDOW_DAYS = 29
"""Days of one call. The platform allows 30 times 24 hours between ``since`` and ``until``; 30 days
in which the clocks go back are an hour longer."""
KEPT_DAYS = 30
"""``follower_count`` and ``online_followers`` are given for so many days before today alone."""
RESTATED_DAYS = 3
AUDIENCE_EVERY = 7
"""Days between two readings of the audience."""
PRODUCTS = ("FEED", "REELS")
"""Kinds of media with insights; children of a carousel have none."""
TOO_FEW_VIEWERS = "10"

Params = Mapping[str, str]


def read_media_insights(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """Lifetime insights of the account's recent media (``known``)."""
    rows: list[Row] = []
    for media in recent(unit, run.settings.object_insight_days):
        product = media["media_product_type"]
        if product in PRODUCTS:
            metrics = metrics_for("instagram", "media", unit.day, product=product)
            rows += _of_object(quarantine, run, unit, media, metrics)
    return rows


def read_story_insights(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """Insights of the account's living stories (``known``), as far as they got today."""
    metrics = metrics_for("instagram", "story", unit.day)
    return [
        row for story in unit.known for row in _of_object(quarantine, run, unit, story, metrics)
    ]


def read_account_insights(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """The account's numbers by day: series in windows, totals one day a call."""
    dates = unit.dates_since(run.settings.insights_backfill_days, RESTATED_DAYS)
    series = metrics_for("instagram", "account", unit.day, metric_type="time_series")
    totals = metrics_for("instagram", "account", unit.day, metric_type="total_value")
    return [
        *_series(quarantine, run, unit, "account", series, dates),
        *_totals(quarantine, run, unit, "account", totals, dates),
    ]


def read_follower_changes(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """Followers gained and lost by day, and the daily change of the last 30 days."""
    dates = unit.dates_since(run.settings.insights_backfill_days, RESTATED_DAYS)
    series = metrics_for("instagram", "followers", unit.day, metric_type="time_series")
    totals = metrics_for("instagram", "followers", unit.day, metric_type="total_value")
    return [
        *_series(quarantine, run, unit, "followers", series, _kept(unit, dates)),
        *_totals(quarantine, run, unit, "followers", totals, dates),
    ]


def read_audience(quarantine: Quarantine, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """Who follows and who engages by age, gender, city and country (the top 45), once a week."""
    if not unit.is_due(AUDIENCE_EVERY):
        return []
    metrics = metrics_for("instagram", "audience", unit.day)
    rows: list[Row] = []
    for breakdown in dict.fromkeys(metric.breakdown for metric in metrics):
        params = {
            "period": "lifetime",
            "metric_type": "total_value",
            "breakdown": breakdown,
            "timeframe": "this_month",
        }
        of_it = [metric for metric in metrics if metric.breakdown == breakdown]
        entries = _ask(quarantine, run, unit, f"audience/{breakdown}", of_it, params)
        rows += _rows(run, unit, of_it, entries)
    return rows


def read_online_followers(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """How many followers were online in each hour of a day; one that came late is read again."""
    dates = unit.dates_since(run.settings.insights_backfill_days, RESTATED_DAYS)
    metrics = metrics_for("instagram", "online_followers", unit.day)
    return _series(quarantine, run, unit, "online_followers", metrics, _kept(unit, dates))


def recent(unit: AccountDay, days: int) -> Iterator[Row]:
    """The ``known`` objects published in the last ``days`` days before the reading."""
    oldest = unit.day - timedelta(days=days)
    for known in unit.known:
        if known["timestamp"] is not None and known["timestamp"].date() > oldest:
            yield known


def _of_object(
    quarantine: Quarantine,
    run: SnapshotRun,
    unit: AccountDay,
    media: Row,
    metrics: Sequence[Metric],
) -> list[Row]:
    """A medium's or story's insights; what shows none is skipped."""
    product = media["media_product_type"]
    try:
        entries = _ask(quarantine, run, unit, f"media/{product}", metrics, {}, media["id"])
    except GoneError as error:
        run.skip(error)
        if error.code.partition("/")[0] != TOO_FEW_VIEWERS:
            return []
        # It was there and was asked for: the platform keeps the numbers to itself.
        entries = [{"name": metric.metric, "values": [{}]} for metric in metrics]
    return _rows(
        run,
        unit,
        metrics,
        entries,
        object_id=media["id"],
        format=format_of(product, media["media_type"]),
    )


def format_of(product: str | None, media_type: str | None) -> str | None:
    """The word of ``view_definitions.csv`` for a kind of media."""
    if product == "REELS":
        return "reel"
    return "video" if media_type == "VIDEO" else None


def _series(
    quarantine: Quarantine,
    run: SnapshotRun,
    unit: AccountDay,
    kind: str,
    metrics: Sequence[Metric],
    dates: Sequence[date],
) -> list[Row]:
    if not metrics:
        return []  # all of them retired
    rows: list[Row] = []
    for window in windows(dates, WINDOW_DAYS):
        params = {"period": metrics[0].period, **_between(window[0], window[-1])}
        entries = _ask(quarantine, run, unit, kind, metrics, params)
        rows += _rows(run, unit, metrics, entries, dates=window)
    return rows


def _totals(
    quarantine: Quarantine,
    run: SnapshotRun,
    unit: AccountDay,
    kind: str,
    metrics: Sequence[Metric],
    dates: Sequence[date],
) -> list[Row]:
    rows: list[Row] = []
    for breakdown in dict.fromkeys(metric.breakdown for metric in metrics):
        of_it = [metric for metric in metrics if metric.breakdown == breakdown]
        by = {"breakdown": breakdown} if breakdown else {}
        for day in dates:
            params = {"period": "day", "metric_type": "total_value", **by, **_between(day, day)}
            entries = _ask(quarantine, run, unit, kind, of_it, params)
            rows += _rows(run, unit, of_it, entries, dates=[day])
    return rows


def _between(first: date, last: date) -> dict[str, str]:
    """A window of the platform's whole days, from midnight Pacific to midnight Pacific.

    Given are the days whose ``end_time`` lies after ``since`` and not after ``until``, which is the
    end of the last day and never now: of today nothing is final.
    """
    end = last + timedelta(days=1)
    bounds = (datetime.combine(day, time.min, tzinfo=PACIFIC) for day in (first, end))
    since, until = (str(int(bound.timestamp())) for bound in bounds)
    return {"since": since, "until": until}


def _kept(unit: AccountDay, dates: Sequence[date]) -> list[date]:
    oldest = unit.day - timedelta(days=KEPT_DAYS)
    return [day for day in dates if day >= oldest]


def _ask(
    quarantine: Quarantine,
    run: SnapshotRun,
    unit: AccountDay,
    kind: str,
    metrics: Sequence[Metric],
    params: Params,
    object_id: str = "",
) -> list[Json]:
    """The answer's entries, one for each metric that has data."""
    path = f"/{object_id or unit.account.account_id}/insights"

    def ask(names: Sequence[str]) -> list[Json]:
        asked = {"metric": ",".join(names), **params}
        return part_list(graph.ask(run, unit, path, asked), "data")

    names = [metric.metric for metric in metrics]
    answers = ask_metrics(run, unit, quarantine, kind, names, ask)
    return [entry for answer in answers for entry in answer]


def _rows(
    run: SnapshotRun,
    unit: AccountDay,
    metrics: Sequence[Metric],
    entries: Sequence[Json],
    object_id: str = "",
    format: str | None = None,
    dates: Sequence[date] = (),
) -> list[Row]:
    """An answer's entries as rows, of the ``dates`` alone where some are given; notes for each
    metric whether it has data."""
    by_name = {metric.metric: metric for metric in metrics}
    rows: list[Row] = []
    found: set[str] = set()
    for entry in entries:
        name = str(entry.get("name"))
        metric = by_name.get(name)
        for value in values_of(entry, metric.breakdown if metric else ""):
            day = value.day or (dates[0] if len(dates) == 1 else None if dates else unit.day)
            if day is None or (dates and day not in dates):
                continue  # another day's, or nobody's: the window tells several days
            rows.append(
                insight_row(
                    unit,
                    name,
                    value.value,
                    period=str(entry.get("period") or (metric.period if metric else "")),
                    object_id=object_id,
                    breakdown=value.breakdown,
                    segment=value.segment,
                    day=day,
                    end_time=value.end_time,
                    view_definition=view_definition("instagram", day, format)
                    if name == "views"
                    else None,
                )
            )
            if value.value is not None:
                found.add(name)
    for name in by_name:
        run.note(unit, name, None if name in found else NO_DATA)
    return rows


@dataclass(frozen=True)
class Value:
    """One number of an insight; ``day`` where the platform dates it."""

    value: Any
    end_time: Any = None
    day: date | None = None
    breakdown: str = ""
    segment: str = ""


def values_of(entry: Json, breakdown: str = "") -> Iterator[Value]:
    """The numbers of one insight: a total, its breakdowns, a series of numbers or of objects.

    ``breakdown`` names what the members of such an object stand for.
    """
    total = entry.get("total_value")
    if isinstance(total, dict):
        if "value" in total:
            yield Value(total["value"])
        for cut in part_list(total, "breakdowns"):
            keys = ",".join(map(str, cut.get("dimension_keys") or []))
            for result in part_list(cut, "results"):
                segment = ",".join(map(str, result.get("dimension_values") or []))
                yield Value(result.get("value"), breakdown=keys, segment=segment)
    elif total is not None:
        yield Value(total)
    for one in part_list(entry, "values"):
        end_time, value = one.get("end_time"), one.get("value")
        day = day_before(end_time)
        if isinstance(value, dict):
            for segment, number in value.items():
                yield Value(number, end_time, day, breakdown or str(entry.get("name")), segment)
        else:
            yield Value(value, end_time, day)


def day_before(end_time: object) -> date | None:
    """The day that ends at ``end_time`` (07:00 or 08:00 UTC of the next); None without one."""
    try:
        moment = MOMENT.parse(end_time)
    except ValueError:
        raise AccountError(
            f"insights: end_time {str(end_time)[:40]!r} is not a time. "
            "The platform's answer has changed shape.",
            "unreadable_value",
        ) from None
    return (moment - timedelta(days=1)).date() if moment else None
