"""The shared client: what is retried, what stops, what is raised, and that no secret is told."""

import logging
import threading
import time
from dataclasses import replace

import pytest
import requests
from scripted_platform import OK, SECRET, TOY, Answer, call, scripted, settings, toy_error
from urllib3.exceptions import NewConnectionError, ProtocolError

from ingestion.errors import (
    AccountError,
    ApiError,
    BadMetricError,
    DeadTokenError,
    GoneError,
    PermissionMissingError,
    PlatformError,
    ThrottledError,
    TooMuchDataError,
    UnreachableError,
)
from ingestion.http import of_type, tallied
from ingestion.policy import Ledger
from warehouse.errors import UnavailableError

BROKEN_OFF = requests.exceptions.ChunkedEncodingError("Connection broken: IncompleteRead")
RESET = requests.exceptions.ConnectionError(ProtocolError("Connection aborted.", ConnectionError()))
REFUSED = requests.exceptions.ConnectionError(
    NewConnectionError(None, "[Errno 111] Connection refused")  # type: ignore[arg-type]
)
SLOW = requests.exceptions.ReadTimeout("slow")


@pytest.mark.parametrize(
    "answer",
    [
        toy_error("busy", 200),
        toy_error("unknown", 500),
        toy_error("slow_down"),
        toy_error("unknown", 429),
        (502, "<html>Bad gateway</html>"),
        (503, ""),
        (429, "<html>slow down</html>"),
        (200, "<html>maintenance</html>"),
        (200, '{"items": ['),
        (200, "[]"),
        SLOW,
        RESET,
        REFUSED,
        BROKEN_OFF,
    ],
    ids=str,
)
def test_what_passes_is_tried_again(answer: Answer) -> None:
    client, network = scripted(TOY, answer, answer, OK)
    with tallied() as cost:
        assert call(client) == OK[1]
    assert len(network.requests) == cost.calls == 3


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("dead", "", DeadTokenError),
        ("no_scope", "", PermissionMissingError),
        ("gone", "", GoneError),
        ("invalid", "metric reach", BadMetricError),
        ("invalid", "too much", TooMuchDataError),
        ("never_seen", "", AccountError),
    ],
)
def test_an_accounts_error_is_final_and_its_own(
    code: str, message: str, expected: type[ApiError]
) -> None:
    client, network = scripted(TOY, toy_error(code, message=message), OK)
    with pytest.raises(AccountError) as caught:
        call(client)
    assert type(caught.value) is expected
    assert caught.value.code == code
    assert str(caught.value).startswith("toy: account ann: ")
    assert len(network.requests) == 1
    assert call(client) == OK[1]


def test_an_error_ends_with_the_remedy() -> None:
    client, _ = scripted(TOY, toy_error("dead", message="Token\n  expired."))
    with pytest.raises(DeadTokenError) as caught:
        call(client)
    assert str(caught.value) == "toy: account ann: Token expired (dead). Reconnect the account."


@pytest.mark.parametrize("answer", [toy_error("slow_down"), toy_error("busy")], ids=str)
def test_what_does_not_pass_is_the_accounts(answer: Answer) -> None:
    client, network = scripted(TOY, answer)
    with pytest.raises(AccountError, match=r"still refused after 3 attempts: It is .*Run again"):
        call(client)
    assert len(network.requests) == 3


