"""The shared client: what is retried, what is raised, and that no secret reaches a message."""

import logging
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from scripted_platform import (
    OK,
    SECRET,
    Answer,
    call,
    scripted,
    settings,
    tiktok_error,
    youtube_error,
)

from ingestion import tiktok, youtube
from ingestion.http import AccountError, Page, PlatformError, walk_pages


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
        (youtube_error("keyInvalid", 400), "Check YOUTUBE_API_KEY"),
        (youtube_error("ipRefererBlocked"), "Check YOUTUBE_API_KEY"),
        (youtube_error("forbidden", detail="API_KEY_SERVICE_BLOCKED"), "Check YOUTUBE_API_KEY"),
        (youtube_error("badRequest", 400, detail="API_KEY_INVALID"), "Check YOUTUBE_API_KEY"),
        (youtube_error("forbidden", detail="SERVICE_DISABLED"), "Check YOUTUBE_API_KEY"),
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


@pytest.mark.parametrize(
    "answer",
    [
        youtube_error("forbidden", message="Insufficient permissions."),
        youtube_error("forbidden", detail="IAM_PERMISSION_DENIED"),
        (400, {"error": {"code": 400, "message": "No.", "errors": "none", "details": [None, "x"]}}),
        (400, {"error": {"code": 400, "message": "No.", "errors": ["badRequest"]}}),
    ],
    ids=str,
)
def test_a_refusal_of_one_object_does_not_stop_youtube(answer: Answer) -> None:
    client, _ = scripted(youtube.make_client, answer, (200, {"items": []}))
    with pytest.raises(AccountError, match="youtube: account ann: "):
        call(client)
    assert call(client) == {"items": []}


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


@pytest.mark.parametrize("cursor", [{"at": 1}, ["a"], 1.5], ids=str)
def test_a_cursor_of_another_type_is_an_error(cursor: Any) -> None:
    with pytest.raises(AccountError, match="is not a cursor") as caught:
        list(walk_pages(lambda _: Page([{"n": 1}], cursor), "ann"))
    assert caught.value.code == "unreadable_value"


def test_more_behind_empty_pages_is_an_error() -> None:
    with pytest.raises(AccountError, match="empty pages with more to come on page 3"):
        list(walk_pages(lambda cursor: Page([], (cursor or 0) + 1), "ann"))


def test_one_empty_page_is_none() -> None:
    pages = {None: Page([{"n": 1}], 1), 1: Page([], 2), 2: Page([{"n": 2}], None)}
    assert [item["n"] for item in walk_pages(pages.__getitem__, "ann")] == [1, 2]


def test_no_more_pages_than_asked_for() -> None:
    walked = walk_pages(lambda cursor: Page([{"n": 1}], (cursor or 0) + 1), "ann", most=2)
    assert len(list(walked)) == 2
