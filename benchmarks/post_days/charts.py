"""The queries behind typical dashboard charts: read from SQL, timed as a dashboard asks them."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from clickhouse_connect.driver.client import Client

QUERIES = Path(__file__).parents[2] / "tests/performance/queries.sql"
ROUNDS = 10


@dataclass(frozen=True)
class Chart:
    """A chart's name and its query over the marts."""

    name: str
    sql: str

    def on(self, marts: str) -> str:
        """The query on an environment's database of marts."""
        return re.sub(r"\bmarts\.", f"{marts}.", self.sql)


@dataclass(frozen=True)
class Timing:
    """A chart's seconds, one by one, and the rows that one of them read."""

    chart: Chart
    seconds: tuple[float, ...]
    read_rows: int
    result_rows: int


def charts(file: Path = QUERIES) -> list[Chart]:
    """The file's queries: each begins with a comment line that names it and ends with a semicolon.

    Raises :class:`ValueError` for a query without a name, or one that is named twice.
    """
    found: dict[str, Chart] = {}
    for part in file.read_text().split(";\n"):
        if not (part := part.strip()):
            continue
        first, _, sql = part.partition("\n")
        if not first.startswith("-- "):
            raise ValueError(f"{file.name}: {first!r}: a query begins with a line '-- its name'")
        name = first.removeprefix("-- ")
        if name in found:
            raise ValueError(f"{file.name}: {name!r} names two queries")
        found[name] = Chart(name, sql)
    return list(found.values())


def measure(client: Client, marts: str, rounds: int = ROUNDS) -> list[Timing]:
    """Ask every chart's query once a round, as many rounds; the first meets a cold cache."""
    asked = charts()
    seconds: dict[str, list[float]] = {chart.name: [] for chart in asked}
    read: dict[str, tuple[int, int]] = {}
    for _ in range(rounds):
        for chart in asked:
            began = time.perf_counter()
            result = client.query(chart.on(marts), settings={"wait_end_of_query": 1})
            rows = result.result_rows
            seconds[chart.name].append(time.perf_counter() - began)
            read[chart.name] = (int(result.summary["read_rows"]), len(rows))
    return [Timing(chart, tuple(seconds[chart.name]), *read[chart.name]) for chart in asked]


def percentile(values: list[float], level: float) -> float:
    """The value that ``level`` (0-1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-level * len(ordered) // 1) - 1)]
