"""What goes wrong with real platforms, on demand: ``--faults throttle,reset_connection:0.1``.

A fault is one entry of :data:`FAULTS`: a name, what it does, how often, and a function that looks
at a call and gives the application which answers in the route's place (None: nothing happens).

Chance is drawn from the seed, the fault, the call's path and account and how many such calls came
before, so that a repeated call may pass and a run over the same world meets the same. Some faults
draw for a metric or an object instead, which then stays so. Token endpoints are spared.
"""

import asyncio
import hashlib
import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingestion.metrics import all_metrics
from ingestion.sandbox import refusals
from ingestion.sandbox.tokens import TokenBook
from warehouse.errors import UserError

THROTTLE_SECONDS = 1
SLOW_SECONDS = 2.0

Hits = Callable[..., bool]


@dataclass(frozen=True)
class Call:
    """A call that reached a route: of which platform, for which account, as the how manieth."""

    platform: str
    template: str
    path: str
    params: QueryParams
    path_params: Mapping[str, Any]
    account: str | None
    number: int
    """Calls of this method, path and account, with this one."""
    body: bytes
    tokens: TokenBook
    app: ASGIApp
    """The route itself."""

    @property
    def key(self) -> tuple[object, ...]:
        """What a draw for this one call depends on."""
        return (self.platform, self.path, self.account, self.number)


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong; ``rate`` is the share that it hits, unless told otherwise."""

    name: str
    what: str
    rate: float
    play: Callable[[Call, Hits], ASGIApp | None]


def throttle(call: Call, hits: Hits) -> ASGIApp | None:
    if not hits(*call.key):
        return None
    return refusals.throttled(call.platform, call.template, THROTTLE_SECONDS)


def server_error(call: Call, hits: Hits) -> ASGIApp | None:
    if not hits(*call.key):
        return None
    return refusals.server_error(call.platform, call.template, call.number)


def truncated_body(call: Call, hits: Hits) -> ASGIApp | None:
    def cut(body: bytes) -> bytes:
        return body[: len(body) // 2]

    if not hits(*call.key):
        return None
    # A proxy that cuts says so in the length; a connection that breaks does not.
    return _edited(call.app, cut) if call.number % 2 else _broken_off(call.app)


def dead_token(call: Call, hits: Hits) -> ASGIApp | None:
    if call.account and hits(*call.key):
        call.tokens.kill(call.platform, call.account)
    return None


def dead_metric(call: Call, hits: Hits) -> ASGIApp | None:
    metrics = _metrics(call)
    dead = next((metric for metric in metrics if hits(call.platform, metric)), None)
    if dead is None:
        return None
    return refusals.bad_metric(call.platform, call.template, metrics, dead)


def gone_object(call: Call, hits: Hits) -> ASGIApp | None:
    found = _object(call)
    if found is None or not hits(call.platform, found):
        return None
    return refusals.gone(call.platform, call.template, found)


def repeated_cursor(call: Call, hits: Hits) -> ASGIApp | None:
    def repeat(body: bytes) -> bytes:
        try:
            answer = json.loads(body)
        except ValueError:
            return body
        return json.dumps(answer).encode() if _turn_back(answer, call) else body

    # A first page has no cursor to repeat.
    return _edited(call.app, repeat) if _asked_cursor(call) and hits(*call.key) else None


def slow_answer(call: Call, hits: Hits) -> ASGIApp | None:
    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(SLOW_SECONDS)
        await call.app(scope, receive, send)

    return wait if hits(*call.key) else None


def reset_connection(call: Call, hits: Hits) -> ASGIApp | None:
    return _reset if hits(*call.key) else None


FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault(
            "throttle",
            f"too many calls: the platform's own error and headers; {THROTTLE_SECONDS} s to wait",
            0.05,
            throttle,
        ),
        Fault(
            "server_error",
            "HTTP 500, 502 with an HTML page, 503 without a body",
            0.05,
            server_error,
        ),
        Fault("truncated_body", "the JSON breaks off in the middle", 0.05, truncated_body),
        Fault("dead_token", "the access token dies; the refresh token lives", 0.02, dead_token),
        Fault("dead_metric", "a metric that lived refuses its whole batch", 0.1, dead_metric),
        Fault(
            "gone_object",
            "an object that was listed vanishes before its own calls",
            0.05,
            gone_object,
        ),
        Fault(
            "repeated_cursor", "a page says that it is followed by itself", 0.05, repeated_cursor
        ),
        Fault("slow_answer", f"an answer takes {SLOW_SECONDS:g} s longer", 0.02, slow_answer),
        Fault(
            "reset_connection", "the connection breaks before the answer", 0.05, reset_connection
        ),
    )
}


class Injection:
    """The faults of one server; safe to share between threads."""

    def __init__(self, rates: Mapping[str, float], seed: int) -> None:
        self._seed = seed
        self._chosen = [(FAULTS[name], rate) for name, rate in rates.items()]
        self._lock = threading.Lock()
        self._calls: Counter[tuple[object, ...]] = Counter()
        self._struck: Counter[str] = Counter()

    @property
    def is_idle(self) -> bool:
        """Whether there is no fault to play."""
        return not self._chosen

    def number(self, method: str, path: str, account: str | None) -> int:
        """How many calls of the path and account there are with this one."""
        with self._lock:
            self._calls[method, path, account] += 1
            return self._calls[method, path, account]

    def struck(self) -> Mapping[str, int]:
        """How many calls each fault has hit so far."""
        with self._lock:
            return {fault.name: self._struck[fault.name] for fault, _ in self._chosen}

    def app(self, call: Call) -> ASGIApp:
        """What answers the call: the first fault that hits it, else the route."""
        if is_token_endpoint(call.template):
            return call.app
        for fault, rate in self._chosen:
            played = fault.play(call, partial(self._hits, fault.name, rate))
            if played is not None:
                return played
        return call.app

    def _hits(self, fault: str, rate: float, *key: object) -> bool:
        text = f"{self._seed}:{fault}:{key!r}"
        drawn = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest())
        is_hit = drawn < rate * 256**7
        if is_hit:
            with self._lock:
                self._struck[fault] += 1
        return is_hit


NO_FAULTS = Injection({}, 0)


def is_token_endpoint(template: str) -> bool:
    """Whether the route hands out tokens: an answer that is lost there costs the account."""
    return "/oauth" in template or template.rstrip("/").endswith("/token")


def read_faults(values: Sequence[str]) -> dict[str, float]:
    """Rates by fault from ``name[:rate]`` values, each of which may be a comma list.

    Raises :class:`UserError` for an unknown name or a rate that is no share.
    """
    rates: dict[str, float] = {}
    for text in (part.strip() for value in values for part in value.split(",")):
        name, _, rate = text.partition(":")
        if name not in FAULTS:
            known = ", ".join(FAULTS)
            raise UserError(f"faults: {name!r} is not a fault. There are: {known}.")
        try:
            rates[name] = float(rate) if rate else FAULTS[name].rate
        except ValueError:
            rates[name] = -1
        if not 0 <= rates[name] <= 1:
            raise UserError(f"faults: {text!r}: the rate has to be between 0 and 1.")
    return rates


def _edited(app: ASGIApp, edit: Callable[[bytes], bytes]) -> ASGIApp:
    """The application with another body; status and headers stay."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            changed = edit(bytes(body))
            start["headers"] = [
                (name, str(len(changed)).encode() if name == b"content-length" else value)
                for name, value in start["headers"]
            ]
            await send(start)
            await send({"type": "http.response.body", "body": changed})

        await app(scope, receive, collect)

    return answer


