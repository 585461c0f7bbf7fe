"""Growth forecasts of very many accounts, from the warehouse and back, against AutoETS on some.

    python -m benchmarks.forecast [--series 100000] [--days 400] [--sample 1000]

An embedded server makes simulated counters (a rate that drifts, a week's season, 2 % of the days
missing) in the mart of account days. Then the jobs' own code trains (reads a sample of the
accounts, fits, backtests, registers) and forecasts: reads every history, lays it out, makes
features, points and intervals of 80 and 95 % for 7, 14, 28 and 90 days, and writes them to
``ml.growth_forecast``. In the same run AutoETS of statsforecast forecasts a sample of the same
accounts, read in the same way. Prints seconds, seconds of the processor (of this process and the
server), accounts per second, their ratio and the peak memory of both processes together; checks the
time, the memory and that every account has its rows.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from clickhouse_connect.driver.client import Client
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.warehouse import Server
from ml.growth import history
from ml.growth.baselines import baseline
from ml.histories import HORIZONS, read_history
from ml.registry import Registry
from ml.scoring import forecast_growth
from ml.settings import MlSettings
from ml.tables import Tables
from ml.training import train_growth
from warehouse.client import connect
from warehouse.contracts import mart_columns
from warehouse.schema_ddl import apply

LEVELS = (0.8, 0.95)
LAST_DAY = date(2026, 6, 28)
SECONDS, GIGABYTES, SERIES = 360, 4.0, 100_000
_CHUNK = 5_000
MART = "mart_growth__account_day"
# Draws are hashes of account, day and purpose, so that every run has the same counters.
COUNTERS = """
INSERT INTO {marts}.mart_growth__account_day
    (platform, account_key, account_id, creator_id, snapshot_date, follower_count, is_filled)
WITH
    (n, d, k) -> (cityHash64(n, d, k) % 1000003 + 0.5) / 1000003 AS uniform,
    (n, d, k) -> sqrt(-2 * log(uniform(n, d, k))) * cos(2 * pi() * uniform(n, d, k + 1)) AS normal
SELECT
    'tiktok', concat('tiktok:', toString(n)), toString(n), concat('creator_', toString(n)),
    {last:Date} - {days:UInt16} + 1 + place, round(size + total), false
FROM (
    SELECT
        number AS n,
        pow(10, 3 + 3.5 * uniform(n, 0, 1)) AS size,
        size * pow(10, -4 + 1.5 * uniform(n, 0, 2)) AS rate,
        range({days:UInt16}) AS places,
        arrayCumSum(arrayMap(d -> 0.05 * normal(n, d, 3), places)) AS drift,
        arrayMap(
            (d, level) -> rate * exp(level + 0.35 * normal(n, d, 5))
                * (1 + 0.15 * sin(2 * pi() * d / 7)),
            places, drift
        ) AS expected,
        arrayCumSum(arrayMap(
            (d, gain) -> greatest(gain + sqrt(gain) * normal(n, d, 7), 0), places, expected
        )) AS gained
    FROM numbers({first:UInt32}, {count:UInt32})
)
ARRAY JOIN places AS place, gained AS total
WHERE uniform(n, place, 9) >= 0.02
"""


def fill(client: Client, marts: str, series: int, days: int) -> None:
    """Make the marts that growth reads, and the counters in that of account days."""
    for mart in (MART, "mart_engagement__account_day"):
        columns = ", ".join(f"`{name}` {kind}" for name, kind in mart_columns()[mart].items())
        client.command(
            f"CREATE TABLE {marts}.{mart} ({columns}) ENGINE MergeTree "
            "PARTITION BY toYYYYMM(snapshot_date) ORDER BY (account_key, snapshot_date)"
        )
    for first in track(range(0, series, _CHUNK), description="simulated accounts"):
        sizes = {"first": first, "count": min(_CHUNK, series - first), "days": days}
        client.command(COUNTERS.replace("{marts}", marts), sizes | {"last": LAST_DAY})


class Meter:
    """Wall clock and processor of this process and the server."""

    def __init__(self, server: Server) -> None:
        self._server, self.steps = server, dict[str, tuple[float, float]]()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done inside."""
        began, used = time.perf_counter(), self._cpu()
        yield
        self.steps[name] = time.perf_counter() - began, self._cpu() - used

    def _cpu(self) -> float:
        return time.process_time() + self._server.cpu_seconds()

    def gigabytes(self) -> float:
        """Peak of both processes together."""
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return float(own + self._server.peak_bytes()) / 1024**3


