"""Whatever goes wrong on the way, the rows are those of an undisturbed run, or ops says what lacks.

Each fault is played by the sandbox, hit by a real source, loaded into a real warehouse; where
accounts failed, the day is read again, as tomorrow's run or an operator would.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import pytest
from ingestion_environment import Ingestion, serving

from ingestion.errors import ApiError
from ingestion.outcomes import Outcomes
from ingestion.registry import PLATFORMS
from ingestion.sandbox.faults import FAULTS, Injection
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from warehouse.errors import UserError

CREATORS, DAYS, SEED = 14, 45, 5
LAST_DAY = date(2026, 6, 10)
"""What the faults hit follows from the seed and the world: both stay the same."""
OPTIONS = ("--creators", str(CREATORS), "--days", str(DAYS), "--seed", str(SEED))
MOST_RUNS = 6
PATIENT = {"request_attempts": 6, "request_backoff": 0.01, "insights_backfill_days": 4}
"""A sandbox's faults pass quickly, so there is no need to wait long between attempts."""

Rows = dict[str, list[tuple[object, ...]]]
Failed = set[tuple[str, str]]
"""Streams and accounts that cannot be read: the world has suspended accounts of its own."""

ALL_THAT_PASSES = {
    "throttle": 0.005,
    "server_error": 0.03,
    "truncated_body": 0.03,
    "dead_token": 0.03,
    "repeated_cursor": 0.03,
    "reset_connection": 0.03,
}
# The rates are such that each strikes a few times in the calls that its platform gets here.
EACH_THAT_PASSES = [
    ("throttle", 0.1, "tiktok"),
    ("server_error", 0.3, "youtube"),
    ("truncated_body", 0.3, "tiktok"),
    ("dead_token", 0.05, "instagram"),
    ("slow_answer", 0.1, "youtube"),
    ("reset_connection", 0.2, "facebook"),
]


@pytest.fixture(scope="module")
def world() -> World:
    return World(SEED, CREATORS, DAYS, LAST_DAY)


@contextmanager
def sandbox(world: World, rates: dict[str, float]) -> Iterator[tuple[str, Injection]]:
    """A sandbox with faults in this process; gives its address and what it has played."""
    faults = Injection(rates, SEED)
    with serving(build_app(world, TokenBook(world), faults=faults)) as url:
        yield url, faults


@dataclass(frozen=True)
class Undisturbed:
    """What a run without faults lands, and what fails in it."""

    rows: Rows
    failed: Failed


@pytest.fixture(scope="module")
def known() -> dict[str, Undisturbed]:
    """Undisturbed runs by platform."""
    return {}


Read = Callable[[str], Undisturbed]


@pytest.fixture
def undisturbed(
    world: World, known: dict[str, Undisturbed], make_ingestion: Callable[..., Ingestion]
) -> Read:
    def read(platform: str) -> Undisturbed:
        if platform not in known:
            with sandbox(world, {}) as (url, _):
                ingestion = make_ingestion(url, *OPTIONS, "--end-date", str(world.last_day))
                result = ingestion.load(platform, world.last_day, **PATIENT)
                known[platform] = Undisturbed(ingestion.raw_rows(platform), failed(result.outcomes))
            assert sum(map(len, known[platform].rows.values())) > 50
        return known[platform]

    return read


def failed(outcomes: Outcomes) -> Failed:
    return {(outcome.stream, outcome.account_id) for outcome in outcomes.failures}


def load_until_whole(ingestion: Ingestion, platform: str, day: date, lacking: Failed) -> None:
    """Load the day until no account fails but those that always do."""
    for _ in range(MOST_RUNS):
        try:
            result = ingestion.load(platform, day, **PATIENT)
        except UserError as error:
            # So ends a run in which every account failed, or which the platform stopped.
            if not isinstance(error, ApiError) and "accounts could be read" not in str(error):
                raise
        else:
            if failed(result.outcomes) == lacking:
                return
    raise AssertionError(f"accounts still fail after {MOST_RUNS} runs")


def test_every_fault_is_played_here() -> None:
    played = {name for name, _, _ in EACH_THAT_PASSES} | {
        "dead_metric",
        "gone_object",
        "repeated_cursor",
    }
    assert played == set(FAULTS)


@pytest.mark.parametrize(("fault", "rate", "platform"), EACH_THAT_PASSES)
def test_what_passes_leaves_the_same_rows(
    fault: str,
    rate: float,
    platform: str,
    world: World,
    undisturbed: Read,
    make_ingestion: Callable[..., Ingestion],
) -> None:
    expected = undisturbed(platform)
    with sandbox(world, {fault: rate}) as (url, faults):
        ingestion = make_ingestion(url, *OPTIONS, "--end-date", str(world.last_day))
        load_until_whole(ingestion, platform, world.last_day, expected.failed)
        assert faults.struck()[fault] > 0
    assert ingestion.raw_rows(platform) == expected.rows


