"""Faults of the sandbox: each one in the platform's own words, the same for the same seed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from ingestion.policy import Platform
from ingestion.rate import CallWindow
from ingestion.registry import PLATFORMS
from ingestion.sandbox.calls import CallLog
from ingestion.sandbox.faults import FAULTS, NO_FAULTS, Injection, read_faults
from ingestion.sandbox.gate import Gate
from ingestion.sandbox.platforms import Account, Creator
from ingestion.sandbox.tokens import TokenBook
from warehouse.errors import UserError

CURSORS: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "facebook": (
        {"after": "a1"},
        {"data": [], "paging": {"cursors": {"after": "a2"}, "next": "x"}},
    ),
    "instagram": (
        {"after": "a1"},
        {"data": [], "paging": {"cursors": {"after": "a2"}, "next": "x"}},
    ),
    "tiktok": (
        {"cursor": "5"},
        {"data": {"videos": [{"id": "1"}], "cursor": 9, "has_more": True}, "error": {"code": "ok"}},
    ),
    "youtube": ({"pageToken": "p1"}, {"items": [], "nextPageToken": "p2"}),
}
"""Each platform's cursor of a page, and a page with another behind it."""


class World:
    seed, name = 5, "small"

    def creators(self) -> list[Creator]:
        return []

    def accounts(self) -> list[Account]:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        return [Account("c", name, "1", "ann", moment) for name in CURSORS]


@contextmanager
def serving(
    platform: str, rates: dict[str, float], limit: int = 0, seed: int = 7
) -> Iterator[tuple[Callable[..., httpx.Response], TokenBook, Injection]]:
    """A platform of two routes behind the gate; gives how to ask it for ``/{node}``."""

    async def page(request: Request) -> Response:
        found = tokens.account(platform, request.headers["authorization"].removeprefix("Bearer "))
        return JSONResponse(CURSORS[platform][1], 200 if found else 401)

    async def token(_: Request) -> Response:
        return JSONResponse({"access_token": "new"})

    tokens, faults = TokenBook(World()), Injection(rates, seed)
    routes = [Route("/oauth/token", token), Route("/{node}", page, methods=["GET", "POST"])]
    for route in routes:
        route.app = Gate(platform, route, tokens, CallLog(), CallWindow(limit), faults)
    app = Starlette(routes=[Mount(f"/{platform}", routes=routes)])
    with TestClient(app) as client:

        def ask(path: str = "/1", method: str = "GET", **request: Any) -> httpx.Response:
            bearer = {"Authorization": f"Bearer {tokens.issued(platform, '1').access_token}"}
            return client.request(method, f"/{platform}{path}", headers=bearer, **request)

        yield ask, tokens, faults


def verdict(platform: str, answer: httpx.Response) -> Any:
    """What the platform's source makes of an answer."""
    spec: Platform = PLATFORMS[platform]
    return spec.judge(answer.status_code, answer.json())


def test_there_are_the_faults_that_a_connector_has_to_survive() -> None:
    assert set(FAULTS) >= {
        "throttle",
        "server_error",
        "truncated_body",
        "dead_token",
        "dead_metric",
        "gone_object",
        "repeated_cursor",
        "slow_answer",
        "reset_connection",
    }


@pytest.mark.parametrize("platform", CURSORS)
def test_a_throttle_is_the_platforms_own_and_names_the_wait(platform: str) -> None:
    with serving(platform, {"throttle": 1}) as (ask, _, faults):
        answer = ask()
    assert verdict(platform, answer).action == "throttled"
    pause = PLATFORMS[platform].pause(answer.headers)
    assert float(answer.headers.get("Retry-After", 0)) or pause == pytest.approx(1, abs=0.1)
    assert faults.struck() == {"throttle": 1}


@pytest.mark.parametrize("platform", CURSORS)
def test_calls_beyond_the_limit_are_throttled(platform: str) -> None:
    with serving(platform, {}, limit=2) as (ask, _, __):
        assert [ask().status_code for _ in range(2)] == [200, 200]
        assert verdict(platform, ask()).action == "throttled"


@pytest.mark.parametrize("platform", CURSORS)
def test_server_errors_come_in_three_forms(platform: str) -> None:
    with serving(platform, {"server_error": 1}) as (ask, _, __):
        answers = [ask() for _ in range(3)]
    assert len({answer.text for answer in answers}) == 3
    for answer in answers:
        if answer.headers.get("content-type", "").startswith("application/json"):
            assert verdict(platform, answer).action == "transient"
        else:
            assert answer.status_code in (502, 503)


