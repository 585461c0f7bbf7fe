"""Which OAuth tokens live, of every account and platform: handed out, renewed, killed.

Platforms differ in what renewing does: TikTok's old refresh token dies with it, Google's stays, and
Graph exchanges a living long-lived token for another of its kind while the old one stays. No token
dies of age here; :meth:`TokenBook.kill` plays that.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ingestion.sandbox import credentials
from ingestion.sandbox.platforms import World


@dataclass(frozen=True)
class Ways:
    """How a platform's tokens look, how many seconds they live, what renewing them does."""

    access_prefix: str
    refresh_prefix: str
    expires_in: int
    refresh_expires_in: int | None = None
    rotates: bool = False
    """A refresh token works once: the answer holds the next."""
    exchanges: bool = False
    """A living access token can be exchanged for another, too."""
    owner_reads: bool = False
    """The refresh token is the owner's and opens the account like an access token."""


GRAPH = Ways("EAA", "EAAL", expires_in=5_184_000, exchanges=True)
WAYS: Mapping[str, Ways] = {
    "facebook": GRAPH,
    "instagram": replace(GRAPH, owner_reads=True),
    "tiktok": Ways("act.", "rft.", 7_200, refresh_expires_in=15_552_000, rotates=True),
    "youtube": Ways("ya29.", "1//", expires_in=3_599),
}
PLAIN = Ways("access.", "refresh.", expires_in=3_600)
"""A platform that is not among :data:`WAYS`."""


@dataclass(frozen=True)
class TokenPair:
    """What an account's owner, or whoever renews for them, is given."""

    account_id: str
    access_token: str
    refresh_token: str
    """Graph: the long-lived token of the user behind the page or Instagram account."""
    expires_in: int
    """Seconds."""
    refresh_expires_in: int | None
    """Seconds; None where the refresh token does not die of age."""


@dataclass
class _Numbers:
    """Of one account: the number last issued, and the lowest that still lives."""

    last: int = 0
    lowest_access: int = 0
    lowest_refresh: int = 0


class TokenBook:
    """The living tokens of a world's accounts; safe to share between threads.

    ``api_key`` is the key of the application that reads public data.
    """

    def __init__(self, world: World, api_key: str = credentials.DEFAULT_API_KEY) -> None:
        self.api_key = api_key
        self._seed = world.seed
        self._lock = threading.Lock()
        self._numbers: dict[tuple[str, str], _Numbers] = {}
        self._access: dict[str, tuple[str, str]] = {}
        self._refresh: dict[str, tuple[str, str]] = {}
        for account in world.accounts():
            key = (account.platform, account.account_id)
            ways = ways_of(account.platform)
            self._numbers[key] = _Numbers()
            self._access[self._token(ways.access_prefix, key, 0).rpartition(".")[0]] = key
            self._refresh[self._token(ways.refresh_prefix, key, 0).rpartition(".")[0]] = key

    def issued(self, platform: str, account_id: str) -> TokenPair:
        """The tokens that the account's owner was given last; KeyError for an unknown account."""
        with self._lock:
            key = (platform, account_id)
            return self._pair(key, self._numbers[key])

    def knows(self, platform: str, account_id: str) -> bool:
        """Whether the id is an account's of the platform."""
        return (platform, account_id) in self._numbers

    def account(self, platform: str, access_token: str) -> str | None:
        """Whose living access token of the platform it is."""
        with self._lock:
            found = self._find(self._access, platform, access_token)
            if found is None and ways_of(platform).owner_reads:
                found = self._find(self._refresh, platform, access_token)
            if found is None or found[1] < self._numbers[found[0]].lowest_access:
                return None
            self._seen(*found)
            return found[0][1]

    def refresh(self, platform: str, refresh_token: str) -> TokenPair | None:
        """New tokens for a living refresh token (of Graph also for an access token), else None."""
        ways = ways_of(platform)
        with self._lock:
            found = self._find(self._refresh, platform, refresh_token)
            lowest = 0 if found is None else self._numbers[found[0]].lowest_refresh
            if found is None and ways.exchanges:
                found = self._find(self._access, platform, refresh_token)
                lowest = 0 if found is None else self._numbers[found[0]].lowest_access
            if found is None or found[1] < lowest:
                return None
            self._seen(*found)
            numbers = self._numbers[found[0]]
            numbers.last += 1
            if ways.rotates:
                numbers.lowest_refresh = numbers.last
            return self._pair(found[0], numbers)

    def exchange(self, platform: str, token: str) -> str | None:
        """A new token of the same kind, the owner's or an access token; None for a dead one."""
        pair = self.refresh(platform, token)
        if pair is None:
            return None
        with self._lock:
            is_owners = self._find(self._refresh, platform, token) is not None
        return pair.refresh_token if is_owners else pair.access_token

    def kill(self, platform: str, account_id: str) -> None:
        """Nothing issued so far opens the account from now on; refresh tokens still renew."""
        with self._lock:
            numbers = self._numbers[platform, account_id]
            numbers.lowest_access = numbers.last + 1

    def _pair(self, key: tuple[str, str], numbers: _Numbers) -> TokenPair:
        ways = ways_of(key[0])
        is_new = ways.rotates or ways.exchanges
        return TokenPair(
            account_id=key[1],
            access_token=self._token(ways.access_prefix, key, numbers.last),
            refresh_token=self._token(ways.refresh_prefix, key, numbers.last if is_new else 0),
            expires_in=ways.expires_in,
            refresh_expires_in=ways.refresh_expires_in,
        )

    def _find(
        self, book: Mapping[str, tuple[str, str]], platform: str, token: str
    ) -> tuple[tuple[str, str], int] | None:
        """Whose token it is and its number; nothing for a token of another platform."""
        digest, _, number = token.rpartition(".")
        key = book.get(digest)
        if key is None or key[0] != platform or not re.fullmatch(r"\d{1,9}", number):
            return None
        return key, int(number)

    def _seen(self, key: tuple[str, str], number: int) -> None:
        """A token of a later number was issued before this server was started."""
        numbers = self._numbers[key]
        if number > numbers.last:
            numbers.last = number
            if ways_of(key[0]).rotates:
                numbers.lowest_refresh = number

    def _token(self, prefix: str, key: tuple[str, str], number: int) -> str:
        return credentials.token(prefix, self._seed, *key, number)


def ways_of(platform: str) -> Ways:
    """How the platform's tokens behave."""
    return WAYS.get(platform, PLAIN)
