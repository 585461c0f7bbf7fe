"""One world of TikTok accounts for all of the contract's tests."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from tests.contracts.ingestion.tiktok.tiktok_answers import (
    LAST_DAY,
    Api,
)


@pytest.fixture(scope="package")
def world() -> World:
    return World(seed=8, creators=24, days=75, end_date=LAST_DAY)


@pytest.fixture(scope="package")
def client(world: World) -> Iterator[TestClient]:
    with TestClient(build_app(world, TokenBook(world))) as client:
        yield client


@pytest.fixture
def api(client: TestClient, world: World) -> Api:
    return Api(client, world)
