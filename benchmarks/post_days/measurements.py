"""The measurements, one after the other on one server: each leaves what the next one needs."""

import statistics
import time
from datetime import date, timedelta
from pathlib import Path

from benchmarks.post_days import charts, raw
from benchmarks.post_days.builds import Build, Dbt
from benchmarks.post_days.report import Report
from benchmarks.post_days.world import World
from benchmarks.warehouse import Server
from ingestion.sandbox.history.runner import write_history
from ingestion.sandbox.world.world import World as SyntheticWorld
from ingestion.settings import IngestionSettings
from warehouse.client import connect
from warehouse.schema_ddl import apply
from warehouse.settings import WarehouseSettings

DAYS_MEASURED = 3
LOOKBACK_DAYS, GROWTH_DAYS = 28, 90
LOOKED_BACK_ON = ("fct_post_day", "fct_comment", "fct_audience_hour", "fct_insight_reading")
"""Facts that are restated or looked back on for 28 days."""
GROWN_FROM = ("fct_account_day", "fct_account_post_day", "fct_audience_day")
"""Facts of accounts, of which growth and change over 90 days are told."""
DAY_COLUMNS = {"fct_comment": "first_snapshot_date", "fct_audience_hour": "activity_date"}
"""The day of a row where it is not ``snapshot_date``."""
MOST_DAY_RATIO, MOST_ROWS_RATIO, MOST_REFRESH_RATIO = 1.3, 2.0, 8.0
MOST_BYTES, MOST_QUERY_SECONDS, MOST_QUERY_ROWS, MOST_ROW_BYTES = 4e9, 0.2, 2_000_000, 12.0
SYNTHETIC_CREATORS, SYNTHETIC_DAYS = 200, 120


