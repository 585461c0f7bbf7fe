"""Folds in which a model chooses its own settings: events spread evenly, groups kept together."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

Rows = npt.NDArray[np.intp]


def event_folds(
    target: npt.NDArray[np.float64],
    groups: npt.NDArray[np.object_] | None,
    folds: int,
    seed: int,
) -> Iterator[tuple[Rows, Rows]]:
    """Rows to fit on and rows to judge by, ``folds`` times.

    Args:
        target: rate or amount of each row, [n]; rows above 0 are spread evenly over the folds.
        groups: what must not stand on both sides, e.g. the creator of an account, [n]; or None.
        folds: how many, at least 2.
        seed: of the shuffle.
    """
    event = target > 0
    if groups is None:
        yield from StratifiedKFold(folds, shuffle=True, random_state=seed).split(event, event)
    else:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        yield from splitter.split(event, event, groups)
