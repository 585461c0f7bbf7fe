"""What the sandbox's YouTube refuses, and its tokens."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from ingestion.sandbox import credentials
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from tests.contracts.ingestion.youtube.youtube_answers import (
    DATA,
    KEY,
    LAST_DAY,
    MANY,
    REPORTS,
    ask,
)


@pytest.mark.parametrize(
    ("path", "headers", "status", "reason"),
    [
        (f"{DATA}/channels?part=id&id=UCx", {}, 403, "forbidden"),
        (f"{DATA}/channels?part=id&id=UCx", {"X-Goog-Api-Key": "no"}, 400, "badRequest"),
        (f"{DATA}/channels?part=id&id=UCx", {"Authorization": "Bearer no"}, 401, "authError"),
        (f"{DATA}/channels?id=UCx", KEY, 400, "missingRequiredParameter"),
        (f"{DATA}/channels?part=money&id=UCx", KEY, 400, "unknownPart"),
        (f"{DATA}/channels?part=auditDetails&id=UCx", KEY, 403, "insufficientPermissions"),
        (f"{DATA}/channels?part=id&id=UCx&fields=a(", KEY, 400, "invalidParameter"),
        (f"{DATA}/playlistItems?part=id&playlistId=UUx", KEY, 404, "playlistNotFound"),
        (
            f"{DATA}/playlistItems?part=id&playlistId=UUx&maxResults=51",
            KEY,
            400,
            "invalidParameter",
        ),
        (f"{DATA}/videos?part=id&id={MANY}", KEY, 400, "invalidFilters"),
        (f"{DATA}/videos:batchGetStats?part=id&id={MANY}", KEY, 400, "invalidFilters"),
        (f"{DATA}/videos:batchGetStats?part=status&id=x", KEY, 400, "unknownPart"),
        (f"{DATA}/commentThreads?part=id&videoId=x", KEY, 404, "videoNotFound"),
        (f"{DATA}/commentThreads?part=id&videoId=x&maxResults=101", KEY, 400, "invalidParameter"),
        (f"{DATA}/commentThreads?part=id&videoId=x&pageToken=%21", KEY, 400, "invalidPageToken"),
        (f"{DATA}/comments?part=id&parentId=x", KEY, 404, "commentNotFound"),
        (
            f"{REPORTS}?ids=channel==MINE&startDate=2026-11-01&endDate=2026-11-02&metrics=views",
            KEY,
            401,
            "required",
        ),
    ],
)
def test_refusals(
    api: TestClient, path: str, headers: dict[str, str], status: int, reason: str
) -> None:
    answer = api.get(path, headers=headers)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, status)
    assert set(error) == {"code", "message", "errors", "status"}
    assert set(error["errors"][0]) == {"domain", "reason", "message"}
    assert error["errors"][0]["reason"] == reason


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"metrics": "redViews"}, 400, "Unknown identifier (redViews)"),
        ({"dimensions": "day,country"}, 400, "The query is not supported"),
        ({"dimensions": "day,video"}, 400, "The query is not supported"),
        ({"dimensions": "country", "metrics": "likes"}, 400, "The query is not supported"),
        ({"sort": "likes"}, 400, "Unknown identifier (likes)"),
        ({"startDate": "yesterday"}, 400, "Invalid date (yesterday)"),
        ({"endDate": "2026-10-01"}, 400, "Invalid date range"),
        ({"maxResults": "0"}, 400, "Invalid value '0'"),
        ({"ids": "channel==UC_of_somebody_else"}, 403, "Forbidden"),
        ({"metrics": ""}, 400, "Required parameter: metrics"),
    ],
    ids=str,
)
def test_reports_are_refused(
    api: TestClient, bearer: dict[str, str], changes: dict[str, str], status: int, words: str
) -> None:
    params = {
        "ids": "channel==MINE",
        "startDate": "2026-11-01",
        "endDate": "2026-11-10",
        "dimensions": "day",
        "metrics": "views",
    }
    answer = api.get(REPORTS, headers=bearer, params=params | changes)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]


def test_comments_that_are_off_are_refused(api: TestClient, world: World) -> None:
    refused = 0
    for block in world.blocks("youtube"):
        last = block.days - 1
        for post in (block.comments_off & block.visible_posts(last)).nonzero()[0]:
            params = {"part": "id", "videoId": str(block.post_id[post])}
            answer = api.get(f"{DATA}/commentThreads", headers=KEY, params=params)
            assert answer.status_code == 403
            assert answer.json()["error"]["errors"][0]["reason"] == "commentsDisabled"
            stats = ask(
                api, f"{DATA}/videos:batchGetStats", part="statistics", id=params["videoId"]
            )
            assert "commentCount" not in stats["items"][0]["statistics"]
            refused += 1
    assert refused > 0


def test_a_channel_that_is_away_is_missing_or_refused(tokens: TokenBook) -> None:
    world = World(11, 120, 45, LAST_DAY)
    away = {1: 0, 2: 0}
    with TestClient(build_app(world, TokenBook(world))) as api:
        for block in world.blocks("youtube"):
            for account, day in zip(*(block.error_kind > 0).nonzero(), strict=True):
                channel, kind = str(block.account_id[account]), int(block.error_kind[account, day])
                at = {"X-Sandbox-Date": str(block.first_day + timedelta(days=int(day)))}
                asked = {"part": "id", "id": channel}
                body = ask(api, f"{DATA}/channels", {**KEY, **at}, **asked)
                assert body["items"] == []
                answer = api.get(
                    f"{DATA}/playlistItems",
                    headers={**KEY, **at},
                    params={"part": "id", "playlistId": f"UU{channel[2:]}"},
                )
                assert answer.status_code == {1: 404, 2: 500}[kind]
                away[kind] += 1
    assert away[2], "a world of 120 creators has no gap"


def test_the_token_endpoint(api: TestClient, tokens: TokenBook, channels: list[str]) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": credentials.CLIENT_KEY,
        "client_secret": credentials.CLIENT_SECRET,
        "refresh_token": tokens.issued("youtube", channels[1]).refresh_token,
    }
    body = api.post("/youtube/token", data=form).json()
    assert set(body) == {"access_token", "expires_in", "scope", "token_type"}
    assert tokens.account("youtube", body["access_token"]) == channels[1]
    for changes, status, error in (
        ({"refresh_token": "1//no"}, 400, "invalid_grant"),
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ):
        answer = api.post("/youtube/token", data=form | changes)
        assert (answer.status_code, answer.json()["error"]) == (status, error)
