"""What the sandbox's Instagram refuses, and its tokens."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from ingestion.graph import VERSION
from ingestion.sandbox.credentials import CLIENT_KEY, CLIENT_SECRET
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import ERROR_GAP, ERROR_SUSPENDED
from tests.contracts.ingestion.instagram.instagram_answers import Accounts, place

OF_TOTALS = {"period": "day", "metric_type": "total_value"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"period": "day"}, "The parameter metric is required"),
        ({"metric": "reach"}, "The parameter period is required"),
        ({"metric": "reach,nonsense", "period": "day"}, "metric[1] must be one of the following"),
        ({"metric": "impressions", "period": "day"}, "impressions metric is no longer supported"),
        ({"metric": "views", "period": "day"}, "should be specified with parameter metric_type"),
        ({"metric": "follower_count", **OF_TOTALS}, "do not support metric_type total_value"),
        ({"metric": "views", "breakdown": "age", **OF_TOTALS}, "Incompatible breakdowns (age)"),
        ({"metric": "reach", "period": "lifetime"}, "Incompatible metrics (reach)"),
        (
            {"metric": "reach", "period": "day", "since": "2026-10-20", "until": "2026-11-20"},
            "There cannot be more than 30 days (2592000 s) between since and until",
        ),
        (
            {
                "metric": "follower_count",
                "period": "day",
                "since": "2026-10-20",
                "until": "2026-11-01",
            },
            "only supports querying data for the last 30 days excluding the current day",
        ),
        ({"metric": "reach", "period": "day", "since": "soon"}, "soon is not a valid time"),
        ({"metric": "follower_demographics", "period": "lifetime"}, "metric_type=total_value"),
    ],
)
def test_account_insights_are_refused_as_a_whole(
    graph: Accounts, asked: dict[str, str], message: str
) -> None:
    code, _, told = graph.refused(f"{graph.account_id}/insights", **asked)
    assert code == 100
    assert message in told


def test_a_metric_of_another_product_kills_the_call(graph: Accounts) -> None:
    image = next(m for m in graph.media() if m["media_type"] == "IMAGE")
    asked = "reach,ig_reels_avg_watch_time"
    code, _, told = graph.refused(f"{image['id']}/insights", metric=asked)
    assert code == 100
    assert "does not support the ig_reels_avg_watch_time metric for this media product" in told


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"fields": "id,nothing_like_it"}, 100),
        ({"fields": "id{"}, 2500),
        ({"limit": "101"}, 100),
        ({"limit": "many"}, 100),
        ({"after": "no-cursor"}, 100),
    ],
)
def test_wrong_parameters_are_refused(graph: Accounts, params: dict[str, str], code: int) -> None:
    assert graph.refused(f"{graph.account_id}/media", **params)[0] == code


def test_tokens(api: TestClient, graph: Accounts, world: World) -> None:
    path = f"/instagram/{VERSION}/{graph.account_id}"
    assert api.get(path).json()["error"]["code"] == 104
    dead = api.get(path, headers={"Authorization": "Bearer EAA-nobody"}).json()["error"]
    assert (dead["code"], dead["error_subcode"]) == (190, 463)
    assert api.get(path, params={"access_token": graph.token}).status_code == 200
    other = next(
        a.account_id
        for a in world.accounts()
        if a.platform == "instagram" and a.account_id != graph.account_id
    )
    assert graph.refused(f"{other}/media")[:2] == (100, 33)


def exchange(api: TestClient, **changes: str) -> Any:
    form = {
        "grant_type": "fb_exchange_token",
        "client_id": CLIENT_KEY,
        "client_secret": CLIENT_SECRET,
        **changes,
    }
    return api.post(f"/instagram/{VERSION}/oauth/access_token", data=form)


def test_a_living_token_is_exchanged_for_another(api: TestClient, graph: Accounts) -> None:
    body = exchange(api, fb_exchange_token=graph.token).json()
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    # An owner's token too, and what comes of it opens the account and can be exchanged in its turn.
    owners = graph.owners
    for _ in range(2):
        owners = exchange(api, fb_exchange_token=owners).json()["access_token"]
        path = f"/instagram/{VERSION}/{graph.account_id}"
        assert api.get(path, params={"access_token": owners}).json()["id"] == graph.account_id
    assert (body["token_type"], body["expires_in"]) == ("bearer", 60 * 86_400)
    graph.token = body["access_token"]
    assert graph.ask(graph.account_id)["id"] == graph.account_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "password"}, 100),
        ({"client_id": "another"}, 101),
        ({"client_secret": "wrong"}, 1),
        ({"fb_exchange_token": "EAA-nobody.0"}, 190),
    ],
)
def test_an_exchange_is_refused(
    api: TestClient, graph: Accounts, changes: dict[str, str], code: int
) -> None:
    answer = exchange(api, **{"fb_exchange_token": graph.token, **changes})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("kind", "status", "code"), [(ERROR_GAP, 500, 2), (ERROR_SUSPENDED, 400, 100)]
)
def test_a_suspended_account_is_gone_and_a_gap_is_the_platforms_fault(
    graph: Accounts, world: World, kind: int, status: int, code: int
) -> None:
    block, account = place(world, graph.account_id)
    before = block.error_kind[account, -1]
    block.error_kind[account, -1] = kind
    try:
        for path in ("", "/media", "/stories", "/insights"):
            assert graph.refused(graph.account_id + path, status)[0] == code
    finally:
        block.error_kind[account, -1] = before
