"""Raw tables must be read every day: the policy that the UI shows, and a check on the data.

The policy looks at Dagster's own record of loads; the check at ``fetched_at`` in the warehouse, so
that a load that lands nothing, or a table that another process emptied, is noticed too.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from orchestration.resources import WarehouseResource
from warehouse.settings import WarehouseSettings

# a day, and room for a run that starts late or is tried again
OVERDUE_AFTER = timedelta(hours=30)
POLICY = dg.FreshnessPolicy.time_window(fail_window=OVERDUE_AFTER)
CHECK = "fresh"
LAST_READ = "SELECT max(fetched_at) FROM {database:Identifier}.{table:Identifier}"


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
        database = WarehouseSettings().database("raw")
        with warehouse.connect() as client:
            for key in sorted({c.asset_key for c in context.selected_asset_check_keys}, key=str):
                names = {"database": database, "table": key.path[-1]}
                newest = client.query(LAST_READ, parameters=names).result_rows[0][0]
                yield judge(key, newest, datetime.now(UTC))

    return fresh


def judge(key: dg.AssetKey, newest: datetime | None, now: datetime) -> dg.AssetCheckResult:
    """Whether a table whose newest row was read at ``newest`` (UTC, None if empty) is fresh."""
    # an empty table answers the type's default, the epoch
    if newest is None or newest.timestamp() == 0:
        return dg.AssetCheckResult(asset_key=key, check_name=CHECK, passed=False)
    age = now - newest.replace(tzinfo=newest.tzinfo or UTC)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CHECK,
        passed=age <= OVERDUE_AFTER,
        metadata={"newest row read at": newest.isoformat(), "age": str(age)},
    )
