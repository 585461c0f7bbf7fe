"""YouTube's Analytics API v2: ``reports`` over the world, in the combinations that are used.

A report is asked for by the owner of the channel alone. Combinations of dimensions, metrics and
filters that :data:`REPORTS` does not hold are refused as the platform refuses what it does not
serve. Days later than :data:`LATE_DAYS` before the request's are not there yet; a report without
data has no ``rows``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from starlette.requests import Request

from ingestion.sandbox import google
from ingestion.sandbox import youtube_reports as reports
from ingestion.sandbox.google import ApiError, Asker
from ingestion.sandbox.platforms import Json
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import Ints, PlatformBlock

FLOATS = frozenset({"averageViewPercentage", "viewerPercentage"})
MOST_VIDEOS = 500
CHANNEL_METRICS = frozenset(
    {
        "views",
        "engagedViews",
        "estimatedMinutesWatched",
        "averageViewDuration",
        "averageViewPercentage",
        "likes",
        "dislikes",
        "comments",
        "shares",
        "subscribersGained",
        "subscribersLost",
        "videosAddedToPlaylists",
        "videosRemovedFromPlaylists",
    }
)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Asked:
    """What a request asks of one channel: days (indices) that are there, and videos (positions)."""

    block: PlatformBlock
    account: int
    first: int
    last: int
    reading: int
    posts: Ints

    @property
    def days(self) -> Ints:
        return np.arange(self.first, self.last + 1)

    def date_of(self, day: int) -> str:
        return (self.block.first_day + timedelta(days=int(day))).isoformat()


class Analytics:
    """The one method of the API; ``world`` answers."""

    def __init__(self, world: World) -> None:
        self._world = world

    def query(self, request: Request, asker: Asker) -> Json:
        given = {name: google.required(request, name) for name in ("ids", "startDate", "endDate")}
        metrics = google.required(request, "metrics").split(",")
        dimensions = [d for d in request.query_params.get("dimensions", "").split(",") if d]
        if asker.channel_id is None:
            raise _no_token()
        if given["ids"] not in ("channel==MINE", f"channel=={asker.channel_id}"):
            raise ApiError(403, "forbidden", "Forbidden", "global")
        first, last = _date(given, "startDate"), _date(given, "endDate")
        if last < first:
            raise _invalid("Invalid date range: the end date must not be before the start date.")
        filters = request.query_params.get("filters", "")
        report = REPORTS.get((frozenset(dimensions), filters.partition("==")[0]))
        if unknown := [m for m in metrics if m not in KNOWN_METRICS]:
            raise _invalid(f"Unknown identifier ({unknown[0]}) given in field parameters.metrics.")
        if report is None or not set(metrics) <= report.metrics:
            raise _invalid(
                "The query is not supported. Check the documentation at "
                "https://developers.google.com/youtube/analytics/v2/available_reports "
                "for supported queries."
            )
        asked = self._asked(request, asker.channel_id, first, last, filters)
        rows = report.rows(asked) if asked.first <= asked.last else []
        names = [*dimensions, *metrics]
        rows = _page(request, _sorted(rows, request.query_params.get("sort", ""), names))
        answer: Json = {
            "kind": "youtubeAnalytics#resultTable",
            "columnHeaders": [_header(name, name in dimensions) for name in names],
        }
        if rows:
            answer["rows"] = [[row[name] for name in names] for row in rows]
        return answer

    def _asked(
        self, request: Request, channel_id: str, first: date, last: date, filters: str
    ) -> Asked:
        located = self._world.locate("youtube", channel_id)
        if located is None:
            raise ApiError(403, "forbidden", "Forbidden", "global")
        block, a = located
        d = google.day_index(request, block)
        google.require_available(
            block,
            a,
            d,
            ApiError(
                403,
                "authenticatedUserAccountSuspended",
                "The YouTube account of the authenticated user is suspended.",
                "youtube.common",
            ),
        )
        latest = min(block.day_index(last), d - reports.LATE_DAYS)
        return Asked(
            block, a, max(block.day_index(first), 0), latest, d, self._posts(block, a, d, filters)
        )

    def _posts(self, block: PlatformBlock, a: int, d: int, filters: str) -> Ints:
        ids = filters.partition("==")[2].split(",") if filters else []
        if len(ids) > MOST_VIDEOS:
            raise _invalid(f"A filter may hold {MOST_VIDEOS} values at most.")
        found = []
        for video_id in ids:
            located = self._world.locate_post("youtube", video_id)
            if located is None or located[0] is not block or block.post_account[located[1]] != a:
                continue
            if block.post_created[located[1]] < block.end_of(d) <= block.post_deleted[located[1]]:
                found.append(located[1])
        return np.array(found, dtype=np.int64)


@dataclass(frozen=True)
class Report:
    """A combination that the platform serves: its metrics, and how its rows are made."""

    metrics: frozenset[str]
    rows: Callable[[Asked], Rows]


def _channel_rows(asked: Asked) -> Rows:
    days = asked.days
    values = reports.channel_values(
        asked.block, np.full_like(days, asked.account), days, np.full_like(days, asked.reading)
    )
    return [
        {"day": asked.date_of(day)} | {name: of[n].item() for name, of in values.items()}
        for n, day in enumerate(days)
    ]


def _video_rows(asked: Asked) -> Rows:
    post = np.repeat(asked.posts, asked.days.size)
    day = np.tile(asked.days, asked.posts.size)
    there = asked.block.post_created[post] < asked.block.end_of(-1) + (day + 1) * 86_400
    post, day = post[there], day[there]
    values = reports.video_values(asked.block, post, day, np.full_like(day, asked.reading))
    return [
        {"day": asked.date_of(day[n]), "video": str(asked.block.post_id[post[n]])}
        | {name: of[n].item() for name, of in values.items()}
        for n in range(post.size)
    ]


def _traffic_rows(asked: Asked) -> Rows:
    days = asked.days
    found = reports.traffic_values(
        asked.block, np.full_like(days, asked.account), days, np.full_like(days, asked.reading)
    )
    return [
        {"day": asked.date_of(day), "insightTrafficSourceType": source}
        | {name: of[n, s].item() for name, of in found.values.items()}
        for n, day in enumerate(days)
        for s, source in enumerate(found.names)
        if found.values["views"][n, s]
    ]


def _country_rows(asked: Asked) -> Rows:
    one = np.array([asked.account])
    found = reports.country_values(
        asked.block, one, np.array([asked.first]), np.array([asked.last])
    )
    return [
        {"country": country} | {name: of[0, s].item() for name, of in found.values.items()}
        for s, country in enumerate(found.names)
        if found.values["views"][0, s]
    ]


def _demographic_rows(asked: Asked) -> Rows:
    found = reports.demographic_values(
        asked.block, np.array([asked.account]), np.array([asked.last])
    )
    percent = found.values["viewerPercentage"][0]
    return [
        dict(zip(("ageGroup", "gender"), name.split(","), strict=True))
        | {"viewerPercentage": percent[s].item()}
        for s, name in enumerate(found.names)
        if percent[s]
    ]


REPORTS: Mapping[tuple[frozenset[str], str], Report] = {
    (frozenset({"day"}), ""): Report(CHANNEL_METRICS, _channel_rows),
    (frozenset({"day", "video"}), "video"): Report(CHANNEL_METRICS, _video_rows),
    (frozenset({"day", "insightTrafficSourceType"}), ""): Report(
        frozenset({"views", "engagedViews", "estimatedMinutesWatched"}), _traffic_rows
    ),
    (frozenset({"country"}), ""): Report(
        frozenset(
            {
                "views",
                "engagedViews",
                "estimatedMinutesWatched",
                "averageViewDuration",
                "averageViewPercentage",
            }
        ),
        _country_rows,
    ),
    (frozenset({"ageGroup", "gender"}), ""): Report(
        frozenset({"viewerPercentage"}), _demographic_rows
    ),
}
"""By dimensions and the name of the filter."""
KNOWN_METRICS = frozenset().union(*(report.metrics for report in REPORTS.values()))


def _header(name: str, is_dimension: bool) -> Json:
    if is_dimension:
        return {"name": name, "columnType": "DIMENSION", "dataType": "STRING"}
    kind = "FLOAT" if name in FLOATS else "INTEGER"
    return {"name": name, "columnType": "METRIC", "dataType": kind}


def _sorted(rows: Rows, sort: str, names: Sequence[str]) -> Rows:
    for key in reversed([key for key in sort.split(",") if key]):
        name = key.removeprefix("-")
        if name not in names:
            raise _invalid(f"Unknown identifier ({name}) given in field parameters.sort.")
        rows = sorted(rows, key=lambda row: row[name], reverse=key.startswith("-"))
    return rows


def _page(request: Request, rows: Rows) -> Rows:
    found = []
    for name, default in (("startIndex", 1), ("maxResults", len(rows))):
        value = request.query_params.get(name, str(default))
        if not value.isdecimal() or (name in request.query_params and int(value) < 1):
            raise _invalid(f"Invalid value '{value}' given in field parameters.{name}.")
        found.append(int(value))
    return rows[found[0] - 1 : found[0] - 1 + found[1]]


def _date(given: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(given[name])
    except ValueError:
        raise _invalid(f"Invalid date ({given[name]}) given in field parameters.{name}.") from None


def _invalid(message: str) -> ApiError:
    return ApiError(400, "badRequest", message, "global")


def _no_token() -> ApiError:
    return ApiError(
        401,
        "required",
        "Request is missing required authentication credential. Expected OAuth 2 access token, "
        "login cookie or other valid authentication credential.",
        "global",
    )
