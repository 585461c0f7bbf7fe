"""Which posts, accounts and days a history has, and the SQL that lists them.

Every value of a row is a function of the post or account and of the day, so a day lands the same
whether it comes alone or with a thousand others, and a shorter history is the end of a longer one.
Nine posts of ten were published before the longest history begins, the others in its last 60 days.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

PLATFORMS = ("facebook", "instagram", "tiktok", "youtube")
END = date(2026, 10, 27)
"""Late in a month: the days after it meet partitions that are nearly full."""
CREATORS = 200
RECENT_POSTS = 10
"""An account's posts that were published in the last 60 days, six days apart."""


@dataclass(frozen=True)
class World:
    """Posts and accounts, in equal parts on four platforms, each read on ``days`` days.

    ``oldest`` is the first day of the longest history; older posts were published before it.
    """

    posts: int
    accounts: int
    days: int
    oldest: date
    last: date = END

    @classmethod
    def of(cls, rows: int, posts: int = 30_000, accounts: int = 300) -> "World":
        """About ``rows`` post-days up to :data:`END`: all posts on as many whole days."""
        days = max(2, rows // posts)
        return cls(posts, accounts, days, END - timedelta(days=days - 1))

    @property
    def first(self) -> date:
        """First day."""
        return self.last - timedelta(days=self.days - 1)

    @property
    def next_day(self) -> "World":
        """The day after, alone."""
        return replace(self, days=1, last=self.last + timedelta(days=1))

    def latest(self, days: int) -> "World":
        """The end of this history."""
        return replace(self, days=min(days, self.days))

    def months(self) -> Iterator["World"]:
        """This history in pieces that lie in one month each, as a partition of ``raw`` does."""
        first = self.first
        while first <= self.last:
            next_month = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
            last = min(next_month - timedelta(days=1), self.last)
            yield replace(self, days=(last - first).days + 1, last=last)
            first = last + timedelta(days=1)

    @property
    def platform_accounts(self) -> int:
        """Accounts of each platform."""
        return self.accounts // len(PLATFORMS)

    @property
    def account_posts(self) -> int:
        """Posts of each account."""
        return self.posts // self.accounts

    def account_days(self, platform: str) -> str:
        """A subquery of a platform's accounts and days: ``day``, ``account`` (a number) and what is
        the account's own: ``account_id``, ``page_seed``, ``size`` (followers), ``people``
        (followers on the day) and ``a1``, ``a2`` (uniform in 0-1)."""
        return f"""(
    SELECT
        toDate('{self.first}') + intDiv(number, {self.platform_accounts}) AS day,
        number % {self.platform_accounts} AS account,
        {account_columns(platform)}
    FROM numbers({self.days * self.platform_accounts})
)"""

    def post_days(self, platform: str) -> str:
        """A subquery of a platform's posts and days, from the day of publication on: the columns of
        :meth:`account_days`, ``rank`` (0 is the account's latest post), ``post`` (a number),
        ``seed``, ``p1`` to ``p4`` (uniform in 0-1), ``published_at``, ``age`` (days) and ``views``
        as read on the day."""
        posts = self.platform_accounts * self.account_posts
        return f"""(
    SELECT
        toDate('{self.first}') + intDiv(number, {posts}) AS day,
        number % {posts} AS post,
        intDiv(post, {self.account_posts}) AS account,
        post % {self.account_posts} AS rank,
        {account_columns(platform)},
        sipHash64('{platform}', toUInt64(post)) AS seed,
        {uniform("p1", "seed", 0)}, {uniform("p2", "seed", 1)},
        {uniform("p3", "seed", 2)}, {uniform("p4", "seed", 3)},
        toDateTime64(if(
            rank < {RECENT_POSTS},
            toDate('{END}') - 6 * rank,
            toDate('{self.oldest}') - 9 * (rank - {RECENT_POSTS} + 1)
        ), 6, 'UTC') + toIntervalSecond(seed % 86400) AS published_at,
        dateDiff('second', published_at, toDateTime(day + 1, 'UTC')) / 86400 AS age,
        sipHash64(seed, day) AS chance,
        size * (0.02 + pow(p1, 4)) AS appeal,
        toInt64(floor(
            appeal
            * (1 - exp(-age / (2 + 10 * p2)) + 0.002 * p3 * (age + (chance % 100) / 100))
            * if(chance % 4000 = 0, 0.97, 1)
        )) AS views
    FROM numbers({self.days * posts})
    WHERE published_at < toDateTime(day + 1, 'UTC')
)"""


def uniform(name: str, seed: str, part: int) -> str:
    """A number in 0-1 out of a seed's bits; each ``part`` is another."""
    return f"bitAnd(bitShiftRight({seed}, {part * 16}), 65535) / 65536 AS {name}"


ACCOUNT_IDS = {
    "facebook": "toString(100000000000000 + page_seed % 100000000000000)",
    "instagram": "toString(17841400000000000 + page_seed % 100000000000)",
    "tiktok": "concat('-000', lower(hex(page_seed)), lower(hex(bitNot(page_seed))))",
    "youtube": "concat('UC', base64URLEncode("
    "concat(reinterpretAsFixedString(page_seed), reinterpretAsFixedString(bitNot(page_seed)))))",
}
POST_IDS = {
    "facebook": "concat(account_id, '_', toString(100000000000000 + seed % 100000000000000))",
    "instagram": "toString(17900000000000000 + seed % 100000000000000)",
    "tiktok": "toString(7000000000000000000 + seed % 1000000000000000000)",
    "youtube": "base64URLEncode(reinterpretAsFixedString(seed))",
}


def account_columns(platform: str) -> str:
    """What is an account's own, out of ``account`` and ``day``."""
    return f"""sipHash64('{platform}', 'account', toUInt64(account)) AS page_seed,
        {ACCOUNT_IDS[platform]} AS account_id,
        {uniform("a1", "page_seed", 0)}, {uniform("a2", "page_seed", 1)},
        exp(7.5 + 7.5 * a1) AS size,
        toInt64(
            size * exp((0.6 * a2 - 0.1) * (day - toDate('{END}')) / 365)
            + size * 0.0005 * (sipHash64(page_seed, day) % 100) / 100
        ) AS people"""
