"""A small random world over four platforms, read day by day into raw as ingestion lands it.

What is true of an account, a post or a comment follows from the seed alone; what a reading shows
of it also from how often the day has been read, so that a day that is read again differs. Readings
lack accounts and posts, counters fall, names and owners change, followers are hidden, rows are
landed twice, and the platforms restate the days before a reading, now and then 28 of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from clickhouse_connect.driver.client import Client

from tests.integration.dbt import raw_shapes as shapes
from tests.integration.dbt.raw_tables import create_raw
from tests.raw_declarations import raw_tables

Fact = Mapping[str, Any]
# as many of one platform and tier as a percentile within a cohort needs, a few of the others
ACCOUNTS = {"tiktok": 22, "youtube": 3, "instagram": 3, "facebook": 3}
LISTED_DAYS = 45
WORDS = ("one", "two", "three", "four", "five", "six")
COMMENTS = (
    "lovely",
    "🔥🔥🔥",
    "@friend @other",
    "how did you make this, tell me more",
    "how did you make this - tell me more!",
    "das ist wirklich sehr gut",
    "first",
    "where is this place and when is it open",
)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day, both ends included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


class RandomWorld:
    """The world's raw tables in one database.

    Args:
        client: the owner's client of the warehouse.
        raw: name of the database; its tables are created anew.
        seed: everything random follows from it.
        first_day: the day on which the world begins.
    """

    def __init__(self, client: Client, raw: str, seed: int, first_day: date) -> None:
        self.client, self.raw, self.seed, self.first_day = client, raw, seed, first_day
        self.revisions: dict[date, int] = {}
        create_raw(client, raw)
        self.accounts = [
            (platform, f"{platform[0]}{number:02}")
            for platform, count in ACCOUNTS.items()
            for number in range(count)
        ]

    def random(self, *about: object) -> Random:
        """Random numbers that are always the same for one thing."""
        return Random(f"{self.seed}/{'/'.join(map(str, about))}")

    def land(self, days: Iterable[date], keep: bool = False) -> None:
        """Read the days, or read them again: what was landed of them gives way unless kept.

        What is kept stands beside the new rows, which were fetched later.
        """
        days = list(days)
        if not keep:
            self.forget([day for day in days if day in self.revisions])
        rows: dict[str, list[Fact]] = {}
        for day in days:
            self.revisions[day] = self.revisions.get(day, -1) + 1
            for table, row in self.reading(day):
                rows.setdefault(table, []).append(row)
        for table, found in rows.items():
            columns = list(dict.fromkeys(column for row in found for column in row))
            values = [[row.get(column) for column in columns] for row in found]
            self.client.insert(f"{self.raw}.{table}", values, column_names=columns)

    def forget(self, days: Sequence[date]) -> None:
        """Remove all that was read on the days."""
        for name, table in raw_tables().items():
            if days and table.partition:
                self.client.command(
                    f"DELETE FROM {self.raw}.{name} WHERE snapshot_date IN %(days)s",
                    parameters={"days": [day.isoformat() for day in days]},
                )

    def connect(self, version: int) -> None:
        """Land creators and connections whole, as every run does; versions differ in owners."""
        for table in ("app__creators", "app__connections"):
            self.client.command(f"TRUNCATE TABLE {self.raw}.{table}")
        since = datetime(2025, 6, 1, tzinfo=UTC)
        creators = [(f"c{n}", f"tiktok name {n}", since) for n in range(8)]
        connections = []
        for number, (platform, account) in enumerate(self.accounts):
            chance = self.random("connection", account, version // 2 + number % 2)
            if chance.random() < 0.9:
                owner, status = f"c{chance.randrange(8)}", chance.choice(["active", "revoked"])
                connections.append((f"{account}-1", owner, platform, account, since, status))
        self.client.insert(
            f"{self.raw}.app__creators",
            creators,
            column_names=["creator_id", "display_name", "created_at"],
        )
        self.client.insert(
            f"{self.raw}.app__connections",
            connections,
            column_names=[
                *("connection_id", "creator_id", "platform", "account_id", "connected_at"),
                "status",
            ],
        )

    def reading(self, day: date) -> Iterator[tuple[str, Fact]]:
        """What ingestion lands on a day: rows and the tables they are for."""
        revision = self.revisions[day]
        of_day = self.random("day", day, revision)
        silent = {platform for platform in ACCOUNTS if of_day.random() < 0.05}
        fetched_at = datetime.combine(day, time(12, revision), tzinfo=UTC)
        for platform, account in self.accounts:
            chance = self.random("reading", day, revision, account)
            if platform in silent or chance.random() < 0.06:
                continue
            for table, row in self.account_reading(platform, account, day, chance):
                landed = {**row, "snapshot_date": day, "fetched_at": fetched_at}
                yield table, landed
                if chance.random() < 0.02:
                    yield table, landed

    def account_reading(
        self, platform: str, account: str, day: date, chance: Random
    ) -> Iterator[tuple[str, Fact]]:
        """An account, its posts, comments, insights and audience as read on a day."""
        posts = [] if chance.random() < 0.04 else self.listed(platform, account, day, chance)
        if chance.random() > 0.03:
            profile = self.profile(platform, account, day, chance, len(posts))
            yield from shapes.rows(shapes.ACCOUNTS[platform], profile)
        for post in posts:
            described = chance.random() < 0.4
            filmed = int(post["post"][-1]) % 2 == 0
            for table, columns in shapes.POSTS[platform].items():
                if (table != "youtube__videos" or described) and (
                    table != "facebook__videos" or filmed
                ):
                    yield from shapes.rows({table: columns}, post)
            if day - post["published_at"].date() <= timedelta(days=9):
                yield from shapes.reach(platform, account, post, chance.randrange(1, 5_000), day)
                for comment in self.comments(account, post, day, chance):
                    yield from shapes.rows(shapes.COMMENTS[platform], comment)
        yield from self.insights(platform, account, day, chance)
        if chance.random() < 0.3:
            yield from shapes.audience(platform, account, day, chance)
        if chance.random() < 0.5:
            yield from shapes.hours(platform, account, day, chance)

    def profile(
        self, platform: str, account: str, day: date, chance: Random, posts: int
    ) -> dict[str, Any]:
        """The account's own facts; its name changes now and then, its followers grow and leap."""
        own = self.random("account", account)
        age = (day - self.first_day).days
        followers = own.randrange(2_000, 6_000) * (1 if platform == "tiktok" else 20)
        growth = own.choice([-0.002, 0.001, 0.004])
        leap = own.choice([0, 0, 0.3]) if age > own.randrange(60, 100) else 0
        followers = int(followers * (1 + growth) ** age * (1 + leap)) + chance.randrange(12)
        era = (age + own.randrange(30)) // 30
        hidden = chance.random() < 0.05
        return {
            "account": account,
            "handle": f"{account}_{era}",
            "name": f"{platform} name {own.randrange(8)}",
            "country": own.choice(["DE", "US", None]),
            "category": f"category {era // 2}",
            "verified": own.random() < 0.5,
            "opened_at": own.choice([None, datetime(2022, 5, 1, tzinfo=UTC)]),
            "followers": None if chance.random() < 0.03 else followers,
            "hidden": hidden,
            "following": own.randrange(100, 500) + (age // 9 % 2) * 150,
            "likes": age * 31,
            "views": age * 1_009,
            "posts": posts,
            "standing": chance.choice([None, None, True, False]),
        }

    def listed(
        self, platform: str, account: str, day: date, chance: Random
    ) -> list[dict[str, Any]]:
        """Posts of the last weeks with their counters; some are deleted, some are not read."""
        found = []
        for published in days_between(day - timedelta(days=LISTED_DAYS), day):
            own = self.random("post", account, published)
            gone_after = own.randrange(3, 4 * LISTED_DAYS)
            age = (day - published).days
            if own.random() > 0.17 or age > gone_after or chance.random() < 0.06:
                continue
            at = datetime.combine(published, time(own.randrange(24), own.randrange(60)), tzinfo=UTC)
            fallen = 0.9 if chance.random() < 0.05 else 1
            views = own.randrange(300, 9_000) * (age + 1) // (age + 3)
            views = int(views * fallen) + chance.randrange(8)
            share = own.randrange(4, 20)
            language = own.choice(["de", "en", "en", None])
            found.append(
                {
                    "account": account,
                    "post": f"{account}-{published:%Y%m%d}",
                    "video": f"v{account}-{published:%Y%m%d}",
                    "published_at": at,
                    "title": own.choice(WORDS),
                    "language": language,
                    "format": own.choice(["IMAGE", "VIDEO"]),
                    "duration": own.randrange(5, 90),
                    "sponsored": own.choice([None, True, False]),
                    "tags": own.choice([None, "[]"]),
                    "views": None if chance.random() < 0.03 else views,
                    "likes": None if chance.random() < 0.03 else views // share,
                    "comments": views // share // 9,
                    "shares": views // share // 15,
                    "saves": views // share // 12,
                }
            )
        return found

    def comments(
        self, account: str, post: Fact, day: date, chance: Random
    ) -> Iterator[dict[str, Any]]:
        """Comments of a post so far; the same few people stand under most of an account's."""
        own = self.random("comments", post["post"])
        for number in range(own.randrange(7)):
            at = post["published_at"] + timedelta(hours=own.randrange(150))
            author = own.choice([f"fan-{account}-{own.randrange(4)}", f"x{own.randrange(60)}"])
            text, language = own.choice(COMMENTS), own.choice(["en", "de", None])
            if at.date() <= day and chance.random() < 0.8:
                yield {
                    "account": account,
                    "post": post["post"],
                    "comment": f"{post['post']}-{number}",
                    "author": account if number == 5 else author,
                    "author_name": author,
                    "owner": number == 5,
                    "text": text,
                    "language": language,
                    "likes": chance.randrange(9),
                    "replies": chance.choice([None, 0, 1]),
                    "published_at": at,
                    "hidden": chance.random() < 0.1,
                    "public": chance.random() < 0.9,
                    "status": chance.choice(["PUBLIC", "HIDDEN"]),
                }

    def insights(
        self, platform: str, account: str, day: date, chance: Random
    ) -> Iterator[tuple[str, Fact]]:
        """What the platform measured of the days before, restated by every reading."""
        reach_back = 28 if chance.random() < 0.04 else chance.choice([0, 1, 2, 3, 3])
        for ago in range(1, reach_back + 1):
            measured = day - timedelta(days=ago)
            own = self.random("insights", account, measured)
            level = own.randrange(400, 4_000)
            yield from shapes.insights(platform, account, measured, level, chance)
