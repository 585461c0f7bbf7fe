"""Instagram's insights over a world: of accounts, media and stories, with the platform's refusals.

Windows are 30 days long at most and hold the days, midnight to midnight Pacific, that end in them
(after since, not after until); what only a total is made of has to be asked for as one; a dead or
foreign metric kills the whole call; what does not exist is missing, never 0. Numbers come from
:mod:`ingestion.sandbox.instagram_numbers`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import numpy as np
from starlette.requests import Request

from ingestion.graph import HOST
from ingestion.sandbox import instagram_numbers as numbers
from ingestion.sandbox.graph import GraphError, graph_time, invalid
from ingestion.sandbox.instagram_numbers import (
    DIMENSIONS,
    FEWEST_VIEWERS,
    PACIFIC,
    day_ends,
    shown,
)
from ingestion.sandbox.world.model import Ints, PlatformBlock

Json = dict[str, Any]

WINDOW_SECONDS = 30 * 86_400
KEPT_DAYS = 30

SERIES: Mapping[str, str] = {
    "reach": "day",
    "follower_count": "day",
    "online_followers": "lifetime",
}
"""Metrics given as a series, and their period."""
TOTALS = (
    "reach",
    "views",
    "profile_views",
    "accounts_engaged",
    "total_interactions",
    "likes",
    "comments",
    "shares",
    "saves",
    "replies",
    "reposts",
    "profile_links_taps",
    "follows_and_unfollows",
)
DEMOGRAPHICS = (
    "follower_demographics",
    "engaged_audience_demographics",
    "reached_audience_demographics",
)
USER_METRICS = tuple(dict.fromkeys((*SERIES, *TOTALS, *DEMOGRAPHICS)))
TIMEFRAMES = ("this_week", "this_month", "prev_month")

OF_EVERY_MEDIUM = ("reach", "views", "shares", "total_interactions", "reposts")
OF_PRODUCT: Mapping[str, Collection[str]] = {
    "FEED": {
        *OF_EVERY_MEDIUM,
        "likes",
        "comments",
        "saved",
        "follows",
        "profile_visits",
        "profile_activity",
    },
    "REELS": {
        *OF_EVERY_MEDIUM,
        "likes",
        "comments",
        "saved",
        "ig_reels_avg_watch_time",
        "ig_reels_video_view_total_time",
        "reels_skip_rate",
    },
    "STORY": {
        *OF_EVERY_MEDIUM,
        "replies",
        "follows",
        "profile_visits",
        "profile_activity",
        "navigation",
    },
}
MEDIA_METRICS = sorted({metric for metrics in OF_PRODUCT.values() for metric in metrics})
DEAD = frozenset(["impressions", "plays", "video_views", "clips_replays_count"])


def account_insights(request: Request, block: PlatformBlock, account: int, day: int) -> Json:
    """The body of ``/{account}/insights`` on a day (index)."""
    params = request.query_params
    metrics = _metrics(params.get("metric"), USER_METRICS)
    period = params.get("period")
    if period not in ("day", "week", "days_28", "lifetime"):
        raise invalid("The parameter period is required")
    if any(metric in DEMOGRAPHICS for metric in metrics):
        found = _demographics(request, metrics, block, account, day)
        return {"data": [_entry(block.account_id[account], m, "lifetime", v) for m, v in found]}
    since, until = _window(params, block.first_day + timedelta(days=day))
    ends = day_ends(block.first_day, block.days)[:day]
    known = np.flatnonzero((since < ends) & (ends <= until))
    if params.get("metric_type") == "total_value":
        body = _totals(metrics, params.get("breakdown"), block, account, day, known)
    else:
        oldest = block.first_day + timedelta(days=day - KEPT_DAYS)
        if "follower_count" in metrics and since < _midnight(oldest):
            raise invalid(
                "(follower_count) metric only supports querying data for the last 30 days "
                "excluding the current day"
            )
        body = _series(metrics, period, block, account, day, known)
    entries = [_entry(block.account_id[account], metric, period, value) for metric, value in body]
    return {"data": entries, "paging": _neighbours(request, since, until)}


def medium_insights(request: Request, block: PlatformBlock, post: int, day: int) -> Json:
    """The body of ``/{medium}/insights`` on a day (index)."""
    params = request.query_params
    metrics = _metrics(params.get("metric"), MEDIA_METRICS)
    if params.get("period", "lifetime") != "lifetime":
        raise invalid("Media insights support the period lifetime alone")
    product = str(shown(block).product_type[post])
    for metric in metrics:
        if metric not in OF_PRODUCT[product]:
            raise invalid(
                f"The Media Insights API does not support the {metric} metric for this media "
                "product type."
            )
    if not shown(block).is_converted[post]:
        raise GraphError(
            "Invalid parameter",
            100,
            2108006,
            user_message="The media was posted before the most recent time that the user's "
            "account was converted to a business account from a personal account.",
        )
    if product == "STORY" and block.post_reach[post, day] < FEWEST_VIEWERS:
        raise GraphError("(#10) Not enough viewers for the media to show insights", 10)
    found = numbers.medium_insights(block, np.array([post]), np.array([day]))
    media_id = block.post_id[post]
    return {
        "data": [
            _entry(media_id, metric, "lifetime", {"values": [{"value": found[metric][0].item()}]})
            for metric in metrics
        ]
    }


def _demographics(
    request: Request, metrics: Sequence[str], block: PlatformBlock, account: int, day: int
) -> Iterable[tuple[str, Json]]:
    params = request.query_params
    breakdown = params.get("breakdown")
    if params.get("metric_type") != "total_value" or params.get("period") != "lifetime":
        raise invalid(
            f"The following metrics ({', '.join(metrics)}) should be specified with parameters "
            "metric_type=total_value and period=lifetime"
        )
    if any(metric not in DEMOGRAPHICS for metric in metrics):
        raise invalid(f"Incompatible metrics ({', '.join(metrics)})")
    if breakdown not in DIMENSIONS:
        raise invalid(f"breakdown must be one of the following values: {', '.join(DIMENSIONS)}")
    if params.get("timeframe", "this_month") not in TIMEFRAMES:
        raise invalid(f"timeframe must be one of the following values: {', '.join(TIMEFRAMES)}")
    accounts, days = np.array([account]), np.array([day])
    for metric in metrics:
        if not numbers.has_audience(block, accounts, days)[0]:
            continue
        names, counts, is_shown = numbers.audience(block, metric, breakdown, accounts, days)
        results = [
            {"dimension_values": [names[i]], "value": int(counts[0, i])}
            for i in np.flatnonzero(is_shown[0])
        ]
        cut = {"dimension_keys": [breakdown], "results": results}
        yield metric, {"total_value": {"breakdowns": [cut]}}


def _totals(
    metrics: Sequence[str],
    breakdown: str | None,
    block: PlatformBlock,
    account: int,
    day: int,
    known: Ints,
) -> list[tuple[str, Json]]:
    foreign = [metric for metric in metrics if metric not in TOTALS]
    if foreign:
        raise invalid(
            f"The following metrics ({', '.join(foreign)}) do not support metric_type total_value"
        )
    if breakdown and (breakdown != "follow_type" or set(metrics) != {"follows_and_unfollows"}):
        raise invalid(f"Incompatible breakdowns ({breakdown}) with metrics ({','.join(metrics)})")
    if not known.size:
        return []
    accounts, age = np.full(known.size, account), day - known
    found: list[tuple[str, Json]] = []
    sums = numbers.account_totals(block, accounts, known, age)
    for metric in metrics:
        if metric != "follows_and_unfollows":
            found.append((metric, {"total_value": {"value": int(sums[metric].sum())}}))
            continue
        gained, lost, _ = numbers.follower_changes(block, accounts, known, age)
        kinds = (("FOLLOWER", gained), ("NON_FOLLOWER", lost))
        results = [{"dimension_values": [kind], "value": int(n.sum())} for kind, n in kinds]
        cut = {"dimension_keys": ["follow_type"], "results": results}
        # Without the breakdown the platform has nothing to say.
        found.append((metric, {"total_value": {"breakdowns": [cut]} if breakdown else {}}))
    return found


def _series(
    metrics: Sequence[str],
    period: str,
    block: PlatformBlock,
    account: int,
    day: int,
    known: Ints,
) -> list[tuple[str, Json]]:
    foreign = [metric for metric in metrics if metric not in SERIES]
    if foreign:
        raise invalid(
            f"The following metrics ({', '.join(foreign)}) should be specified with parameter "
            "metric_type=total_value"
        )
    wrong = [metric for metric in metrics if SERIES[metric] != period]
    if wrong:
        raise invalid(f"Incompatible metrics ({', '.join(wrong)}) with period {period}")
    found: list[tuple[str, Json]] = []
    for metric in metrics:
        days = known if metric == "reach" else known[known >= day - KEPT_DAYS]
        values = _daily(metric, block, account, day, days)
        if values:
            ends = day_ends(block.first_day, block.days)[days]
            dated = [
                {"value": value, "end_time": graph_time(int(end))}
                for value, end in zip(values, ends, strict=True)
            ]
            found.append((metric, {"values": dated}))
    return found


def _daily(metric: str, block: PlatformBlock, account: int, day: int, days: Ints) -> list[Any]:
    """A metric's value of each of the days, as read on ``day``; none for too small an account."""
    accounts, age = np.full(days.size, account), day - days
    if metric == "reach":
        return numbers.account_totals(block, accounts, days, age)["reach"].tolist()
    if not numbers.has_audience(block, np.array([account]), np.array([day]))[0]:
        return []
    if metric == "follower_count":
        return numbers.follower_changes(block, accounts, days, age)[2].tolist()
    online = numbers.online_followers(block, accounts, days)
    return [{str(hour): int(n) for hour, n in enumerate(row)} for row in online]


