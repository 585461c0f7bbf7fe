"""Platforms whose answers are given: what stands where the network would be, and a toy to ask."""

import io
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter

from ingestion.connections import Connection, Tokens
from ingestion.http import ApiClient, PacedAdapter
from ingestion.policy import Failure, Headers, Json, Platform, Rule
from ingestion.settings import IngestionSettings
from ingestion.snapshot import SnapshotRun

SECRET = "act.very-secret"
OK = (200, {"items": [], "error": None})
Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]] | Exception


def toy_error(code: str, status: int = 400, message: str = "") -> Answer:
    """The toy's refusal with this code."""
    return status, {"error": {"code": code, "message": message or f"It is {code}."}}


def read_toy_failure(status: int, answer: Json) -> Failure | None:
    error = answer.get("error")
    return Failure([str(error["code"])], str(error["message"])) if error else None


def toy_pause(headers: Headers) -> float:
    return float(headers.get("X-Toy-Minutes", 0)) * 60


TOY = Platform(
    name="toy",
    hosts={"": "https://toy.example", "login": "https://login.toy.example"},
    read_failure=read_toy_failure,
    rules=(
        Rule("transient", {"busy"}, statuses=range(500, 600)),
        Rule("throttled", {"slow_down"}),
        Rule("dead_token", {"dead"}, remedy="Reconnect the account."),
        Rule("permission", {"no_scope"}, remedy="Reconnect the account."),
        Rule("gone", {"gone"}),
        Rule("bad_metric", {"invalid"}, pattern="metric"),
        Rule("too_much", {"invalid"}, pattern="too much"),
        Rule("platform", {"quota"}, remedy="Run again tomorrow."),
    ),
    streams=lambda _: [],
    probe=lambda run, unit: None,
    pause=toy_pause,
)
"""One error code for each action."""


class Network(HTTPAdapter):
    """Gives the answers in turn, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers, self.requests = list(answers), list[requests.PreparedRequest]()
        self._lock = threading.Lock()

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        with self._lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return make_response(request, *answer)


def make_response(
    request: requests.PreparedRequest,
    status: int,
    body: Any,
    headers: Mapping[str, str] | None = None,
) -> requests.Response:
    """A response as ``requests`` gives it; text bodies are HTML, others JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    response = requests.Response()
    response.status_code = status
    response.raw = io.BytesIO(text.encode())
    response.raw.headers = headers or {}  # type: ignore[attr-defined]
    response.request, response.url = request, request.url or ""
    response.headers["content-type"] = "text/html" if isinstance(body, str) else "application/json"
    response.headers.update(headers or {})
    return response


def settings(**values: Any) -> IngestionSettings:
    given = {"request_attempts": 3, "request_backoff": 0, **values}
    return IngestionSettings(_env_file=None, **given)


def scripted(platform: Platform, *answers: Answer, **values: Any) -> tuple[ApiClient, Network]:
    """A platform's client on a network that gives the answers; ``values`` are settings."""
    client, network = ApiClient(platform, settings(**values)), Network(*answers)
    client._adapter = _Paced(client, network)
    return client, network


class _Given(HTTPAdapter):
    network: Network

    def send(self, request: requests.PreparedRequest, *args: Any, **kw: Any) -> requests.Response:
        return self.network.send(request, *args, **kw)


class _Paced(PacedAdapter, _Given):
    """Our own adapter; what it would send over the network is answered by a script."""

    def __init__(self, client: ApiClient, network: Network) -> None:
        super().__init__(client, client._calls_per_minute)
        self.network = network


def call(client: ApiClient, path: str = "/things", **request: Any) -> dict[str, Any]:
    """A call for the account ``ann`` with her token."""
    return client.call(path, "ann", {"Authorization": f"Bearer {SECRET}"}, **request)


class Book:
    """Tokens of every account, as the connections' database would keep them."""

    def __init__(self) -> None:
        self.kept: dict[str, Tokens] = {}
        self.refreshed: list[str] = []
        self._lock = threading.Lock()

    def tokens(self, connection_id: str) -> Tokens | None:
        return self.kept.get(connection_id)

    def refresh(self, connection_id: str, stale: SecretStr, ask: Any) -> Tokens:
        with self._lock:
            present = self.kept[connection_id]
            if present.access_token != stale:
                return present
            self.refreshed.append(connection_id)
            self.kept[connection_id] = ask(present)
            return self.kept[connection_id]

    def close(self) -> None: ...


def accounts(platform: str, count: int) -> list[Connection]:
    """Accounts ``a000``, ``a001``, ..."""
    return [
        Connection(
            connection_id=f"k{n}",
            creator_id="c",
            platform=platform,
            account_id=f"a{n:03}",
            handle=f"h{n}",
            connected_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for n in range(count)
    ]


def run_over(
    platform: Platform,
    *answers: Answer,
    days: Iterable[date] = (date(2026, 11, 20),),
    count: int = 1,
    **values: Any,
) -> tuple[SnapshotRun, Network]:
    """A run over ``count`` accounts, each with a token; the platform gives the answers."""
    run = SnapshotRun(platform, settings=settings(**values))
    run.client, network = scripted(platform, *(answers or (OK,)), **values)
    run.accounts, run.dates = accounts(platform.name, count), list(days)
    book = Book()
    for account in run.accounts:
        token = SecretStr(f"{SECRET}-{account.account_id}")
        book.kept[account.connection_id] = Tokens(access_token=token, refresh_token=token)
    run.access._store = book  # type: ignore[assignment]
    return run, network


def bearers(requests_: Sequence[requests.PreparedRequest]) -> list[str]:
    """The tokens that calls carried."""
    return [str(one.headers["Authorization"]).removeprefix("Bearer ") for one in requests_]
