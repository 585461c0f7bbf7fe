"""The two directions of one request, seen from the thread that runs its query."""

import asyncio
import concurrent.futures
import json
import secrets
import string
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from starlette.types import Send

from warehouse.server import encoding
from warehouse.server.errors import SOCKET_TIMEOUT, ClickHouseError
from warehouse.server.request import Body

_BATCH_BYTES = 1024 * 1024
_BATCH_SECONDS = 0.25
_HOLD_IN_MEMORY_BYTES = 32 * 1024 * 1024
_TAG_ALPHABET = string.ascii_lowercase

_T = TypeVar("_T")

CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TabSeparatedWithNames": "text/tab-separated-values; charset=UTF-8; header=present",
    "TabSeparatedWithNamesAndTypes": "text/tab-separated-values; charset=UTF-8; header=present",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "JSONCompactEachRow": "application/x-ndjson; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "Parquet": "application/octet-stream",
    "Arrow": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
}


class ClientGoneError(Exception):
    """The client closed its connection: nobody waits for the result."""


@dataclass
class Summary:
    """What a query has read, written and returned so far."""

    started_at: float
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0

    def header(self) -> str:
        """The value of X-ClickHouse-Summary."""
        return json.dumps(
            {
                "read_rows": str(self.read_rows),
                "read_bytes": str(self.read_bytes),
                "written_rows": str(self.written_rows),
                "written_bytes": str(self.written_bytes),
                "total_rows_to_read": str(self.read_rows),
                "result_rows": str(self.result_rows),
                "result_bytes": str(self.result_bytes),
                "elapsed_ns": str(time.perf_counter_ns() - int(self.started_at)),
            },
            separators=(",", ":"),
        )


