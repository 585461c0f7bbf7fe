"""YouTube's source against the sandbox into a real warehouse: every table, twice, day after day."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from math import ceil
from zlib import crc32

import httpx
import numpy as np
import pytest
from ingestion_environment import Ingestion, serve
from pydantic import SecretStr

from ingestion.connections import Tokens
from ingestion.errors import PlatformError
from ingestion.quota import youtube_ledger
from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.runner import stamped
from ingestion.sandbox.history.youtube import TABLES
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import Bools, PlatformBlock
from ingestion.youtube_insights import LATE_DAYS

SEED, CREATORS, DAYS, LAST_DAY = 11, 60, 45, date(2026, 11, 20)
"""A world in which an account is away for a day of the last week."""
WORLD = ("--seed", SEED, "--creators", CREATORS, "--days", DAYS, "--end-date", LAST_DAY)
REPORTS = ("channel_insights", "video_insights", "traffic_sources", "demographics", "geography")
PUBLIC = tuple(table for table in TABLES if table not in REPORTS)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from serve(*map(str, WORLD))


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED, CREATORS, DAYS, LAST_DAY)


@pytest.fixture
def youtube(make_ingestion: Callable[..., Ingestion], url: str) -> Ingestion:
    return make_ingestion(url, *map(str, WORLD))


def landed(ingestion: Ingestion) -> dict[str, list[tuple[object, ...]]]:
    return {table: ingestion.rows(f"youtube__{table}") for table in TABLES}


def away(world: World, days: list[date]) -> set[tuple[str, date]]:
    """Accounts that the sandbox does not show on some of the days."""
    return {
        (str(block.account_id[account]), day)
        for block in world.blocks("youtube")
        for account, index in zip(*np.nonzero(~block.available), strict=True)
        if (day := block.first_day + timedelta(days=int(index))) in days
    }


def test_every_table_lands_and_a_second_run_adds_nothing(youtube: Ingestion, world: World) -> None:
    days = [LAST_DAY - timedelta(days=n) for n in (2, 1, 0)]
    outcomes = youtube.load("youtube", *days).outcomes
    gone = {(failure.account_id, failure.snapshot_date) for failure in outcomes.failures}
    assert gone == away(world, days)
    first = landed(youtube)
    assert all(first.values())
    youtube.load("youtube", *days)
    assert landed(youtube) == first


def test_history_in_bulk_is_what_daily_runs_land(youtube: Ingestion, world: World) -> None:
    days = [LAST_DAY - timedelta(days=n) for n in range(7, 0, -1)]
    assert away(world, days), "nobody is away: choose another world"
    for run in (days[:3], days[3:4], days[4:]):
        youtube.load("youtube", *run)
    by_runs, raw = landed(youtube), youtube.warehouse.database("raw")
    start, end = world.days - 1 - len(days), world.days - 1
    context = Context(world, youtube.settings(), start)
    for table, make_rows in TABLES.items():
        name = f"{raw}.youtube__{table}"
        youtube.client.command(f"TRUNCATE TABLE {name}")
        for block in world.blocks("youtube"):
            # In two pieces: where one begins must not matter.
            for first, last in ((start, start + 4), (start + 4, end)):
                rows = stamped(make_rows(block, context, first, last))
                youtube.client.insert_arrow(name, rows)
        assert youtube.rows(f"youtube__{table}") == by_runs[table], table


def test_a_day_asks_for_no_more_than_it_needs(youtube: Ingestion, url: str, world: World) -> None:
    day = LAST_DAY - timedelta(days=9)
    assert not away(world, [day, day - timedelta(days=1)]), "somebody is away"
    youtube.load("youtube", day - timedelta(days=1))
    httpx.delete(f"{url}/sandbox/calls")
    youtube.load("youtube", day)
    expected = Counter[str]()
    for block in world.blocks("youtube"):
        expected += calls_of(block, day)
    accounts = sum(block.account_id.size for block in world.blocks("youtube"))
    expected["GET /youtube/youtube/v3/channels"] += ceil(accounts / 50)
    assert httpx.get(f"{url}/sandbox/calls").json() == +expected


def calls_of(block: PlatformBlock, day: date) -> Counter[str]:
    """What a day after its eve needs of a block's accounts, but the common list of channels."""
    data, found = "GET /youtube/youtube/v3", Counter[str]()
    today = block.day_index(day)
    there, written = block.visible_posts(today), block.comment_created < block.end_of(today)
    replies = Counter(block.comment_parent[written].tolist())
    for account, account_id in enumerate(block.account_id):
        own = block.posts_of(account)
        is_due = (crc32(account_id.encode()) + day.toordinal()) % 7 == 0
        pages = ceil(there[own].sum() / 50)
        videos, tops = talk(block, account, today)
        # Whoever was not talked about on the eve is sampled for the first time.
        is_sampled = bool(tops) and (is_due or not talk(block, account, today - 1)[1])
        young = there[own] if is_due else since(block, today, 28)[own]
        recent = since(block, today, 7 + LATE_DAYS)[own].any()
        found[f"{data}/channels"] += is_due + is_sampled
        found[f"{data}/playlistItems"] += pages
        found[f"{data}/videos:batchGetStats"] += pages
        found[f"{data}/videos"] += ceil(young.sum() / 50)
        found[f"{data}/commentThreads"] += videos
        found[f"{data}/comments"] += sum(replies[comment] > 5 for comment in tops)
        found["GET /youtube/v2/reports"] += 2 + int(recent) + 2 * is_due
    return found


