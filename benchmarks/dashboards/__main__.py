"""How long the dashboards take on tens of millions of post-days.

    python -m benchmarks.dashboards [--rows 3000000] [--path FOLDER]

Starts Superset with two workers in an empty home on a warehouse of about ``--rows`` post-days (the
history of :mod:`benchmarks.post_days`), deploys the dashboards twice, and asks each dashboard for
all of its charts as a browser does: at once, six requests at a time, past Superset's cache.
``cold`` is after the engine dropped its caches and the kernel the pages of the marts' files,
``warm`` directly after. Prints and checks:

- boot with migration, and both deployments: under 5 minutes in all, the second changes nothing;
- each dashboard's slowest cold round: its last chart answers within 2 seconds;
- each chart: seconds until its answer, seconds and rows and bytes read in the engine, by its query
  log. What Superset and the engine took of the processor says which of them is the limit.

With ``--path`` the warehouse stays there, and one that is built there already is used as it is,
if it was made with these ``--rows``; else it is made in a temporary folder and removed.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.dashboards.history import require_built
from benchmarks.dashboards.measurements import Bench
from benchmarks.post_days.arguments import parse
from benchmarks.post_days.report import Report
from benchmarks.post_days.world import World
from benchmarks.warehouse import Server
from dashboards.server import running
from dashboards.settings import DashboardsSettings
from warehouse.errors import exit_on_user_error

WORKERS = 2


def main() -> int:
    """Measure, print tables, and give 1 when a target is missed."""
    arguments = parse(__doc__)
    report = Report(Console(width=150 if not sys.stdout.isatty() else None))
    home = tempfile.TemporaryDirectory(prefix="dashboards-bench-")
    with home as temporary, arguments.folder() as folder, _server(folder / "warehouse") as server:
        require_built(server, folder, World.of(arguments.rows), report)
        settings = DashboardsSettings(
            _env_file=None, home=Path(temporary) / "superset", workers=WORKERS
        )
        bench = Bench(server, settings, report)
        with bench.boot(running(settings, port=0)):
            bench.deployments()
            bench.dashboards()
    report.print()
    return 1 if report.missed else 0


@contextmanager
def _server(path: Path) -> Iterator[Server]:
    path.mkdir(parents=True, exist_ok=True)
    server = Server(path)
    try:
        yield server
    finally:
        server.stop()


if __name__ == "__main__":
    with exit_on_user_error():
        sys.exit(main())
