"""What TikTok's errors call for, of all three forms, and how its tokens are renewed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr
from scripted_platform import run_over, scripted, settings

from ingestion.connections import Tokens
from ingestion.errors import AccountError, DeadTokenError
from ingestion.insights import Quarantine
from ingestion.snapshot import AccountDay
from ingestion.tiktok import TIKTOK, read_user, refresh
from ingestion.tiktok_business import read_audience

KEYS = {"tiktok_client_key": "app", "tiktok_client_secret": SecretStr("app-secret")}
OLD = Tokens(access_token=SecretStr("act.old"), refresh_token=SecretStr("rft.old"))
NEW = {
    "open_id": "a000",
    "scope": "user.info.basic",
    "access_token": "act.new",
    "expires_in": 7_200,
    "refresh_token": "rft.new",
    "refresh_expires_in": 15_552_000,
    "token_type": "Bearer",
}
USER = (200, {"data": {"user": {}}, "error": {"code": "ok", "message": "", "log_id": "1"}})


def display(code: str, status: int = 200) -> tuple[int, dict[str, Any]]:
    return status, {"data": {}, "error": {"code": code, "message": "No.", "log_id": "1"}}


def business(code: int, message: str = "No.") -> tuple[int, dict[str, Any]]:
    return 200, {"code": code, "message": message, "request_id": "1", "data": {}}


@pytest.mark.parametrize(
    ("answer", "action"),
    [
        (display("ok"), None),
        (display("access_token_invalid", 401), "dead_token"),
        (display("access_token_invalid"), "dead_token"),
        (display("scope_not_authorized", 401), "permission"),
        (display("scope_permission_missed", 400), "permission"),
        (display("invalid_params", 400), "account"),
        (display("rate_limit_exceeded", 429), "throttled"),
        (display("rate_limit_exceeded"), "throttled"),
        (display("internal_error", 500), "transient"),
        (display("something_new", 403), "account"),
        ((200, {"data": {}}), "transient"),
        ((503, {}), "transient"),
        (business(0), None),
        (business(40001), "permission"),
        (business(40002, "fields.3: reach is not a supported field"), "bad_metric"),
        (business(40002, "video_id: 7 is invalid"), "gone"),
        (business(40002, "start_date: must be within the last 60 days"), "account"),
        (business(40007), "gone"),
        (business(40100), "throttled"),
        (business(40102), "dead_token"),
        (business(40105), "dead_token"),
        (business(50000), "transient"),
        (business(49999), "account"),
        ((400, {"error": "invalid_grant", "error_description": "No."}), "account"),
        ((400, {"error": "invalid_client", "error_description": "No."}), "account"),
        ((200, NEW), None),
    ],
)
def test_an_answer_calls_for(answer: tuple[int, dict[str, Any]], action: str | None) -> None:
    verdict = TIKTOK.judge(*answer)
    assert (verdict.action if verdict else None) == action


def test_tokens_are_renewed_by_a_form() -> None:
    client, network = scripted(TIKTOK, (200, NEW))
    before = datetime.now(UTC)
    renewed = refresh(client, OLD, settings(**KEYS))
    sent = network.requests[0]
    assert sent.url == "https://open.tiktokapis.com/v2/oauth/token/"
    assert parse_qs(str(sent.body)) == {
        "client_key": ["app"],
        "client_secret": ["app-secret"],
        "grant_type": ["refresh_token"],
        "refresh_token": ["rft.old"],
    }
    assert renewed.access_token.get_secret_value() == "act.new"
    assert renewed.refresh_token is not None
    assert renewed.refresh_token.get_secret_value() == "rft.new"
    assert renewed.access_expires_at is not None
    assert renewed.refresh_expires_at is not None
    assert timedelta(hours=2) <= renewed.access_expires_at - before < timedelta(hours=2, minutes=1)
    assert timedelta(days=180) <= renewed.refresh_expires_at - before < timedelta(days=181)


@pytest.mark.parametrize(
    ("tokens", "given", "missing"),
    [
        (OLD.model_copy(update={"refresh_token": None}), KEYS, "no refresh token"),
        (OLD, {}, "no client key or secret"),
    ],
)
def test_what_renewal_needs_is_named(tokens: Tokens, given: Any, missing: str) -> None:
    client, network = scripted(TIKTOK, (200, NEW))
    with pytest.raises(AccountError, match=missing) as caught:
        refresh(client, tokens, settings(**given))
    assert "act.old" not in str(caught.value)
    assert network.requests == []


@pytest.mark.parametrize(
    ("word", "remedy"),
    [("invalid_grant", "Reconnect the account"), ("invalid_client", "Check TIKTOK_CLIENT_KEY")],
)
def test_a_refused_renewal_is_one_accounts_error(word: str, remedy: str) -> None:
    refusal = {"error": word, "error_description": "It is refused.", "log_id": "1"}
    client, _ = scripted(TIKTOK, (400, refusal), USER)
    with pytest.raises(AccountError, match=remedy) as caught:
        refresh(client, OLD, settings(**KEYS))
    assert caught.value.code == word
    assert "rft.old" not in str(caught.value)
    # Accounts whose tokens live can still be read.
    client.call("/v2/user/info/", "ann", {})


@pytest.mark.parametrize("given", [{}, {"access_token": "act.new"}, NEW | {"access_token": 7}])
@pytest.mark.parametrize("success", [{"code": 0}, {"error": {"code": "ok"}}], ids=str)
def test_a_renewal_without_tokens_is_the_accounts_error(given: Any, success: Any) -> None:
    client, _ = scripted(TIKTOK, (200, {**given, **success}))
    with pytest.raises(AccountError, match=r"_token: .* is not a token") as caught:
        refresh(client, OLD, settings(**KEYS))
    assert caught.value.code == "unreadable_value"


def test_a_dead_token_is_renewed_once_and_the_call_repeated() -> None:
    run, network = run_over(TIKTOK, display("access_token_invalid", 401), (200, NEW), USER, **KEYS)
    read_user(run, AccountDay(run.accounts[0], run.dates[0]))
    assert [one.headers.get("Authorization") for one in network.requests[::2]] == [
        "Bearer act.very-secret-a000",
        "Bearer act.new",
    ]


def test_a_token_that_stays_dead_is_the_accounts_error() -> None:
    dead = display("access_token_invalid", 401)
    run, network = run_over(TIKTOK, dead, (200, NEW), dead, **KEYS)
    with pytest.raises(DeadTokenError):
        read_user(run, AccountDay(run.accounts[0], run.dates[0]))
    assert len(network.requests) == 3


def test_no_token_stands_in_a_url() -> None:
    run, network = run_over(TIKTOK, business(0))
    read_audience(run, AccountDay(run.accounts[0], run.dates[0]), Quarantine())
    sent = network.requests[0]
    assert sent.headers["Access-Token"] == "act.very-secret-a000"
    assert "act." not in str(sent.url)
    assert str(sent.url).startswith("https://business-api.tiktok.com/open_api/v1.3/business/get/?")
