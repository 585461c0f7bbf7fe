"""Instagram's source against the sandbox into a real warehouse: every table, twice, day by day."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from ingestion_environment import WORLD, Ingestion, serve

from ingestion.sandbox.history.context import Context
from ingestion.sandbox.history.instagram import TABLES
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import PlatformBlock

ACCOUNT_ROUTE = "GET /instagram/v26.0/{node_id}"
LONG_WORLD = ("--creators", "2", "--days", "380", "--seed", "11")


def world(today: date, *arguments: str) -> World:
    options = dict(zip(arguments[::2], map(int, arguments[1::2]), strict=True))
    return World(options["--seed"], options["--creators"], options["--days"], today)


@pytest.fixture
def peers(today: date) -> str:
    handles = [a.handle for a in world(today, *WORLD).accounts() if a.platform == "instagram"]
    return f"{handles[0]}, {handles[1]},nobody.has.this.name"


def calls(ingestion: Ingestion) -> dict[str, int]:
    with urllib.request.urlopen(f"{ingestion.url}/sandbox/calls") as answer:
        found: dict[str, int] = json.load(answer)
    return {name: n for name, n in found.items() if "/instagram/" in name}


def forget_calls(ingestion: Ingestion) -> None:
    request = urllib.request.Request(f"{ingestion.url}/sandbox/calls", method="DELETE")
    urllib.request.urlopen(request).close()


def landed(ingestion: Ingestion) -> dict[str, list[tuple[object, ...]]]:
    return {table: ingestion.rows(f"instagram__{table}") for table in TABLES}


def test_every_table_lands_and_a_second_run_adds_nothing(
    ingestion: Ingestion, three_days: list[date], peers: str
) -> None:
    result = ingestion.load("instagram", *three_days, instagram_peers=peers)
    assert result.outcomes.failures == []
    first = landed(ingestion)
    assert all(first.values()), {table: len(rows) for table, rows in first.items()}
    ingestion.load("instagram", *three_days, instagram_peers=peers)
    assert landed(ingestion) == first
