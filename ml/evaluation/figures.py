"""Measured figures beside what they must reach: the rows that every evaluation returns and prints.

An evaluation is a function that returns ``list[Figure]``; ``show`` prints them as a table.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    A figure without a target (a trivial baseline, a ceiling, a description) holds always.
    """

    name: str
    value: float
    target: str = ""
    """What the value must reach, in words, e.g. ``at least 0.205``; empty where nothing must."""
    holds: bool = True


def at_least(name: str, value: float, bound: float) -> Figure:
    """A figure that must not be below ``bound``; NaN does not hold."""
    return Figure(name, value, f"at least {bound:g}", bool(value >= bound))


def at_most(name: str, value: float, bound: float) -> Figure:
    """A figure that must not be above ``bound``; NaN does not hold."""
    return Figure(name, value, f"at most {bound:g}", bool(value <= bound))


def within(name: str, value: float, centre: float, tolerance: float) -> Figure:
    """A figure that must lie within ``tolerance`` of ``centre``; NaN does not hold."""
    holds = bool(abs(value - centre) <= tolerance)
    return Figure(name, value, f"{centre:g} ± {tolerance:g}", holds)


def show(title: str, figures: Iterable[Figure], console: Console | None = None) -> bool:
    """Print the figures as a table and tell whether all of them hold."""
    table = Table("figure", "value", "target", "holds", title=title, title_justify="left")
    held = True
    for figure in figures:
        held = held and figure.holds
        verdict = "" if not figure.target else "yes" if figure.holds else "[bold red]NO[/bold red]"
        table.add_row(figure.name, f"{figure.value:,.4f}", figure.target, verdict)
    (console or Console(highlight=False)).print(table)
    return held
