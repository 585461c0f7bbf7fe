"""Tokens of the sandbox: whose they are, what renewing does on each platform, what kills them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from ingestion.sandbox.platforms import Account, Creator
from ingestion.sandbox.tokens import TokenBook

PLATFORMS = ("facebook", "instagram", "tiktok", "youtube", "another")


@dataclass
class SmallWorld:
    seed: int = 5
    name: str = "small"
    found: list[Account] = field(
        default_factory=lambda: [
            Account("c1", platform, f"{platform}{n}", "ann", datetime(2026, 1, 1, tzinfo=UTC))
            for platform in PLATFORMS
            for n in range(2)
        ]
    )

    def creators(self) -> list[Creator]:
        return []

    def accounts(self) -> list[Account]:
        return self.found


@pytest.fixture
def tokens() -> TokenBook:
    return TokenBook(SmallWorld())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_token_opens_its_own_account_on_its_own_platform(
    tokens: TokenBook, platform: str
) -> None:
    pair = tokens.issued(platform, f"{platform}1")
    assert tokens.account(platform, pair.access_token) == f"{platform}1"
    assert tokens.account("tiktok", "") is None
    # A page has a token of its own; an Instagram account is read with its owner's as well.
    owner = f"{platform}1" if platform == "instagram" else None
    assert tokens.account(platform, pair.refresh_token) == owner
    assert tokens.account(platform, pair.access_token.rpartition(".")[0] + ".x") is None
    for other in PLATFORMS:
        if other != platform:
            assert tokens.account(other, pair.access_token) is None
            assert tokens.refresh(other, pair.refresh_token) is None


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others(tokens: TokenBook) -> None:
    again = TokenBook(SmallWorld()).issued("tiktok", "tiktok0")
    other = TokenBook(SmallWorld(seed=6)).issued("tiktok", "tiktok0")
    assert again == tokens.issued("tiktok", "tiktok0")
    assert other.access_token != again.access_token


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_killed_token_is_renewed(tokens: TokenBook, platform: str) -> None:
    account = f"{platform}0"
    first = tokens.issued(platform, account)
    tokens.kill(platform, account)
    assert tokens.account(platform, first.access_token) is None
    second = tokens.refresh(platform, first.refresh_token)
    assert second is not None
    assert tokens.account(platform, second.access_token) == account
    assert tokens.account(platform, first.access_token) is None
    assert tokens.account(platform, tokens.issued(platform, f"{platform}1").access_token)


def test_tiktoks_refresh_token_works_once(tokens: TokenBook) -> None:
    first = tokens.issued("tiktok", "tiktok0")
    second = tokens.refresh("tiktok", first.refresh_token)
    assert second is not None
    assert tokens.refresh("tiktok", first.refresh_token) is None
    assert tokens.refresh("tiktok", second.refresh_token) is not None


def test_googles_refresh_token_stays(tokens: TokenBook) -> None:
    first = tokens.issued("youtube", "youtube0")
    second = tokens.refresh("youtube", first.refresh_token)
    assert second is not None
    assert second.refresh_token == first.refresh_token
    assert second.access_token != first.access_token
    assert tokens.refresh("youtube", first.access_token) is None


def test_graph_exchanges_a_living_access_token_alone(tokens: TokenBook) -> None:
    first = tokens.issued("instagram", "instagram0")
    second = tokens.refresh("instagram", first.access_token)
    assert second is not None
    assert tokens.account("instagram", first.access_token)
    tokens.kill("instagram", "instagram0")
    assert tokens.refresh("instagram", first.access_token) is None
    assert tokens.refresh("instagram", second.access_token) is None
    assert tokens.refresh("instagram", first.refresh_token) is not None


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_graph_exchanges_an_owners_token_for_the_owners_next(
    tokens: TokenBook, platform: str
) -> None:
    account = f"{platform}0"
    owners = tokens.issued(platform, account).refresh_token
    for _ in range(3):
        # What opened the account dies again and again; what the owner holds is exchanged each time.
        tokens.kill(platform, account)
        assert tokens.account(platform, owners) is None
        following = tokens.exchange(platform, owners)
        assert following is not None
        assert following.startswith("EAAL")
        assert following != owners
        owners = following
    assert tokens.account(platform, owners) == (account if platform == "instagram" else None)


def test_a_restarted_sandbox_knows_tokens_that_it_issued_before(tokens: TokenBook) -> None:
    first = tokens.issued("tiktok", "tiktok0")
    second = tokens.refresh("tiktok", first.refresh_token)
    assert second is not None
    restarted = TokenBook(SmallWorld())
    assert restarted.account("tiktok", second.access_token) == "tiktok0"
    assert restarted.refresh("tiktok", first.refresh_token) is None
    assert restarted.refresh("tiktok", second.refresh_token) is not None
