"""What each of the Graph API's refusals to Instagram's source calls for, and how tokens live on."""

from typing import Any

import pytest
from pydantic import SecretStr
from scripted_platform import scripted, settings

from ingestion import graph
from ingestion.connections import Tokens
from ingestion.errors import AccountError, DeadTokenError, PlatformError
from ingestion.instagram import INSTAGRAM

ONE_OF = "(#100) metric[1] must be one of the following values: impressions, reach"
OF_PRODUCT = "(#100) The Media Insights API does not support the views metric for this media"
DEAD = "(#100) Starting from version v22.0 and above, the impressions metric is no longer supported"
AS_TOTAL = "(#100) The following metrics (views) should be specified with parameter metric_type"
WINDOW = "(#100) There cannot be more than 30 days (2592000 s) between since and until"
TOO_OLD = "(#100) (follower_count) metric only supports querying data for the last 30 days"
GONE = "Unsupported get request. Object with ID '1' does not exist"


def refusal(code: int, message: str, subcode: int | None = None, **more: Any) -> dict[str, Any]:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more}
    return {"error": error | ({"error_subcode": subcode} if subcode else {})}


@pytest.mark.parametrize(
    ("status", "code", "subcode", "message", "action"),
    [
        (500, 2, None, "An unexpected error has occurred.", "transient"),
        (400, 1, None, "An unknown error occurred", "transient"),
        (503, 999, None, "Something new", "transient"),
        (500, 1, None, "Please reduce the amount of data you're asking for", "too_much"),
        (400, 1, None, "Error validating client secret.", "platform"),
        (400, 101, None, "Error validating application.", "platform"),
        (400, 4, None, "(#4) Application request limit reached", "throttled"),
        (400, 17, 2446079, "(#17) User request limit reached", "throttled"),
        (
            400,
            80002,
            None,
            "Too many calls to this Instagram account.",
            "throttled",
        ),
        (400, 613, None, "Calls to this api have exceeded the rate limit.", "throttled"),
        (400, 190, 463, "Error validating access token: Session has expired", "dead_token"),
        (401, 190, None, "Invalid OAuth access token.", "dead_token"),
        (400, 102, None, "Session key invalid", "dead_token"),
        (400, 190, 460, "The session has been invalidated: the password changed", "account"),
        (400, 190, 458, "The user has not authorized application 1", "account"),
        (400, 10, None, "(#10) Application does not have permission for this action", "permission"),
        (403, 200, None, "(#200) Requires instagram_manage_insights", "permission"),
        (400, 10, None, "(#10) Not enough viewers for the media to show insights", "gone"),
        (400, 100, 33, GONE, "gone"),
        (400, 100, 2108006, "Invalid parameter", "gone"),
        (400, 110, 2207013, "Invalid user id", "gone"),
        (400, 100, None, ONE_OF, "bad_metric"),
        (400, 100, None, OF_PRODUCT, "bad_metric"),
        (400, 100, None, DEAD, "bad_metric"),
        (400, 100, None, AS_TOTAL, "bad_metric"),
        (400, 100, None, WINDOW, "account"),
        (400, 100, None, TOO_OLD, "account"),
        (400, 368, None, "The action attempted has been deemed abusive", "account"),
    ],
)
def test_a_refusal_calls_for(
    status: int, code: int, subcode: int | None, message: str, action: str
) -> None:
    verdict = INSTAGRAM.judge(status, refusal(code, message, subcode))
    assert verdict is not None
    assert verdict.action == action


def test_the_platforms_word_that_an_error_passes_is_believed() -> None:
    verdict = INSTAGRAM.judge(400, refusal(987, "Try later", is_transient=True))
    assert verdict is not None
    assert verdict.action == "transient"


def test_an_error_comes_with_http_200_too() -> None:
    verdict = INSTAGRAM.judge(200, refusal(100, "No", 33))
    assert verdict is not None
    assert (verdict.action, verdict.code) == ("gone", "100/33")


@pytest.mark.parametrize("error", ["invalid", ["invalid"], {"message": None}])
def test_an_error_of_another_shape_is_one_all_the_same(error: Any) -> None:
    assert INSTAGRAM.judge(400, {"error": error}) is not None


