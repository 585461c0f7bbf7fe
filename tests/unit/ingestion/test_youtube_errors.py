"""What each of YouTube's refusals calls for, and how Google's tokens are renewed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from scripted_platform import scripted

from ingestion.connections import Tokens
from ingestion.errors import AccountError, PlatformError
from ingestion.youtube import YOUTUBE, refresh

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded" / "youtube"
FREE = replace(YOUTUBE, make_ledger=None)
OLD = Tokens(access_token=SecretStr("ya29.old"), refresh_token=SecretStr("1//old"))
CLIENT = {"google_client_id": "client", "google_client_secret": "secret"}
UNSUPPORTED = "The query is not supported. Check the documentation for supported queries."
UNKNOWN = "Unknown identifier (redViews) given in field parameters.metrics."


def refusal(status: int, reason: str, message: str = "no", name: str = "") -> dict[str, Any]:
    detail = {"message": message, "domain": "youtube.api", "reason": reason}
    error = {"code": status, "message": message, "errors": [detail]}
    return {"error": error | ({"status": name} if name else {})}


@pytest.mark.parametrize(
    ("status", "reason", "message", "action"),
    [
        (403, "quotaExceeded", "you have exceeded your quota", "platform"),
        (403, "dailyLimitExceeded", "Daily Limit Exceeded", "platform"),
        (429, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries per day'", "platform"),
        (429, "rateLimitExceeded", "Quota exceeded for quota metric 'Queries'", "throttled"),
        (403, "rateLimitExceeded", "Rate Limit Exceeded", "throttled"),
        (403, "userRateLimitExceeded", "User Rate Limit Exceeded", "throttled"),
        (500, "backendError", "Backend Error", "transient"),
        (503, "backendError", "The service is unavailable", "transient"),
        (400, "badRequest", "API key not valid. Please pass a valid API key.", "platform"),
        (403, "forbidden", "Method doesn't allow unregistered callers.", "platform"),
        (403, "accessNotConfigured", "YouTube Data API has not been used", "platform"),
        (401, "authError", "Invalid Credentials", "dead_token"),
        (401, "youtubeSignupRequired", "no channel", "permission"),
        (403, "authenticatedUserAccountSuspended", "suspended", "permission"),
        (403, "insufficientPermissions", "Insufficient Permission", "permission"),
        (403, "forbidden", "Forbidden", "permission"),
        (403, "commentsDisabled", "has disabled comments", "gone"),
        (404, "videoNotFound", "could not be found", "gone"),
        (404, "commentNotFound", "could not be found", "gone"),
        (404, "playlistNotFound", "cannot be found", "account"),
        (400, "invalidPageToken", "an invalid page token", "account"),
        (400, "badRequest", UNSUPPORTED, "bad_metric"),
        (400, "badRequest", UNKNOWN, "bad_metric"),
        (400, "badRequest", "Invalid date (x) given in field parameters.startDate.", "account"),
    ],
)
def test_a_refusal_calls_for(status: int, reason: str, message: str, action: str) -> None:
    verdict = YOUTUBE.judge(status, refusal(status, reason, message))
    assert verdict is not None
    assert (verdict.action, verdict.code) == (action, reason)


@pytest.mark.parametrize(
    ("error", "action"),
    [
        ({"code": 401, "message": "no", "status": "UNAUTHENTICATED"}, "dead_token"),
        (
            {
                "code": 403,
                "message": "no",
                "errors": [{"reason": "forbidden"}],
                "details": [{"reason": "SERVICE_DISABLED"}],
            },
            "platform",
        ),
        (
            {
                "code": 403,
                "message": "Request had insufficient authentication scopes.",
                "status": "PERMISSION_DENIED",
                "details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}],
            },
            "permission",
        ),
        ({"code": 403, "errors": [5], "details": "?", "message": None}, "account"),
    ],
    ids=lambda one: str(one)[:20],
)
def test_googles_own_reasons_count_too(error: dict[str, Any], action: str) -> None:
    verdict = YOUTUBE.judge(error["code"], {"error": error})
    assert verdict is not None
    assert verdict.action == action


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("apidata/error_permission_resp.json", 403, "The caller does not have permission"),
        ("error_response_simple.json", 400, "error message"),
    ],
)
def test_recorded_refusals(name: str, status: int, message: str) -> None:
    if not (RECORDED / name).exists():
        pytest.skip(f"recorded answers are absent ({name} is not in ../shared/data)")
    verdict = YOUTUBE.judge(status, json.loads((RECORDED / name).read_text()))
    assert verdict is not None
    assert verdict.failure.message == message
    assert verdict.action in ("permission", "account")


def test_a_token_is_renewed_and_the_refresh_token_stays() -> None:
    client, network = scripted(
        FREE, (200, {"access_token": "ya29.new", "expires_in": 3599, "token_type": "Bearer"})
    )
    new = refresh(client, OLD, client_settings())
    assert new.access_token.get_secret_value() == "ya29.new"
    assert new.refresh_token == OLD.refresh_token
    assert new.access_expires_at is not None
    (asked,) = network.requests
    assert asked.url == "https://oauth2.googleapis.com/token"
    assert "refresh_token=1%2F%2Fold" in str(asked.body)


def test_a_refresh_token_that_comes_along_is_kept() -> None:
    answer = {"access_token": "ya29.new", "expires_in": 3599, "refresh_token": "1//new"}
    client, _ = scripted(FREE, (200, answer))
    kept = refresh(client, OLD, client_settings()).refresh_token
    assert kept is not None
    assert kept.get_secret_value() == "1//new"


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ({}, "access_token"),
        ({"access_token": ["ya29.new"]}, "access_token"),
        ({"access_token": "ya29.new", "refresh_token": {"value": 1}}, "refresh_token"),
        ({"access_token": "ya29.new", "expires_in": "soon"}, "expires_in"),
    ],
)
def test_a_renewal_in_another_shape_is_the_accounts_error(
    answer: dict[str, Any], named: str
) -> None:
    client, _ = scripted(FREE, (200, answer))
    with pytest.raises(AccountError, match=f"^{named}: .* has changed shape") as caught:
        refresh(client, OLD, client_settings())
    assert caught.value.code == "unreadable_value"


def test_a_withdrawn_grant_is_the_accounts_error() -> None:
    body = {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    client, _ = scripted(FREE, (400, body))
    with pytest.raises(AccountError, match=r"revoked \(invalid_grant\)\. Reconnect") as caught:
        refresh(client, OLD, client_settings())
    assert caught.value.code == "invalid_grant"
    assert "1//old" not in str(caught.value)


def test_a_wrong_application_stops_the_run() -> None:
    body = {"error": "invalid_client", "error_description": "The OAuth client was not found."}
    client, _ = scripted(FREE, (401, body))
    with pytest.raises(PlatformError, match="Check GOOGLE_CLIENT_ID"):
        refresh(client, OLD, client_settings())


def test_nothing_is_asked_without_an_application_or_a_refresh_token() -> None:
    client, network = scripted(FREE, (200, {}))
    with pytest.raises(PlatformError, match="Set GOOGLE_CLIENT_ID"):
        refresh(client, OLD, client_settings(google_client_id=""))
    with pytest.raises(AccountError, match="no refresh token is kept"):
        refresh(client, OLD.model_copy(update={"refresh_token": None}), client_settings())
    assert network.requests == []


def client_settings(**changes: Any) -> Any:
    from scripted_platform import settings

    return settings(**{**CLIENT, **changes})
