"""Days: one partition per UTC day on which counters were read, today included."""

import dagster as dg

from orchestration.settings import OrchestrationSettings


def daily_partitions() -> dg.DailyPartitionsDefinition:
    """UTC days from ``PARTITIONS_START`` up to and with the current one.

    The platforms show counters as of now, so the partition that a run can fill is the day it
    runs in; ``end_offset=1`` makes that day exist before it is over.
    """
    start = OrchestrationSettings().partitions_start
    return dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_offset=1)
