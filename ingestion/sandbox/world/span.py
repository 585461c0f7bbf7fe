"""The days of a world, and the days before them that the simulation needs to get going."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ingestion.sandbox.world.coefficients import Posts
from ingestion.sandbox.world.model import DAY_SECONDS, Floats, midnight

BURN_IN = 28
"""Days simulated before the first day, so that it finds accounts that have posted.

Simulated days are counted from there: index ``t`` is day index ``t - BURN_IN``; T = D + BURN_IN.
"""


@dataclass(frozen=True)
class Span:
    """What a world is drawn from beside the number of its creators."""

    seed: int
    first_day: date
    days: int
    stealth: float
    clear: bool = False
    """No day differs from the next by chance, and the platform never fails."""

    @property
    def simulated(self) -> int:
        """T: days with the burn-in."""
        return self.days + BURN_IN

    @property
    def burn_in_second(self) -> int:
        """Unix seconds when the burn-in begins."""
        return int(midnight(self.first_day).timestamp()) - BURN_IN * DAY_SECONDS

    @property
    def weekday(self) -> int:
        """Weekday (Monday 0) of the burn-in's first day."""
        return (self.first_day - timedelta(days=BURN_IN)).weekday()

    @property
    def season(self) -> Floats:
        """Attention by day, [T]."""
        weekdays = (np.arange(self.simulated) + self.weekday) % 7
        return np.array(Posts().season)[weekdays]

    def date_of(self, t: int) -> date:
        """The UTC date of a simulated day."""
        return self.first_day + timedelta(days=t - BURN_IN)
