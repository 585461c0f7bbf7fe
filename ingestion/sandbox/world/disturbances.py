"""Plants the hard negatives: what looks like fraud in the numbers and is none.

Giveaways, advertising, television, gaps of the platform's API, new handles and purges of the
platform. They meet honest and cheating creators alike. Viral posts are drawn with the posts.
"""

from collections.abc import Sequence

import numpy as np

from ingestion.sandbox.world.coefficients import Disturbances, Growth
from ingestion.sandbox.world.model import PLATFORMS, Bools
from ingestion.sandbox.world.people import Person
from ingestion.sandbox.world.plan import Event, Plan
from ingestion.sandbox.world.span import BURN_IN, Span


def plant_disturbances(
    rng: np.random.Generator, plan: Plan, span: Span, members: Sequence[Person], platform: str
) -> None:
    """Add to ``plan`` what befalls the members on ``platform``; incidents must stand already."""
    plan.purge |= purge_days(span, platform)
    for account, person in enumerate(members):
        for t in _days(rng, span, Disturbances().giveaway):
            _giveaway(rng, plan, account, t)
        for t in _days(rng, span, Disturbances().advertising):
            _advertising(rng, plan, account, t)
        for t in _days(rng, span, Disturbances().api_gap):
            if not span.clear:
                _api_gap(rng, plan, account, t)
        for t in _days(rng, span, Disturbances().rebrand)[:1]:
            if plan.renamed[account] >= 0:
                continue
            plan.renamed[account] = t
            plan.events.append(_hard(account, "rebrand", t, t + 1, 1.0, "renames"))
        _television(plan, span, account, person)


def purge_days(span: Span, platform: str) -> Bools:
    """[T]: the days on which the platform removes followers; the same for all its accounts."""
    rng = np.random.default_rng([span.seed, 2**30, PLATFORMS.index(platform)])
    return rng.random(span.simulated) < Growth().purge_days_per_year / 365


def _days(rng: np.random.Generator, span: Span, per_year: float) -> list[int]:
    count = int(rng.poisson(per_year * span.days / 365))
    return sorted({BURN_IN + int(rng.integers(span.days)) for _ in range(count)})


def _giveaway(rng: np.random.Generator, plan: Plan, account: int, t: int) -> None:
    total = rng.uniform(*Disturbances().giveaway_gain)
    if plan.silent[account, t] or plan.suspended[account, t]:
        return
    plan.giveaway[account, t] = True
    for days, part in enumerate(Disturbances().giveaway_days):
        _add(plan.gain_share, account, t + days, total * part)
    # Many who came for the prize leave once it is drawn.
    for day in range(7, 27):
        _add(plan.loss_share, account, t + day, total * Disturbances().giveaway_lost / 20)
    plan.events.append(_hard(account, "giveaway", t, t + 3, total, "share of followers gained"))


def _advertising(rng: np.random.Generator, plan: Plan, account: int, t: int) -> None:
    days = int(rng.integers(*Disturbances().advertising_days))
    daily = rng.uniform(*Disturbances().advertising_gain)
    if plan.suspended[account, t : t + days].any():
        return
    for day in range(t, t + days):
        _add(plan.gain_share, account, day, daily)
        _add(plan.extra_views, account, day, daily * Disturbances().advertising_views)
    size = daily * days
    plan.events.append(
        _hard(account, "advertising", t, t + days, size, "share of followers gained")
    )


def _api_gap(rng: np.random.Generator, plan: Plan, account: int, t: int) -> None:
    days = int(rng.integers(1, 3))
    plan.gap[account, t : t + days] = True
    plan.events.append(_hard(account, "api_gap", t, t + days, days, "days"))


def _television(plan: Plan, span: Span, account: int, person: Person) -> None:
    for day, size in person.television:
        t = BURN_IN + day
        if day >= span.days or plan.suspended[account, t : t + 3].any():
            continue
        for days, part in enumerate(Disturbances().television_days):
            _add(plan.gain_share, account, t + days, size * part)
        plan.attention[account, t : t + 3] *= Disturbances().television_attention
        plan.events.append(_hard(account, "tv_spike", t, t + 3, size, "share of followers gained"))


def _hard(account: int, kind: str, start: int, end: int, size: float, unit: str) -> Event:
    return Event(account, kind, start, end, size, unit, is_hard_negative=True)


def _add(array: np.ndarray, account: int, t: int, value: float) -> None:
    if t < array.shape[1]:
        array[account, t] += value
