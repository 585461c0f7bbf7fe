"""What the benchmarks on a long history are told: how long it is, and where it is kept."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Arguments:
    """About how many post-days the history has, and the folder that keeps it, if one does."""

    rows: int
    path: Path | None

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """The folder that keeps the history, or one that is removed on leaving."""
        if self.path is not None:
            self.path.mkdir(parents=True, exist_ok=True)
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="long-history-") as temporary:
            yield Path(temporary)


def parse(description: str | None) -> Arguments:
    """The arguments of the command line; dlt, which makes the tables, is kept from talking."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=3_000_000, help="post-days of the history")
    parser.add_argument("--path", type=Path, help="folder that keeps the warehouse")
    found = parser.parse_args()
    os.environ["RUNTIME__LOG_LEVEL"] = "CRITICAL"
    return Arguments(found.rows, found.path)
