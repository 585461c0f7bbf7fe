"""A request of the HTTP interface, taken apart: statement, data, settings, parameters, ids.

Where things may stand follows ClickHouse's HTTP interface: the statement in the URL, in the body
(then its data follows in the same body), or both; everything else as URL parameters or fields
of a multipart form.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from warehouse.server import encoding
from warehouse.server.errors import (
    BAD_REQUEST_PARAMETER,
    INVALID_SESSION_TIMEOUT,
    NOT_IMPLEMENTED,
    SYNTAX_ERROR,
    UNKNOWN_FORMAT,
    ClickHouseError,
)
from warehouse.server.statement import Statement, parse, starts_insert

# Read by the server itself; everything else in the URL is a setting of the engine.
_TRANSPORT = frozenset(
    {
        "buffer_size",
        "client_protocol_version",
        "close_session",
        "compress",
        "database",
        "decompress",
        "default_format",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "session_check",
        "session_id",
        "session_timeout",
        "stacktrace",
        "user",
        "wait_end_of_query",
    }
)
# Settings that speak of the HTTP transport alone: the engine has no use for them.
_TRANSPORT_SETTINGS = frozenset(
    {
        "cancel_http_readonly_queries_on_client_close",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "http_zlib_compression_level",
        "send_progress_in_http_headers",
    }
)
_MAX_STATEMENT_BYTES = 64 * 1024 * 1024
_PEEK_BYTES = 256 * 1024
_PARSE_INLINE_BYTES = 16 * 1024
_FORMAT_NAME_BYTES = 128
# ClickHouse's own default of max_query_size.
MAX_QUERY_BYTES = 256 * 1024
_MAX_SESSION_TIMEOUT = 3600
_FORMAT = re.compile(r"\A[A-Za-z][A-Za-z0-9]*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class SessionRef:
    """What a request says of its `session_id`."""

    id: str
    timeout: int
    must_exist: bool
    close_after: bool


@dataclass(frozen=True)
class Options:
    """What a request says besides its statement."""

    settings: Mapping[str, str]
    params: Mapping[str, str]
    query_id: str
    database: str
    default_format: str
    session: SessionRef | None
    wait_end_of_query: bool
    compress_response: str | None


@dataclass
class Body:
    """The request body as a stream of encoded chunks."""

    receive: Receive
    decoder: encoding.Decoder
    complete: bool = False
    _kept: list[bytes] = field(default_factory=list)

    async def chunk(self) -> bytes:
        """The next encoded bytes; empty at the end.

        Raises:
            ClientDisconnect: the client went away in the middle of its body.
        """
        if self._kept:
            return self._kept.pop(0)
        while not self.complete:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            self.complete = not message.get("more_body", False)
            data: bytes = message.get("body", b"")
            if data:
                return data
        return b""

    async def left(self) -> None:
        """Return when the client goes away; while its body is still to come, never."""
        if not self.complete:
            await asyncio.Event().wait()
        while (await self.receive())["type"] != "http.disconnect":
            pass

    async def plain(self, limit: int) -> bytes:
        """Decoded bytes until at least ``limit`` of them, or the end of the body."""
        parts = []
        size = 0
        while size < limit:
            data = await self.chunk()
            if not data:
                self.decoder.finish()
                break
            part = self.decoder.decode(data)
            parts.append(part)
            size += len(part)
        return b"".join(parts)


def format_name(name: str) -> str:
    """A format's name, which becomes a part of the statement's text.

    Raises:
        ClickHouseError: 73 for what cannot be the name of a format.
    """
    if not _FORMAT.match(name):
        raise ClickHouseError(UNKNOWN_FORMAT, f"Unknown format {name[:64]!r}")
    return name


def line(name: str, value: str) -> str:
    """A value of the transport without control characters: it goes into headers and names.

    Raises:
        ClickHouseError: 36 for a value with a line end or another control character.
    """
    if _CONTROL.search(value):
        raise ClickHouseError(BAD_REQUEST_PARAMETER, f"{name} must not contain control characters")
    return value


async def form_fields(headers: Headers, body: Body) -> dict[str, str]:
    """The text fields of a multipart form, byte for byte.

    Raises:
        ClickHouseError: a malformed form, or a file part (external data).
    """

    async def chunks() -> AsyncGenerator[bytes, None]:
        while data := await body.chunk():
            yield data

    # Latin-1 keeps every byte of a binary parameter.
    content_type = f"{headers['content-type']}; charset=latin-1"
    parser = MultiPartParser(
        Headers({"content-type": content_type}), chunks(), max_part_size=_MAX_STATEMENT_BYTES
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise ClickHouseError(
            BAD_REQUEST_PARAMETER, f"The multipart form cannot be read: {error.message}"
        ) from None
    fields = {}
    for name, value in form.multi_items():
        if not isinstance(value, str):
            raise ClickHouseError(
                NOT_IMPLEMENTED,
                f"External data is not supported by the embedded server: part '{name}'. "
                "Insert it into a temporary table of a session and join that",
            )
        fields[name] = value.encode("latin-1").decode("utf-8", "surrogateescape")
    return fields


def options(params: Mapping[str, str], headers: Headers, compression_default: bool) -> Options:
    """Sort URL parameters and headers into settings, query parameters and transport options.

    Raises:
        ClickHouseError: a transport option that the server does not offer, or a bad timeout.
    """
    for name in ("compress", "decompress"):
        if params.get(name, "0") not in ("", "0", "false"):
            raise ClickHouseError(
                NOT_IMPLEMENTED,
                f"{name}=1 (ClickHouse's own block compression) is not supported: use "
                "Content-Encoding and Accept-Encoding with lz4, zstd, gzip or deflate",
            )
    if params.get("role"):
        raise ClickHouseError(NOT_IMPLEMENTED, "Roles are not supported by the embedded server")
    asked = params.get("enable_http_compression", "")
    default_format = headers.get("x-clickhouse-format") or params.get("default_format", "")
    database = params.get("database") or headers.get("x-clickhouse-database", "")
    compressed = asked in ("1", "true") if asked else compression_default
    return Options(
        settings={
            name: value
            for name, value in params.items()
            if name not in _TRANSPORT | _TRANSPORT_SETTINGS and not name.startswith("param_")
        },
        params={
            name.removeprefix("param_"): value
            for name, value in params.items()
            if name.startswith("param_")
        },
        query_id=line("query_id", params.get("query_id", "")) or str(uuid4()),
        database=line("database", database),
        default_format=format_name(default_format) if default_format else "",
        session=_session(params),
        wait_end_of_query=params.get("wait_end_of_query", "0") in ("1", "true"),
        compress_response=(
            encoding.negotiate(headers.get("accept-encoding", "")) if compressed else None
        ),
    )


def _session(params: Mapping[str, str]) -> SessionRef | None:
    if not params.get("session_id"):
        return None
    text = params.get("session_timeout") or "60"
    if not text.isascii() or not text.isdigit():
        raise ClickHouseError(INVALID_SESSION_TIMEOUT, f"Invalid session timeout: '{text}'")
    if int(text) > _MAX_SESSION_TIMEOUT:
        raise ClickHouseError(
            INVALID_SESSION_TIMEOUT,
            f"Session timeout '{text}' is larger than max_session_timeout: {_MAX_SESSION_TIMEOUT}",
        )
    return SessionRef(
        id=params["session_id"],
        timeout=int(text),
        must_exist=params.get("session_check", "0") in ("1", "true"),
        close_after=params.get("close_session", "0") in ("1", "true"),
    )


def query_limit(settings: Mapping[str, str], default: int) -> int:
    """How many bytes of a statement are read at most: its ``max_query_size``, 0 for the most."""
    text = settings.get("max_query_size", "")
    size = int(text) if text.isascii() and text.isdigit() else default
    return min(size or _MAX_STATEMENT_BYTES, _MAX_STATEMENT_BYTES)


async def statement(url_query: bytes, body: Body, limit: int = MAX_QUERY_BYTES) -> Statement:
    """The statement of a request; of an INSERT, the data that is already here is in ``data``.

    Args:
        url_query: the statement in the URL, or its beginning.
        body: the rest of it, and the data of an INSERT.
        limit: the statement's bytes at most, the data of an INSERT aside.

    Raises:
        ClickHouseError: no statement, two statements, or one beyond the limit.
    """
    if url_query.strip():
        if starts_insert(url_query[:limit]):
            found = await _bounded(url_query, limit)
            if found.kind == "insert_data" and found.format is not None:
                return replace(found, data=found.data + await body.plain(_PEEK_BYTES))
        url_query += b"\n"
    # Beyond the limit by so much that the name of an INSERT's format is not cut.
    text = url_query + await body.plain(min(limit, _PEEK_BYTES) + _FORMAT_NAME_BYTES)
    if not body.complete and len(text) <= limit:
        if starts_insert(text) and await _has_data_clause(text[:-_FORMAT_NAME_BYTES]):
            return await _parsed(text)
        text += await body.plain(limit + _FORMAT_NAME_BYTES - len(text))
    return await _bounded(text, limit)


async def _has_data_clause(text: bytes) -> bool:
    try:
        found = await _parsed(text)
    except ClickHouseError:
        return False
    return found.kind == "insert_data" and found.format is not None


async def _bounded(text: bytes, limit: int) -> Statement:
    if len(text) <= limit:
        return await _parsed(text)
    if starts_insert(text[:limit]) and await _has_data_clause(text[:limit]):
        return await _parsed(text)
    raise ClickHouseError(
        SYNTAX_ERROR,
        "Max query size exceeded (can be increased with the `max_query_size` setting): "
        f"{limit} bytes",
    )


async def _parsed(text: bytes) -> Statement:
    """Taken apart beside the event loop where that takes longer than a moment."""
    if len(text) <= _PARSE_INLINE_BYTES:
        return parse(text)
    return await asyncio.to_thread(parse, text)
