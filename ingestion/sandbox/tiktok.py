"""TikTok's Display API v2 over a world: user info, video list, video query, OAuth token.

Shapes and error codes as TikTok documents them: every body is ``{"data", "error": {"code",
"message", "log_id"}}`` with code ``ok`` on success; the OAuth endpoint has flat bodies of its own.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.sandbox import credentials
from ingestion.sandbox.clock import InvalidDateError, as_of
from ingestion.sandbox.platforms import Json, World
from ingestion.sandbox.tokens import TokenBook

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
PAGE_LIMIT = 20


class ApiError(Exception):
    """An answer that is an error body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class TikTok:
    """The routes; ``world`` answers, ``tokens`` open."""

    def __init__(self, world: World, tokens: TokenBook) -> None:
        self._world, self._tokens = world, tokens

    def routes(self) -> list[Route]:
        return [
            Route("/v2/oauth/token/", self.oauth_token, methods=["POST"]),
            Route("/v2/user/info/", self.user_info, methods=["GET"]),
            Route("/v2/video/list/", self.video_list, methods=["POST"]),
            Route("/v2/video/query/", self.video_query, methods=["POST"]),
        ]

    async def user_info(self, request: Request) -> Response:
        try:
            open_id, moment = self._identify(request), _clock(request)
            fields = _fields(request, USER_FIELDS)
            return _ok({"user": _select(self._world.tiktok_user(open_id, moment), fields)})
        except ApiError as error:
            return _failed(error)

    async def video_list(self, request: Request) -> Response:
        try:
            open_id, moment = self._identify(request), _clock(request)
            fields = _fields(request, VIDEO_FIELDS)
            body = await _json_body(request)
            limit = _whole_number(body, "max_count", default=10)
            cursor = _whole_number(body, "cursor", default=0)
            if not 1 <= limit <= PAGE_LIMIT:
                raise _invalid(f"max_count must be between 1 and {PAGE_LIMIT}")
            return _ok(_page(self._world.tiktok_videos(open_id, moment), fields, limit, cursor))
        except ApiError as error:
            return _failed(error)

    async def video_query(self, request: Request) -> Response:
        try:
            open_id, moment = self._identify(request), _clock(request)
            fields = _fields(request, VIDEO_FIELDS)
            filters = (await _json_body(request)).get("filters")
            wanted = filters.get("video_ids") if isinstance(filters, dict) else None
            if not isinstance(wanted, list) or not 1 <= len(wanted) <= PAGE_LIMIT:
                raise _invalid(f"filters.video_ids must hold 1 to {PAGE_LIMIT} ids")
            chosen = {str(video_id) for video_id in wanted}
            videos = self._world.tiktok_videos(open_id, moment)
            return _ok({"videos": [_select(v, fields) for v in videos if v["id"] in chosen]})
        except ApiError as error:
            return _failed(error)

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
                "scope": "user.info.basic,user.info.profile,user.info.stats,video.list",
                "access_token": pair.access_token,
                "expires_in": pair.expires_in,
                "refresh_token": pair.refresh_token,
                "refresh_expires_in": pair.refresh_expires_in,
                "token_type": "Bearer",
            }
        )

    def _identify(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = scheme.lower() == "bearer"
        open_id = self._tokens.account("tiktok", token) if known else None
        if open_id is None:
            raise ApiError(
                401,
                "access_token_invalid",
                "The access token is invalid or not found in the request.",
            )
        return open_id


def _clock(request: Request) -> datetime:
    try:
        return as_of(request)
    except InvalidDateError as error:
        raise _invalid(str(error)) from None


def _page(videos: list[Json], fields: list[str], limit: int, cursor: int) -> Json:
    """The next ``limit`` videos older than ``cursor``.

    A cursor is Unix milliseconds while videos carry whole seconds, so the milliseconds tell rows of
    the same second apart: none is served twice or lost where a page ends between them.
    """
    rest = [
        (position, video)
        for position, video in _positions(videos)
        if cursor == 0 or position < cursor
    ]
    page = rest[:limit]
    return {
        "videos": [_select(video, fields) for _, video in page],
        "cursor": page[-1][0] if page else cursor,
        "has_more": len(rest) > limit,
    }


def _positions(videos: list[Json]) -> Iterable[tuple[int, Json]]:
    second, place = None, 0
    for video in videos:
        place = place + 1 if video["create_time"] == second else 0
        second = video["create_time"]
        yield second * 1000 + 999 - place, video


def _fields(request: Request, known: frozenset[str]) -> list[str]:
    fields = [field for field in request.query_params.get("fields", "").split(",") if field]
    if not fields:
        raise _invalid("Query parameter fields is required")
    unknown = [field for field in fields if field not in known]
    if unknown:
        raise _invalid(f"Field {unknown[0]} is not known")
    return fields


def _select(item: Json, fields: list[str]) -> Json:
    return {field: item[field] for field in fields if field in item}


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


def _ok(data: Json) -> Response:
    return JSONResponse({"data": data, "error": _error("ok", "")})


def _failed(error: ApiError) -> Response:
    return JSONResponse({"data": {}, "error": _error(error.code, error.message)}, error.status)


def _error(code: str, message: str) -> Json:
    return {"code": code, "message": message, "log_id": uuid.uuid4().hex}


def _oauth_failed(code: str, description: str) -> Response:
    body = {"error": code, "error_description": description, "log_id": uuid.uuid4().hex}
    return JSONResponse(body, 400)