def test_an_empty_answer_is_no_refusal() -> None:
    assert INSTAGRAM.judge(200, {"data": []}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"X-App-Usage": '{"call_count":99,"total_cputime":1,"total_time":1}'}, 0),
        ({"X-App-Usage": '{"call_count":100,"total_cputime":1,"total_time":1}'}, 60),
        (
            {
                "X-App-Usage": '{"call_count":100}',
                "X-Business-Use-Case-Usage": '{"1":[{"type":"instagram","call_count":100,'
                '"estimated_time_to_regain_access":12}]}',
            },
            12 * 60,
        ),
        ({"X-App-Usage": "not json"}, 0),
    ],
)
def test_the_usage_headers_tell_how_long_to_stay_away(
    headers: dict[str, str], seconds: float
) -> None:
    assert INSTAGRAM.pause(headers) == seconds


OLD = Tokens(access_token=SecretStr("EAA-old"))
APP = {"meta_app_id": "app-1", "meta_app_secret": SecretStr("app-secret")}


def test_a_token_is_exchanged_in_a_form_and_never_in_a_url() -> None:
    answer = {"access_token": "EAA-new", "token_type": "bearer", "expires_in": 5_184_000}
    client, network = scripted(INSTAGRAM, (200, answer), **APP)
    new = graph.refresh(client, OLD, settings(**APP))
    assert new.access_token.get_secret_value() == "EAA-new"
    assert new.access_expires_at is not None
    [request] = network.requests
    assert request.method == "POST"
    assert (request.url or "").endswith("/v26.0/oauth/access_token")
    assert "fb_exchange_token=EAA-old" in str(request.body)
    assert "client_secret=app-secret" in str(request.body)


def test_the_owners_token_is_exchanged_and_lives_on_in_the_new_one() -> None:
    answers = [
        (200, {"access_token": f"EAAL-{name}", "expires_in": 5_184_000})
        for name in ("second", "third")
    ]
    client, network = scripted(INSTAGRAM, *answers, **APP)
    tokens = OLD.model_copy(update={"refresh_token": SecretStr("EAAL-first")})
    for old, new in (("first", "second"), ("second", "third")):
        tokens = graph.refresh(client, tokens, settings(**APP))
        assert f"fb_exchange_token=EAAL-{old}" in str(network.requests[-1].body)
        assert tokens.access_token == tokens.refresh_token == SecretStr(f"EAAL-{new}")
        assert tokens.access_expires_at == tokens.refresh_expires_at is not None


def test_an_owners_token_that_is_the_only_one_stays_the_only_one() -> None:
    client, _ = scripted(INSTAGRAM, (200, {"access_token": "EAA-new"}), **APP)
    new = graph.refresh(client, OLD, settings(**APP))
    # A token without an end names none.
    assert (new.refresh_token, new.access_expires_at) == (None, None)


@pytest.mark.parametrize("seconds", ["soon", "5184000", [], {"in": 60}])
def test_an_end_that_is_no_number_is_told(seconds: Any) -> None:
    answer = {"access_token": "EAA-new", "expires_in": seconds}
    client, _ = scripted(INSTAGRAM, (200, answer), **APP)
    with pytest.raises(AccountError, match=r"expires_in: .* is not a number of seconds") as told:
        graph.refresh(client, OLD, settings(**APP))
    assert "EAA-" not in str(told.value)


def test_a_token_that_cannot_be_exchanged_means_to_reconnect() -> None:
    client, _ = scripted(INSTAGRAM, (400, refusal(190, "Session has expired", 463)), **APP)
    with pytest.raises(DeadTokenError, match=r"Reconnect the account") as refused:
        graph.refresh(client, OLD, settings(**APP))
    assert "EAA-old" not in str(refused.value)


def test_an_exchange_needs_an_application() -> None:
    client, _ = scripted(INSTAGRAM, (200, {}))
    with pytest.raises(PlatformError, match="Set META_APP_ID and META_APP_SECRET"):
        graph.refresh(client, OLD, settings())


def page(following: bool, cursors: dict[str, str] | None = None) -> dict[str, Any]:
    link = "https://graph.facebook.com/v26.0/1/media?access_token=SECRET&limit=2&after=from-link"
    paging: dict[str, Any] = {"cursors": cursors} if cursors is not None else {}
    return {"data": [{"id": "1"}], "paging": paging | ({"next": link} if following else {})}


def test_the_last_page_still_carries_a_cursor() -> None:
    assert graph.page_of(page(False, {"after": "a"}), "ann").following is None
    assert graph.page_of(page(True, {"after": "a"}), "ann").following == "a"


def test_a_link_gives_its_cursor_where_none_stands_beside_it() -> None:
    assert graph.page_of(page(True), "ann").following == "from-link"
