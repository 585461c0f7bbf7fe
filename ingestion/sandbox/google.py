"""Google's ways that all YouTube routes share: errors, who asks, parts and fields, page tokens."""

import base64
import binascii
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.sandbox.clock import InvalidDateError, as_of
from ingestion.sandbox.platforms import Json
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world.model import ERROR_GAP, ERROR_NONE, PlatformBlock

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    500: "INTERNAL",
}


class ApiError(Exception):
    """An answer that is an error body."""

    def __init__(self, status: int, reason: str, message: str, domain: str = "youtube.api") -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.domain = status, reason, message, domain

    def body(self) -> Json:
        """Google's error object."""
        detail = {"message": self.message, "domain": self.domain, "reason": self.reason}
        return {
            "error": {
                "code": self.status,
                "message": self.message,
                "errors": [detail],
                "status": STATUS_NAMES[self.status],
            }
        }


@dataclass(frozen=True)
class Asker:
    """Who asks: an application by its key, or a channel's owner by a token."""

    channel_id: str | None
    """The owner's channel; None for an application."""


Handler = Callable[[Request, Asker], Json]


def route(path: str, tokens: TokenBook, handler: Handler) -> Route:
    """A GET route that answers the handler's object or the error it raises."""

    async def endpoint(request: Request) -> Response:
        try:
            found = handler(request, _asker(request, tokens))
            if fields := request.query_params.get("fields"):
                found = keep(found, parse_fields(fields))
        except InvalidDateError as error:
            refused = ApiError(400, "badRequest", str(error), "global")
        except ApiError as error:
            refused = error
        else:
            return JSONResponse(found)
        return JSONResponse(refused.body(), refused.status)

    return Route(path, endpoint, methods=["GET"])


def _asker(request: Request, tokens: TokenBook) -> Asker:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        channel_id = tokens.account("youtube", token)
        if channel_id is None:
            raise ApiError(
                401,
                "authError",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
                "global",
            )
        return Asker(channel_id)
    key = request.headers.get("x-goog-api-key") or request.query_params.get("key")
    if not key:
        raise ApiError(
            403,
            "forbidden",
            "Method doesn't allow unregistered callers (callers without established identity). "
            "Please use API Key or other form of API consumer identity to call this API.",
            "global",
        )
    if not hmac.compare_digest(key.encode(), tokens.api_key.encode()):
        raise ApiError(
            400, "badRequest", "API key not valid. Please pass a valid API key.", "global"
        )
    return Asker(None)


def day_index(request: Request, block: PlatformBlock) -> int:
    """The block's day at whose end the request stands; the last one for days after the world."""
    day = (as_of(request) - timedelta(days=1)).date()
    return min(block.day_index(day), block.days - 1)


def require_available(block: PlatformBlock, a: int, d: int, gone: ApiError) -> None:
    """Raise ``gone`` for a suspended channel, and a server's error for one on a bad day."""
    kind = ERROR_NONE if d < 0 else block.error_kind[a, d]
    if kind == ERROR_GAP:
        raise ApiError(500, "backendError", "Backend Error", "global")
    if kind != ERROR_NONE:
        raise gone


def required(request: Request, name: str) -> str:
    """A parameter without which there is no answer."""
    value = request.query_params.get(name)
    if not value:
        raise ApiError(400, "missingRequiredParameter", f"Required parameter: {name}", "global")
    return value


def limit_of(request: Request, default: int, least: int, most: int) -> int:
    """``maxResults``; 0 is the default where the platform allows it."""
    value = request.query_params.get("maxResults", str(default))
    if not value.isdecimal() or not least <= int(value) <= most:
        raise ApiError(
            400,
            "invalidParameter",
            f"Invalid value '{value}'. Values must be within the range: [{least}, {most}]",
            "global",
        )
    return int(value) or default


def parts_of(request: Request, known: Collection[str]) -> list[str]:
    """The parts of a resource that are asked for."""
    parts = required(request, "part").split(",")
    unknown = [part for part in parts if part not in known]
    if unknown:
        raise ApiError(400, "unknownPart", f"'{unknown[0]}'", "youtube.part")
    return parts


def ids_of(request: Request, name: str = "id", most: int = 50) -> list[str]:
    """The ids that are asked for, each once."""
    ids = list(dict.fromkeys(part for part in required(request, name).split(",") if part))
    if len(ids) > most:
        raise ApiError(
            400, "invalidFilters", f"The number of IDs specified cannot exceed {most}.", "global"
        )
    return ids


def select(item: Mapping[str, Any], parts: Collection[str]) -> Json:
    """The resource's labels and the parts asked for."""
    return {name: item[name] for name in ("kind", "etag", "id", *parts) if name in item}


def token_at(position: int) -> str:
    """A page token."""
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode().rstrip("=")


def position_of(request: Request) -> int:
    """Where the page that is asked for begins."""
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


Fields = dict[str, "Fields"]


@lru_cache(maxsize=256)
def parse_fields(text: str) -> Fields:
    """A partial response's ``fields``, ``a,b(c,d/e)``, as a tree of names."""
    found, rest = _parse(text.replace(" ", ""))
    if rest:
        raise _no_fields(text)
    return found


def _parse(text: str) -> tuple[Fields, str]:
    found: Fields = {}
    while True:
        end = next((i for i, c in enumerate(text) if c in ",()/"), len(text))
        name, text = text[:end], text[end:]
        if not name:
            raise _no_fields(text)
        inner: Fields = {}
        if text.startswith("("):
            inner, text = _parse(text[1:])
            if not text.startswith(")"):
                raise _no_fields(text)
            text = text[1:]
        elif text.startswith("/"):
            inner, text = _parse(text[1:])
            found[name] = inner
            return found, text
        found[name] = inner
        if not text.startswith(","):
            return found, text
        text = text[1:]


def keep(value: Any, fields: Fields) -> Any:
    """What a partial response leaves of an answer."""
    if not fields:
        return value
    if isinstance(value, list):
        return [keep(one, fields) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: keep(one, fields.get(name, {})) for name, one in value.items() if name in fields}


def _no_fields(text: str) -> ApiError:
    return ApiError(400, "invalidParameter", f"Invalid field selection {text[:40]}", "global")
