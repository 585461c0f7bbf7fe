"""A day, a full refresh and the dashboards' queries on tens of millions of post-days.

    python -m benchmarks.post_days [--rows 3000000] [--path FOLDER]

Fills ``raw`` with about ``--rows`` post-days inside the engine (:mod:`.raw`) and besides with a
tenth of the days of the same posts and accounts, builds both with dbt as the daily run does, and
prints and checks:

- one more day on the long history against the short one, in seconds, and the rows that its models
  read against twice what they need: the day's raw rows, the post-days and account-days of the
  lookback (28 days) and the account-days of the growth window (90 days);
- a full refresh against a bare ``INSERT SELECT`` copy of the same raw rows, and the most memory
  that the engine held meanwhile;
- the queries of ``tests/performance/queries.sql``: the 95th percentile of their times, and the most
  rows that one reads;
- bytes of a row of ``core.fct_post_day`` of a synthetic world.

With ``--path`` the warehouse stays there; else it is made in a temporary folder and removed.
"""

import sys

from rich.console import Console

from benchmarks.post_days.arguments import parse
from benchmarks.post_days.measurements import Bench
from benchmarks.post_days.report import Report
from benchmarks.post_days.world import World
from benchmarks.warehouse import Server


def main() -> int:
    """Measure, print tables, and give 1 when a target is missed."""
    arguments = parse(__doc__)
    report = Report(Console(width=140 if not sys.stdout.isatty() else None))
    with arguments.folder() as folder:
        server = Server(folder / "warehouse")
        try:
            bench = Bench(server, folder, World.of(arguments.rows), report)
            bench.make()
            bench.full_refresh()
            bench.days()
            bench.charts()
            bench.storage()
        finally:
            server.stop()
    report.print()
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
