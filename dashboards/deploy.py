"""Brings the dashboards into Superset and proves that each chart answers.

``deploy`` is what ``python -m dashboards deploy`` and the orchestration call: validate, look for
the marts in the warehouse, import the datasets and withhold their rows, import the charts and
dashboards, grant who may see what, remove what is written down no more, run every chart. Running
it again changes nothing.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args
from uuid import UUID

from dashboards.assets import Assets, Kind, asset_uuid, load_assets
from dashboards.bundle import build_bundle, database_passwords
from dashboards.client import Superset, session
from dashboards.grants import grant, withhold
from dashboards.provenance import managed_slug
from dashboards.prune import exported_assets, prune
from dashboards.settings import DashboardsSettings
from dashboards.validation import require_valid
from warehouse.client import connect
from warehouse.errors import UserError
from warehouse.settings import WarehouseSettings


@dataclass(frozen=True)
class ChartResult:
    """One chart's answer: ``rows`` of its query, ``seconds`` it took, ``error`` if it failed."""

    dashboard: str
    chart: str
    title: str
    rows: int
    seconds: float
    error: str | None = None

    @property
    def status(self) -> Literal["ok", "empty", "failed"]:
        """``empty`` is an answer without rows: right on an empty warehouse, a fault otherwise."""
        if self.error is not None:
            return "failed"
        return "ok" if self.rows else "empty"


@dataclass(frozen=True)
class Deployment:
    """What a deployment did: a line per ``change`` in Superset, and every chart's answer."""

    changes: list[str]
    charts: list[ChartResult]


def deploy(
    settings: DashboardsSettings | None = None, warehouse: WarehouseSettings | None = None
) -> Deployment:
    """Bring every asset and the access to it into Superset, and run every chart.

    :raises UserError: where an asset is broken, the warehouse or a mart is missing, or Superset is
        unreachable or refuses. A chart that fails is a result, not an exception.
    """
    settings, warehouse = settings or DashboardsSettings(), warehouse or WarehouseSettings()
    assets = load_assets()
    require_valid(assets)
    require_marts(assets, warehouse)
    with session(settings) as superset:
        changes = bring_in(superset, assets, warehouse, settings.origins())
        return Deployment(changes, check_charts(superset, assets))


def bring_in(
    superset: Superset, assets: Assets, warehouse: WarehouseSettings, origins: Sequence[str]
) -> list[str]:
    """Import every asset with who may see it, and remove what has none; a line per change."""
    before = superset.export()
    # A chart or a dashboard opens a dataset to those who may look at it: its rules come first.
    _import(superset, replace(assets, charts={}, dashboards={}), warehouse)
    rules = withhold(superset, assets)
    _import(superset, assets, warehouse)
    access = grant(superset, assets, origins)
    after = superset.export()
    return [*_changes(before, after), *prune(superset, assets, after), *rules, *access]


def _import(superset: Superset, assets: Assets, warehouse: WarehouseSettings) -> None:
    passwords = database_passwords(assets, warehouse.login("reader")[1])
    superset.import_bundle(build_bundle(assets, warehouse), passwords)


def check_charts(superset: Superset, assets: Assets) -> list[ChartResult]:
    """Run every chart of every dashboard as Superset would, past its cache."""
    return [
        _check_chart(superset, assets, dashboard, chart)
        for dashboard, asset in assets.dashboards.items()
        for chart in asset.charts()
    ]


def check_dashboard(slug: str, settings: DashboardsSettings | None = None) -> list[ChartResult]:
    """Run every chart of one deployed dashboard."""
    assets = load_assets()
    if slug not in assets.dashboards:
        known = ", ".join(assets.dashboards)
        raise UserError(f"dashboards: {slug!r} is not one of: {known}.")
    with session(settings or DashboardsSettings()) as superset:
        return [
            _check_chart(superset, assets, slug, chart)
            for chart in assets.dashboards[slug].charts()
        ]


def require_marts(assets: Assets, warehouse: WarehouseSettings) -> None:
    """Every column that a dataset lists must stand in the warehouse, as its reader sees it."""
    with connect("reader", warehouse) as client:
        for dataset in assets.datasets.values():
            database = warehouse.database(dataset.layer)
            table = f"{database}.{dataset.table}"
            if not client.command(f"EXISTS TABLE {table}"):
                raise UserError(
                    f"warehouse: {table} is missing. Build the marts first: `make demo`, or "
                    "materialize them in Dagster."
                )
            present = {row[0] for row in client.query(f"DESCRIBE TABLE {table}").result_rows}
            stored = [column.name for column in dataset.columns if column.expression is None]
            missing = [name for name in stored if name not in present]
            if missing:
                raise UserError(
                    f"warehouse: {table} has no column {missing[0]!r}, which the dashboards read. "
                    "Build the marts again."
                )


def failures(results: Iterable[ChartResult]) -> list[ChartResult]:
    """The charts whose query failed."""
    return [result for result in results if result.status == "failed"]


def _changes(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """What an import made and rewrote, by the files in Superset's exports before and after it."""
    changes = []
    for kind in get_args(Kind):
        earlier = {asset["uuid"]: asset for asset in exported_assets(kind, before)}
        for asset in exported_assets(kind, after):
            if asset != (known := earlier.get(asset["uuid"])):
                name = managed_slug(kind, asset) or asset.get("database_name", asset["uuid"])
                changes.append(f"{kind}/{name}: {'created' if known is None else 'updated'}")
    return changes


def _check_chart(superset: Superset, assets: Assets, dashboard: str, chart: str) -> ChartResult:
    uuid: UUID = asset_uuid("charts", chart)
    started = time.monotonic()
    data = superset.chart_data(uuid)
    return ChartResult(
        dashboard=dashboard,
        chart=chart,
        title=assets.charts[chart].title,
        rows=len(data.rows),
        seconds=time.monotonic() - started,
        error=data.error,
    )