class Bench:
    """A server with a long history and a tenth of it, the ``short`` environment."""

    def __init__(self, server: Server, folder: Path, world: World, report: Report) -> None:
        self._server, self._folder, self._report = server, folder, report
        self._long, self._short = world, world.latest(world.days // 10)
        self._at = {name: self._environment(name) for name in ("", "short", "copy", "synthetic")}
        self._client = connect("owner", self._at[""])

    def make(self) -> None:
        """Make both histories in ``raw``."""
        raw.create_tables(self._at[""])
        raw.copy_tables(self._client, self._at[""], self._at["short"])
        for name, world in (("short", self._short), ("", self._long)):
            began = time.perf_counter()
            raw.fill_accounts(self._client, world, self._at[name])
            rows = raw.fill(self._client, world, self._at[name])
            self._report.say(
                f"{self._post_days(name):,} post-days ({world.days} days of {world.posts:,} posts"
                f" and {world.accounts} accounts), {rows:,} rows in raw:"
                f" {time.perf_counter() - began:.0f} s"
            )

    def full_refresh(self) -> None:
        """A full refresh of the long history against a bare copy of its raw rows."""
        self._dbt("short").full_refresh(self._client)
        rows, copied = self._copy()
        self._server.forget_peak()
        build = self._dbt("").full_refresh(self._client)
        peak = self._server.peak_bytes()
        ratio = build.seconds / copied
        self._report.figure(
            f"full refresh ({build.seconds:.0f} s) against a copy of the {rows:,} raw rows"
            f" ({copied:.0f} s)",
            f"{ratio:.2f}",
            f"<= {MOST_REFRESH_RATIO:g}",
            ratio <= MOST_REFRESH_RATIO,
        )
        self._report.figure(
            "... the engine's peak memory", f"{peak / 1e9:.2f} GB", "<= 4 GB", peak <= MOST_BYTES
        )
        self._report.detail(
            "full refresh, by model",
            ("model", "seconds", "of CPU", "rows read", "memory, MB"),
            (
                (cost.name, cost.seconds, cost.cpu_seconds, cost.read_rows, cost.memory_bytes / 1e6)
                for cost in sorted(build.costs, key=lambda cost: -cost.seconds)[:15]
            ),
        )
        self._report.detail(
            "storage",
            ("table", "rows", "MB", "bytes a row"),
            self._client.query(
                "SELECT concat(database, '.', table), toInt64(sum(rows)),"
                " sum(bytes_on_disk) / 1e6, sum(bytes_on_disk) / sum(rows) FROM system.parts"
                " WHERE active AND database IN ('raw', 'core', 'marts') AND rows > 1000"
                " GROUP BY database, table ORDER BY database, sum(bytes_on_disk) DESC"
            ).result_rows,
        )

    def days(self) -> None:
        """Days landed and built on both histories, one after the other in turns."""
        builds: dict[str, list[Build]] = {"short": [], "": []}
        worlds, budget = {"short": self._short, "": self._long}, {}
        for _ in range(DAYS_MEASURED):
            for name in builds:
                worlds[name] = worlds[name].next_day
                raw.fill(self._client, worlds[name], self._at[name])
                day = worlds[name].last
                builds[name].append(self._dbt(name).day(self._client, day))
                budget = self._budget(name, day)
        long, short = (
            statistics.median(build.seconds for build in builds[name]) for name in ("", "short")
        )
        self._report.figure(
            f"one more day on {self._long.days} days ({long:.1f} s) against {self._short.days} days"
            f" ({short:.1f} s)",
            f"{long / short:.2f}",
            f"<= {MOST_DAY_RATIO:g}",
            long / short <= MOST_DAY_RATIO,
        )
        engine_long, engine_short = (
            statistics.median(build.engine_seconds() for build in builds[name])
            for name in ("", "short")
        )
        self._report.figure(
            f"... the engine's part alone ({engine_long:.1f} s, {engine_short:.1f} s)",
            f"{engine_long / engine_short:.2f}",
        )
        read = int(statistics.median(build.read_rows() for build in builds[""]))
        needed = sum(budget.values())
        self._report.figure(
            f"... rows that its models read ({read:,}) against what they need ({needed:,})",
            f"{read / needed:.2f}",
            f"<= {MOST_ROWS_RATIO:g}",
            read / needed <= MOST_ROWS_RATIO,
        )
        self._report.figure(
            "... rows that its tests read", f"{builds[''][-1].read_rows(tests=True):,}"
        )
        self._report.detail(
            "what a day needs", ("part", "rows"), [*budget.items(), ("in all", needed)]
        )
        self._day_details(builds["short"][-1], builds[""][-1])

    def charts(self) -> None:
        """The dashboards' queries on the long history."""
        with connect("reader", self._at[""]) as reader:
            timings = charts.measure(reader, self._at[""].database("marts"))
        every = [second for timing in timings for second in timing.seconds]
        p95, most = charts.percentile(every, 0.95), max(timing.read_rows for timing in timings)
        self._report.figure(
            f"{len(timings)} chart queries, p95 of {len(every)}",
            f"{p95 * 1000:.0f} ms",
            "<= 200 ms",
            p95 <= MOST_QUERY_SECONDS,
        )
        self._report.figure(
            "... most rows read by one", f"{most:,}", "<= 2,000,000", most <= MOST_QUERY_ROWS
        )
        self._report.detail(
            "chart queries, slowest first",
            ("chart", "median ms", "slowest ms", "rows read", "rows"),
            (
                (
                    timing.chart.name,
                    statistics.median(timing.seconds) * 1000,
                    max(timing.seconds) * 1000,
                    timing.read_rows,
                    timing.result_rows,
                )
                for timing in sorted(timings, key=lambda it: -statistics.median(it.seconds))
            ),
        )

    def storage(self) -> None:
        """Bytes of a post-day of a synthetic world, as built, merged or not."""
        warehouse = self._at["synthetic"]
        raw.create_tables(warehouse)
        world = SyntheticWorld(7, SYNTHETIC_CREATORS, SYNTHETIC_DAYS, date(2026, 11, 1))
        settings = IngestionSettings(
            database_url=f"sqlite:///{self._folder}/connections.db",
            dlt_dir=self._folder / "dlt",
        )
        write_history(world, world.first_day, world.last_day, settings, warehouse)
        self._dbt("synthetic").full_refresh(self._client)
        rows, stored = self._client.query(
            "SELECT toInt64(sum(rows)), sum(bytes_on_disk) FROM system.parts WHERE active"
            f" AND database = '{warehouse.database('core')}' AND table = 'fct_post_day'"
        ).result_rows[0]
        self._report.figure(
            f"bytes a row of core.fct_post_day, synthetic world ({rows:,} rows)",
            f"{stored / rows:.2f}",
            f"<= {MOST_ROW_BYTES:g}",
            stored / rows <= MOST_ROW_BYTES,
        )

    def _environment(self, name: str) -> WarehouseSettings:
        settings = self._server.settings.model_copy(update={"env": name})
        with connect("owner", settings) as client:
            apply(client, settings)
        return settings

    def _dbt(self, name: str) -> Dbt:
        return Dbt(self._at[name], self._folder / f"dbt-{name or 'long'}")

    def _copy(self) -> tuple[int, float]:
        """Rows and seconds of copying every raw table, each with one INSERT SELECT."""
        raw.copy_tables(self._client, self._at[""], self._at["copy"])
        began, rows = time.perf_counter(), 0
        for name in raw.table_names():
            done = self._client.command(
                f"INSERT INTO {self._at['copy'].database('raw')}.{name}"
                f" SELECT * FROM {self._at[''].database('raw')}.{name}"
            )
            rows += int(done.written_rows)  # type: ignore[union-attr]
        seconds = time.perf_counter() - began
        self._client.command(f"DROP DATABASE {self._at['copy'].database('raw')} SYNC")
        return rows, seconds

    def _post_days(self, name: str) -> int:
        tables = (
            "tiktok__videos",
            "instagram__media",
            "facebook__posts",
            "youtube__video_stats",
        )
        return sum(self._count(f"{self._at[name].database('raw')}.{table}") for table in tables)

    def _budget(self, name: str, day: date) -> dict[str, int]:
        """What a day cannot be built without, in rows."""
        warehouse = self._at[name]
        core = warehouse.database("core")
        landed = sum(
            self._count(f"{warehouse.database('raw')}.{table}", day, day)
            for table in raw.table_names()
        )

        def before(table: str, days: int) -> int:
            return self._count(f"{core}.{table}", day - timedelta(days=days), day)

        windows = {
            **dict.fromkeys(LOOKED_BACK_ON, LOOKBACK_DAYS),
            **dict.fromkeys(GROWN_FROM, GROWTH_DAYS),
        }
        return {
            "raw rows of the day": landed,
            **{
                f"core.{table}, the day and {days} before": before(table, days)
                for table, days in windows.items()
            },
        }

    def _count(self, table: str, first: date | None = None, last: date | None = None) -> int:
        column = DAY_COLUMNS.get(table.partition(".")[2], "snapshot_date")
        days = f" WHERE {column} BETWEEN '{first}' AND '{last}'" if first else ""
        return int(self._client.query(f"SELECT count() FROM {table}{days}").result_rows[0][0])

    def _day_details(self, short: Build, long: Build) -> None:
        before = {cost.node: cost for cost in short.costs}
        for tests, title in ((False, "one more day, by model"), (True, "... by test")):
            self._report.detail(
                title,
                ("node", "rows read", "on the short history", "seconds", "short", "memory, MB"),
                (
                    (
                        cost.name[:70],
                        cost.read_rows,
                        before[cost.node].read_rows if cost.node in before else "",
                        cost.seconds,
                        before[cost.node].seconds if cost.node in before else "",
                        cost.memory_bytes / 1e6,
                    )
                    for cost in [cost for cost in long.costs if cost.is_test == tests][:20]
                ),
            )
