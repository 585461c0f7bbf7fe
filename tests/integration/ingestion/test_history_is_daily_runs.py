"""History in bulk is what daily runs land: five days of fifty creators, both ways, every table."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from ingestion_environment import Ingestion, serve

from ingestion.registry import PLATFORMS
from ingestion.sandbox.history.runner import write_history
from ingestion.sandbox.world.world import World

CREATORS, DAYS, SEED, PLAYED = 50, 40, 19, 5
"""A world in which every table has rows: videos are deleted on the second day played and the last.
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def end_date() -> date:
    """A day long past: which day it is today must not matter."""
    return date(2026, 10, 30)


@pytest.fixture(scope="module")
def world_arguments(end_date: date) -> list[str]:
    return [
        *("--creators", str(CREATORS)),
        *("--days", str(DAYS)),
        *("--seed", str(SEED)),
        *("--end-date", end_date.isoformat()),
    ]


@pytest.fixture(scope="module")
def past_sandbox(world_arguments: list[str]) -> Iterator[str]:
    yield from serve(*world_arguments)


def checksums(ingestion: Ingestion) -> dict[str, tuple[object, ...]]:
    """Rows and a checksum over all columns but the time of reading, by raw table of a platform."""
    raw = ingestion.warehouse.database("raw")
    columns: dict[str, list[str]] = {}
    for table, column in ingestion.query(
        f"SELECT table, name FROM system.columns WHERE database = '{raw}' "
        "AND NOT startsWith(name, '_dlt') AND name != 'fetched_at' ORDER BY table, name"
    ):
        if str(table).split("__")[0] in PLATFORMS and "_dlt" not in str(table):
            columns.setdefault(str(table), []).append(str(column))
    return {
        table: ingestion.query(
            f"SELECT count(), sum(cityHash64(toJSONString(tuple({', '.join(names)})))) "
            f"FROM {{raw}}.{table}"
        )[0]
        for table, names in columns.items()
    }


def difference(first: Ingestion, second: Ingestion, table: str) -> str:
    """A few rows that one side has and the other has not."""
    a, b = ({str(row) for row in side.rows(table)} for side in (first, second))
    only_a, only_b = sorted(a - b)[:2], sorted(b - a)[:2]
    return f"{table}: {len(a - b)} by API alone, {len(b - a)} in bulk alone: {only_a} / {only_b}"


def test_five_days_of_fifty_creators_both_ways(
    make_ingestion: Callable[..., Ingestion],
    past_sandbox: str,
    world_arguments: list[str],
    end_date: date,
) -> None:
    days = [end_date - timedelta(days=PLAYED - 1 - n) for n in range(PLAYED)]
    world = World(SEED, CREATORS, DAYS, end_date)
    peers = [account.handle for account in world.accounts() if account.platform == "instagram"][:3]
    by_api = make_ingestion(past_sandbox, *world_arguments)
    by_api.env = {"INSTAGRAM_PEERS": ",".join(peers)}
    for day in days:
        for platform in PLATFORMS:
            by_api.load(platform, day)

    in_bulk = make_ingestion(past_sandbox, *world_arguments)
    in_bulk.env = by_api.env
    write_history(world, days[0], days[-1], in_bulk.settings(), in_bulk.warehouse)

    expected, found = checksums(by_api), checksums(in_bulk)
    assert len(expected) > 30
    assert expected.keys() == found.keys()
    wrong = [name for name in expected if expected[name] != found[name]]
    assert not wrong, "\n".join(difference(by_api, in_bulk, name) for name in wrong)
    assert [name for name, (rows, _) in expected.items() if not rows] == []
