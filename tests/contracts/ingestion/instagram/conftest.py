"""One world of Instagram accounts for all of the contract's tests."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from tests.contracts.ingestion.graph_answers import busiest
from tests.contracts.ingestion.instagram.instagram_answers import LAST_DAY, Accounts


@pytest.fixture(scope="package")
def world() -> World:
    return World(seed=7, creators=120, days=60, end_date=LAST_DAY)


@pytest.fixture(scope="package")
def tokens(world: World) -> TokenBook:
    return TokenBook(world)


@pytest.fixture(scope="package")
def api(world: World, tokens: TokenBook) -> Iterator[TestClient]:
    with TestClient(build_app(world, tokens)) as client:
        yield client


@pytest.fixture
def graph(api: TestClient, tokens: TokenBook, world: World) -> Accounts:
    """The account that posts the most."""
    return Accounts(api, tokens, busiest(world, "instagram"), LAST_DAY)
