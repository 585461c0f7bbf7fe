"""Run a source's command and kill a process at a chosen moment of its load.

``python killed_loader.py MOMENT PID [arguments of ingestion.tiktok]``; PID 0 is this process.
Moments: ``staged`` (a file has arrived in staging, dlt does not know yet), ``merging`` (before the
merge), ``deleted`` (the merge has deleted the old rows and not yet inserted the new ones).
"""

import os
import signal
import sys
from typing import Any

from clickhouse_connect.dbapi.cursor import Cursor

from ingestion.command import main
from ingestion.destination import HttpSqlClient
from ingestion.tiktok import TIKTOK


def kill_at(moment: str, pid: int) -> None:
    """Arrange for SIGKILL at ``moment``."""

    def strike() -> None:
        os.kill(pid or os.getpid(), signal.SIGKILL)

    insert_file, execute = HttpSqlClient.insert_file, Cursor.execute

    def insert_and_strike(self: HttpSqlClient, path: str, table: str, *rest: Any) -> Any:
        summary = insert_file(self, path, table, *rest)
        if moment == "staged" and table == "videos":
            strike()
        return summary

    def execute_and_strike(self: Cursor, statement: str, *rest: Any, **more: Any) -> None:
        is_delete = statement.startswith("DELETE FROM") and "videos" in statement
        if moment == "merging" and is_delete:
            strike()
        execute(self, statement, *rest, **more)
        if moment == "deleted" and is_delete:
            strike()

    HttpSqlClient.insert_file = insert_and_strike  # type: ignore[method-assign]
    Cursor.execute = execute_and_strike  # type: ignore[method-assign]


if __name__ == "__main__":
    kill_at(sys.argv[1], int(sys.argv[2]))
    sys.argv = ["ingestion.tiktok", *sys.argv[3:]]
    main(TIKTOK)
