"""Raw tables must be read every day: the policy that the UI shows, and a check on the data.

The policy looks at Dagster's own record of loads; the check at what stands in the warehouse, so
that a load that lands nothing, or a table that another process emptied, is noticed too. A platform
on which nobody is connected owes no rows.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from ingestion.registry import PLATFORMS
from orchestration.resources import WarehouseResource
from warehouse.settings import WarehouseSettings

# a day, and room for a run that starts late or is tried again
OVERDUE_AFTER = timedelta(hours=30)
POLICY = dg.FreshnessPolicy.time_window(fail_window=OVERDUE_AFTER)
CHECK = "fresh"
LAST_READ = """
SELECT
    (SELECT maxOrNull(fetched_at) FROM {raw:Identifier}.{table:Identifier}) AS newest_row,
    (
        SELECT maxOrNull(finished_at) FROM {ops:Identifier}.ingestion_outcome
        WHERE platform = {source:String} AND stream = {table:String} AND status = 'empty'
    ) AS read_empty,
    (
        SELECT count() FROM {raw:Identifier}.app__connections WHERE platform = {source:String}
    ) AS connected
"""


def raw_freshness(raw: Iterable[dg.AssetsDefinition]) -> dg.AssetChecksDefinition:
    """One check ``fresh`` per raw table: the newest row was read within ``OVERDUE_AFTER``."""
    keys = sorted((key for assets in raw for key in assets.keys), key=str)

    @dg.multi_asset_check(
        name="raw_freshness",
        specs=[dg.AssetCheckSpec(CHECK, asset=key) for key in keys],
        can_subset=True,
    )
    def fresh(
        context: dg.AssetCheckExecutionContext, warehouse: WarehouseResource
    ) -> Iterator[dg.AssetCheckResult]:
        settings = WarehouseSettings()
        layers = {"raw": settings.database("raw"), "ops": settings.database("ops")}
        with warehouse.connect() as client:
            for key in sorted({c.asset_key for c in context.selected_asset_check_keys}, key=str):
                table = key.path[-1]
                source = table.partition("__")[0]
                names = {**layers, "table": table, "source": source}
                newest, empty, connected = client.query(LAST_READ, parameters=names).result_rows[0]
                if not connected and newest is None and source in PLATFORMS:
                    yield _result(key, True, {"rows": "none are due: no account is connected"})
                else:
                    read_at = max((t for t in (newest, empty) if t is not None), default=None)
                    yield judge(key, read_at, datetime.now(UTC))

    return fresh


def judge(key: dg.AssetKey, read_at: datetime | None, now: datetime) -> dg.AssetCheckResult:
    """Whether a table last read at ``read_at`` (UTC; None: never) is fresh at ``now``."""
    if read_at is None:
        return _result(key, False, {"last read": "never"})
    age = now - read_at.replace(tzinfo=read_at.tzinfo or UTC)
    return _result(key, age <= OVERDUE_AFTER, {"last read": read_at.isoformat(), "age": str(age)})


def _result(key: dg.AssetKey, passed: bool, metadata: dict[str, str]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key, check_name=CHECK, passed=passed, metadata=dict(metadata)
    )