def _metrics(text: str | None, known: Sequence[str]) -> list[str]:
    metrics = [metric for metric in (text or "").split(",") if metric]
    if not metrics:
        raise invalid("The parameter metric is required")
    for place, metric in enumerate(metrics):
        if metric in DEAD:
            raise invalid(
                f"Starting from version v22.0 and above, the {metric} metric is no longer "
                "supported for the queried media."
            )
        if metric not in known:
            raise invalid(
                f"metric[{place}] must be one of the following values: {', '.join(known)}"
            )
    return metrics


def _window(params: Mapping[str, str], today: date) -> tuple[int, int]:
    """The seconds since and until; from yesterday's midnight to today's by default."""
    until = _second(params.get("until"), _midnight(today))
    day_before = datetime.fromtimestamp(until, PACIFIC) - timedelta(days=1)
    since = _second(params.get("since"), int(day_before.timestamp()))
    if since > until:
        raise invalid("since param is not valid: it must be smaller than until")
    if until - since > WINDOW_SECONDS:
        raise invalid("There cannot be more than 30 days (2592000 s) between since and until")
    return since, until


def _midnight(day: date) -> int:
    """The second at which the platform's day begins."""
    return int(datetime.combine(day, time.min, tzinfo=PACIFIC).timestamp())


def _second(text: str | None, otherwise: int) -> int:
    if not text:
        return otherwise
    try:
        if text.isdecimal():
            return int(datetime.fromtimestamp(int(text), UTC).timestamp())
        return int(datetime.combine(date.fromisoformat(text), time.min, tzinfo=UTC).timestamp())
    except (ValueError, OverflowError, OSError):
        raise invalid(f"{text[:30]} is not a valid time for since or until") from None


def _neighbours(request: Request, since: int, until: int) -> Json:
    """Links to the windows before and after; they carry the token, as the platform's do."""
    params = dict(request.query_params)
    params["access_token"] = request.headers.get("authorization", "").partition(" ")[2]
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    length = until - since

    def link(start: int) -> str:
        bounds = {"since": str(start), "until": str(start + length)}
        return f"{HOST}{path}?{urlencode({**params, **bounds})}"

    return {"previous": link(since - length), "next": link(until)}


def _entry(object_id: str, metric: str, period: str, value: Json) -> Json:
    return {
        "name": metric,
        "period": period,
        **value,
        "title": metric.replace("_", " ").capitalize(),
        "description": f"{metric.replace('_', ' ').capitalize()} of this object.",
        "id": f"{object_id}/insights/{metric}/{period}",
    }
