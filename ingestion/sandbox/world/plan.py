"""What is going to happen to the accounts of a block beyond their ordinary course, day by day.

What is planted (:mod:`.fraud`, :mod:`.disturbances`, :mod:`.incidents`) writes into arrays [A, T]
that the simulation reads, and keeps the truth as records. Days ``t`` count from the burn-in.
"""

from dataclasses import dataclass, field

import numpy as np

from ingestion.sandbox.world.model import Bools, Floats, Ints


@dataclass(frozen=True)
class Lot:
    """An order of bought followers: ``share`` of the followers at ``start``, over ``days`` days."""

    account: int
    start: int
    days: int
    share: float
    is_round: bool
    loss: float
    """Part of what is left that leaves a day, in the first month."""


@dataclass(frozen=True)
class Campaign:
    """Bought likes, a pod or comment spam on the posts of days ``start`` to ``end`` (exclusive)."""

    account: int
    kind: str
    start: int
    end: int
    stealth: float
    pod: int = -1


@dataclass(frozen=True)
class Event:
    """Something that happened to an account, ``start`` to ``end`` exclusive."""

    account: int
    kind: str
    start: int
    end: int
    size: float
    unit: str
    is_fraud: bool = False
    is_hard_negative: bool = False
    post: int = -1


@dataclass(frozen=True)
class Incident:
    """An insured event; ``account`` -1 where it concerns the creator as a person.

    ``end`` is None where it never ends. ``severity`` in USD.
    """

    creator_number: int
    account: int
    peril: str
    start: int
    end: int | None
    severity: float
    is_wrongful: bool = False


@dataclass
class Plan:
    """Arrays [A, T] that planted things fill in, and their truth."""

    gain_share: Floats
    """Followers gained beside the ordinary, as a share of the followers."""
    loss_share: Floats
    gain_count: Floats
    loss_count: Floats
    following_change: Ints
    attention: Floats
    """Factor on the views that posts receive that day."""
    extra_views: Floats
    """Views from advertising, as a share of the followers."""
    negative: Floats
    """Share of the comments that are angry."""
    alien_posts: Ints
    """Posts by somebody who has taken the account over."""
    giveaway: Bools
    silent: Bools
    """The owner posts nothing."""
    suspended: Bools
    gap: Bools
    removal: Bools
    """The account's latest post is taken down."""
    purge: Bools
    """[T]: the platform removes followers it distrusts."""
    renamed: Ints
    """[A]: the day from which the new handle holds, -1 never."""
    lots: list[Lot] = field(default_factory=list)
    campaigns: list[Campaign] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


def empty_plan(accounts: int, simulated: int) -> Plan:
    """A plan in which nothing happens."""
    shape = (accounts, simulated)
    return Plan(
        gain_share=np.zeros(shape),
        loss_share=np.zeros(shape),
        gain_count=np.zeros(shape),
        loss_count=np.zeros(shape),
        following_change=np.zeros(shape, dtype=np.int64),
        attention=np.ones(shape),
        extra_views=np.zeros(shape),
        negative=np.zeros(shape),
        alien_posts=np.zeros(shape, dtype=np.int64),
        giveaway=np.zeros(shape, dtype=bool),
        silent=np.zeros(shape, dtype=bool),
        suspended=np.zeros(shape, dtype=bool),
        gap=np.zeros(shape, dtype=bool),
        removal=np.zeros(shape, dtype=bool),
        purge=np.zeros(simulated, dtype=bool),
        renamed=np.full(accounts, -1, dtype=np.int64),
    )
