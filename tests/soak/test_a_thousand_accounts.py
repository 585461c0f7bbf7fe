"""The day of a thousand accounts: after a month of readings it makes the calls it needs, no other.

What it needs is worked out from the world; the sandbox counts what it was asked for.
"""

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from ingestion.outcomes import Outcomes
from ingestion.pipeline import run
from ingestion.registry import PLATFORMS
from ingestion.sandbox.__main__ import app
from ingestion.sandbox.history.runner import write_history
from ingestion.sandbox.world import World
from tests.integration.ingestion import needed_calls
from tests.integration.ingestion.ingestion_environment import Ingestion, serve
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

ACCOUNTS = 1_000 if os.environ.get("SOAK_KILLS") else 100
"""A tenth of them in ``make test``, as with the kills of ``make soak``."""
SEED, CREATORS, DAYS, LAST_DAY = 13, ACCOUNTS * 5 // 2, 30, date(2026, 11, 1)
WORLD = ("--creators", CREATORS, "--days", DAYS, "--seed", SEED, "--end-date", LAST_DAY)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from serve(*map(str, WORLD))


@pytest.fixture
def tiktok(url: str, warehouse: WarehouseSettings, tmp_path: Path) -> Iterator[Ingestion]:
    own = warehouse.model_copy(update={"env": "thousand"})
    with connect(settings=own) as client:
        apply(client, own)
        made = Ingestion(tmp_path, url, own, client)
        put = CliRunner().invoke(app, ["connections", *map(str, WORLD)], env=made.environment())
        assert put.exit_code == 0, put.output
        yield made


def there_throughout(world: World, day: date) -> set[str]:
    """The accounts that the platform shows on the day and on the one before."""
    found = set()
    for block in world.blocks("tiktok"):
        today = block.day_index(day)
        shown = block.available[:, today - 1 : today + 1].all(axis=1)
        found |= {str(block.account_id[account]) for account in np.flatnonzero(shown)}
    return found


def test_a_day_of_a_thousand_accounts_makes_the_calls_it_needs(tiktok: Ingestion, url: str) -> None:
    world = World(SEED, CREATORS, DAYS, LAST_DAY)
    before = LAST_DAY - timedelta(days=1)
    settings, warehouse = tiktok.settings(), tiktok.warehouse
    write_history(world, world.first_day, before, settings, warehouse, platforms=["tiktok"])
    httpx.delete(f"{url}/sandbox/calls")
    outcomes = Outcomes()
    source = PLATFORMS["tiktok"].source([LAST_DAY], settings, outcomes, ACCOUNTS)
    run(source, outcomes, settings, warehouse)
    asked = {outcome.account_id for outcome in outcomes.all}
    assert len(asked) == ACCOUNTS
    shown = asked & there_throughout(world, LAST_DAY)
    assert len(shown) > 0.95 * ACCOUNTS
    made = Counter[str]()
    for account, calls in httpx.get(f"{url}/sandbox/calls?by=account").json().items():
        if account.removeprefix("tiktok ") in shown:
            made.update(calls)
    assert made == needed_calls.of_tiktok(world, LAST_DAY, shown)
    print(f"{sum(made.values()):,} calls for {len(shown)} accounts")