@dataclass(frozen=True)
class Preamble:
    """What every response of a server says about itself and the query."""

    query_id: str
    timezone: str
    server_name: str

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers common to results and errors."""
        return [
            (b"x-clickhouse-query-id", self.query_id.encode("utf-8", "replace")),
            (b"x-clickhouse-timezone", self.timezone.encode()),
            (b"x-clickhouse-server-display-name", self.server_name.encode()),
        ]


class Incoming:
    """A request body, read from the query's thread while the event loop fetches ahead.

    Args:
        body: the body.
        loop: the event loop that fetches it.
        patience: seconds to wait for the client's next bytes.
    """

    def __init__(self, body: Body, loop: asyncio.AbstractEventLoop, patience: float) -> None:
        self._patience = patience
        self._body = body
        self._loop = loop
        self._ahead: asyncio.Queue[bytes | BaseException] = asyncio.Queue(maxsize=4)

    async def pump(self) -> None:
        """Fetch the body in batches until its end; run as a task beside the query."""
        try:
            ended = False
            while not ended:
                parts = []
                size = 0
                while size < _BATCH_BYTES:
                    data = await self._body.chunk()
                    if not data:
                        ended = True
                        break
                    parts.append(data)
                    size += len(data)
                if parts:
                    await self._ahead.put(b"".join(parts))
            await self._ahead.put(b"")
        except Exception as error:
            await self._ahead.put(error)

    def __iter__(self) -> Iterator[bytes]:
        """Decoded pieces of the body.

        Raises:
            ClientGoneError: the body broke off.
            ClickHouseError: the body is not in the encoding that it claims, or 209 when the
                client sent nothing for too long.
        """
        while True:
            try:
                item = _wait(self._ahead.get(), self._loop, self._patience)
            except TimeoutError:
                raise ClickHouseError(
                    SOCKET_TIMEOUT,
                    f"Timeout exceeded while reading from the client: {self._patience:g} s",
                ) from None
            if isinstance(item, BaseException):
                raise ClientGoneError from item
            if not item:
                self._body.decoder.finish()
                return
            plain = self._body.decoder.decode(item)
            if plain:
                yield plain


class Outgoing:
    """A response: small ones are kept whole, large ones stream with back-pressure.

    Args:
        send: ASGI send of the request.
        loop: the event loop that owns it.
        preamble: headers that do not depend on the result.
        compression: encoding of the body, or None.
        hold: keep everything until the end (``wait_end_of_query``), on disk beyond 32 MiB.
        scratch: folder for what is held on disk.
        patience: seconds to wait for the client to take the next bytes.
    """

    def __init__(
        self,
        send: Send,
        loop: asyncio.AbstractEventLoop,
        preamble: Preamble,
        compression: str | None,
        hold: bool,
        scratch: Path,
        patience: float,
    ) -> None:
        self.gone = threading.Event()
        self.abandoned = asyncio.Event()
        self._patience = patience
        self.summary = Summary(started_at=time.perf_counter_ns())
        self.format: str | None = None
        self.started = False
        self._send = send
        self._loop = loop
        self._preamble = preamble
        self._compression = compression
        self._encoder = encoding.encoder(compression) if compression else None
        self._hold = hold
        self._scratch = scratch
        self._spool: IO[bytes] | None = None
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._flushed_at = time.monotonic()
        self._tag = "".join(secrets.choice(_TAG_ALPHABET) for _ in range(16))

    def write(self, data: bytes) -> None:
        """Add to the body, from the query's thread.

        Raises:
            ClientGoneError: there is no one to write to.
        """
        if self.gone.is_set():
            raise ClientGoneError
        if not data:
            return
        self.summary.result_bytes += len(data)
        if self._encoder is not None:
            data = self._encoder.encode(data)
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._hold:
            if self._pending_bytes >= _HOLD_IN_MEMORY_BYTES:
                self._to_disk()
        elif self._pending_bytes >= _BATCH_BYTES or (
            self.started and time.monotonic() - self._flushed_at > _BATCH_SECONDS
        ):
            self._stream(self._take())

    def abandon(self) -> None:
        """Nobody takes the response any more; from the event loop."""
        self.gone.set()
        self.abandoned.set()

    def _take(self) -> bytes:
        data = self._pending[0] if len(self._pending) == 1 else b"".join(self._pending)
        self._pending = []
        self._pending_bytes = 0
        return data

    def _to_disk(self) -> None:
        if self._spool is None:
            self._spool = tempfile.TemporaryFile(dir=self._scratch)  # noqa: SIM115
        self._spool.write(self._take())

    def _stream(self, data: bytes) -> None:
        if not self.started:
            self.started = True
            self._await(self._push(self._start(None)))
        self._await(self._push({"type": "http.response.body", "body": data, "more_body": True}))
        self._flushed_at = time.monotonic()

    def _await(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            _wait(coroutine, self._loop, self._patience)
        except TimeoutError:
            self._loop.call_soon_threadsafe(self.abandon)
            raise ClientGoneError from None

    async def _push(self, message: dict[str, Any]) -> None:
        await self._send(message)

    async def _deliver(self, message: dict[str, Any]) -> None:
        """Send from the event loop, for as long as the client may take.

        Raises:
            ClientGoneError: the client takes nothing.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._send(message)
        except TimeoutError:
            self.abandon()
            raise ClientGoneError from None

    def _start(self, length: int | None) -> dict[str, Any]:
        headers = self._preamble.headers()
        headers.append((b"x-clickhouse-summary", self.summary.header().encode()))
        if self.format is not None:
            kind = CONTENT_TYPES.get(self.format, "text/plain; charset=UTF-8")
            headers.append((b"content-type", kind.encode()))
            headers.append((b"x-clickhouse-format", self.format.encode()))
            headers.append((b"x-clickhouse-exception-tag", self._tag.encode()))
        else:
            headers.append((b"content-type", b"text/plain; charset=UTF-8"))
        if self._compression and length != 0:
            headers.append((b"content-encoding", self._compression.encode()))
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        return {"type": "http.response.start", "status": 200, "headers": headers}

    async def finish(self) -> None:
        """Send what is left, from the event loop.

        Raises:
            ClientGoneError: the client does not take it.
        """
        if self._encoder is not None and (self.started or self._pending or self._spool):
            self._pending.append(self._encoder.finish())
        data = self._take() if self._pending else b""
        if self._spool is not None:
            with self._spool as spool:
                spool.write(data)
                length = spool.tell()
                spool.seek(0)
                await self._deliver(self._start(length))
                while part := spool.read(_BATCH_BYTES):
                    body = {"type": "http.response.body", "body": part, "more_body": True}
                    await self._deliver(body)
            data = b""
        elif not self.started:
            await self._deliver(self._start(len(data)))
        await self._deliver({"type": "http.response.body", "body": data, "more_body": False})

    async def fail(self, error: ClickHouseError, version: str) -> None:
        """Answer with an error, from the event loop.

        Once a part of the result is out, the error follows it in ClickHouse's tagged form and
        the response stays unfinished, so that no client takes it for whole.
        """
        if self._spool is not None:
            self._spool.close()
        body = error.body(version)
        if not self.started:
            await send_error(self._send, error, version, self._preamble)
            return
        tag = self._tag.encode()
        marker = b"\r\n__exception__\r\n"
        text = b"%s%s\r\n%s%d %s%s" % (marker, tag, body, len(body), tag, marker)
        if self._encoder is not None:
            text = self._encoder.encode(text) + self._encoder.finish()
        pending = self._take() if self._pending else b""
        await self._deliver(
            {"type": "http.response.body", "body": pending + text, "more_body": True}
        )


def _wait(
    coroutine: Coroutine[Any, Any, _T], loop: asyncio.AbstractEventLoop, seconds: float
) -> _T:
    """The result of a coroutine of the event loop, awaited in another thread.

    Raises:
        TimeoutError: there was none in time.
    """
    future = asyncio.run_coroutine_threadsafe(coroutine, loop)
    try:
        return future.result(seconds)
    except concurrent.futures.TimeoutError:
        future.cancel()
        raise TimeoutError from None


async def send_error(send: Send, error: ClickHouseError, version: str, preamble: Preamble) -> None:
    """Answer a request with ClickHouse's error body, code and status."""
    body = error.body(version)
    headers = preamble.headers()
    headers.append((b"content-type", b"text/plain; charset=UTF-8"))
    headers.append((b"content-length", str(len(body)).encode()))
    headers.append((b"x-clickhouse-exception-code", str(error.code).encode()))
    if error.status == 401:
        headers.append((b"www-authenticate", b'Basic realm="ClickHouse server HTTP API"'))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
