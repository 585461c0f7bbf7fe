"""After random days of increments, reruns and restatements every table of core and marts holds what
a full build of the same raw holds.

``make soak`` (``SOAK_KILLS`` is set) runs 30 days of increments, ``make test`` a tenth of them.
"""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from clickhouse_connect.driver.client import Client

from tests.integration.dbt.dbt_in_process import DbtInProcess
from tests.integration.dbt.random_world import RandomWorld, days_between
from tests.integration.dbt.table_contents import columns_of, difference
from tests.raw_declarations import raw_tables
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import LAYERS, WarehouseSettings

DAYS = 30 if os.environ.get("SOAK_KILLS") else 3
SEED = int(os.environ.get("INCREMENTAL_SEED", "20260312"))
FIRST_DAY, LAST_KNOWN = date(2025, 12, 20), date(2026, 3, 5)
LONGEST_AGO = timedelta(days=28)
COMPARED_EVERY = 10
# moments of building, and what is held on purpose after raw has lost it
LEFT_OUT = {
    "fct_insight_reading": None,
    "mart_ops__cost": None,
}
# what no model has scored and no run has reported
EMPTY = {"mart_fraud__authenticity", "mart_growth__forecast", "mart_ops__pipeline_health"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200 + 120 * DAYS)]


class Warehouse:
    """One raw, built in one environment day by day and in another one whole."""

    def __init__(self, client: Client, warehouse: WarehouseSettings, folder: Path) -> None:
        self.client = client
        self.settings = {
            name: warehouse.model_copy(update={"env": f"t_{name}"}) for name in ("days", "whole")
        }
        for settings in self.settings.values():
            apply(client, settings)
        self.dbt = {
            name: DbtInProcess(settings, folder / name) for name, settings in self.settings.items()
        }

    def database(self, name: str, layer: str) -> str:
        return self.settings[name].database(layer)

    def build(self) -> None:
        """Build all of raw, in the environment that then goes on day by day."""
        self.dbt["days"].succeed("seed")
        self.dbt["days"].succeed("run")

    def run(self, days: tuple[date, date] | None) -> None:
        """Build the days as the daily run or a backfill does, or the latest ones."""
        names = ("start_date", "end_date")
        variables = dict(zip(names, map(date.isoformat, days), strict=True)) if days else None
        self.dbt["days"].succeed("run", "--exclude", "staging", variables=variables)

    def build_whole(self) -> None:
        """Build the same raw anew in the other environment."""
        for name in raw_tables():
            self.client.command(
                f"CREATE OR REPLACE TABLE {self.database('whole', 'raw')}.{name} "
                f"CLONE AS {self.database('days', 'raw')}.{name}"
            )
        self.dbt["whole"].succeed("seed")
        self.dbt["whole"].succeed("run", "--full-refresh")

    def differences(self) -> list[str]:
        """What the tables of core and marts hold other than those that were built whole."""
        found = []
        for layer in ("core", "marts"):
            ours, theirs = (self.database(name, layer) for name in ("days", "whole"))
            for table, columns in columns_of(self.client, theirs).items():
                if table not in LEFT_OUT:
                    found += difference(
                        self.client, f"{ours}.{table}", f"{theirs}.{table}", columns
                    )
        return found

    def empty_tables(self) -> set[str]:
        """Tables of core and marts without a row."""
        databases = [self.database("days", layer) for layer in ("core", "marts")]
        found = self.client.query(
            "SELECT name FROM system.tables WHERE database IN %(databases)s AND total_rows = 0",
            parameters={"databases": databases},
        )
        return {name for (name,) in found.result_rows}

    def drop(self) -> None:
        for settings in self.settings.values():
            for layer in LAYERS:
                self.client.command(f"DROP DATABASE IF EXISTS {settings.database(layer)}")


@pytest.fixture
def built(warehouse: WarehouseSettings, tmp_path: Path) -> Iterator[Warehouse]:
    with connect(settings=warehouse) as client:
        made = Warehouse(client, warehouse, tmp_path)
        yield made
        made.drop()


def steps(last: date, until: date, chance: Random) -> Iterator[tuple[str, date, date]]:
    """What comes next, and its days: new ones, alone or some at once, and old ones read again."""
    while last < until:
        kind = chance.choices(
            ["next", "several", "again", "beside", "lost", "undated"], [9, 2, 3, 2, 1, 1]
        )[0]
        if kind in ("next", "several", "undated"):
            first = last + timedelta(days=1)
            last = min(until, first + timedelta(days=chance.randrange(4) * (kind == "several")))
            yield kind, first, last
        else:
            first = last - timedelta(days=chance.randrange(LONGEST_AGO.days))
            length = timedelta(days=chance.choice([0, 0, 0, 1, 4]))
            yield kind, first, min(first + length, last)


def take(world: RandomWorld, warehouse: Warehouse, kind: str, first: date, last: date) -> None:
    """Land what a step brings and run its days."""
    if kind == "lost":
        world.forget([first])
        last = first
    elif kind == "undated":
        # the days that a run without dates reads again, and a new one
        world.land(days_between(first - timedelta(days=3), last))
    else:
        world.land(days_between(first, last), keep=kind == "beside")
    warehouse.run(None if kind == "undated" else (first, last))


def test_increments_reruns_and_restatements_equal_a_full_build(built: Warehouse) -> None:
    world = RandomWorld(built.client, built.database("days", "raw"), SEED, FIRST_DAY)
    world.land(days_between(FIRST_DAY, LAST_KNOWN))
    world.connect(0)
    built.build()
    chance = Random(SEED)
    until = LAST_KNOWN + timedelta(days=DAYS)
    taken: list[str] = []
    for number, (kind, first, last) in enumerate(steps(LAST_KNOWN, until, chance), 1):
        if number % 3 == 0:
            world.connect(number)
        take(world, built, kind, first, last)
        taken.append(f"{kind} {first} {last}")
        if number % COMPARED_EVERY == 0:
            built.build_whole()
            assert not built.differences(), taken
    built.build_whole()
    assert not (found := built.differences()), "\n".join([*taken, *found])
    assert built.empty_tables() == EMPTY
