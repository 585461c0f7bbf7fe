"""The histories that growth forecasts are made of: one series per account and metric, by day.

Reach and engagement of the last days are still being counted by the platforms, which restate them:
a forecast that reads them sees a fall in every account. They are left out, and the horizons of such
a metric are longer by as many days, so that the days that are forecast are the same of all metrics.
"""

from datetime import date

import numpy as np
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
FINAL_AFTER = {"follower_count": 0, "reach_count": 3, "engagement_rate_by_views": 2}
"""Days after its day that a number is final. A day's insights are shown from the next day on and
restated on the two after it; views of posts are up to 48 hours late."""
_WINDOW = (
    "snapshot_date > {as_of:Date} - {days:UInt16} AND snapshot_date <= {as_of:Date} - {final:UInt8}"
)
_BETWEEN = "account_key BETWEEN {first:String} AND {last:String}"
_SAMPLE = """
account_key IN (
    SELECT DISTINCT account_key FROM {marts}.mart_growth__account_day WHERE {dates}
    ORDER BY cityHash64(account_key) LIMIT {most:UInt32}
)
"""
# A row per account, its days in order: the rows name the trained version. A day costs 12 bytes.
_BY_ACCOUNT = """
SELECT series_id, known.1 AS dates, known.2 AS values
FROM (
    SELECT series_id, arraySort(groupArray((toInt32(date), assumeNotNull(value)))) AS known
    FROM ({query}) GROUP BY series_id
)
ORDER BY series_id
"""


def horizons_of(metric: str) -> list[int]:
    """Days from the last day that is final to the days that are forecast, which are ``HORIZONS``
    after the day of the forecast."""
    return [days + FINAL_AFTER[metric] for days in HORIZONS]


def read_history(
    tables: Tables,
    metric: str,
    as_of: date,
    days: int,
    between: tuple[str, str] | None = None,
    most: int | None = None,
) -> pd.DataFrame:
    """``series_id`` (account key), ``date`` and ``value`` of what is final on ``as_of``.

    Args:
        tables: of the reader.
        metric: one of ``METRICS``.
        as_of: the day of the forecast: nothing later is read.
        days: length of the history that ends with it.
        between: the first and last account key that are read; all by default.
        most: accounts that are read at most, drawn by a hash of their key: the same every time.
    """
    window, parameters = _WINDOW, {"as_of": as_of, "days": days, "final": FINAL_AFTER[metric]}
    if between is not None:
        window += f" AND {_BETWEEN}"
        parameters |= {"first": between[0], "last": between[1]}
    if most is not None:
        window += f" AND {_SAMPLE.replace('{dates}', _WINDOW)}"
        parameters |= {"most": most}
    query = METRICS[metric].replace("{window}", window)
    table = tables.read_arrow(_BY_ACCOUNT.replace("{query}", query), parameters).combine_chunks()
    held, values = table.column("dates").combine_chunks(), table.column("values").combine_chunks()
    counts = held.value_lengths().to_numpy(zero_copy_only=False)
    return pd.DataFrame(
        {
            "series_id": np.repeat(table.column("series_id").to_numpy(), counts),
            "date": held.flatten().to_numpy().astype("datetime64[D]").astype("datetime64[s]"),
            "value": values.flatten().to_numpy(),
        }
    )
