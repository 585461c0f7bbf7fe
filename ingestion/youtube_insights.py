"""YouTube's Analytics API v2: reports by day, video, audience, traffic source and country.

What lands where is told in :mod:`ingestion.youtube`. Every call needs the channel owner's token;
without one the streams fail with *permission* and go on from where they were once there is one.

The platform counts in days of Pacific time, shows a day after :data:`LATE_DAYS` and corrects it for
some days more. ``day`` goes with ``video`` where a filter names the videos (500 at most), and with
the traffic source, but not with country, age or gender: those two are asked once a week for the
:data:`RANGE_DAYS` days up to the last that is there.

Facts: https://developers.google.com/youtube/analytics/channel_reports (combinations),
https://developers.google.com/youtube/analytics/data_model (several videos in a filter),
discovery document ``youtubeAnalytics.v2.json``.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from ingestion.errors import AccountError, PermissionMissingError
from ingestion.http import of_type, part_list
from ingestion.insights import (
    NO_DATA,
    Quarantine,
    ask_metrics,
    insight_row,
    insight_table,
    measured_day,
)
from ingestion.metrics import metrics_for, view_definition
from ingestion.paging import Page, walk_pages
from ingestion.policy import Json
from ingestion.snapshot import AccountDay, SnapshotRun
from ingestion.tables import Row
from ingestion.youtube_data import WEEK, is_after

CHANNEL_INSIGHTS = insight_table("channel_insights")
VIDEO_INSIGHTS = insight_table("video_insights")
TRAFFIC_SOURCES = insight_table("traffic_sources")
DEMOGRAPHICS = insight_table("demographics")
GEOGRAPHY = insight_table("geography")

LATE_DAYS = 3
"""A day is there this many days after it; 48 to 72 hours by the platform's word."""
RESTATED_DAYS = 4
RANGE_DAYS = 28
RANGE_PERIOD = "days_28"
VIDEOS_PER_CALL = 500
ROWS_PER_CALL = 500

DAY, VIDEO = "day", "video"

PERMISSION = "permission"

Report = list[Json]
"""The rows of a report, by the names of its columns."""
Ask = Callable[[Sequence[str]], Report]


