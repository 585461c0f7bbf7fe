"""What is going to happen to the accounts of a block beyond their ordinary course, day by day.

The planted events write into arrays [A, T] that the simulation of growth and posts reads; T counts
the days from :data:`BURN_IN` days before the world's first day, so that the first day finds
accounts that have posted.
"""

from dataclasses import dataclass, field

import numpy as np

from ingestion.sandbox.world.model import Bools, Floats, Ints

BURN_IN = 28
"""Days simulated before the first day."""


@dataclass(frozen=True)
class Lot:
    """An order of bought followers: ``share`` of the followers at ``start``, over ``days`` days."""

    account: int
    start: int
    days: int
    share: float
    stealth: float
    loss: float
    """Part of what is left that leaves a day, in the first month."""


@dataclass(frozen=True)
class Event:
    """Something that happened to an account; ``start`` and ``end`` index T, end exclusive."""

    account: int
    kind: str
    start: int
    end: int
    size: float
    """In the kind's own unit: followers, likes, a factor, or days."""
    is_fraud: bool = False
    is_hard_negative: bool = False


@dataclass
class Plan:
    """Arrays [A, T] that events fill in."""

    gain_share: Floats
    """Followers gained beside the ordinary, as a share of the followers."""
    loss_share: Floats
    gain_count: Floats
    loss_count: Floats
    following_change: Ints
    attention: Floats
    """Factor on the views that posts receive that day."""
    silent: Bools
    """The owner posts nothing."""
    suspended: Bools
    gap: Bools
    purge: Bools
    """[T]: the platform removes followers it distrusts."""
    lots: list[Lot] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def empty_plan(accounts: int, days: int) -> Plan:
    """A plan in which nothing happens; ``days`` without the burn-in."""
    shape = (accounts, days + BURN_IN)
    return Plan(
        gain_share=np.zeros(shape),
        loss_share=np.zeros(shape),
        gain_count=np.zeros(shape),
        loss_count=np.zeros(shape),
        following_change=np.zeros(shape, dtype=np.int64),
        attention=np.ones(shape),
        silent=np.zeros(shape, dtype=bool),
        suspended=np.zeros(shape, dtype=bool),
        gap=np.zeros(shape, dtype=bool),
        purge=np.zeros(shape[1], dtype=bool),
    )