@pytest.mark.parametrize("platform", CURSORS)
def test_a_truncated_body_is_no_json(platform: str) -> None:
    with serving(platform, {"truncated_body": 1}) as (ask, _, __):
        answer = ask()
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("platform", CURSORS)
def test_a_dead_token_is_renewed_by_the_refresh_token(platform: str) -> None:
    with serving(platform, {"dead_token": 1}) as (ask, tokens, __):
        refresh_token = tokens.issued(platform, "1").refresh_token
        assert ask().status_code == 401
    assert tokens.refresh(platform, refresh_token) is not None


METRICS = {
    "facebook": "/1?metric=page_follows,page_views_total",
    "instagram": "/1?metric=reach,views",
    "youtube": "/1?metrics=views,likes",
}


@pytest.mark.parametrize("platform", METRICS)
def test_a_dead_metric_refuses_its_batch_and_no_other(platform: str) -> None:
    names = METRICS[platform].partition("=")[2].split(",")
    for seed in range(200):
        with serving(platform, {"dead_metric": 0.3}, seed=seed) as (ask, _, __):
            alone = [ask(f"/1?metric={n}&metrics={n}").status_code for n in names]
            together = ask(METRICS[platform])
            other = ask("/1?fields=id")
        assert other.status_code == 200
        assert (together.status_code == 200) == (set(alone) == {200})
        if together.status_code != 200:
            assert verdict(platform, together).action == "bad_metric"
            return
    raise AssertionError("no metric died")


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_a_gone_object_stays_gone_and_an_account_does_not_go(platform: str) -> None:
    with serving(platform, {"gone_object": 0.5}) as (ask, _, __):
        first = {n: ask(f"/9{n}").status_code for n in range(40)}
        again = {n: ask(f"/9{n}").status_code for n in range(40)}
        gone = next(n for n, status in first.items() if status != 200)
        assert verdict(platform, ask(f"/9{gone}")).action == "gone"
        assert ask("/1").status_code == 200
    assert first == again
    assert len(set(first.values())) == 2


def test_youtubes_object_is_named_by_a_parameter() -> None:
    with serving("youtube", {"gone_object": 1}) as (ask, _, __):
        assert verdict("youtube", ask("/1?videoId=v1")).action == "gone"
        assert ask("/1").status_code == 200


@pytest.mark.parametrize("platform", CURSORS)
def test_a_repeated_cursor_is_the_one_that_was_asked_for(platform: str) -> None:
    params, page = CURSORS[platform]
    with serving(platform, {"repeated_cursor": 1}) as (ask, _, __):
        first = ask(method="POST" if platform == "tiktok" else "GET")
        if platform == "tiktok":
            second = ask(method="POST", json={"cursor": int(params["cursor"])})
        else:
            second = ask(params=params)
    assert first.json() == page
    assert second.json() != page
    assert next(iter(params.values())) in json.dumps(second.json())


def test_chance_is_the_seeds_and_a_call_that_is_repeated_may_pass() -> None:
    def course(seed: int) -> list[int]:
        with serving("tiktok", {"server_error": 0.5}, seed=seed) as (ask, _, __):
            return [ask().status_code for _ in range(30)]

    assert course(1) == course(1)
    assert course(1) != course(2)
    assert 5 < course(1).count(200) < 25


def test_token_endpoints_are_spared() -> None:
    with serving("youtube", {"server_error": 1, "throttle": 1}) as (ask, _, __):
        assert ask("/oauth/token").json() == {"access_token": "new"}
        assert ask().status_code != 200


def test_without_faults_nothing_goes_wrong() -> None:
    assert NO_FAULTS.is_idle
    with serving("tiktok", {}) as (ask, _, faults):
        assert {ask().status_code for _ in range(20)} == {200}
    assert faults.struck() == {}


def test_faults_are_named_with_or_without_a_rate() -> None:
    assert read_faults(["throttle", "dead_token:0.5,slow_answer:0"]) == {
        "throttle": FAULTS["throttle"].rate,
        "dead_token": 0.5,
        "slow_answer": 0,
    }


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("earthquake", "'earthquake' is not a fault. There are: throttle, "),
        ("throttle:2", "'throttle:2': the rate has to be between 0 and 1"),
        ("throttle:often", "'throttle:often': the rate has to be between 0 and 1"),
        ("", "'' is not a fault"),
    ],
)
def test_a_fault_that_is_none_is_refused_in_one_line(value: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        read_faults([value])
    assert said in str(caught.value)