@pytest.mark.parametrize("answer", [SLOW, RESET, BROKEN_OFF], ids=str)
def test_an_answer_that_never_comes_whole_is_the_accounts(answer: Exception) -> None:
    """One account's huge answer may be what breaks the connection: the others are still read."""
    client, network = scripted(TOY, answer, answer, answer, OK)
    with pytest.raises(
        AccountError, match=r"/things: no complete answer after 3 attempts"
    ) as caught:
        call(client)
    assert caught.value.code == "no_answer"
    assert not isinstance(caught.value, PlatformError)
    assert call(client) == OK[1]
    assert len(network.requests) == 4


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (toy_error("quota"), "toy: It is quota (quota). Run again tomorrow."),
        ((302, "<html>moved</html>"), "Check TOY_BASE_URL (https://toy.example)"),
        ((404, "<html>nginx</html>"), "Check TOY_BASE_URL (https://toy.example)"),
        (REFUSED, "no answer from https://toy.example (connection refused)"),
        (requests.exceptions.SSLError("certificate"), "no answer from https://toy.example"),
    ],
    ids=str,
)
def test_the_platforms_error_stops_every_later_call(answer: Answer, said: str) -> None:
    client, network = scripted(TOY, answer)
    with pytest.raises(PlatformError) as caught:
        call(client)
    assert said in str(caught.value)
    asked = len(network.requests)
    with pytest.raises(PlatformError):
        call(client)
    assert len(network.requests) == asked


def test_a_token_follows_no_redirect() -> None:
    elsewhere = (302, "<html>moved</html>", {"Location": "https://elsewhere.example/"})
    client, network = scripted(TOY, elsewhere, OK)
    with pytest.raises(PlatformError, match="redirected elsewhere"):
        call(client)
    assert [request.url for request in network.requests] == ["https://toy.example/things"]


def test_a_platform_that_cannot_be_reached_is_unavailable() -> None:
    client, _ = scripted(TOY, REFUSED)
    with pytest.raises(UnreachableError) as caught:
        call(client)
    assert isinstance(caught.value, UnavailableError)


def test_a_wait_beyond_the_longest_ends_the_run_at_once() -> None:
    """Neither an hour's Retry-After nor a usage header's minutes are waited for, or retried."""
    for answer in (
        (429, {"error": {"code": "slow_down", "message": "Stop."}}, {"Retry-After": "3600"}),
        (400, {"error": {"code": "slow_down", "message": "Stop."}}, {"X-Toy-Minutes": "60"}),
    ):
        client, network = scripted(TOY, answer, OK, longest_wait=900)
        with pytest.raises(ThrottledError, match=r"wants no calls before .* UTC; run again then"):
            call(client)
        assert len(network.requests) == 1
        with pytest.raises(ThrottledError):
            call(client)
        assert len(network.requests) == 1


def test_a_success_that_asks_for_a_long_wait_is_the_last() -> None:
    client, network = scripted(TOY, (200, {"n": 1}, {"X-Toy-Minutes": "60"}), longest_wait=900)
    assert call(client) == {"n": 1}
    with pytest.raises(ThrottledError, match="run again then"):
        call(client)
    assert len(network.requests) == 1


def test_the_wait_that_a_header_names_holds_the_whole_app() -> None:
    answer = (200, {"n": 1}, {"X-Toy-Minutes": str(0.3 / 60)})
    client, network = scripted(TOY, answer, OK)
    call(client)
    before = time.monotonic()
    call(client, "/elsewhere")
    assert time.monotonic() - before > 0.25
    assert len(network.requests) == 2


COUNTED = replace(TOY, calls_per_minute=lambda _: 600)
"""The toy, where each endpoint has a limit of its own."""


def test_retry_after_holds_the_endpoint_and_no_other() -> None:
    refusal = (429, {"error": {"code": "slow_down", "message": "Stop."}}, {"Retry-After": "1"})
    client, network = scripted(COUNTED, refusal, OK)
    first = threading.Thread(target=call, args=(client, "/things"))
    before = time.monotonic()
    first.start()
    while len(network.requests) < 1:
        time.sleep(0.001)
    call(client, "/elsewhere")
    assert time.monotonic() - before < 0.9
    first.join(10)
    assert time.monotonic() - before > 0.9
    assert [request.path_url for request in network.requests] == [
        "/things",
        "/elsewhere",
        "/things",
    ]