def measure(server: Server, settings: MlSettings, meter: Meter) -> int:
    """Train and forecast as the jobs do; returns the rows written."""
    with (
        Tables("reader", server.settings) as reader,
        Tables("owner", server.settings) as owner,
    ):
        with meter.step("training"):
            trained = train_growth(reader, owner, settings)
            Registry(owner, settings).promote("growth", trained.version.version, "benchmark")
        with meter.step("forecasts"):
            return forecast_growth(reader, owner, settings, [LAST_DAY]).row_count


def measure_ets(server: Server, sample: int, days: int, meter: Meter) -> None:
    """AutoETS over the same horizons on the first accounts of the same history."""
    with Tables("reader", server.settings) as reader, meter.step("AutoETS"):
        known = read_history(reader, "follower_count", LAST_DAY, days, most=sample)
        baseline("ets", history.read_history(known, "D").values, HORIZONS, LEVELS)


def main() -> None:
    """Measure, print and exit with 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=SERIES)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--sample", type=int, default=1_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="forecast-bench-") as folder:
        server = Server(Path(folder) / "warehouse")
        try:
            settings = MlSettings(
                artifacts=Path(folder) / "models", history_days=max(arguments.days, 60)
            )
            with connect("owner", server.settings) as client:
                apply(client, server.settings)
                marts = server.settings.database("marts")
                fill(client, marts, arguments.series, arguments.days)
            server.forget_peak()
            meter = Meter(server)
            written = measure(server, settings, meter)
            peak = meter.gigabytes()
            measure_ets(server, arguments.sample, arguments.days, meter)
        finally:
            server.stop()
    report(arguments, meter, written, peak)


def report(arguments: argparse.Namespace, meter: Meter, written: int, peak: float) -> None:
    """Print, and exit with 1 where a target is missed."""
    counts = {"forecasts": arguments.series, "AutoETS": arguments.sample}
    rates = {name: count / meter.steps[name][0] for name, count in counts.items()}
    sheet = Table("growth of many accounts", "seconds", "CPU s", "accounts/s", "to AutoETS")
    for name, (seconds, used) in meter.steps.items():
        rate = rates.get(name)
        told = ("", "") if rate is None else (f"{rate:,.0f}", f"{rate / rates['AutoETS']:,.1f}")
        sheet.add_row(name, f"{seconds:,.0f}", f"{used:,.0f}", *told)
    seconds = sum(meter.steps[name][0] for name in ("training", "forecasts"))
    scale = max(arguments.series / SERIES, 1.0)
    console = Console()
    console.print(sheet)
    console.print(
        f"{arguments.series:,} accounts x {arguments.days} days: {written:,} rows written, "
        f"{seconds:,.0f} s (at most {SECONDS * scale:,.0f}), "
        f"peak {peak:.1f} GB with the server (at most {GIGABYTES * scale:g})"
    )
    if written != arguments.series * len(HORIZONS):
        sys.exit(f"missed: {arguments.series * len(HORIZONS):,} rows are due")
    if seconds > SECONDS * scale or peak > GIGABYTES * scale:
        sys.exit(f"missed: {SECONDS} s and {GIGABYTES:g} GB for {SERIES:,} accounts")


if __name__ == "__main__":
    main()
