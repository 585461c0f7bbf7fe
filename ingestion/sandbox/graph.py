"""The Graph API's ways, shared by the sandbox's Instagram and Facebook.

Error bodies, the ``fields`` language (``id,children{id},likes.limit(0).summary(true)``), pages by
cursor whose ``next`` carries the token, usage headers, and the exchange of tokens.

Facts: https://developers.facebook.com/docs/graph-api (overview, results, guides/error-handling).
"""

import base64
import binascii
import re
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dlt.common.json import json
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingestion.graph import HOST, VERSION
from ingestion.sandbox import credentials
from ingestion.sandbox.clock import InvalidDateError, as_of
from ingestion.sandbox.world.model import ERROR_GAP, ERROR_NONE

if TYPE_CHECKING:
    from ingestion.sandbox.tokens import TokenBook

Json = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

DEFAULT_LIMIT = 25
LARGEST_LIMIT = 100
LONG_LIVED_SECONDS = 60 * 86_400

HEADERS = {
    "facebook-api-version": VERSION,
    "X-App-Usage": '{"call_count":1,"total_cputime":1,"total_time":1}',
}
"""Of every answer. The sandbox's app never comes near its share of calls: throttles are faults."""


class GraphError(Exception):
    """An answer that is an error body."""

    def __init__(
        self,
        message: str,
        code: int,
        subcode: int | None = None,
        status: int = 400,
        kind: str = "OAuthException",
        is_transient: bool = False,
        user_message: str = "",
    ) -> None:
        super().__init__(message)
        self.message, self.code, self.subcode = message, code, subcode
        self.status, self.kind, self.is_transient = status, kind, is_transient
        self.user_message = user_message

    def body(self) -> Json:
        error: Json = {"message": self.message, "type": self.kind}
        if self.is_transient:
            error["is_transient"] = True
        error["code"] = self.code
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.user_message:
            error["error_user_msg"] = self.user_message
        return {"error": {**error, "fbtrace_id": f"A{uuid.uuid4().hex[:22]}"}}


def invalid(message: str) -> GraphError:
    """What is wrong with a parameter."""
    return GraphError(f"(#100) {message}", 100)


def not_found(object_id: str) -> GraphError:
    """An object that does not exist, or not for this token."""
    return GraphError(
        f"Unsupported get request. Object with ID '{object_id}' does not exist, cannot be loaded "
        "due to missing permissions, or does not support this operation. Please read the Graph API "
        "documentation at https://developers.facebook.com/docs/graph-api",
        100,
        33,
        kind="GraphMethodException",
    )


