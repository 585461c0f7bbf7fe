"""TikTok's APIs over a world: Display API v2 here, Accounts API v1.3 beside it, OAuth tokens.

Shapes and error codes as TikTok documents them: every body of the Display API is ``{"data",
"error": {"code", "message", "log_id"}}`` with code ``ok`` on success; the OAuth endpoint has flat
bodies of its own. The world is anything with ``locate``; its accounts are seen through
:mod:`ingestion.sandbox.tiktok_view`.
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.sandbox import credentials
from ingestion.sandbox import tiktok_view as shown
from ingestion.sandbox.clock import InvalidDateError
from ingestion.sandbox.platforms import Json
from ingestion.sandbox.replay import UNRECORDED, RecordedBlock
from ingestion.sandbox.tiktok_business import Business
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world.model import ERROR_GAP, Ints

USER_FIELDS = frozenset(
    [
        "open_id",
        "union_id",
        "avatar_url",
        "avatar_url_100",
        "avatar_large_url",
        "display_name",
        "bio_description",
        "profile_deep_link",
        "is_verified",
        "username",
        "follower_count",
        "following_count",
        "likes_count",
        "video_count",
    ]
)
VIDEO_FIELDS = frozenset(
    [
        "id",
        "create_time",
        "cover_image_url",
        "share_url",
        "video_description",
        "duration",
        "height",
        "width",
        "title",
        "embed_html",
        "embed_link",
        "like_count",
        "comment_count",
        "share_count",
        "view_count",
    ]
)
SCOPES = (
    "user.info.basic,user.info.profile,user.info.stats,video.list,"
    "user.account.type,user.insights,video.insights,comment.list"
)
PAGE_LIMIT = 20

Answer = Callable[[Request, shown.View], Awaitable[Json]]
Endpoint = Callable[[Request], Awaitable[Response]]


class ApiError(Exception):
    """An answer that is an error body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class TikTok:
    """The routes; ``world`` answers, ``tokens`` open."""

    def __init__(self, world: Any, tokens: TokenBook) -> None:
        self._world, self._tokens = world, tokens

    def routes(self) -> list[Route]:
        return [
            Route("/v2/oauth/token/", self.oauth_token, methods=["POST"]),
            Route("/v2/user/info/", self._endpoint(user_info), methods=["GET"]),
            Route("/v2/video/list/", self._endpoint(video_list), methods=["POST"]),
            Route("/v2/video/query/", self._endpoint(video_query), methods=["POST"]),
            *Business(self._world, self._tokens).routes(),
        ]

    async def oauth_token(self, request: Request) -> Response:
        form = await request.form()
        if (form.get("client_key"), form.get("client_secret")) != (
            credentials.CLIENT_KEY,
            credentials.CLIENT_SECRET,
        ):
            return _oauth_failed("invalid_client", "Client key or secret is incorrect.")
        if form.get("grant_type") != "refresh_token":
            return _oauth_failed("unsupported_grant_type", "Only refresh_token is served.")
        pair = self._tokens.refresh("tiktok", str(form.get("refresh_token")))
        if pair is None:
            return _oauth_failed("invalid_grant", "Refresh token is invalid or expired.")
        return JSONResponse(
            {
                "open_id": pair.account_id,
                "scope": SCOPES,
                "access_token": pair.access_token,
                "expires_in": pair.expires_in,
                "refresh_token": pair.refresh_token,
                "refresh_expires_in": pair.refresh_expires_in,
                "token_type": "Bearer",
            }
        )

    def _endpoint(self, answer: Answer) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                data = await answer(request, self._view(request))
            except ApiError as error:
                body = {"data": {}, "error": _error(error.code, error.message)}
                return JSONResponse(body, error.status)
            return JSONResponse({"data": data, "error": _error("ok", "")})

        return endpoint

    def _view(self, request: Request) -> shown.View:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = scheme.lower() == "bearer"
        open_id = self._tokens.account("tiktok", token) if known else None
        found = self._world.locate("tiktok", open_id) if open_id else None
        if found is None:
            raise ApiError(
                401,
                "access_token_invalid",
                "The access token is invalid or not found in the request.",
            )
        block, account = found
        try:
            view = shown.view(block, account, request)
        except InvalidDateError as error:
            raise _invalid(str(error)) from None
        if view is None:
            raise _invalid(f"The sandbox's world begins on {block.first_day}")
        if not view.block.available[view.account, view.index]:
            if view.block.error_kind[view.account, view.index] == ERROR_GAP:
                raise ApiError(500, "internal_error", "Something is wrong. Please try again later.")
            raise ApiError(
                401, "scope_not_authorized", "The user is suspended: no scope is authorized."
            )
        return view


async def user_info(request: Request, view: shown.View) -> Json:
    fields = _fields(request, USER_FIELDS)
    return {"user": _select([_user(view)], fields)[0]}


