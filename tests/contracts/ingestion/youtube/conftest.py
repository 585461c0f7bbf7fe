"""One world of YouTube channels for all of the contract's tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from tests.contracts.ingestion.youtube.youtube_answers import LAST_DAY, description, owner


@pytest.fixture(scope="package")
def world() -> World:
    return World(11, 40, 45, LAST_DAY)


@pytest.fixture(scope="package")
def tokens(world: World) -> TokenBook:
    return TokenBook(world)


@pytest.fixture(scope="package")
def api(world: World, tokens: TokenBook) -> Iterator[TestClient]:
    with TestClient(build_app(world, tokens)) as client:
        yield client


@pytest.fixture(scope="package")
def channels(world: World) -> list[str]:
    return [str(i) for block in world.blocks("youtube") for i in block.account_id]


@pytest.fixture(scope="package")
def bearer(tokens: TokenBook, channels: list[str]) -> dict[str, str]:
    return owner(tokens, channels[0])


@pytest.fixture(scope="package")
def v3() -> dict[str, Any]:
    return description("youtube.v3")


@pytest.fixture(scope="package")
def v2() -> dict[str, Any]:
    return description("youtubeAnalytics.v2")
