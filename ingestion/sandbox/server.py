"""The sandbox's server: a world, the platforms' routes over it, one port."""

import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ingestion.rate import CallWindow
from ingestion.sandbox.platforms import World
from ingestion.sandbox.tiktok import MakeWindow, TikTok
from ingestion.sandbox.youtube import YouTube
from warehouse.errors import UserError

SHUTDOWN_SECONDS = 3


def build_app(
    world: World,
    api_key: str,
    ready_line: str | None = None,
    make_window: MakeWindow = lambda: CallWindow(0),
) -> Starlette:
    """The ASGI application over ``world``; prints ``ready_line`` when it takes requests.

    ``make_window`` limits the calls of each TikTok endpoint; by default there is no limit.
    """

    @asynccontextmanager
    async def announce(_: Starlette) -> AsyncIterator[None]:
        if ready_line:
            sys.stdout.write(ready_line + "\n")
            sys.stdout.flush()
        yield

    async def ping(_: Request) -> Response:
        return PlainTextResponse(f"Ok. {world.name}\n")

    tiktok, youtube = TikTok(world, make_window), YouTube(world, api_key)
    routes = [Route("/ping", ping), *tiktok.routes(), *youtube.routes()]
    return Starlette(routes=routes, lifespan=announce)


def serve(world: World, api_key: str, host: str, port: int, calls_per_minute: int = 0) -> None:
    """Serve until SIGTERM or SIGINT; ``port`` 0 takes a free one, 0 calls are no limit.

    Raises :class:`UserError` when the address cannot be taken.
    """
    listener = _listen(host, port)
    bound = listener.getsockname()[1]
    ready_line = f"sandbox: listening on http://{host}:{bound}"
    app = build_app(world, api_key, ready_line, partial(CallWindow, calls_per_minute))
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
