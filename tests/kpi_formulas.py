"""The formulas of ``metrics.yml`` held against the marts of a warehouse."""

from clickhouse_connect.driver.client import Client

from dashboards.assets import load_assets
from warehouse.kpis import kpis

TOLERANCE = 1e-9


def differing_rows(client: Client, database: str) -> dict[str, int]:
    """Rows in which a KPI's column is not what its SQL says, by ``mart.column``; all are named."""
    found: dict[str, int] = {}
    for kpi in kpis().values():
        for mart, sql in kpi.sql.items():
            column = kpi.grain[mart][0]
            table = f"{database}.{mart}"
            rows = f"SELECT {column} AS held, {sql} AS stated FROM {table}"
            differs = (
                "isNull(held) != isNull(stated) OR ifNull("
                f"abs(held - stated) > {TOLERANCE} * greatest(1, abs(held)), 0)"
                if "Float" in str(client.command(f"SELECT any(toTypeName({column})) FROM {table}"))
                else "NOT (held <=> stated)"
            )
            counted = client.command(f"SELECT countIf({differs}) FROM ({rows})")
            found[f"{mart}.{column}"] = int(str(counted))
    return found


def unanswered_metrics(client: Client, database: str) -> dict[str, str]:
    """Metrics of the dashboards that the engine cannot answer, with what it says."""
    failed: dict[str, str] = {}
    for slug, dataset in load_assets().datasets.items():
        for metric in dataset.metrics:
            try:
                client.command(f"SELECT {metric.expression} FROM {database}.{dataset.table}")
            except Exception as error:
                failed[f"{slug}.{metric.name}"] = str(error).splitlines()[0]
    return failed
