"""Our own creators and connected accounts as a source: who stands behind an account.

Lands in ``raw``, each table replaced whole by a run:

- ``app__creators``: creator_id, display_name, created_at;
- ``app__connections``: connection_id, creator_id, platform, account_id (TikTok open_id, YouTube
  channel id), handle, connected_at, status (active, broken or revoked), scopes (granted, separated
  by spaces; NULL where it is not known); never a token.

Each also has ``snapshot_date`` (UTC day of the reading) and ``fetched_at``.

Alone: ``python -m ingestion.app --dry-run`` reads and counts, without ``--dry-run`` it loads.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.extract import DltResource

from ingestion.connections import Connection, ConnectionStore, Creator
from ingestion.settings import IngestionSettings, read_settings
from ingestion.tables import DAY, MOMENT, TEXT, Table

STAMPED = ("snapshot_date", "fetched_at")
STAMP = {"snapshot_date": DAY, "fetched_at": MOMENT}
CREATORS = Table(
    "creators",
    {**STAMP, "creator_id": TEXT, "display_name": TEXT, "created_at": MOMENT},
    key=("creator_id",),
    required=(*STAMPED, "display_name", "created_at"),
)
CONNECTIONS = Table(
    "connections",
    {
        **STAMP,
        "connection_id": TEXT,
        "creator_id": TEXT,
        "platform": TEXT,
        "account_id": TEXT,
        "handle": TEXT,
        "connected_at": MOMENT,
        "status": TEXT,
        "scopes": TEXT,
    },
    key=("platform", "account_id"),
    required=(*STAMPED, "connection_id", "creator_id", "connected_at"),
)


@dlt.source(name="app", spec=BaseConfiguration, max_table_nesting=0)
def app_source(settings: IngestionSettings | None = None) -> list[DltResource]:
    """All creators and connections, whatever their status, read when the source runs."""

    def creators() -> Iterator[pa.Table]:
        yield _rows(CREATORS, _store(settings).creators())

    def connections() -> Iterator[pa.Table]:
        yield _rows(CONNECTIONS, _store(settings).connections(status=None))

    return [CREATORS.resource(creators), CONNECTIONS.resource(connections)]


def _store(settings: IngestionSettings | None) -> ConnectionStore:
    return ConnectionStore(settings or read_settings())


def _rows(table: Table, found: Sequence[Creator] | Sequence[Connection]) -> pa.Table:
    now = datetime.now(UTC)
    stamp = {"snapshot_date": now.date(), "fetched_at": now}
    return table.to_arrow({**_values(item), **stamp} for item in found)


def _values(item: Creator | Connection) -> dict[str, Any]:
    values = item.model_dump()
    if isinstance(item, Connection):
        values["scopes"] = " ".join(item.scopes) or None
    return values


if __name__ == "__main__":
    from ingestion.command import run_app

    run_app(app_source)
