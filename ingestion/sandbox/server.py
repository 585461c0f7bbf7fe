"""The sandbox's server: a world, the platforms' routes over it, one port.

A platform stands under its name: ``/tiktok/v2/user/info/``. ``GET /ping`` tells the world,
``GET /sandbox/calls`` how often each route was asked for (``?by=account``: by whom), ``DELETE
/sandbox/calls`` begins to count anew. ``GET /sandbox/faults`` tells how many calls each fault hit.
"""

import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from ingestion.rate import CallWindow
from ingestion.sandbox.calls import CallLog
from ingestion.sandbox.facebook import Facebook
from ingestion.sandbox.faults import NO_FAULTS, Injection
from ingestion.sandbox.gate import Gate, MakeWindow
from ingestion.sandbox.instagram import Instagram
from ingestion.sandbox.platforms import World
from ingestion.sandbox.tiktok import TikTok
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.youtube import YouTube
from warehouse.errors import UserError

SHUTDOWN_SECONDS = 3


class PlatformRoutes(Protocol):
    """A platform of the sandbox: made with a world and its tokens."""

    def __init__(self, world: Any, tokens: TokenBook) -> None: ...

    def routes(self) -> list[Route]: ...


PLATFORMS: Mapping[str, type[PlatformRoutes]] = {
    "facebook": Facebook,
    "instagram": Instagram,
    "tiktok": TikTok,
    "youtube": YouTube,
}


def build_app(
    world: World,
    tokens: TokenBook,
    ready_line: str | None = None,
    make_window: MakeWindow = lambda: CallWindow(0),
    faults: Injection = NO_FAULTS,
) -> Starlette:
    """The ASGI application over ``world``; prints ``ready_line`` when it takes requests.

    ``make_window`` limits the calls of each route; by default there is no limit.
    """

    @asynccontextmanager
    async def announce(_: Starlette) -> AsyncIterator[None]:
        if ready_line:
            sys.stdout.write(ready_line + "\n")
            sys.stdout.flush()
        yield

    async def ping(_: Request) -> Response:
        return PlainTextResponse(f"Ok. {world.name}\n")

    async def told_calls(request: Request) -> Response:
        if request.method == "DELETE":
            calls.reset()
            return Response(status_code=204)
        by_account = request.query_params.get("by") == "account"
        return JSONResponse(calls.by_account() if by_account else calls.by_route())

    async def told_faults(_: Request) -> Response:
        return JSONResponse(faults.struck())

    calls = CallLog()
    routes: list[BaseRoute] = [
        Route("/ping", ping),
        Route("/sandbox/calls", told_calls, methods=["GET", "DELETE"]),
        Route("/sandbox/faults", told_faults),
    ]
    for name, made in PLATFORMS.items():
        own = made(world, tokens).routes()
        for route in own:
            route.app = Gate(name, route, tokens, calls, make_window(), faults)
        routes.append(Mount(f"/{name}", routes=own))
    return Starlette(routes=routes, lifespan=announce)


def serve(
    world: World,
    tokens: TokenBook,
    host: str,
    port: int,
    calls_per_minute: int = 0,
    faults: Injection = NO_FAULTS,
) -> None:
    """Serve until SIGTERM or SIGINT; ``port`` 0 takes a free one, 0 calls are no limit.

    Raises :class:`UserError` when the address cannot be taken.
    """
    listener = _listen(host, port)
    bound = listener.getsockname()[1]
    ready_line = f"sandbox: listening on http://{host}:{bound}"
    app = build_app(world, tokens, ready_line, partial(CallWindow, calls_per_minute), faults)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    # uvicorn hands the signal on once it has shut down: a requested stop is a success.
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: sys.exit(0))
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UserError(
            f"sandbox: port {port} on {host} cannot be taken ({error.strerror}). "
            "Stop the other process or pass --port (0 takes a free one)."
        ) from None
    listener.listen(128)
    return listener
