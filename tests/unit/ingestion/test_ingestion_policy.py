"""What an answer calls for is the platform's own table, read from top to bottom."""

from dataclasses import replace

import pytest
from scripted_platform import TOY

from ingestion.policy import Failure, Ledger, Rule
from ingestion.registry import PLATFORMS


def action(status: int, code: str, message: str = "") -> str | None:
    verdict = TOY.judge(status, {"error": {"code": code, "message": message}})
    return verdict.action if verdict else None


def test_a_success_calls_for_nothing() -> None:
    assert TOY.judge(200, {"items": []}) is None


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (200, "dead", "", "dead_token"),
        (400, "invalid", "metric reach is unknown", "bad_metric"),
        (400, "invalid", "too much data", "too_much"),
        (400, "invalid", "name is unknown", "account"),
        (500, "never seen", "", "transient"),
        (429, "never seen", "", "throttled"),
        (403, "never seen", "", "account"),
    ],
)
def test_the_first_rule_that_matches_decides(
    status: int, code: str, message: str, expected: str
) -> None:
    assert action(status, code, message) == expected


def test_an_error_status_without_an_error_is_a_failure() -> None:
    verdict = TOY.judge(403, {"items": []})
    assert verdict is not None
    assert (verdict.action, verdict.code) == ("account", "HTTP 403")


def test_a_code_tells_more_than_a_status_where_it_stands_first() -> None:
    toy = replace(TOY, rules=(Rule("gone", {"a"}), Rule("transient", statuses={500})))
    verdict = toy.judge(500, {"error": {"code": "a", "message": ""}})
    assert verdict is not None
    assert verdict.action == "gone"


def test_a_rule_by_its_pattern_alone() -> None:
    rule = Rule("gone", pattern="(?i)not enough viewers")
    assert rule.matches(400, Failure(["10"], "Not enough viewers for the media"))
    assert not rule.matches(400, Failure(["10"], "Permission missing"))


def test_the_most_telling_code_is_the_errors_own() -> None:
    toy = replace(TOY, read_failure=lambda *_: Failure(["190/463", "190"], "expired"))
    verdict = toy.judge(400, {})
    assert verdict is not None
    assert verdict.code == "190/463"


def test_a_ledger_without_a_limit_spends_nothing() -> None:
    assert Ledger().spend("/anything") == 0


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda platform: platform.name)
def test_every_platform_knows_what_the_usual_failures_call_for(platform: object) -> None:
    """A platform that calls an outage or too many calls one account's error would lose accounts."""
    for status, expected in ((500, "transient"), (503, "transient"), (429, "throttled")):
        verdict = platform.judge(status, {})  # type: ignore[attr-defined]
        assert verdict is not None
        assert verdict.action == expected, (status, verdict)
