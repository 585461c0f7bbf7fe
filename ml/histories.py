"""The histories that growth forecasts are made of: one series per account and metric, by day."""

from datetime import date

import pandas as pd

from ml.tables import Tables

METRICS = {
    "follower_count": """
        SELECT account_key AS series_id, snapshot_date AS date, toFloat64(follower_count) AS value
        FROM {marts}.mart_growth__account_day
        WHERE NOT is_filled AND follower_count IS NOT NULL AND {window}
    """,
    "reach_count": """
        SELECT account_key AS series_id, snapshot_date AS date, toFloat64(reach_count) AS value
        FROM {marts}.mart_engagement__account_day
        WHERE reach_count IS NOT NULL AND {window}
    """,
    "engagement_rate_by_views": """
        SELECT account_key AS series_id, snapshot_date AS date, engagement_rate_by_views AS value
        FROM {marts}.mart_engagement__account_day
        WHERE engagement_rate_by_views IS NOT NULL AND {window}
    """,
}
"""Query of each metric's known days: nothing that was filled in between readings."""
HORIZONS = (7, 14, 28, 90)
"""Days ahead."""
_WINDOW = "snapshot_date > {as_of:Date} - {days:UInt16} AND snapshot_date <= {as_of:Date}"


def read_history(tables: Tables, metric: str, as_of: date, days: int) -> pd.DataFrame:
    """``series_id`` (account key), ``date`` and ``value`` of the ``days`` up to and with ``as_of``.

    Args:
        tables: of the reader.
        metric: one of ``METRICS``.
        as_of: last day that is read.
        days: length of the history.
    """
    # in one order, whatever thread of the engine comes first: the rows name the trained version
    query = METRICS[metric].replace("{window}", _WINDOW) + " ORDER BY series_id, date"
    return tables.read(query, {"as_of": as_of, "days": days})
