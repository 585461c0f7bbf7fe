"""TikTok's Accounts API v1.3 over a world: insights of accounts and videos, audiences, comments.

Every answer has HTTP 200 and the body ``{"code", "message", "request_id", "data"}``; ``code`` is 0
on success, else a number: 40001 permission, 40002 parameters, 40007 no such object, 40105 token,
50000 the platform's own trouble. Parameters are those of the query; lists travel as JSON text.
Limits are the platform's: 60 days back and up to yesterday, 20 videos and 30 comments a page.
Recorded data know nothing of what is asked here: their answers are empty.
"""

import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.sandbox import tiktok_view as shown
from ingestion.sandbox.clock import InvalidDateError
from ingestion.sandbox.platforms import Json
from ingestion.sandbox.replay import RecordedBlock
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world.model import ERROR_GAP, Ints

API = "/open_api/v1.3/business"
NO_PERMISSION, BAD_PARAMETER, NO_OBJECT, BAD_TOKEN, TROUBLE = 40001, 40002, 40007, 40105, 50000
VIDEO_PAGE, COMMENT_PAGE = 20, 30

PROFILE = frozenset(
    [
        "is_business_account",
        "profile_image",
        "username",
        "profile_deep_link",
        "display_name",
        "bio_description",
        "is_verified",
        "following_count",
        "followers_count",
        "total_likes",
        "videos_count",
    ]
)
DAILY = frozenset(
    [
        "video_views",
        "unique_video_views",
        "profile_views",
        "likes",
        "comments",
        "shares",
        "followers_count",
        "daily_new_followers",
        "daily_lost_followers",
        "daily_total_followers",
        "engaged_audience",
        "audience_activity",
    ]
)
CLICKS = frozenset(
    [
        "phone_number_clicks",
        "lead_submissions",
        "app_download_clicks",
        "bio_link_clicks",
        "website_clicks",
        "email_clicks",
        "address_clicks",
    ]
)
"""Of registered businesses alone: these accounts have none."""
VIDEO = frozenset(
    [
        "item_id",
        "create_time",
        "media_type",
        "is_ad",
        "thumbnail_url",
        "share_url",
        "embed_url",
        "caption",
        "video_duration",
        "video_views",
        "reach",
        "likes",
        "comments",
        "shares",
        "favorites",
        "full_video_watched_rate",
        "total_time_watched",
        "average_time_watched",
        "impression_sources",
        "audience_countries",
    ]
)
UNKNOWN_OF_VIDEO = CLICKS | frozenset(
    [
        "new_followers",
        "profile_views",
        "video_view_retention",
        "audience_genders",
        "audience_cities",
        "audience_types",
        "engagement_likes",
    ]
)
"""Fields that the platform has and this world knows nothing of: they are absent."""

Answer = Callable[[Request, shown.View], Json]