def answer(body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A body as the Graph API sends it."""
    return Response(
        json.dumpb(body),
        status,
        {**HEADERS, **(headers or {})},
        media_type="application/json; charset=UTF-8",
    )


def business_usage(platform: str, account_id: str) -> Mapping[str, str]:
    """The usage header of calls that count against one account."""
    used = {
        "type": "instagram" if platform == "instagram" else "pages",
        "call_count": 1,
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": 0,
    }
    return {"X-Business-Use-Case-Usage": json.dumps({account_id: [used]})}


def route(path: str, endpoint: Endpoint) -> Route:
    """A route of the pinned version, such as ``/{node_id}/media``."""
    return Route(f"/{VERSION}{path}", answering(endpoint), methods=["GET"])


def answering(endpoint: Endpoint) -> Endpoint:
    """``endpoint`` with its :class:`GraphError` as an answer."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except GraphError as error:
            return answer(error.body(), error.status)

    return answered


def exchange_route(platform: str, tokens: "TokenBook") -> Route:
    """The endpoint that exchanges a token for one of another 60 days, by GET or POST."""

    async def exchange(request: Request) -> Response:
        given = {**request.query_params, **(await request.form())}
        if given.get("grant_type") != "fb_exchange_token":
            raise invalid("The grant_type is not supported")
        if given.get("client_id") != credentials.CLIENT_KEY:
            raise GraphError(
                "Error validating application. Cannot get application info due to a system error.",
                101,
            )
        if given.get("client_secret") != credentials.CLIENT_SECRET:
            raise GraphError("Error validating client secret.", 1)
        old = str(given.get("fb_exchange_token") or "")
        new = tokens.exchange(platform, old)
        if new is None:
            raise expired()
        return answer(
            {
                "access_token": new,
                "token_type": "bearer",
                "expires_in": LONG_LIVED_SECONDS,
            }
        )

    return Route(f"/{VERSION}/oauth/access_token", answering(exchange), methods=["GET", "POST"])


def expired() -> GraphError:
    """A token that opens nothing any more."""
    return GraphError(
        "Error validating access token: Session has expired. The token can be exchanged no more "
        "once its 60 days are over.",
        190,
        463,
    )


def account_of(request: Request, platform: str, tokens: "TokenBook") -> str:
    """Whose token the request carries, in its header or as a parameter."""
    token = token_of(request)
    if not token:
        raise GraphError("An access token is required to request this resource.", 104)
    account_id = tokens.account(platform, token)
    if account_id is None:
        raise expired()
    return account_id


def token_of(request: Request) -> str:
    """The token that the request carries; empty for none."""
    return _token(request.headers, request.query_params)


def link(request: Request, params: Mapping[str, str]) -> str:
    """The platform's own address of the request with other parameters; it carries the token."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return f"{HOST}{path}?{urlencode({**params, 'access_token': token_of(request)})}"


def day_of(request: Request) -> date:
    """The UTC day at whose end the request stands."""
    try:
        return (as_of(request) - timedelta(days=1)).date()
    except InvalidDateError as error:
        raise invalid(str(error)) from None


def require_available(account_id: str, error_kind: int) -> None:
    """Raise what the platform answers for an account that is suspended, or on a bad day."""
    if error_kind == ERROR_NONE:
        return
    if error_kind == ERROR_GAP:
        raise GraphError(
            "An unexpected error has occurred. Please retry your request later.",
            2,
            status=500,
            is_transient=True,
        )
    raise not_found(account_id)


@dataclass(frozen=True)
class Field:
    """One field asked for: ``name.modifier(value){fields}``; ``alias`` from ``.as(x)``."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    fields: "tuple[Field, ...]" = ()

    @property
    def alias(self) -> str:
        """The name that the answer has it under."""
        return self.modifiers.get("as", self.name)


def fields_of(request: Request, default: str = "id") -> tuple[Field, ...]:
    """The fields that the request asks for."""
    return parse_fields(request.query_params.get("fields") or default)


@lru_cache(maxsize=1024)
def parse_fields(text: str) -> tuple[Field, ...]:
    """``fields`` as a tree; raises :class:`GraphError` (2500) for what is no such language."""
    found, rest = _fields(text.replace(" ", ""))
    if rest:
        raise _syntax_error(rest)
    return found


def select(
    item: Mapping[str, Any], fields: Sequence[Field], known: Collection[str], node_type: str
) -> Json:
    """What was asked for of a node's fields, its id always; a field without a value is left out.

    ``item`` holds plain fields; what is nested is filtered by the fields in braces. Raises
    :class:`GraphError` for a field that the node type does not have.
    """
    found: Json = {}
    for wanted in fields:
        if wanted.name not in known:
            raise invalid(
                f"Tried accessing nonexisting field ({wanted.name}) on node type ({node_type})"
            )
        value = item.get(wanted.name)
        if value is not None:
            found[wanted.alias] = _nested(value, wanted.fields)
    if "id" in item:
        found.setdefault("id", item["id"])
    return found


def edge(
    request: Request,
    ids: Sequence[str],
    make: Callable[[int], Json],
    default_limit: int = DEFAULT_LIMIT,
    most: int = LARGEST_LIMIT,
) -> Json:
    """A page of an edge: ``make(position)`` of each object on it, and how to go on.

    A cursor names the last object that was given, so that one published meanwhile, ahead of it,
    moves none to the next page.
    """
    params = dict(request.query_params)
    limit = _whole_number(params, "limit", default_limit)
    if not 1 <= limit <= most:
        raise invalid(f"Param limit must be a number between 1 and {most}")
    start = _after(params.get("after"), ids)
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return _page(ids, make, start, limit, _link(request, path, params))


def nested_edge(
    request: Request,
    node_id: str,
    wanted: Field,
    ids: Sequence[str],
    make: Callable[[int], Json],
    most: int = LARGEST_LIMIT,
) -> Json | None:
    """The first page of an edge asked for as a field (``replies.limit(50){id}``); None if empty."""
    limit = _whole_number(wanted.modifiers, "limit", DEFAULT_LIMIT)
    if not 1 <= limit <= most:
        raise invalid(f"Param limit must be a number between 1 and {most}")
    link = _link(request, f"/{VERSION}/{node_id}/{wanted.name}", {})
    return _page(ids, make, 0, limit, link) if ids else None


def _page(
    ids: Sequence[str],
    make: Callable[[int], Json],
    start: int,
    limit: int,
    link: Callable[[int, str], str],
) -> Json:
    stop = min(start + limit, len(ids))
    body: Json = {"data": [make(position) for position in range(start, stop)]}
    if start == stop:
        return body
    cursors = {"before": _cursor(ids[start]), "after": _cursor(ids[stop - 1])}
    body["paging"] = {"cursors": cursors}
    if stop < len(ids):
        body["paging"]["next"] = link(limit, cursors["after"])
    return body


def _link(request: Request, path: str, params: Mapping[str, str]) -> Callable[[int, str], str]:
    token = _token(request.headers, request.query_params)

    def link(limit: int, after: str) -> str:
        following = {**params, "limit": str(limit), "after": after, "access_token": token}
        return f"{HOST}{path}?{urlencode(following)}"

    return link


def graph_time(seconds: int) -> str:
    """Unix seconds as the Graph API writes a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def _nested(value: Any, fields: Sequence[Field]) -> Any:
    if not fields:
        return value
    if isinstance(value, Mapping) and "data" in value:
        return {**value, "data": [_nested(one, fields) for one in value["data"]]}
    if isinstance(value, Mapping):
        names = {wanted.name: wanted for wanted in fields} | {"id": Field("id")}
        return {
            names[name].alias: _nested(one, names[name].fields)
            for name, one in value.items()
            if name in names
        }
    return value


_NAME = re.compile(r"\w+")


def _fields(text: str) -> tuple[tuple[Field, ...], str]:
    found: list[Field] = []
    while True:
        name = _NAME.match(text)
        if name is None:
            raise _syntax_error(text)
        modifiers, text = _modifiers(text[name.end() :])
        inner: tuple[Field, ...] = ()
        if text.startswith("{"):
            inner, text = _fields(text[1:])
            if not text.startswith("}"):
                raise _syntax_error(text)
            text = text[1:]
        found.append(Field(name.group(), modifiers, inner))
        if not text.startswith(","):
            return tuple(found), text
        text = text[1:]


_MODIFIER = re.compile(r"\.(\w+)\(([^()]*)\)")


def _modifiers(text: str) -> tuple[dict[str, str], str]:
    found: dict[str, str] = {}
    while modifier := _MODIFIER.match(text):
        found[modifier.group(1)] = modifier.group(2)
        text = text[modifier.end() :]
    return found, text


def _syntax_error(rest: str) -> GraphError:
    return GraphError(f'Syntax error "Expected name" at "{rest[:30]}".', 2500)


def _token(headers: Headers, params: QueryParams) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token if scheme.lower() in ("bearer", "oauth") else params.get("access_token", "")


def _cursor(object_id: str) -> str:
    return base64.urlsafe_b64encode(object_id.encode()).decode().rstrip("=")


def _after(cursor: str | None, ids: Sequence[str]) -> int:
    if not cursor:
        return 0
    try:
        object_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        return list(ids).index(object_id) + 1
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise invalid("Invalid cursor: The after cursor specified exceeds the set") from None


def _whole_number(params: Mapping[str, str], name: str, default: int) -> int:
    value = params.get(name)
    if value is None:
        return default
    if not value.isdecimal():
        raise invalid(f"Param {name} must be an integer")
    return int(value)