def test_where_no_endpoint_has_a_limit_retry_after_holds_the_whole_app() -> None:
    refusal = (429, {"error": {"code": "slow_down", "message": "Stop."}}, {"Retry-After": "1"})
    client, _ = scripted(TOY, refusal, OK, request_attempts=1)
    before = time.monotonic()
    with pytest.raises(AccountError):
        call(client, "/17/insights")
    call(client, "/18/insights")
    assert time.monotonic() - before > 0.9
    # Paths hold the ids of objects: what is kept of each call would never end.
    assert client._adapter._windows == {}


def test_an_endpoint_is_called_no_faster_than_the_platform_allows() -> None:
    client, _ = scripted(replace(TOY, calls_per_minute=lambda _: 2), OK)
    window = client._adapter._window_of("/things")
    call(client)
    call(client)
    assert window.take() > 50
    assert client._adapter._window_of("/elsewhere").take() == 0


def test_two_threads_meet_the_same_window() -> None:
    client, _ = scripted(COUNTED, OK)
    found = set[object]()
    threads = [
        threading.Thread(target=lambda: found.add(client._adapter._window_of("/things")))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_each_attempt_is_booked_before_it_is_made() -> None:
    class Limited(Ledger):
        left = 2

        def spend(self, path: str) -> int:
            if not self.left:
                raise PlatformError("toy: quota used up.", "quota")
            self.left -= 1
            return 5

    toy = replace(TOY, make_ledger=lambda _: Limited())
    client, network = scripted(toy, toy_error("busy"))
    with tallied() as cost, pytest.raises(PlatformError, match="quota used up"):
        call(client)
    assert len(network.requests) == 2
    assert (cost.calls, cost.quota_units) == (2, 10)


def test_a_call_carries_what_it_is_given() -> None:
    client, network = scripted(TOY, OK)
    call(client, params={"fields": "a,b"})
    call(client, body={"n": 1})
    call(client, "/token", form={"grant": "x"}, host="login")
    get, post, form = network.requests
    assert (get.method, get.url) == ("GET", "https://toy.example/things?fields=a%2Cb")
    assert (post.method, post.body) == ("POST", b'{"n": 1}')
    assert (form.method, form.url, form.body) == (
        "POST",
        "https://login.toy.example/token",
        "grant=x",
    )


def test_hosts_are_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_BASE_URL", "http://127.0.0.1:1/toy/")
    monkeypatch.setenv("TOY_LOGIN_BASE_URL", "http://127.0.0.1:2")
    client, network = scripted(TOY, OK)
    call(client)
    call(client, host="login")
    assert [request.url for request in network.requests] == [
        "http://127.0.0.1:1/toy/things",
        "http://127.0.0.1:2/things",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        toy_error("dead", 401, f"Malformed access token {SECRET}"),
        toy_error("busy", 500),
        toy_error("quota", message=f"No quota for {SECRET}"),
        (302, "<html>moved</html>"),
        (200, f"<html>{SECRET}</html>"),
        REFUSED,
        RESET,
        SLOW,
    ],
    ids=lambda answer: str(answer).replace(SECRET, "..."),
)
def test_no_secret_in_errors_urls_or_logs(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, network = scripted(TOY, answer)
    with pytest.raises((AccountError, PlatformError)) as caught:
        call(client, form={"client_secret": f"{SECRET}-form"})
    assert caught.value.__cause__ is None
    assert SECRET not in f"{caught.value!r} {caught.value} {caplog.text}"
    assert "\n" not in str(caught.value)
    assert all(SECRET not in str(request.url) for request in network.requests)
    assert network.requests[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_settings_hide_the_key() -> None:
    assert SECRET not in repr(settings(youtube_api_key=SECRET))


def test_a_token_of_an_odd_shape_is_not_told() -> None:
    with pytest.raises(AccountError, match="access_token: what came is not a token") as caught:
        of_type(str, "a token", "access_token", [SECRET])
    assert SECRET not in str(caught.value)