def since(block: PlatformBlock, today: int, days: int) -> Bools:
    """The videos that are there and were published in the last days."""
    found: Bools = block.visible_posts(today) & (block.post_created >= block.end_of(today - days))
    return found


def talk(block: PlatformBlock, account: int, today: int) -> tuple[int, list[int]]:
    """How many of an account's recent videos have comments, and their top comments."""
    said = since(block, today, 7) & ~block.comments_off & (block.post_comments[:, today] > 0)
    videos = np.flatnonzero(said & (block.post_account == account))
    written = block.comment_created < block.end_of(today)
    return videos.size, [
        comment
        for post in videos
        for comment in range(*block.comments_of(int(post)).indices(2**62))
        if written[comment] and block.comment_parent[comment] < 0
    ]


def test_a_backfill_of_a_year_is_whole_and_one_range(
    make_ingestion: Callable[..., Ingestion],
) -> None:
    arguments = ("--seed", "9", "--creators", "12", "--days", "400", "--end-date", str(LAST_DAY))
    for url in serve(*arguments):
        youtube = make_ingestion(url, *arguments)
        result = youtube.load("youtube", LAST_DAY, insights_backfill_days=365)
        assert result.outcomes.failures == []
        days = "SELECT DISTINCT min(date), max(date), uniqExact(date) FROM {raw}.youtube__"
        span = (LAST_DAY - timedelta(days=365), LAST_DAY - timedelta(days=LATE_DAYS), 363)
        by_account = youtube.query(f"{days}channel_insights GROUP BY account_id")
        assert by_account == [span]
        # A day on which nobody watched has no source of traffic.
        assert youtube.query(f"{days}traffic_sources") == [span]
        doubled = (
            "SELECT count() - uniqExact(account_id, metric, segment, date) "
            "FROM {raw}.youtube__traffic_sources"
        )
        assert youtube.query(doubled) == [(0,)]
        calls = httpx.get(f"{url}/sandbox/calls").json()["GET /youtube/v2/reports"]
        (rows,) = youtube.query("SELECT count() / 3 FROM {raw}.youtube__traffic_sources")[0]
        (accounts,) = youtube.query("SELECT uniqExact(id) FROM {raw}.youtube__channels")[0]
        # 500 rows to a page: the long reports take several, the others one call each.
        assert calls <= float(rows) / 500 + 6 * int(accounts)  # type: ignore[arg-type, call-overload]


