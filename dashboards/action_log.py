"""What Superset's action log keeps: what people do, not the steps that it takes for them.

Superset writes each step of a chart's answer into its metadata database, six commits a chart, after
each of which it reads anew what it knows of the chart. One is enough. Part of Superset's
configuration, read in Superset's own environment.
"""

from typing import Any

from superset.utils.log import DBEventLogger

STEPS = frozenset(
    {
        "ChartDataRestApi.json_dumps",
        "QueryObject.post_processing",
        "_get_data_response",
        "execute_sql",
        "fetch_rows",
        "load_into_dataframe",
    }
)
"""Actions of Superset inside a request that is logged itself."""


class ActionLog(DBEventLogger):
    """Superset's own log without :data:`STEPS`."""

    def log(self, user_id: int | None, action: str, *args: Any, **kwargs: Any) -> None:
        """Write one action down, unless it is a step of another."""
        if action not in STEPS:
            super().log(user_id, action, *args, **kwargs)