async def video_list(request: Request, view: shown.View) -> Json:
    fields = _fields(request, VIDEO_FIELDS)
    body = await _json_body(request)
    limit = _whole_number(body, "max_count", default=10)
    cursor = _whole_number(body, "cursor", default=0)
    if not 1 <= limit <= PAGE_LIMIT:
        raise _invalid(f"max_count must be between 1 and {PAGE_LIMIT}")
    page = view.page(cursor, limit)
    return {
        "videos": _select(_videos(view, page.posts), fields),
        "cursor": page.cursor,
        "has_more": page.has_more,
    }


async def video_query(request: Request, view: shown.View) -> Json:
    fields = _fields(request, VIDEO_FIELDS)
    filters = (await _json_body(request)).get("filters")
    wanted = filters.get("video_ids") if isinstance(filters, dict) else None
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= PAGE_LIMIT:
        raise _invalid(f"filters.video_ids must hold 1 to {PAGE_LIMIT} ids")
    chosen = view.only([str(one) for one in wanted]).posts
    return {"videos": _select(_videos(view, chosen), fields)}


def _user(view: shown.View) -> Json:
    block, account = view.block, view.account
    likes, videos = view.totals()
    open_id, expires = str(block.account_id[account]), view.end + shown.LINK_SECONDS
    avatar = f"{shown.avatar_stem(open_id)}{expires}"
    found = {
        "open_id": open_id,
        "union_id": shown.union_id(open_id),
        "avatar_url": avatar,
        "avatar_url_100": avatar,
        "avatar_large_url": avatar,
        "display_name": block.display_name[account],
        "bio_description": block.description[account],
        "profile_deep_link": shown.profile_link(open_id),
        "is_verified": bool(block.is_verified[account]),
        "username": view.handle,
        "follower_count": int(block.followers[account, view.index]),
        "following_count": int(block.following[account, view.index]),
        "likes_count": likes,
        "video_count": videos,
    }
    return _recorded(view, found)


def _videos(view: shown.View, posts: Ints) -> list[Json]:
    block, handle, expires = view.block, view.handle, view.end + shown.LINK_SECONDS
    titles, captions = shown.short(block.post_title[posts]), shown.short(block.post_caption[posts])
    counted = {
        "like_count": block.post_likes,
        "comment_count": block.post_comments,
        "share_count": block.post_shares,
        "view_count": block.post_views,
    }
    columns = {
        "id": block.post_id[posts].tolist(),
        "create_time": block.post_created[posts].tolist(),
        "title": titles,
        "video_description": captions,
        "duration": block.post_duration[posts].tolist(),
        **{name: values[posts, view.index].tolist() for name, values in counted.items()},
    }
    found = []
    for values in zip(*columns.values(), strict=True):
        video = dict(zip(columns, values, strict=True))
        share_url = f"https://www.tiktok.com/@{handle}/video/{video['id']}"
        video |= {
            "cover_image_url": f"{shown.cover_stem(video['id'])}{expires}",
            "share_url": share_url,
            "width": shown.WIDTH,
            "height": shown.HEIGHT,
            "embed_html": f'<iframe src="{share_url}"></iframe>',
            "embed_link": shown.embed_link(video["id"]),
        }
        found.append(_recorded(view, video))
    return found


def _recorded(view: shown.View, item: Json) -> Json:
    """Recorded data know less than TikTok: what they do not hold is absent."""
    if not isinstance(view.block, RecordedBlock):
        return item
    return {name: value for name, value in item.items() if name not in UNRECORDED}


def _select(items: Sequence[Json], fields: Sequence[str]) -> list[Json]:
    return [{field: item[field] for field in fields if field in item} for item in items]


def _fields(request: Request, known: frozenset[str]) -> list[str]:
    fields = [field for field in request.query_params.get("fields", "").split(",") if field]
    if not fields:
        raise _invalid("Query parameter fields is required")
    unknown = [field for field in fields if field not in known]
    if unknown:
        raise _invalid(f"Field {unknown[0]} is not known")
    return fields


async def _json_body(request: Request) -> Json:
    if not await request.body():
        return {}
    try:
        body = await request.json()
    except ValueError:
        raise _invalid("The request body is not JSON") from None
    if not isinstance(body, dict):
        raise _invalid("The request body is not an object")
    return body


def _whole_number(body: Json, name: str, default: int) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _invalid(f"{name} must be a whole number")
    return value


def _invalid(message: str) -> ApiError:
    return ApiError(400, "invalid_params", message)


def _error(code: str, message: str) -> Json:
    return {"code": code, "message": message, "log_id": uuid.uuid4().hex}


def _oauth_failed(code: str, description: str) -> Response:
    body = {"error": code, "error_description": description, "log_id": uuid.uuid4().hex}
    return JSONResponse(body, 400)
