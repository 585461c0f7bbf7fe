"""Conformal correction of quantile intervals, by group (conformalised quantile regression, CQR).

Romano, Patterson and Candes 2019 (arXiv 1905.03222): an interval [lo, hi] that a model gave for
cases it was not fitted on misses by ``max(lo - y, y - hi)``; widened by the
``ceil((n + 1) * level) / n`` quantile of these misses it covers ``level`` of exchangeable cases.
Taken within groups it holds within groups, never for a single case.
"""

import numpy as np


def misses(truth: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """How far each truth lies outside its interval; negative inside. All of one shape and unit."""
    return np.maximum(low - truth, truth - high)


def correction(found: np.ndarray, level: float, separate: int | None = None) -> float:
    """By how much to widen (negative: narrow) intervals whose misses were ``found``.

    ``separate`` says how many of them are worth one each, where neighbours tell the same; by
    default all. With fewer than the level needs (19 for .95) it is the largest one.
    """
    count = len(found)
    if not count:
        return 0.0
    worth = min(separate or count, count)
    rank = min(int(np.ceil(count * (worth + 1) / worth * level)), count)
    return float(np.partition(found, rank - 1)[rank - 1])


def group_corrections(
    found: np.ndarray, groups: np.ndarray, count: int, level: float, smallest: int
) -> np.ndarray:
    """(count,) corrections of groups 0..count-1; a group below ``smallest`` has that of all."""
    overall = correction(found, level)
    table = np.full(count, overall)
    for group in np.unique(groups):
        own = found[groups == group]
        if len(own) >= smallest:
            table[group] = correction(own, level)
    return table
