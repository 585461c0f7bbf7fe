"""Days arriving, read again and restated: incremental runs give what a full build gives."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from clickhouse_connect.driver.client import Client
from engagement_tables import TABLES
from raw_tables import create_raw, day, fill

from tests.integration.dbt.dbt_in_process import DbtInProcess
from warehouse.client import connect

Everything = Callable[[], dict[str, list[dict]]]
USERS = "snapshot_date open_id username follower_count video_count"
VIDEOS = (
    "snapshot_date open_id id create_time title view_count like_count comment_count share_count"
)
CHANNELS = "snapshot_date id title subscriber_count hidden_subscriber_count video_count"
CHANNEL_VIDEOS = "snapshot_date channel_id id title"
CHANNEL_STATS = "snapshot_date channel_id id published_at view_count like_count comment_count"
PAGES = "snapshot_date id username followers_count"
PAGE_POSTS = (
    "snapshot_date page_id id created_time message reaction_count comment_count share_count"
)
PAGE_VIDEOS = "snapshot_date page_id id post_id title views"
ACCOUNT = {
    "tiktok__users": "open_id",
    "tiktok__videos": "open_id",
    "youtube__channels": "id",
    "youtube__videos": "channel_id",
    "youtube__video_stats": "channel_id",
    "facebook__pages": "id",
    "facebook__posts": "page_id",
    "facebook__videos": "page_id",
}
ACCOUNTS = 8
COMPARED = [f"+{table}" for tables in TABLES.values() for table in tables]


class World:
    """A seeded world of snapshots in raw, which can be read day by day and read again."""

    def __init__(self, client: Client, raw: str, seed: int) -> None:
        self.client, self.raw = client, raw
        self.random = random.Random(seed)
        create_raw(client, raw)

    def connect(self, owners: dict[tuple[str, str], str]) -> None:
        """Land creators and connections whole, as every run does."""
        for table in ("app__creators", "app__connections"):
            self.client.command(f"TRUNCATE TABLE {self.raw}.{table}")
        creators = [(creator,) for creator in sorted(set(owners.values()))]
        fill(self.client, f"{self.raw}.app__creators", "creator_id", creators)
        connections = [
            (f"{platform}-{account}", owner, platform, account)
            for (platform, account), owner in owners.items()
        ]
        columns = "connection_id creator_id platform account_id"
        fill(self.client, f"{self.raw}.app__connections", columns, connections)

    def read(self, on: date, accounts: int = 5) -> None:
        """Land a day of some accounts; what they had on that day gives way. Posts come and go."""
        for number in self.random.sample(range(ACCOUNTS), accounts):
            if number < 3:
                self.read_tiktok(on, f"t{number}")
            elif number < 6:
                self.read_youtube(on, f"UC{number}")
            else:
                self.read_facebook(on, f"p{number}")

    def read_tiktok(self, on: date, account: str) -> None:
        reported, posts = self.posts(account)
        user = (on, account, self.name(), self.followers(), reported)
        videos = [
            (on, account, post, published(post), self.text(), *self.counts(4)) for post in posts
        ]
        self.replace("tiktok__users", on, account, USERS, [user])
        # the first stands twice
        self.replace("tiktok__videos", on, account, VIDEOS, videos + videos[:1])

    def read_youtube(self, on: date, account: str) -> None:
        hidden = self.random.random() < 0.2
        reported, posts = self.posts(account)
        channel = (on, account, self.name(), self.followers(), hidden, reported)
        # what a video is is read of some videos on some days, of others on none
        described = [post for post in posts if self.random.random() < 0.4]
        videos = [(on, account, post, self.text()) for post in described]
        stats = [(on, account, post, published(post), *self.counts(3)) for post in posts]
        self.replace("youtube__channels", on, account, CHANNELS, [channel])
        self.replace("youtube__videos", on, account, CHANNEL_VIDEOS, videos)
        self.replace("youtube__video_stats", on, account, CHANNEL_STATS, stats)

    def read_facebook(self, on: date, account: str) -> None:
        _, posts = self.posts(account)
        page = (on, account, self.name(), self.followers())
        posted = [
            (on, account, post, published(post), self.text(), *self.counts(3)) for post in posts
        ]
        filmed = [post for post in posts if self.random.random() < 0.5]
        videos = [(on, account, f"v{post}", post, self.text(), *self.counts(1)) for post in filmed]
        self.replace("facebook__pages", on, account, PAGES, [page])
        self.replace("facebook__posts", on, account, PAGE_POSTS, posted)
        self.replace("facebook__videos", on, account, PAGE_VIDEOS, videos)

    def lose(self, on: date, account: str | None = None) -> None:
        """Remove what was read on a day, of one account or of all."""
        for table, column in ACCOUNT.items():
            self.client.command(
                f"DELETE FROM {self.raw}.{table} WHERE snapshot_date = %(on)s "
                f"AND ({column} = %(account)s OR %(account)s IS NULL)",
                parameters={"on": on, "account": account},
            )

    def replace(self, table: str, on: date, account: str, columns: str, rows: list) -> None:
        self.client.command(
            f"DELETE FROM {self.raw}.{table} WHERE snapshot_date = %(on)s "
            f"AND {ACCOUNT[table]} = %(account)s",
            parameters={"on": on, "account": account},
        )
        fill(self.client, f"{self.raw}.{table}", columns, rows)

    def posts(self, account: str) -> tuple[int, list[str]]:
        """The number that the platform reports, and the posts read: now and then none."""
        if self.random.random() < 0.3:
            return self.random.choice([0, 8]), []
        chosen = self.random.sample(range(8), self.random.randint(1, 8))
        return 8, [f"{account}-{post}" for post in chosen]

    def name(self) -> str:
        return self.random.choice(["name 1", "name 2"])

    def followers(self) -> int | None:
        return self.random.choice([None, 0, 9_999, 10_000, 250_000, 2_000_000])

    def text(self) -> str | None:
        return self.random.choice([None, "one", "two"])

    def counts(self, number: int) -> list[int | None]:
        return [self.random.choice([None, 0, 1, 50, 3_000]) for _ in range(number)]


def published(post: str) -> datetime | None:
    """When a post was published, from the day before the first on; one of an account is silent."""
    number = int(post[-1])
    if number == 7:
        return None
    return datetime.combine(day(1), time(22, tzinfo=UTC)) + timedelta(days=number - 1)


@pytest.fixture(scope="module", autouse=True)
def seeds_and_views(dbt: DbtInProcess) -> None:
    """What stands before the tables are built, and what no day changes."""
    with connect(settings=dbt.warehouse) as client:
        create_raw(client, dbt.warehouse.database("raw"))
    dbt.succeed("seed")
    dbt.succeed("run", "--select", "staging")


def run(dbt: DbtInProcess, *arguments: str, variables: dict[str, str] | None = None) -> None:
    """Build the tables that are compared, and what they are built from."""
    dbt.succeed(
        "run", "--select", *COMPARED, "--exclude", "staging", *arguments, variables=variables
    )


def window(first: int, last: int) -> dict[str, str]:
    return {"start_date": day(first).isoformat(), "end_date": day(last).isoformat()}


OWNERS = {("tiktok", "t0"): "c1", ("tiktok", "t1"): "c1", ("youtube", "UC3"): "c2"}


@pytest.mark.slow
def test_incremental_runs_equal_a_full_build(
    dbt: DbtInProcess, warehouse_client: Client, everything: Everything
) -> None:
    world = World(warehouse_client, dbt.warehouse.database("raw"), seed=1)
    world.connect(OWNERS)
    for number in (2, 3, 5, 6, 7):
        world.read(day(number))
    run(dbt, "--full-refresh")

    def compare() -> None:
        incremental = everything()
        run(dbt, "--full-refresh")
        full = everything()
        for table, expected in full.items():
            assert incremental[table] == expected, table
        assert all(full.values())

    # the next day
    world.read(day(8))
    run(dbt, variables=window(8, 8))
    # the same day again: posts have gone, others have come
    world.read(day(8), accounts=ACCOUNTS)
    run(dbt, variables=window(8, 8))
    compare()

    # a day restated, a gap filled and an owner changed; two windows, the later one first
    world.read(day(6), accounts=ACCOUNTS)
    world.read(day(4))
    world.connect({**OWNERS, ("tiktok", "t1"): "c3", ("tiktok", "t2"): "c3"})
    run(dbt, variables=window(6, 6))
    run(dbt, variables=window(4, 4))
    compare()

    # without dates: the last days are read again, later ones are new
    world.read(day(7), accounts=ACCOUNTS)
    world.read(day(9))
    world.read(day(10))
    run(dbt)
    compare()


@pytest.mark.parametrize("variables", [window(4, 4), None], ids=["the day's run", "without dates"])
def test_a_rebuilt_day_drops_what_raw_has_lost(
    dbt: DbtInProcess,
    warehouse_client: Client,
    everything: Everything,
    variables: dict[str, str] | None,
) -> None:
    world = World(warehouse_client, dbt.warehouse.database("raw"), seed=3)
    world.connect(OWNERS)
    for number in (2, 3, 4):
        world.read(day(number), accounts=ACCOUNTS)
    run(dbt, "--full-refresh")
    built = everything()
    by_day = [table for table, found in built.items() if "_day" in table]
    assert len(by_day) == 4

    world.lose(day(4), "t1")
    run(dbt, variables=variables)
    without_account = everything()
    world.lose(day(4))
    run(dbt, variables=variables)
    without_day = everything()

    run(dbt, "--full-refresh")
    assert everything() == without_day
    for table in by_day:
        on_the_day = [row["account_key"] for row in built[table] if row["snapshot_date"] == day(4)]
        left = [
            row["account_key"] for row in without_account[table] if row["snapshot_date"] == day(4)
        ]
        assert left == [key for key in on_the_day if key != "tiktok:t1"] != on_the_day, table
        assert {row["snapshot_date"] for row in without_day[table]} == {day(2), day(3)}, table


def test_a_warehouse_that_was_built_empty_fills_when_data_comes(
    dbt: DbtInProcess, warehouse_client: Client, everything: Everything
) -> None:
    world = World(warehouse_client, dbt.warehouse.database("raw"), seed=2)
    dbt.succeed("build", "--full-refresh", "--exclude-resource-type", "unit_test")
    assert not any(everything().values())
    dbt.succeed("run", "--exclude", "staging")
    world.connect(OWNERS)
    world.read(day(1), accounts=ACCOUNTS)
    dbt.succeed("build", "--exclude-resource-type", "unit_test")
    filled = everything()
    assert all(filled.values())
    assert len(filled["core.fct_account_day"]) == ACCOUNTS


@pytest.mark.slow
def test_a_days_run_reads_the_day_and_not_the_history(
    dbt: DbtInProcess, warehouse_client: Client
) -> None:
    """Rows read by the models' statements on day 25 are about those on day 5."""
    raw = dbt.warehouse.database("raw")
    create_raw(warehouse_client, raw)
    accounts, posts = 20, 150
    id_columns = {
        "tiktok__users": ("open_id", "open_id"),
        "tiktok__videos": ("open_id", "id"),
        "youtube__channels": ("id", "id"),
        "youtube__videos": ("channel_id", "id"),
        "youtube__video_stats": ("channel_id", "id"),
        "instagram__accounts": ("id", "id"),
        "instagram__media": ("account_id", "id"),
        "facebook__pages": ("id", "id"),
        "facebook__posts": ("page_id", "id"),
        "facebook__videos": ("page_id", "post_id"),
    }

    def land(first: int, last: int) -> None:
        days = f"arrayJoin(range({last - first + 1}))"
        start = f"toDate('{day(first)}')"
        for table, (account, own) in id_columns.items():
            has_posts = account != own
            columns = f"{account}, {own}" if has_posts else account
            ids = f"toString(number % {accounts})" + (", toString(number)" if has_posts else "")
            if table == "facebook__videos":
                columns, ids = f"{columns}, id", f"{ids}, toString(number)"
            count = accounts * posts if has_posts else accounts
            warehouse_client.command(
                f"INSERT INTO {raw}.{table} (snapshot_date, fetched_at, {columns}) "
                f"SELECT {start} + {days}, now64(6), {ids} FROM numbers({count})"
            )

    def rows_read(on: int) -> int:
        land(on, on)
        before = warehouse_client.command("SELECT now64(6)")
        dbt.succeed("run", "--exclude", "staging", variables=window(on, on))
        warehouse_client.command("SYSTEM FLUSH LOGS")
        return int(
            warehouse_client.command(
                "SELECT sum(read_rows) FROM system.query_log WHERE type = 'QueryFinish' "
                f"AND event_time_microseconds > '{before}' AND has(databases, %(core)s)",
                parameters={"core": dbt.warehouse.database("core")},
            )
        )

    land(1, 4)
    dbt.succeed("run", "--exclude", "staging", "--full-refresh")
    early = rows_read(5)
    land(6, 24)
    dbt.succeed("run", "--exclude", "staging", variables=window(6, 24))
    late = rows_read(25)
    # the staging views, the fact and the mart each read the day of four platforms at least
    assert early > 3 * 4 * accounts * posts
    assert late < 1.5 * early, f"{early} rows on day 5, {late} on day 25"