class BusinessError(Exception):
    """An answer that is an error body."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Business:
    """The routes; ``world`` answers, ``tokens`` open."""

    def __init__(self, world: Any, tokens: TokenBook) -> None:
        self._world, self._tokens = world, tokens

    def routes(self) -> list[Route]:
        return [
            Route(f"{API}/get/", self._endpoint(self.account), methods=["GET"]),
            Route(f"{API}/video/list/", self._endpoint(self.videos), methods=["GET"]),
            Route(f"{API}/comment/list/", self._endpoint(self.comments), methods=["GET"]),
        ]

    def account(self, request: Request, view: shown.View) -> Json:
        """The profile, the days' numbers and the audience, as far as ``fields`` name them."""
        known = PROFILE | DAILY | CLICKS | shown.DIMENSIONS.keys()
        fields = _fields(request, known, default=["username", "display_name"])
        days = _days(request, view)
        if isinstance(view.block, RecordedBlock):
            return {"metrics": []} if DAILY & set(fields) else {}
        found = {name: value for name, value in _profile(view).items() if name in fields}
        found |= _audience(view, [name for name in fields if name in shown.DIMENSIONS])
        wanted = [name for name in fields if name in DAILY]
        if wanted:
            found["metrics"] = _metrics(view, wanted, days)
        return found

    def videos(self, request: Request, view: shown.View) -> Json:
        """The account's videos, newest first, from ``cursor`` (Unix milliseconds) on."""
        fields = _fields(request, VIDEO | UNKNOWN_OF_VIDEO, default=["item_id"])
        if "item_id" not in fields:
            raise _invalid("fields", "item_id is required")
        limit = _whole_number(request, "max_count", 10, most=VIDEO_PAGE)
        cursor = _whole_number(request, "cursor", 0)
        wanted = _video_ids(request)
        if isinstance(view.block, RecordedBlock):
            return {"videos": [], "cursor": cursor, "has_more": False}
        page = view.page(cursor, limit) if wanted is None else view.only(wanted)
        return {
            "videos": [
                {name: video[name] for name in fields if name in video}
                for video in _videos(view, page.posts)
            ],
            "cursor": page.cursor,
            "has_more": page.has_more,
        }

    def comments(self, request: Request, view: shown.View) -> Json:
        """Comments under a video, newest first, each with its first replies where asked for."""
        params = request.query_params
        video_id = params.get("video_id")
        if not video_id:
            raise _invalid("video_id", "is required")
        for name, known in (
            ("sort_field", ("create_time", "likes", "replies")),
            ("sort_order", ("asc", "desc", "smart")),
            ("include_replies", ("true", "false")),
        ):
            if params.get(name, known[0]) not in known:
                raise _invalid(name, f"must be one of {', '.join(known)}")
        if (
            params.get("sort_field", "create_time") != "create_time"
            or params.get("sort_order", "desc") != "desc"
        ):
            raise _invalid("sort_field", "this sandbox sorts by create_time, desc, alone")
        limit = _whole_number(request, "max_count", 20, most=COMMENT_PAGE)
        start = _whole_number(request, "cursor", 0)
        if isinstance(view.block, RecordedBlock):
            return {"comments": [], "cursor": start, "has_more": False}
        posts = view.posts()
        post = posts[view.block.post_id[posts] == video_id]
        if not post.size:
            raise BusinessError(NO_OBJECT, f"video_id: {video_id} does not exist")
        thread = _thread(view, int(post[0]))
        top = thread[view.block.comment_parent[thread] < 0][::-1]
        chosen = top[start : start + limit]
        with_replies = params.get("include_replies") == "true"
        return {
            "comments": self._comments(view, chosen, thread, with_replies),
            "cursor": start + int(chosen.size),
            "has_more": bool(start + limit < top.size),
        }

    def _comments(
        self, view: shown.View, chosen: Ints, thread: Ints, with_replies: bool
    ) -> list[Json]:
        parents = view.block.comment_parent[thread]
        found = []
        for comment in chosen.tolist():
            answers = thread[parents == comment]
            item = self._comment(view, comment) | {"replies": int(answers.size)}
            if with_replies:
                item["reply_list"] = [
                    {
                        **self._comment(view, reply),
                        "replies": 0,
                        "parent_comment_id": item["comment_id"],
                    }
                    for reply in answers[: shown.MOST_REPLIES].tolist()
                ]
            found.append(item)
        return found

    def _comment(self, view: shown.View, comment: int) -> Json:
        block, people = view.block, self._world.commenters
        author = int(block.comment_author[comment])
        user_id = people.commenter_id("tiktok", author)
        found = {
            "comment_id": block.comment_id[comment],
            "video_id": block.post_id[block.comment_post[comment]],
            "user_id": user_id,
            "unique_identifier": shown.unique_identifier(user_id),
            "create_time": int(block.comment_created[comment]),
            "text": block.comment_text[comment],
            "likes": int(block.comment_likes[comment]),
            "owner": False,
            "liked": False,
            "pinned": False,
            "status": "PUBLIC",
            "username": people.name[author],
            "display_name": people.name[author],
        }
        if people.has_picture[author]:
            found["profile_image"] = shown.picture(user_id)
        return found

    def _endpoint(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                data = answer(request, self._view(request))
            except BusinessError as error:
                return _body(error.code, error.message, {})
            return _body(0, "OK", data)

        return endpoint

    def _view(self, request: Request) -> shown.View:
        open_id = self._tokens.account("tiktok", request.headers.get("access-token", ""))
        found = self._world.locate("tiktok", open_id) if open_id else None
        if found is None:
            raise BusinessError(BAD_TOKEN, "Access token is incorrect or has been revoked.")
        if request.query_params.get("business_id") != open_id:
            raise BusinessError(NO_PERMISSION, "No permission to operate this business_id.")
        block, account = found
        try:
            view = shown.view(block, account, request)
        except InvalidDateError as error:
            raise BusinessError(BAD_PARAMETER, str(error)) from None
        if view is None:
            raise BusinessError(BAD_PARAMETER, f"The sandbox's world begins on {block.first_day}")
        if not view.block.available[view.account, view.index]:
            if view.block.error_kind[view.account, view.index] == ERROR_GAP:
                raise BusinessError(TROUBLE, "System error. Please try again later.")
            raise BusinessError(NO_PERMISSION, "The account is suspended.")
        return view


def _profile(view: shown.View) -> Json:
    block, account = view.block, view.account
    open_id = str(block.account_id[account])
    likes, videos = view.totals()
    return {
        "is_business_account": False,
        "profile_image": f"{shown.avatar_stem(open_id)}{view.end + shown.LINK_SECONDS}",
        "username": view.handle,
        "profile_deep_link": shown.profile_link(open_id),
        "display_name": block.display_name[account],
        "bio_description": block.description[account],
        "is_verified": bool(block.is_verified[account]),
        "following_count": int(block.following[account, view.index]),
        "followers_count": int(block.followers[account, view.index]),
        "total_likes": likes,
        "videos_count": videos,
    }


def _metrics(view: shown.View, names: Sequence[str], days: Sequence[date]) -> list[Json]:
    block, account = view.block, view.account
    known = [day for day in days if 0 <= block.day_index(day) < block.days]
    measured = np.array([block.day_index(day) for day in known], dtype=np.int64)
    read = block.day_index(view.day)
    numbers = shown.account_metrics(block, account, measured, read)
    columns = {name: values.tolist() for name, values in numbers.items()}
    found = []
    for place, day in enumerate(known):
        entry: Json = {"date": day.isoformat()}
        entry |= {name: columns[name][place] for name in names if name in columns}
        index = measured[place : place + 1]
        if "audience_activity" in names and _is_told(view, index):
            counts = shown.activity(block, np.array([account]), index)[0].tolist()
            entry["audience_activity"] = [
                {"hour": str(hour), "count": count} for hour, count in enumerate(counts)
            ]
        found.append(entry)
    return found


def _audience(view: shown.View, names: Sequence[str]) -> Json:
    day = np.array([view.index - shown.LAG])
    if view.is_first_day or not _is_told(view, day):
        return {}
    found: Json = {}
    for name in names:
        dimension = shown.DIMENSIONS[name]
        shares = shown.audience_shares(view.block, dimension, np.array([view.account]), day)[0]
        key = "city_name" if dimension == "city" else dimension
        found[name] = _listed(key, shown.segments(view.block, dimension), shares, 0.0)
    return found


def _is_told(view: shown.View, day: Ints) -> bool:
    return bool(view.block.followers[view.account, day[0]] >= shown.LEAST_FOLLOWERS)


def _videos(view: shown.View, posts: Ints) -> list[Json]:
    block, before, expires = view.block, view.index - shown.LAG, view.end + shown.LINK_SECONDS
    numbers = shown.video_metrics(block, posts, max(before, 0))
    columns = {name: values.tolist() for name, values in numbers.items()}
    sources = shown.impression_sources(block, posts)
    shares = shown.audience_shares(
        block, "country", np.array([view.account]), np.array([max(before, 0)])
    )[0]
    countries = _listed("country", shown.segments(block, "country"), shares, shown.LEAST_SHARE)
    counted = block.post_created[posts] < view.end - shown.LAG * 86_400
    found = []
    for place, post in enumerate(posts.tolist()):
        item_id = str(block.post_id[post])
        item: Json = {
            "item_id": item_id,
            "create_time": str(block.post_created[post]),
            "media_type": "VIDEO",
            "is_ad": False,
            "thumbnail_url": f"{shown.cover_stem(item_id)}{expires}",
            "share_url": f"https://www.tiktok.com/@{view.handle}/video/{item_id}",
            "embed_url": shown.embed_link(item_id),
            "caption": shown.short(block.post_caption[post : post + 1])[0],
            "video_duration": float(block.post_duration[post]),
        }
        if counted[place] and not view.is_first_day:
            item |= {name: values[place] for name, values in columns.items()}
            item["impression_sources"] = _listed(
                "impression_source", shown.SOURCES, sources[place], 0.0
            )
            item["audience_countries"] = countries
        found.append(item)
    return found


def _listed(key: str, names: Sequence[str], shares: Any, least: float) -> list[Json]:
    """The segments of more than ``least``, the largest first."""
    order = np.argsort(-shares, kind="stable").tolist()
    return [
        {key: names[place], "percentage": float(shares[place])}
        for place in order
        if shares[place] > least
    ]


def _thread(view: shown.View, post: int) -> Ints:
    """Positions of the comments and replies under a post that are there, oldest first."""
    own = view.block.comments_of(post)
    there = np.flatnonzero(view.block.comment_created[own] < view.end)
    found: Ints = there + own.start
    return found


def _days(request: Request, view: shown.View) -> list[date]:
    """The days that ``start_date`` and ``end_date`` name; by default the week up to yesterday."""
    yesterday = view.day - timedelta(days=1)
    params = request.query_params
    first = _day(params, "start_date", yesterday - timedelta(days=6))
    last = _day(params, "end_date", yesterday)
    if first < view.day - timedelta(days=shown.KEPT_DAYS):
        raise _invalid("start_date", f"must be within the last {shown.KEPT_DAYS} days")
    if last > yesterday:
        raise _invalid("end_date", "must be earlier than the current date")
    if last < first:
        raise _invalid("end_date", "must not be earlier than start_date")
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _day(params: Mapping[str, str], name: str, default: date) -> date:
    try:
        return date.fromisoformat(params[name]) if name in params else default
    except ValueError:
        raise _invalid(name, "is not a date (YYYY-MM-DD)") from None


def _fields(request: Request, known: frozenset[str], default: list[str]) -> list[str]:
    text = request.query_params.get("fields")
    if text is None:
        return default
    fields = _json(text, "fields", list)
    for place, field in enumerate(fields):
        if field not in known:
            raise _invalid(f"fields.{place}", f"{field} is not a supported field")
    return [str(field) for field in fields]


def _video_ids(request: Request) -> list[str] | None:
    filters = _json(request.query_params.get("filters", "{}"), "filters", dict)
    wanted = filters.get("video_ids")
    if wanted is None:
        return None
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= VIDEO_PAGE:
        raise _invalid("filters.video_ids", f"must hold 1 to {VIDEO_PAGE} ids")
    return [str(one) for one in wanted]


def _json(text: str, name: str, kind: type) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, kind):
        raise _invalid(name, f"is not a JSON {'list' if kind is list else 'object'}")
    return found


def _whole_number(request: Request, name: str, default: int, most: int | None = None) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise _invalid(name, "is not a whole number")
    if most is not None and not 1 <= int(text) <= most:
        raise _invalid(name, f"must be between 1 and {most}")
    return int(text)


def _invalid(name: str, message: str) -> BusinessError:
    return BusinessError(BAD_PARAMETER, f"{name}: {message}")


def _body(code: int, message: str, data: Json) -> Response:
    return JSONResponse(
        {"code": code, "message": message, "request_id": uuid.uuid4().hex, "data": data}
    )
