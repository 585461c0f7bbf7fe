"""Calls per minute: never more than allowed in any window, and a wait that everybody keeps."""

import io
from email.utils import formatdate
from time import time

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from scripted_platform import TOY
from urllib3 import HTTPResponse

from ingestion.http import ApiClient, PacedAdapter
from ingestion.rate import CallWindow
from ingestion.settings import IngestionSettings
from ingestion.tiktok import TIKTOK


class Clock:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


@given(st.integers(1, 5), st.lists(st.floats(0, 40), min_size=1, max_size=40))
def test_no_window_holds_more_calls_than_allowed(calls: int, pauses: list[float]) -> None:
    clock = Clock()
    window = CallWindow(calls, 60, clock, clock.sleep)
    at = []
    for pause in pauses:
        clock.now += pause
        window.wait()
        at.append(clock.now)
    for first, beyond in zip(at, at[calls:], strict=False):
        assert beyond - first >= 60 - 1e-6


def test_a_burst_within_the_limit_does_not_wait() -> None:
    clock = Clock()
    window = CallWindow(600, 60, clock, clock.sleep)
    for _ in range(600):
        window.wait()
    assert clock.slept == 0
    window.wait()
    assert clock.slept == 60


def test_without_a_limit_only_a_closed_window_waits() -> None:
    clock = Clock()
    window = CallWindow(0, 60, clock, clock.sleep)
    for _ in range(5000):
        window.wait()
    assert clock.slept == 0
    window.close(7)
    window.close(3)
    assert window.take() == 7
    window.wait()
    assert clock.slept == 7


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """HTTP 429 for every call, with the headers that the test puts in."""
    headers: dict[str, str] = {}

    def send(_: HTTPAdapter, request: requests.PreparedRequest, **__: object) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request = 429, request
        response.raw = HTTPResponse(io.BytesIO(b"{}"), headers=dict(headers), status=429)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    return headers


@pytest.mark.parametrize(
    ("limit", "header", "wait"),
    [
        (600, "7", 7),
        (0, "7", 7),
        (600, "300", 300),
        # Longer than a run waits: it ends instead.
        (600, "3600", 0),
        (600, "in 20 s", 20),
        (600, None, 60),
        (600, "soon", 60),
        (0, None, 0),
    ],
)
def test_a_call_too_many_closes_its_endpoint_for_everybody(
    answers: dict[str, str], limit: int, header: str | None, wait: float
) -> None:
    if header:
        # A date is the other form that HTTP allows.
        date = formatdate(time() + 20, usegmt=True)
        answers["Retry-After"] = date if header == "in 20 s" else header
    client = ApiClient(TOY, IngestionSettings(_env_file=None, longest_wait=900))
    adapter = PacedAdapter(client, limit)
    client._calls_per_minute = limit
    listed = requests.Request("GET", "https://platform/v2/video/list/?fields=id").prepare()
    adapter.send(listed)
    assert adapter._window_of("/v2/video/list/").take() == pytest.approx(wait, abs=5)
    # Without a limit of each endpoint's own, the whole app is held.
    elsewhere = 0 if limit else wait
    assert adapter._window_of("/v2/user/info/").take() == pytest.approx(elsewhere, abs=5)


def test_tiktoks_limit_is_the_platforms_unless_set() -> None:
    for values, limit in (({}, 600), ({"tiktok_calls_per_minute": 0}, 0)):
        settings = IngestionSettings(_env_file=None, **values)  # type: ignore[arg-type]
        client = ApiClient(TIKTOK, settings)
        window = client._adapter._window_of("/")
        assert [window.take() for _ in range(600)] == [0] * 600
        assert (window.take() > 0) == bool(limit)
