"""The server process: its data folder, its port, its start and its clean end."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import uvicorn

from warehouse.errors import UserError
from warehouse.server.app import Interface, Limits
from warehouse.server.engine import Engine
from warehouse.server.identity import Doors, credentials
from warehouse.server.reader import Guard
from warehouse.settings import READABLE_LAYERS, WarehouseSettings

_BACKLOG = 1024


class _Server(uvicorn.Server):
    """uvicorn that ends with exit code 0 on a signal instead of raising it again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


def serve(
    settings: WarehouseSettings,
    host: str,
    port: int,
    allowed_hosts: tuple[str, ...] = (),
    limits: Limits | None = None,
) -> None:
    """Serve ``settings.path`` until SIGTERM or SIGINT, then finish what runs and return.

    Raises:
        UserError: the path cannot be a data folder or is served already, or the port is taken.
    """
    if settings.user == settings.reader_user:
        raise UserError(
            f"user {settings.user}: owner and reader have the same name. "
            "Set CLICKHOUSE_USER and CLICKHOUSE_READER_USER to different ones."
        )
    path = _folder(settings.path)
    with owned(path) as lock:
        listener = _listen(host, port)
        address = f"http://{host}:{listener.getsockname()[1]}"
        json.dump({"pid": os.getpid(), "address": address}, lock)
        lock.flush()
        engine = Engine(path)
        try:
            asyncio.run(_serve(engine, settings, listener, host, allowed_hosts, limits))
        finally:
            engine.close()


def _folder(path: Path) -> Path:
    """The data folder; one that is made here is its user's alone."""
    resolved = path.resolve()
    if "?" in str(resolved):
        raise UserError(f"path {path}: the engine takes no '?' in a path. Pass another --path.")
    try:
        resolved.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("engine", ".engine-scratch"):
            (resolved / name).mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryFile(dir=resolved):
            pass
    except OSError as error:
        raise UserError(
            f"path {path}: cannot be a data folder ({error.strerror}). "
            "Pass a --path that you may write to."
        ) from None
    return resolved


async def _serve(
    engine: Engine,
    settings: WarehouseSettings,
    listener: socket.socket,
    host: str,
    allowed_hosts: tuple[str, ...],
    limits: Limits | None,
) -> None:
    guard = Guard(engine, tuple(settings.database(layer) for layer in READABLE_LAYERS))
    interface = Interface(
        engine,
        credentials(settings),
        Doors.for_bind(host, allowed_hosts),
        guard,
        limits or Limits(),
    )
    # A connection that is cut on purpose after a mid-stream error is no error of the server's.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        interface.application(),
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        backlog=_BACKLOG,
        timeout_keep_alive=30,
    )
    server = _Server(config)
    ready = asyncio.create_task(_announce(server, listener, host))
    await server.serve(sockets=[listener])
    await ready


async def _announce(server: _Server, listener: socket.socket, host: str) -> None:
    port = listener.getsockname()[1]
    while not server.started and not server.should_exit:
        await asyncio.sleep(0.005)
    if server.started:
        print(f"warehouse: listening on http://{host}:{port}", flush=True)  # noqa: T201


@contextlib.contextmanager
def owned(path: Path) -> Iterator[IO[str]]:
    """Hold the data folder; the lock dies with the process, however it dies."""
    with (path / "server.lock").open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise UserError(
                f"path {path}: already served by {_holder(lock.read())}. "
                "Use that server, stop it, or pass another --path."
            ) from None
        lock.truncate(0)
        yield lock


def _holder(record: str) -> str:
    try:
        found = json.loads(record)
        return f"process {found['pid']} at {found['address']}"
    except (ValueError, KeyError):
        return "another process"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it: head and body of an answer are two writes, and Nagle would hold
    # the second back until the client acknowledges the first (40 ms).
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UserError(
            f"port {port} on {host}: cannot be bound ({reason}). "
            "Stop what listens there or pass another --port."
        ) from None
    listener.setblocking(False)
    return listener