def _broken_off(app: ASGIApp) -> ASGIApp:
    """The application whose connection breaks in the middle of the body."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_half(message: Message) -> None:
            if message["type"] == "http.response.body":
                body = message.get("body", b"")
                message = {**message, "body": body[: len(body) // 2], "more_body": True}
            await send(message)

        await app(scope, receive, send_half)
        await _break(receive)

    return answer


async def _reset(scope: Scope, receive: Receive, send: Send) -> None:
    transport = _transport(receive)
    # With no time to linger the close is a reset, as of a machine that went away.
    own = transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await _break(receive)


async def _break(receive: Receive) -> None:
    _transport(receive).abort()
    # The server has to notice, else it would complain of an answer without an end.
    while (await receive())["type"] != "http.disconnect":
        pass


def _transport(receive: Receive) -> Any:
    """The connection behind a call, which uvicorn keeps with the function that reads from it."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionResetError("this server cannot break a connection")
    return transport


@cache
def _known_metrics(platform: str) -> frozenset[str]:
    return frozenset(one.metric for one in all_metrics() if one.platform == platform)


def _metrics(call: Call) -> list[str]:
    """The metrics asked for: by commas or, of TikTok's Accounts API, among the fields as JSON."""
    names = ("fields",) if "/open_api/" in call.template else ("metric", "metrics")
    text = next((call.params[name] for name in names if name in call.params), "")
    known = _known_metrics(call.platform)
    return [name for name in re.findall(r"\w+", text) if name in known]


OBJECT_PARAMS = ("videoId", "video_id", "item_id")


def _object(call: Call) -> str | None:
    """The object whose own call it is; None where it is about an account."""
    named = [str(value) for value in call.path_params.values()]
    named += [call.params[name] for name in OBJECT_PARAMS if name in call.params]
    return next((one for one in named if not call.tokens.knows(call.platform, one)), None)


def _turn_back(answer: Any, call: Call) -> bool:
    """Make a page that is followed by another be followed by itself; whether there was one."""
    if not isinstance(answer, dict):
        return False
    asked, paging, data = _asked_cursor(call), answer.get("paging"), answer.get("data")
    if isinstance(paging, dict) and paging.get("next"):
        paging["cursors"]["after"] = asked
        return True
    if answer.get("nextPageToken"):
        answer["nextPageToken"] = asked
        return True
    if isinstance(data, dict) and data.get("has_more"):
        data["cursor"] = asked
        return True
    return False


def _asked_cursor(call: Call) -> str | int:
    """The cursor that the call names: a parameter or, of TikTok, in the body; '' for none."""
    for name in ("after", "pageToken", "cursor"):
        if call.params.get(name):
            return call.params[name]
    try:
        found = json.loads(call.body or b"{}").get("cursor")
    except (AttributeError, ValueError):
        return ""
    return found if isinstance(found, int) and found else ""
