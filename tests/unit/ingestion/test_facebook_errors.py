"""What each of Facebook's refusals calls for."""

from typing import Any

import pytest

from ingestion.facebook import FACEBOOK

METRIC = "(#100) The value must be a valid insights metric"
WINDOW = "(#100) There cannot be more than 90 days (7776000 s) between since and until"
GONE = "Unsupported get request. Object with ID '1' does not exist"
PASSWORD = "Error validating access token: The session has been invalidated"


def refusal(code: int, message: str, subcode: int | None = None) -> dict[str, Any]:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1"}
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}


@pytest.mark.parametrize(
    ("status", "code", "subcode", "message", "action"),
    [
        (500, 2, None, "An unexpected error has occurred.", "transient"),
        (400, 1, None, "An unknown error occurred", "transient"),
        (500, 1, None, "Please reduce the amount of data you're asking for", "too_much"),
        (400, 4, None, "(#4) Application request limit reached", "throttled"),
        (403, 32, None, "(#32) Page request limit reached", "throttled"),
        (400, 80001, None, "There have been too many calls to this Page account.", "throttled"),
        (400, 190, 463, "Error validating access token: Session has expired", "dead_token"),
        (400, 190, 460, PASSWORD, "account"),
        (403, 10, None, "(#10) Requires pages_read_engagement permission", "permission"),
        (403, 200, None, "(#200) The user must be an administrator", "permission"),
        (400, 100, 33, GONE, "gone"),
        (400, 100, None, "(#100) Tried accessing nonexisting field (insights)", "gone"),
        (400, 100, None, METRIC, "bad_metric"),
        (400, 100, None, WINDOW, "account"),
        (400, 100, None, "(#100) Param limit must be a number", "account"),
        (400, 368, None, "The action attempted has been deemed abusive", "account"),
    ],
)
def test_a_refusal_calls_for(
    status: int, code: int, subcode: int | None, message: str, action: str
) -> None:
    verdict = FACEBOOK.judge(status, refusal(code, message, subcode))
    assert verdict is not None
    assert verdict.action == action


def test_an_error_comes_with_http_200_too() -> None:
    verdict = FACEBOOK.judge(200, refusal(190, "Session has expired", 463))
    assert verdict is not None
    assert verdict.code == "190/463"


def test_an_answer_is_no_refusal() -> None:
    assert FACEBOOK.judge(200, {"data": [], "paging": {}}) is None


def test_a_pages_token_is_not_renewed() -> None:
    # It does not end by time: once it is dead, its owner has to connect anew.
    assert FACEBOOK.refresh is None
