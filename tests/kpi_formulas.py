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
            kind = client.command(f"SELECT toTypeName({column}) FROM {table} LIMIT 1")
            if "Float" in str(kind):
                differs = (
                    f"(isNull({column}) != isNull({sql})) OR ifNull(abs({column} - ({sql})) "
                    f"> {TOLERANCE} * greatest(1, abs({column})), 0)"
                )
            else:
                differs = f"NOT ({column} <=> ({sql}))"
            counted = client.command(f"SELECT count() FROM {table} WHERE {differs}")
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
