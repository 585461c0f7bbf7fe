"""What a demo prints at its end: rows per layer, seconds per step, benchmark and top accounts."""

from collections.abc import Iterable, Mapping, Sequence

from clickhouse_connect.driver.client import Client
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from orchestration.dagster_run import RunReport
from warehouse.client import connect
from warehouse.settings import LAYERS, WarehouseSettings

BENCHMARK = """
SELECT platform, follower_tier, account_count, post_count,
       p25_engagement_rate_by_views, p50_engagement_rate_by_views, p75_engagement_rate_by_views
FROM {marts:Identifier}.mart_engagement__benchmark
WHERE post_format = 'all'
ORDER BY platform, indexOf(['nano', 'micro', 'mid', 'mega'], toString(follower_tier))
"""
TOP_ACCOUNTS = """
SELECT platform, coalesce(display_name, handle, account_id), follower_tier, follower_count,
       median_engagement_rate_by_views, benchmark_quartile
FROM {marts:Identifier}.mart_engagement__account
ORDER BY follower_count DESC NULLS LAST, account_key
LIMIT 8
"""
TABLES = """
SELECT name FROM system.tables
WHERE database = {database:String} AND name NOT LIKE '%\\_dlt\\_%' ORDER BY name
"""


def print_summary(console: Console, env: Mapping[str, str], report: RunReport) -> None:
    """Print the demo's result from the warehouse that ``env`` names."""
    settings = WarehouseSettings(
        host=env["CLICKHOUSE_HOST"],
        port=int(env["CLICKHOUSE_PORT"]),
        secure=False,
        user=env["CLICKHOUSE_USER"],
        password=SecretStr(env["CLICKHOUSE_PASSWORD"]),
    )
    client = connect("owner", settings)
    try:
        marts = {"marts": settings.database("marts")}
        console.print()
        console.print(_table("Rows per layer", ["layer", "table", "rows"], _rows(client, settings)))
        seconds = [(step, f"{value:.1f}") for step, value in report.seconds.items()]
        console.print(_table("Seconds per step", ["step", "seconds"], seconds))
        benchmark = client.query(BENCHMARK, parameters=marts).result_rows
        columns = ["platform", "tier", "accounts", "posts", "ER p25", "ER median", "ER p75"]
        title = "Engagement rate by views: benchmark"
        console.print(_table(title, columns, ((*r[:4], *map(_percent, r[4:])) for r in benchmark)))
        top = client.query(TOP_ACCOUNTS, parameters=marts).result_rows
        columns = ["platform", "account", "tier", "followers", "median ER", "in its tier"]
        cells = ((*r[:4], _percent(r[4]), r[5]) for r in top)
        console.print(_table("Top accounts by followers", columns, cells))
    finally:
        client.close()


def _rows(client: Client, settings: WarehouseSettings) -> Iterable[tuple[str, str, int]]:
    for layer in LAYERS:
        database = settings.database(layer)
        for (table,) in client.query(TABLES, parameters={"database": database}).result_rows:
            count = client.query(
                "SELECT count() FROM {database:Identifier}.{table:Identifier}",
                parameters={"database": database, "table": table},
            ).result_rows[0][0]
            if count:
                yield layer, table, count


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2%}"


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column)
    for row in rows:
        cells = [f"{c:,}" if isinstance(c, int) else "-" if c is None else str(c) for c in row]
        table.add_row(*cells)
    return table