@pytest.mark.parametrize("platform", PLATFORMS)
def test_all_at_once_leave_the_same_rows(
    platform: str,
    world: World,
    undisturbed: Read,
    make_ingestion: Callable[..., Ingestion],
) -> None:
    expected = undisturbed(platform)
    rates = dict(ALL_THAT_PASSES)
    if PLATFORMS[platform].refresh is None:
        # A dead token that nobody can renew does not pass: its owner has to connect again.
        del rates["dead_token"]
    with sandbox(world, rates) as (url, faults):
        ingestion = make_ingestion(url, *OPTIONS, "--end-date", str(world.last_day))
        load_until_whole(ingestion, platform, world.last_day, expected.failed)
        assert sum(faults.struck().values()) > 0
    assert ingestion.raw_rows(platform) == expected.rows
    # What failed on the way is on record, and what landed in the end moved the cursor.
    lacking = ingestion.query(
        "SELECT stream, account_id FROM {ops}.ingestion_outcome WHERE status != 'skipped' "
        "GROUP BY ALL HAVING argMax(status, started_at) NOT IN ('ok', 'empty')"
    )
    assert set(lacking) == {(f"{platform}__{stream}", one) for stream, one in expected.failed}


def test_a_repeated_cursor_is_no_short_list(
    world: World, undisturbed: Read, make_ingestion: Callable[..., Ingestion]
) -> None:
    """Accounts whose lists do not end keep nothing of the day; once they end, all is there."""
    expected = undisturbed("tiktok")
    with sandbox(world, {"repeated_cursor": 1}) as (url, faults):
        ingestion = make_ingestion(url, *OPTIONS, "--end-date", str(world.last_day))
        ingestion.load("tiktok", world.last_day, **PATIENT)
        assert faults.struck()["repeated_cursor"] > 0
    looping = {
        account
        for (account,) in ingestion.query(
            "SELECT DISTINCT account_id FROM {ops}.ingestion_outcome "
            "WHERE status = 'failed' AND error_class = 'paging_loop'"
        )
    }
    assert looping
    rows = ingestion.raw_rows("tiktok")["tiktok__videos"]
    assert rows == [row for row in expected.rows["tiktok__videos"] if not looping & set(row)]
    with sandbox(world, {}) as (ingestion.url, _):
        ingestion.load("tiktok", world.last_day, **PATIENT)
    assert ingestion.raw_rows("tiktok") == expected.rows


@pytest.mark.parametrize(
    ("platform", "rate"), [("instagram", 0.15), ("youtube", 0.2), ("tiktok", 0.2)]
)
def test_a_dead_metric_takes_its_own_rows_alone(
    platform: str,
    rate: float,
    world: World,
    undisturbed: Read,
    make_ingestion: Callable[..., Ingestion],
) -> None:
    expected = undisturbed(platform)
    with sandbox(world, {"dead_metric": rate}) as (url, faults):
        ingestion = make_ingestion(url, *OPTIONS, "--end-date", str(world.last_day))
        ingestion.load(platform, world.last_day, **PATIENT)
        assert faults.struck()["dead_metric"] > 0
    told = ingestion.query(
        "SELECT DISTINCT metric FROM {ops}.metric_availability "
        "WHERE NOT is_available AND reason = 'not_supported'"
    )
    dead = {metric for (metric,) in told}
    assert dead
    found = ingestion.raw_rows(platform)
    lost = 0
    for table, rows in expected.rows.items():
        columns = [name for name, *_ in ingestion.query(f"DESCRIBE {{raw}}.{table}")]
        columns.remove("fetched_at")
        if "metric" not in columns:
            assert found[table] == rows, table
            continue
        place = columns.index("metric")
        assert found[table] == [row for row in rows if row[place] not in dead], table
        lost += len(rows) - len(found[table])
    assert lost > 0


@pytest.mark.parametrize("platform", ["instagram", "tiktok"])
def test_a_gone_object_takes_its_own_rows_alone(
    platform: str,
    world: World,
    undisturbed: Read,
    make_ingestion: Callable[..., Ingestion],
) -> None:
    expected = undisturbed(platform)
    with sandbox(world, {"gone_object": 0.3}) as (url, faults):
        ingestion = make_ingestion(url, *OPTIONS, "--end-date", str(world.last_day))
        result = ingestion.load(platform, world.last_day, **PATIENT)
        assert faults.struck()["gone_object"] > 0
    assert failed(result.outcomes) == expected.failed
    skipped = ingestion.query(
        "SELECT DISTINCT stream, account_id FROM {ops}.ingestion_outcome WHERE status = 'skipped'"
    )
    assert skipped
    found = ingestion.raw_rows(platform)
    for table, rows in expected.rows.items():
        lacking = set(rows) - set(found[table])
        assert set(found[table]) <= set(rows), table
        # Each row that lacks is of an account of which ops says that objects were skipped.
        accounts = {account for stream, account in skipped if stream == table}
        assert all(accounts & set(row) for row in lacking), table
        if lacking:
            assert accounts