def test_a_dead_token_is_renewed(
    make_ingestion: Callable[..., Ingestion], youtube: Ingestion
) -> None:
    youtube.load("youtube", LAST_DAY)
    whole = landed(youtube)
    for url in serve(*map(str, WORLD), "--faults", "dead_token:0.03"):
        other = make_ingestion(url, *map(str, WORLD))
        assert other.load("youtube", LAST_DAY).outcomes.failures == []
        assert landed(other) == whole
        assert httpx.get(f"{url}/sandbox/calls").json()["POST /youtube/token"] > 0


def test_a_dead_metric_costs_itself_alone(
    make_ingestion: Callable[..., Ingestion], youtube: Ingestion
) -> None:
    youtube.load("youtube", LAST_DAY)
    for url in serve(*map(str, WORLD), "--faults", "dead_metric:0.3"):
        other = make_ingestion(url, *map(str, WORLD))
        assert other.load("youtube", LAST_DAY).outcomes.failures == []
        dead = {
            metric
            for (metric,) in other.query(
                "SELECT DISTINCT metric FROM {ops}.metric_availability "
                "WHERE reason = 'not_supported'"
            )
        }
        assert dead
        for table in REPORTS:
            expected = [row for row in youtube.rows(f"youtube__{table}") if row[3] not in dead]
            assert other.rows(f"youtube__{table}") == expected, table


def test_channels_without_a_living_grant_keep_their_public_data(
    youtube: Ingestion, world: World
) -> None:
    """One was connected by its id alone, of another the owner has withdrawn the grant."""
    youtube.load("youtube", LAST_DAY)
    whole = landed(youtube)
    store = youtube.store
    public, withdrawn = store.connections("youtube")[:2]
    store.revoke(public.connection_id)
    store.put(store.creators(), [(public, None)])
    tokens = Tokens(access_token=SecretStr("ya29.no"), refresh_token=SecretStr("1//no"))
    store.put(store.creators(), [(withdrawn, tokens)])
    outcomes = youtube.load("youtube", LAST_DAY).outcomes
    ids = {public.account_id, withdrawn.account_id}
    assert {(failure.account_id, failure.stream) for failure in outcomes.failures} == {
        (account, stream) for account in ids for stream in REPORTS
    }
    codes = {getattr(failure.error, "code", "") for failure in outcomes.failures}
    # Once the refusal is known, nobody asks the platform again.
    assert codes == {"token_missing", "invalid_grant", "not_active"} or codes == {
        "token_missing",
        "not_active",
    }
    assert store.connection(withdrawn.connection_id).status == "broken"
    assert store.connection(public.connection_id).status == "active"
    for table in PUBLIC:
        if table != "channels":
            assert youtube.rows(f"youtube__{table}") == whole[table], table
    # What was read of them before stands: nothing was read in its place.
    for table in REPORTS:
        assert youtube.rows(f"youtube__{table}") == whole[table], table
    noted = youtube.query(
        "SELECT DISTINCT metric FROM {ops}.metric_availability "
        f"WHERE account_id = '{public.account_id}' AND reason = 'permission'"
    )
    assert ("views",) in noted
    assert ("auditDetails",) in noted
    standing = youtube.query(
        "SELECT id, isNull(copyright_strikes_good_standing) FROM {raw}.youtube__channels"
    )
    assert {account for account, is_null in standing if is_null} == ids


def test_a_run_that_uses_up_the_quota_keeps_what_it_read_and_the_next_goes_on(
    make_ingestion: Callable[..., Ingestion], youtube: Ingestion, url: str
) -> None:
    youtube.load("youtube", LAST_DAY)
    whole = landed(youtube)
    other = make_ingestion(url, *map(str, WORLD))
    # Both runs are of one project: what the first has spent is gone for the second.
    limit = youtube_ledger(other.settings()).used()["default"] + 30
    with pytest.raises(PlatformError, match="midnight Pacific") as caught:
        other.load("youtube", LAST_DAY, youtube_daily_units=limit)
    assert caught.value.code == "quotaExceeded"
    partly = landed(other)
    assert 0 < len(partly["playlist_items"]) < len(whole["playlist_items"])
    other.load("youtube", LAST_DAY, youtube_daily_units=100_000)
    assert landed(other) == whole
