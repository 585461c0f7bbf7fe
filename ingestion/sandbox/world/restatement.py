"""What a platform shows of a day's number while that day is still being counted."""

import numpy as np
import numpy.typing as npt

from ingestion.sandbox.world.model import Ints

RESTATED_DAYS = 3
"""A number is final this many days after its day."""

_PERCENT = np.array([0, 90, 97, 100], dtype=np.int64)


def restated(final: npt.ArrayLike, age_days: npt.ArrayLike) -> Ints:
    """The number shown ``age_days`` after its day: 90 % after 1, 97 % after 2, then all of it.

    Args:
        final: the day's final counts, int64.
        age_days: reading day minus measured day; below 1 nothing is shown yet (0).
    """
    value = np.asarray(final, dtype=np.int64)
    percent = _PERCENT[np.clip(np.asarray(age_days, dtype=np.int64), 0, RESTATED_DAYS)]
    # In two parts, so that no count overflows on the way.
    return value // 100 * percent + value % 100 * percent // 100
