"""What a platform's history rows depend on beside the block they are made from."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from ingestion.sandbox.history.grid import Readings, readings
from ingestion.sandbox.world.model import PlatformBlock
from ingestion.sandbox.world.world import World
from ingestion.settings import IngestionSettings


@dataclass(frozen=True)
class Context:
    """The world, the settings of the daily runs, and the day (index) on which they began."""

    world: World
    settings: IngestionSettings
    start: int

    def readings(self, block: PlatformBlock, first: int, last: int) -> Readings:
        """The readings of the days ``first`` to ``last - 1``."""
        return readings(block, self.start, first, last)


MakeRows = Callable[[PlatformBlock, Context, int, int], pa.Table]
"""The raw rows (every column but ``fetched_at``) of the days ``first`` to ``last - 1``."""
