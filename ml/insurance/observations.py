"""What models are fitted to, checked: exposures, counts, amounts and the groups of rows."""

from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def checked(
    name: str,
    values: npt.ArrayLike,
    rows: int,
    least: Literal["0 or more", "above 0"] = "0 or more",
    may_be_absent: bool = False,
) -> Floats:
    """Values as numbers, one for each row, [rows].

    Args:
        name: what they are, for errors.
        values: as they were given.
        rows: how many there must be.
        least: whether 0 is a value.
        may_be_absent: whether NaN is one.

    Raises:
        ValueError: no rows, another length, a value that is no number, infinite, too small, or
            absent where it must not be.
    """
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: not all values are numbers. Give one for each row.") from None
    if not rows:
        raise ValueError(f"{name}: the training set is empty. Give at least one row.")
    if found.shape != (rows,):
        raise ValueError(
            f"{name}: {found.shape} values for {rows} rows. Give one value for each row."
        )
    wrong = np.isinf(found) | (found < 0) | ((found == 0) & (least == "above 0"))
    if not may_be_absent:
        wrong |= np.isnan(found)
    if wrong.any():
        absent = ", NaN where not known" if may_be_absent else ""
        raise ValueError(
            f"{name}: {found[wrong][0]:g} in row {int(np.argmax(wrong))}. "
            f"Give finite values, {least}{absent}."
        )
    return found


def group_names(groups: npt.ArrayLike | None) -> npt.NDArray[np.object_] | None:
    """Groups by name, [n], so that those of different types can be told apart; None where none."""
    return None if groups is None else np.asarray(groups).astype(str).astype(object)


def event_units(target: Floats, groups: npt.NDArray[np.object_] | None) -> int:
    """How many independent events there are: rows above 0, or groups that have one."""
    struck = target > 0
    return int(struck.sum()) if groups is None else len(np.unique(groups[struck]))


def refuse_no_event(model: str, target: Floats) -> None:
    """Refuse a target [n] that is 0 throughout.

    Raises:
        ValueError: nothing in it is above 0.
    """
    if not (target > 0).any():
        raise ValueError(
            f"{model}: none of the {len(target)} rows has an event. A rate of zero cannot be "
            "fitted: add history, or start from an expert's frequency."
        )
