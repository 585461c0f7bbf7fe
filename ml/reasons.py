"""Reasons of a score in plain words: at most four, strongest first, each with a code.

A reason is a column whose value moves a row's score away from the average: ``<column>_raises`` or
``<column>_lowers``. What a model could not know comes first, with a code of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST = 4
LEAST_CONTRIBUTION = 0.02
"""In logs: what moves a score by less than about 2 % is no reason."""
Reason = tuple[str, str]
"""Code and words."""
UNKNOWN_SEGMENT: Reason = (
    "unknown_segment",
    "The segment has no experience of its own: the portfolio's stands for it.",
)
LITTLE_EXPERIENCE: Reason = (
    "little_experience",
    "Too few such events are known to tell accounts apart: one frequency stands for all.",
)
NO_REASON: Reason = (
    "portfolio_average",
    "Nothing that is known moves it away from the average.",
)


@dataclass(frozen=True)
class Reasons:
    """Codes and their words, one list for each row."""

    codes: list[list[str]]
    texts: list[list[str]]


def unknown_level(column: str, value: str) -> Reason:
    """The reason that a category was never seen in training."""
    return f"unknown_{column}", f"{column} {value} was never seen: it counts as average."


def absent_value(column: str) -> Reason:
    """The reason that a number is absent which training always had."""
    return f"absent_{column}", f"{column} is not known, and was always known before."


def explain(
    contributions: pd.DataFrame,
    values: pd.DataFrame,
    words: Mapping[str, str],
    first: Sequence[Sequence[Reason]],
    score: str = "the risk",
) -> Reasons:
    """The strongest contributions of each row as reasons.

    Args:
        contributions: what each column adds to the log of the score against the average, [n, k].
        values: the columns' values as they were given, with at least those of ``contributions``.
        words: a column in plain words; its name by default.
        first: reasons that come first, one list for each row.
        score: what is moved, in words.
    """
    names = list(contributions.columns)
    strength = contributions.to_numpy(dtype=np.float64)
    order = np.argsort(-np.abs(strength), axis=1, kind="stable")[:, :MOST]
    spoken = {name: words.get(name, name.replace("_", " ")) for name in names}
    columns = {name: values[name].to_numpy() for name in names}
    codes: list[list[str]] = []
    texts: list[list[str]] = []
    for row, before in enumerate(first):
        found = list(before)
        for place in order[row]:
            moved, name = float(strength[row, place]), names[place]
            if abs(moved) >= LEAST_CONTRIBUTION:
                words_of_it = _sentence(spoken[name], columns[name][row], moved, score)
                found.append((f"{name}_{'raises' if moved > 0 else 'lowers'}", words_of_it))
        told = found[:MOST] or [NO_REASON]
        codes.append([code for code, _ in told])
        texts.append([text for _, text in told])
    return Reasons(codes, texts)


def _sentence(words: str, value: object, moved: float, score: str) -> str:
    verb = "raises" if moved > 0 else "lowers"
    return f"{words} ({_written(value)}) {verb} {score} by {abs(np.expm1(moved)):.0%}"


def _written(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return "not known"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.number):
        return f"{value:,.0f}" if abs(float(value)) >= 100 else f"{value:.3g}"
    return str(value)
