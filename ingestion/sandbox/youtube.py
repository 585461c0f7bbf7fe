"""YouTube's Data API v3 over a world: channels, playlistItems, videos, commentThreads.

Read with an API key (header ``X-Goog-Api-Key`` or parameter ``key``). Lists page by ``pageToken``;
counts are strings, as the platform's uint64 are; errors are ``{"error": {"code", "message",
"errors": [{"domain", "reason", "message"}], "status"}}``.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.sandbox.clock import InvalidDateError, as_of
from ingestion.sandbox.platforms import CommentsDisabledError, Json, World
from ingestion.sandbox.tokens import TokenBook

BASE = "/youtube/v3"
PARTS = {
    "channel": frozenset(
        [
            "id",
            "snippet",
            "contentDetails",
            "statistics",
            "status",
            "topicDetails",
            "brandingSettings",
            "localizations",
        ]
    ),
    "playlistItem": frozenset(["id", "snippet", "contentDetails", "status"]),
    "video": frozenset(
        [
            "id",
            "snippet",
            "contentDetails",
            "statistics",
            "status",
            "topicDetails",
            "paidProductPlacementDetails",
            "player",
            "recordingDetails",
            "localizations",
        ]
    ),
    "commentThread": frozenset(["id", "snippet", "replies"]),
}
IDS_LIMIT = 50
STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
}

Handler = Callable[[Request, datetime], Json]


class ApiError(Exception):
    """An answer that is an error body."""

    def __init__(self, status: int, reason: str, message: str, domain: str = "youtube.api") -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.domain = status, reason, message, domain


class YouTube:
    """The routes; ``world`` answers, the API key of ``tokens`` opens."""

    def __init__(self, world: World, tokens: TokenBook) -> None:
        self._world, self._api_key = world, tokens.api_key

    def routes(self) -> list[Route]:
        return [
            self._route("channels", self.channels),
            self._route("playlistItems", self.playlist_items),
            self._route("videos", self.videos),
            self._route("commentThreads", self.comment_threads),
        ]

    def channels(self, request: Request, moment: datetime) -> Json:
        parts, limit = _parts(request, "channel"), _limit(request, 5, 50)
        found = [self._world.youtube_channel(i, moment) for i in _ids(request)]
        items = [_select(channel, parts) for channel in found if channel]
        return _list("channel", items[:limit], len(items), limit)

    def videos(self, request: Request, moment: datetime) -> Json:
        parts = _parts(request, "video")
        found = [self._world.youtube_video(i, moment) for i in _ids(request)]
        items = [_select(video, parts) for video in found if video]
        return _list("video", items, len(items), len(items))

    def playlist_items(self, request: Request, moment: datetime) -> Json:
        parts, limit = _parts(request, "playlistItem"), _limit(request, 5, 50)
        start = _start(request)
        playlist_id = _required(request, "playlistId")
        items = self._world.youtube_uploads(playlist_id, moment)
        if items is None:
            raise ApiError(
                404,
                "playlistNotFound",
                "The playlist identified with the request's playlistId parameter cannot be found.",
                "youtube.playlistItem",
            )
        page = [_select(item, parts) for item in items[start : start + limit]]
        return _list("playlistItem", page, len(items), limit, start)

    def comment_threads(self, request: Request, moment: datetime) -> Json:
        parts, limit = _parts(request, "commentThread"), _limit(request, 20, 100)
        start = _start(request)
        video_id = _required(request, "videoId")
        try:
            found = self._world.youtube_comment_threads(video_id, moment, start, limit)
        except CommentsDisabledError:
            raise ApiError(
                403,
                "commentsDisabled",
                "The video identified by the videoId parameter has disabled comments.",
                "youtube.commentThread",
            ) from None
        if found is None:
            raise ApiError(
                404,
                "videoNotFound",
                "The video identified by the videoId parameter could not be found.",
                "youtube.commentThread",
            )
        threads, total = found
        items = [_select(thread, parts) for thread in threads]
        return _list("commentThread", items, len(items), limit, start, len(threads) + start < total)

    def _route(self, name: str, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                self._check_key(request)
                return JSONResponse(handler(request, as_of(request)))
            except InvalidDateError as error:
                return _failed(ApiError(400, "badRequest", str(error)))
            except ApiError as error:
                return _failed(error)

        return Route(f"{BASE}/{name}", endpoint, methods=["GET"])

    def _check_key(self, request: Request) -> None:
        key = request.headers.get("x-goog-api-key") or request.query_params.get("key")
        if not key:
            raise ApiError(
                403,
                "forbidden",
                "Method doesn't allow unregistered callers. Use an API key.",
                "global",
            )
        if not hmac.compare_digest(key.encode(), self._api_key.encode()):
            raise ApiError(
                400,
                "badRequest",
                "API key not valid. Please pass a valid API key.",
                "global",
            )


def _list(
    kind: str, items: list[Json], total: int, limit: int, start: int = 0, more: bool | None = None
) -> Json:
    body: Json = {
        "kind": f"youtube#{kind}ListResponse",
        "etag": f"{kind}-{start}-{total}",
        "pageInfo": {"totalResults": total, "resultsPerPage": limit},
        "items": items,
    }
    end = start + len(items)
    if more if more is not None else end < total:
        body["nextPageToken"] = _token(end)
    if start:
        body["prevPageToken"] = _token(max(start - limit, 0))
    return body


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def _start(request: Request) -> int:
    token = request.query_params.get("pageToken")
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        return int(text.removeprefix("at:"))
    except (ValueError, binascii.Error):
        raise ApiError(
            400, "invalidPageToken", "The request specifies an invalid page token."
        ) from None


def _parts(request: Request, kind: str) -> list[str]:
    parts = _required(request, "part").split(",")
    unknown = [part for part in parts if part not in PARTS[kind]]
    if unknown:
        raise ApiError(400, "unknownPart", f"'{unknown[0]}'", "youtube.part")
    return parts


def _ids(request: Request) -> list[str]:
    ids = [part for part in _required(request, "id").split(",") if part]
    if len(ids) > IDS_LIMIT:
        raise ApiError(400, "invalidFilters", f"At most {IDS_LIMIT} ids may be given.")
    return ids


def _limit(request: Request, default: int, most: int) -> int:
    value = request.query_params.get("maxResults", str(default))
    if not value.isdecimal() or not 0 <= int(value) <= most:
        raise ApiError(
            400,
            "invalidParameter",
            f"Invalid value '{value}'. Values must be within the range: [0, {most}]",
        )
    return int(value) or default


def _required(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if not value:
        raise ApiError(400, "missingRequiredParameter", f"Required parameter: {name}", "global")
    return value


def _select(item: Json, parts: list[str]) -> Json:
    return {name: item[name] for name in ("kind", "etag", "id", *parts) if name in item}


def _failed(error: ApiError) -> Response:
    detail = {"message": error.message, "domain": error.domain, "reason": error.reason}
    body = {
        "code": error.status,
        "message": error.message,
        "errors": [detail],
        "status": STATUS_NAMES[error.status],
    }
    return JSONResponse({"error": body}, error.status)
