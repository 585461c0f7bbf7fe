"""The shared client: what is retried, what is raised, and that no secret reaches a message."""

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from ingestion import tiktok, youtube
from ingestion.http import AccountError, ApiClient, Page, PlatformError, walk_pages
from ingestion.settings import IngestionSettings

SECRET = "act.very-secret"
OK = (200, {"data": {"user": {}}, "error": {"code": "ok", "message": "", "log_id": "1"}})
Answer = tuple[int, Any] | Exception


class Scripted(BaseAdapter):
    """Stands where the network would be: gives the answers in turn, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers, self.requests = list(answers), list[requests.PreparedRequest]()

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code, body = answer
        text = body if isinstance(body, str) else json.dumps(body)
        response.raw = io.BytesIO(text.encode())
        response.request, response.url = request, request.url or ""
        response.headers["content-type"] = (
            "text/html" if isinstance(body, str) else "application/json"
        )
        return response

    def close(self) -> None: ...


def settings(**values: Any) -> IngestionSettings:
    return IngestionSettings(_env_file=None, request_attempts=3, request_backoff=0, **values)


def scripted(
    make: Callable[[IngestionSettings], ApiClient], *answers: Answer
) -> tuple[ApiClient, Scripted]:
    client, adapter = make(settings()), Scripted(*answers)
    client._client._adapter = adapter  # type: ignore[assignment]
    return client, adapter


def call(client: ApiClient) -> dict[str, Any]:
    return client.call(
        "GET", "/v2/user/info/", "ann", {"Authorization": f"Bearer {SECRET}"}, {"fields": "open_id"}
    )


def tiktok_error(code: str, status: int = 200) -> Answer:
    return status, {"data": {}, "error": {"code": code, "message": f"It is {code}.", "log_id": "1"}}


def youtube_error(reason: str, status: int = 403, message: str = "No.") -> Answer:
    detail = {"domain": "youtube", "reason": reason, "message": message}
    return status, {"error": {"code": status, "message": message, "errors": [detail]}}


@pytest.mark.parametrize(
    "answer",
    [
        tiktok_error("rate_limit_exceeded"),
        tiktok_error("rate_limit_exceeded", 429),
        tiktok_error("internal_error", 500),
        (502, "<html>Bad gateway</html>"),
        (200, "<html>maintenance</html>"),
        (200, '{"data": {"user"'),
        (200, {"unexpected": 1}),
        requests.exceptions.ReadTimeout("slow"),
        requests.exceptions.ConnectionError("Connection reset by peer"),
    ],
    ids=str,
)
def test_what_passes_is_tried_again(answer: Answer) -> None:
    client, adapter = scripted(tiktok.make_client, answer, answer, OK)
    assert call(client) == OK[1]
    assert len(adapter.requests) == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (tiktok_error("access_token_invalid", 401), "access_token_invalid). Reconnect the account"),
        (tiktok_error("access_token_invalid", 200), "access_token_invalid). Reconnect the account"),
        (tiktok_error("scope_not_authorized", 401), "scope_not_authorized). Reconnect the account"),
        (tiktok_error("invalid_params", 400), "It is invalid_params (invalid_params)"),
    ],
    ids=str,
)
def test_an_accounts_error_is_final_and_its_own(answer: Answer, said: str) -> None:
    client, adapter = scripted(tiktok.make_client, answer, OK)
    with pytest.raises(AccountError) as caught:
        call(client)
    assert said in str(caught.value)
    assert str(caught.value).startswith("tiktok: account ann: ")
    assert len(adapter.requests) == 1
    assert call(client) == OK[1]


def test_a_transient_error_that_stays_is_the_accounts() -> None:
    client, adapter = scripted(tiktok.make_client, tiktok_error("rate_limit_exceeded", 429))
    with pytest.raises(AccountError, match="after 3 attempts: It is rate_limit_exceeded"):
        call(client)
    assert len(adapter.requests) == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (youtube_error("quotaExceeded"), "midnight Pacific"),
        (youtube_error("dailyLimitExceeded"), "midnight Pacific"),
        (
            youtube_error("badRequest", 400, "API key not valid. Please pass a valid API key."),
            "Check YOUTUBE_API_KEY",
        ),
        (youtube_error("accessNotConfigured"), "Check YOUTUBE_API_KEY"),
        (youtube_error("authError", 401), "Check YOUTUBE_API_KEY"),
        ((302, "<html>moved</html>"), "Check YOUTUBE_BASE_URL"),
        ((404, "<html>nginx</html>"), "Check YOUTUBE_BASE_URL"),
        (requests.exceptions.ConnectionError("[Errno 111] Connection refused"), "refused"),
    ],
    ids=str,
)
def test_the_platforms_error_stops_every_later_call(answer: Answer, said: str) -> None:
    client, adapter = scripted(youtube.make_client, answer)
    with pytest.raises(PlatformError) as caught:
        call(client)
    assert said in str(caught.value)
    asked = len(adapter.requests)
    with pytest.raises(PlatformError):
        call(client)
    assert len(adapter.requests) == asked


@pytest.mark.parametrize("reason", ["rateLimitExceeded", "userRateLimitExceeded"])
def test_youtube_rate_limits_with_403_are_tried_again(reason: str) -> None:
    client, adapter = scripted(youtube.make_client, youtube_error(reason), (200, {"items": []}))
    assert call(client) == {"items": []}
    assert len(adapter.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        tiktok_error("access_token_invalid", 401),
        tiktok_error("internal_error", 500),
        (302, "<html>moved</html>"),
        requests.exceptions.ConnectionError("Connection refused"),
        requests.exceptions.ReadTimeout("slow"),
        (200, "<html>maintenance</html>"),
    ],
    ids=str,
)
def test_no_secret_in_errors_urls_or_logs(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client, adapter = scripted(tiktok.make_client, answer)
    with pytest.raises((AccountError, PlatformError)) as caught:
        call(client)
    assert caught.value.__cause__ is None
    assert SECRET not in f"{caught.value!r} {caught.value} {caplog.text}"
    assert "\n" not in str(caught.value)
    assert all(SECRET not in str(request.url) for request in adapter.requests)
    assert adapter.requests[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_settings_hide_the_key() -> None:
    assert SECRET not in repr(settings(youtube_api_key=SECRET))


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=12))
def test_all_pages_are_walked_in_order(pages: list[list[int]]) -> None:
    def fetch(cursor: int | None) -> Page:
        at = cursor or 0
        return Page(pages[at] or [0], at + 1 if at + 1 < len(pages) else None)  # type: ignore[arg-type]

    assert list(walk_pages(fetch, "ann")) == [item for page in pages for item in page or [0]]


def test_a_repeated_cursor_is_an_error() -> None:
    with pytest.raises(AccountError, match="the same cursor again on page 3") as caught:
        list(walk_pages(lambda cursor: Page([{"at": cursor}], (cursor or 0) % 2 + 1), "ann"))
    assert caught.value.code == "paging_loop"


def test_more_behind_empty_pages_is_an_error() -> None:
    with pytest.raises(AccountError, match="empty pages with more to come on page 3"):
        list(walk_pages(lambda cursor: Page([], (cursor or 0) + 1), "ann"))


def test_one_empty_page_is_none() -> None:
    pages = {None: Page([{"n": 1}], 1), 1: Page([], 2), 2: Page([{"n": 2}], None)}
    assert [item["n"] for item in walk_pages(pages.__getitem__, "ann")] == [1, 2]


def test_no_more_pages_than_asked_for() -> None:
    walked = walk_pages(lambda cursor: Page([{"n": 1}], (cursor or 0) + 1), "ann", most=2)
    assert len(list(walked)) == 2
