"""The HTTP interface as an ASGI application: who may ask, what is asked, and the way through."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from warehouse.server import encoding, reader
from warehouse.server.engine import Engine
from warehouse.server.errors import (
    NOT_IMPLEMENTED,
    QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING,
    READONLY,
    TOO_MANY_SIMULTANEOUS_QUERIES,
    ClickHouseError,
    from_engine,
)
from warehouse.server.exchange import (
    ClientGoneError,
    Incoming,
    Outgoing,
    Preamble,
    send_error,
)
from warehouse.server.execution import Execution
from warehouse.server.identity import Credentials, Doors, presented
from warehouse.server.request import (
    MAX_QUERY_BYTES,
    Body,
    Options,
    form_fields,
    line,
    options,
    query_limit,
    statement,
)
from warehouse.server.sessions import Session, Sessions
from warehouse.server.statement import Statement
from warehouse.settings import Identity

logger = logging.getLogger(__name__)

SERVER_NAME = "credence-embedded"

_KILL_AGAIN_SECONDS = 0.5
_EXPIRE_SECONDS = 5.0


@dataclass(frozen=True)
class Limits:
    """How many queries run at once, how many may wait, and how long a client may do nothing.

    ``patience`` is in seconds: a client that neither takes the next bytes of its result nor
    sends those of its data for so long loses its place (ClickHouse's send_timeout and
    receive_timeout).
    """

    running: int = 16
    waiting: int = 256
    patience: float = 300.0
    sessions: int = 256


@dataclass
class _Job:
    identity: Identity
    statement: Statement
    options: Options
    session: Session | None
    incoming: Incoming
    outgoing: Outgoing


class Interface:
    """ClickHouse's HTTP interface over an engine."""

    def __init__(
        self,
        engine: Engine,
        credentials: Credentials,
        doors: Doors,
        guard: reader.Guard,
        limits: Limits,
    ) -> None:
        self._engine = engine
        self._credentials = credentials
        self._doors = doors
        self._guard = guard
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.running)
        self._waiting = 0
        self._threads = ThreadPoolExecutor(limits.running, thread_name_prefix="query")
        self._running: set[str] = set()
        self._sessions = Sessions(engine, limits.sessions)

    def application(self) -> Starlette:
        """The ASGI application: ``/``, ``/ping``."""

        def asgi(
            handler: Callable[[Scope, Receive, Send], Awaitable[None]],
        ) -> "_Endpoint":
            return _Endpoint(handler)

        methods = ["GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "PATCH"]
        return Starlette(
            routes=[
                Route("/ping", asgi(self.ping), methods=["GET", "HEAD"]),
                Route("/", asgi(self.query), methods=methods),
            ],
            middleware=[Middleware(_HostCheck, doors=self._doors)],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        expiry = asyncio.create_task(self._expire_sessions())
        yield
        expiry.cancel()
        self._threads.shutdown()
        self._sessions.close()

    async def _expire_sessions(self) -> None:
        while True:
            await asyncio.sleep(_EXPIRE_SECONDS)
            self._sessions.expire()

    async def ping(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that the server is alive; anybody who may reach the port may know."""
        headers = [(b"content-type", b"text/html; charset=UTF-8"), (b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"Ok.\n"})

    async def query(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that carries a statement."""
        headers = Headers(scope=scope)
        preamble = Preamble(str(uuid4()), self._engine.timezone, SERVER_NAME)
        try:
            params = _url_params(scope)
            preamble = Preamble(
                line("query_id", params.get("query_id", "")) or preamble.query_id,
                preamble.timezone,
                SERVER_NAME,
            )
            identity = self._credentials.authenticate(*presented(headers, params))
            if scope["method"] not in ("GET", "POST"):
                raise ClickHouseError(
                    NOT_IMPLEMENTED, f"Method {scope['method']} is not supported: use GET or POST"
                )
            await self._answer(scope, receive, send, headers, params, identity, preamble)
        except ClickHouseError as error:
            await send_error(send, error, self._engine.version, preamble)
        except ClientDisconnect:
            return

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        headers: Headers,
        params: dict[str, str],
        identity: Identity,
        preamble: Preamble,
    ) -> None:
        body = Body(receive, encoding.decoder(headers.get("content-encoding", "")))
        if headers.get("content-type", "").startswith("multipart/form-data"):
            params |= await form_fields(headers, body)
        asked = options(params, headers, self._engine.http_compression)
        preamble = Preamble(asked.query_id, preamble.timezone, preamble.server_name)
        text = params.get("query", "").encode("utf-8", "surrogateescape")
        found = await statement(text, body, self._query_limit(identity, asked))
        if scope["method"] == "GET" and not _may_get(found):
            raise ClickHouseError(
                READONLY,
                "Cannot execute query in readonly mode. For queries over HTTP, method GET "
                "implies readonly. You should use method POST for modifying queries.",
            )
        loop = asyncio.get_running_loop()
        outgoing = Outgoing(
            send,
            loop,
            preamble,
            asked.compress_response,
            asked.wait_end_of_query,
            self._engine.scratch,
            self._limits.patience,
        )
        async with self._admission(asked.query_id, body):
            session = self._sessions.acquire(identity, asked.session) if asked.session else None
            job = _Job(
                identity,
                found,
                asked,
                session,
                Incoming(body, loop, self._limits.patience),
                outgoing,
            )
            try:
                await self._run(job, body)
            finally:
                if asked.session and session:
                    self._sessions.release(identity, asked.session, session)

    def _query_limit(self, identity: Identity, asked: Options) -> int:
        """The request's max_query_size, else its session's, else ClickHouse's default."""
        kept = MAX_QUERY_BYTES
        if asked.session is not None:
            kept = self._sessions.query_limit(identity, asked.session.id, kept)
        limit = query_limit(asked.settings, kept)
        return min(limit, reader.MAX_QUERY_BYTES) if identity == "reader" else limit

    @asynccontextmanager
    async def _admission(self, query_id: str, body: Body) -> AsyncIterator[None]:
        """A slot of the pool, in turn; a query id runs once at a time.

        Raises:
            ClickHouseError: 216 for an id that runs, 202 when too many wait.
            ClientDisconnect: the client left before its turn.
        """
        if query_id in self._running:
            raise ClickHouseError(
                QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING,
                f"Query with id = {query_id} is already running.",
            )
        if self._slots.locked() and self._waiting >= self._limits.waiting:
            raise ClickHouseError(
                TOO_MANY_SIMULTANEOUS_QUERIES,
                f"Too many simultaneous queries. Running: {self._limits.running}, "
                f"waiting: {self._waiting}",
            )
        self._running.add(query_id)
        self._waiting += 1
        try:
            try:
                await self._turn(body)
            finally:
                self._waiting -= 1
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._running.discard(query_id)

    async def _turn(self, body: Body) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        turn = asyncio.ensure_future(self._slots.acquire())
        left = asyncio.ensure_future(body.left())
        try:
            await asyncio.wait((turn, left), return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                raise ClientDisconnect
        finally:
            for task in (turn, left):
                task.cancel()

    async def _run(self, job: _Job, body: Body) -> None:
        """Run a job in its thread while its body is fetched and its client is watched."""
        loop = asyncio.get_running_loop()
        tasks = [
            asyncio.create_task(self._feed_and_watch(job, body)),
            asyncio.create_task(self._stop_when_abandoned(job)),
        ]
        try:
            failure = await loop.run_in_executor(self._threads, self._execute, job)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(ClientGoneError):
            if failure is None:
                await job.outgoing.finish()
            elif isinstance(failure, ClickHouseError):
                await job.outgoing.fail(failure, self._engine.version)

    async def _feed_and_watch(self, job: _Job, body: Body) -> None:
        """Fetch the body; see when the client goes away."""
        await job.incoming.pump()
        while (await body.receive())["type"] != "http.disconnect":
            pass
        job.outgoing.abandon()

    async def _stop_when_abandoned(self, job: _Job) -> None:
        """Stop the query whose client has gone."""
        await job.outgoing.abandoned.wait()
        while True:
            await asyncio.to_thread(self._engine.kill, job.options.query_id)
            await asyncio.sleep(_KILL_AGAIN_SECONDS)

    def _execute(self, job: _Job) -> Exception | None:
        """In the query's thread: prepare a handle, run, and put a session's handle back."""
        try:
            if job.session is not None:
                self._execute_in_session(job, job.session)
            else:
                self._execute_alone(job)
        except (ClickHouseError, ClientGoneError) as error:
            return error
        except Exception as error:
            logger.exception("query %s", job.options.query_id)
            return from_engine(error)
        return None

    def _execute_alone(self, job: _Job) -> None:
        handle = self._engine.open()
        try:
            if job.identity == "reader":
                self._guard.bind(handle)
            self._execute_on(handle, job)
        finally:
            handle.close()

    def _execute_in_session(self, job: _Job, session: Session) -> None:
        handle = session.handle
        session.admit(job.statement, job.options.params)
        if session.fresh and job.identity == "reader":
            self._guard.bind(handle)
        session.fresh = False
        kept = self._engine.state(handle, job.options.settings)
        try:
            self._execute_on(handle, job)
        finally:
            # SET and USE last; what the URL brought beside them does not.
            verb = job.statement.verb
            lasting = job.statement.words() if verb == "SET" else {verb}
            self._engine.restore(
                handle, [text for name, text in kept.items() if name not in lasting]
            )
            if verb == "SET":
                session.max_query_size = int(self._engine.setting(handle, "max_query_size"))

    def _execute_on(self, handle: Any, job: _Job) -> None:
        asked = job.options
        if job.identity == "reader":
            self._guard.check_settings(asked.settings)
            self._guard.check_database(asked.database)
        # Before the query's id is set: USE shall not stand in the query log in its name.
        if asked.database:
            self._engine.use(handle, asked.database)
        self._engine.prepare(handle, asked.settings, asked.params, asked.query_id)
        checked = job.statement
        if job.identity == "reader":
            checked = self._guard.check(handle, checked)
        Execution(
            self._engine,
            handle,
            checked,
            asked.default_format,
            job.incoming,
            job.outgoing,
            asked.settings.get("extremes", "0") not in ("", "0", "false"),
        ).run()


class _HostCheck:
    """Refuses every request that a foreign page may have sent, whatever its path."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self._app = app
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._doors.admits(Headers(scope=scope)):
            await _refuse(send)
            return
        await self._app(scope, receive, send)


class _Endpoint:
    """Marks a bound method as an ASGI application for Starlette's Route."""

    def __init__(self, handler: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._handler(scope, receive, send)


def _url_params(scope: Scope) -> dict[str, str]:
    text = scope["query_string"].decode("latin-1")
    return dict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape"))


def _may_get(found: Statement) -> bool:
    """GET changes nothing on a ClickHouse server, except in the client's own session."""
    if found.kind == "command":
        return found.verb in ("SET", "USE")
    return found.has_result and found.verb not in ("KILL", "BACKUP", "RESTORE")


async def _refuse(send: Send) -> None:
    body = b"Host or Origin is not allowed here. Start the server with --allow-host NAME.\n"
    headers = [
        (b"content-type", b"text/plain; charset=UTF-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