def read_channel_insights(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """The channel's numbers of each day since the last reading."""
    return _by_day(quarantine, run, unit, "channel")


def read_traffic_sources(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """Views of each day since the last reading by where viewers came from."""
    return _by_day(quarantine, run, unit, "traffic_source", "insightTrafficSourceType")


def read_video_insights(
    quarantine: Quarantine, run: SnapshotRun, unit: AccountDay
) -> Sequence[Row]:
    """The same of each recent video.

    A video's first day is there only after :data:`LATE_DAYS`, so that it is asked about for as many
    days longer than ``OBJECT_INSIGHT_DAYS``.
    """
    oldest = unit.day - timedelta(days=run.settings.object_insight_days + LATE_DAYS)
    ids = list(dict.fromkeys(v["video_id"] for v in unit.known if is_after(v, oldest)))
    return [
        row
        for start in range(0, len(ids), VIDEOS_PER_CALL)
        for row in _by_day(
            quarantine,
            run,
            unit,
            "video",
            VIDEO,
            filters=f"video=={','.join(ids[start : start + VIDEOS_PER_CALL])}",
        )
    ]


def read_demographics(quarantine: Quarantine, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """Percent of the logged-in viewers by age and gender, once a week."""
    return _of_range(
        quarantine, run, unit, "demographics", ("ageGroup", "gender"), "gender,ageGroup"
    )


def read_geography(quarantine: Quarantine, run: SnapshotRun, unit: AccountDay) -> Sequence[Row]:
    """Views by country, once a week."""
    return _of_range(quarantine, run, unit, "geography", ("country",), "-views")


def _by_day(
    quarantine: Quarantine,
    run: SnapshotRun,
    unit: AccountDay,
    about: str,
    dimension: str = "",
    filters: str = "",
) -> list[Row]:
    days = unit.dates_since(run.settings.insights_backfill_days, RESTATED_DAYS)
    dimensions = [DAY, *([dimension] if dimension else [])]
    metrics = _metrics(about, unit.day)

    def ask(asked: Sequence[str]) -> Report:
        return _report(run, unit, (days[0], days[-1]), dimensions, asked, dimensions, filters)

    rows: list[Row] = []
    for report in _answers(quarantine, run, unit, about, metrics, ask):
        for found in report:
            day = measured_day(found.get(DAY))
            segment = str(found[dimension]) if dimension else ""
            rows += [
                insight_row(
                    unit,
                    metric,
                    found[metric],
                    period="day",
                    object_id=segment if dimension == VIDEO else "",
                    breakdown=dimension if dimension != VIDEO else "",
                    segment=segment if dimension != VIDEO else "",
                    day=day,
                    view_definition=definition_of(metric, day),
                )
                for metric in found
                if metric not in dimensions
            ]
    return rows


def _of_range(
    quarantine: Quarantine,
    run: SnapshotRun,
    unit: AccountDay,
    about: str,
    dimensions: Sequence[str],
    sort: str,
) -> list[Row]:
    if not unit.is_due(WEEK):
        return []
    last = unit.day - timedelta(days=LATE_DAYS)
    first = last - timedelta(days=RANGE_DAYS - 1)

    def ask(asked: Sequence[str]) -> Report:
        # What cannot be sorted by the metric that was left out is sorted by the first that is not.
        by = sort if sort != "-views" or "views" in asked else f"-{asked[0]}"
        return _report(run, unit, (first, last), dimensions, asked, [by])

    rows: list[Row] = []
    for report in _answers(quarantine, run, unit, about, _metrics(about, unit.day), ask):
        for found in report:
            segment = ",".join(str(found[dimension]) for dimension in dimensions)
            rows += [
                insight_row(
                    unit,
                    metric,
                    found[metric],
                    period=RANGE_PERIOD,
                    breakdown=",".join(dimensions),
                    segment=segment,
                    day=last,
                    view_definition=definition_of(metric, last),
                )
                for metric in found
                if metric not in dimensions
            ]
    return rows


def definition_of(metric: str, day: date) -> str | None:
    """What a view counted by ``metric`` on ``day`` means; None for what counts no views."""
    if metric == "engagedViews":
        # Kept by the platform for this: views as they were counted before.
        return "engaged"
    return view_definition("youtube", day) if metric == "views" else None


def _metrics(about: str, day: date) -> list[str]:
    return [metric.metric for metric in metrics_for("youtube", about, day)]


def _answers(
    quarantine: Quarantine,
    run: SnapshotRun,
    unit: AccountDay,
    about: str,
    metrics: Sequence[str],
    ask: Ask,
) -> list[Report]:
    """The report, or the parts that refused metrics make of it; notes which metrics had data."""
    try:
        reports = ask_metrics(run, unit, quarantine, about, metrics, ask)
    except PermissionMissingError:
        for metric in metrics:
            run.note(unit, metric, PERMISSION)
        raise
    there = {name for report in reports for found in report for name in found}
    for metric in quarantine.without(about, metrics):
        run.note(unit, metric, None if metric in there else NO_DATA)
    return reports


def _report(
    run: SnapshotRun,
    unit: AccountDay,
    span: tuple[date, date],
    dimensions: Sequence[str],
    metrics: Sequence[str],
    sort: Sequence[str],
    filters: str = "",
) -> Report:
    params = {
        "ids": f"channel=={unit.account.account_id}",
        "startDate": span[0].isoformat(),
        "endDate": span[1].isoformat(),
        "dimensions": ",".join(dimensions),
        "metrics": ",".join(metrics),
        "sort": ",".join(sort),
    } | ({"filters": filters} if filters else {})

    def fetch(start: str | int | None, size: int) -> Page:
        first = int(start or 1)
        paging = {"maxResults": str(size), "startIndex": str(first)}
        rows = _rows(_ask(run, unit, params | paging))
        return Page(rows, first + size if len(rows) == size else None)

    return list(walk_pages(fetch, unit.who, ROWS_PER_CALL))


def _ask(run: SnapshotRun, unit: AccountDay, params: Mapping[str, str]) -> Json:
    try:
        return run.call(unit, "/v2/reports", params, host="analytics")
    except AccountError as error:
        if error.code != "token_missing":
            raise
        # Connected by its public id alone: there is nothing to repair, but something to grant.
        raise PermissionMissingError(
            f"youtube: account {unit.who}: its owner has not granted YouTube Analytics "
            "(no token). Reconnect the account to read reports.",
            "token_missing",
        ) from None


def _rows(answer: Json) -> list[Json]:
    """A result table's rows by the names of its columns; a report without data has none."""
    names = [str(header.get("name")) for header in part_list(answer, "columnHeaders")]
    rows = of_type(list, "a list", "rows", answer.get("rows") or [])
    return [dict(zip(names, of_type(list, "a list", "rows", row), strict=False)) for row in rows]
