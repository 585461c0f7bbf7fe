"""Plants the fraud that a block's accounts commit on one platform.

Each cheating account acts at least once within the world's days. The stealthier the buyer, the
smaller and slower the orders, the fewer the round numbers, the later the comments.
"""

from collections.abc import Sequence

import numpy as np

from ingestion.sandbox.world.coefficients import Comments, Fraud
from ingestion.sandbox.world.model import Floats
from ingestion.sandbox.world.people import Person
from ingestion.sandbox.world.plan import Campaign, Event, Lot, Plan
from ingestion.sandbox.world.span import BURN_IN, Span

_CYCLE = (Fraud().ramp_days, Fraud().hold_days, Fraud().drop_days, Fraud().rest_days)


def plant_fraud(
    rng: np.random.Generator,
    plan: Plan,
    span: Span,
    members: Sequence[Person],
    platform: str,
    size: Floats,
) -> None:
    """Add to ``plan`` what the members with fraud on ``platform`` do; ``size`` [A] followers."""
    for account, person in enumerate(members):
        stealth = person.stealth(span.stealth)
        for kind in person.fraud.get(platform, ()):
            if kind == "bought_followers":
                _buy_followers(rng, plan, span, account, stealth)
            elif kind == "follow_unfollow":
                _follow_unfollow(rng, plan, span, account, stealth, float(size[account]))
            else:
                _campaign(rng, plan, span, account, kind, stealth, person.number)


def _buy_followers(
    rng: np.random.Generator, plan: Plan, span: Span, account: int, stealth: float
) -> None:
    fraud = Fraud()
    more = int(rng.poisson(span.simulated * fraud.lots_per_day))
    starts = [BURN_IN + int(rng.random() * max(span.days - 3, 1))]
    starts += [int(rng.random() * (span.simulated - 3)) for _ in range(min(more, 5))]
    low, high = fraud.lot_share
    for start in sorted(starts):
        share = max(
            rng.uniform(low, high) * (1 - fraud.stealth_lot * stealth) / len(starts) ** 0.5, low
        )
        spread = int(rng.uniform(2, fraud.stealth_days)) if rng.random() < stealth else 0
        days = int(rng.integers(fraud.lot_days[0], fraud.lot_days[1] + 1)) + spread
        loss = rng.uniform(*fraud.lot_loss) * (1 - fraud.stealth_loss * stealth)
        is_round = bool(rng.random() >= stealth)
        plan.lots.append(Lot(account, start, days, share, is_round, loss))


def _follow_unfollow(
    rng: np.random.Generator, plan: Plan, span: Span, account: int, stealth: float, size: float
) -> None:
    fraud = Fraud()
    end = span.simulated
    begin = t = int(rng.integers(0, BURN_IN + max(span.days // 3, 1)))
    daily = float(np.clip(size * fraud.follows_of_size, *fraud.follows_per_day))
    daily *= 1 - fraud.stealth_follows * stealth
    followed = 0
    while t < end:
        ramp, hold, drop, rest = (int(rng.integers(*days)) for days in _CYCLE)
        in_cycle = 0
        for day in range(t, min(t + ramp, end)):
            count = int(rng.poisson(daily))
            plan.following_change[account, day] += count
            in_cycle += count
            if day + 1 < end:
                plan.gain_count[account, day + 1] += count * fraud.follow_back
        t += ramp + hold
        for day in range(t, min(t + drop, end)):
            plan.following_change[account, day] -= int(in_cycle * fraud.unfollowed / drop)
            leaving = in_cycle * fraud.follow_back * fraud.follow_back_lost
            plan.loss_count[account, day] += leaving / drop
        followed += in_cycle
        t += drop + rest + int(stealth * 10)
    plan.events.append(
        Event(account, "follow_unfollow", begin, end, followed, "accounts followed", is_fraud=True)
    )


def _campaign(
    rng: np.random.Generator,
    plan: Plan,
    span: Span,
    account: int,
    kind: str,
    stealth: float,
    number: int,
) -> None:
    fraud = Fraud()
    length = int(rng.integers(*fraud.campaign_days))
    latest = max(span.simulated - length, BURN_IN)
    start = int(rng.integers(BURN_IN // 2, latest + 1))
    end = min(start + length, span.simulated)
    pod = -1
    if kind == "engagement_pod":
        # A pod serves creators of many blocks: neighbours of a few hundred share a handful.
        pods = Comments().pod_people // Comments().pod_size
        pod = (number // 400 * 4 + int(rng.integers(4))) % pods
    plan.campaigns.append(Campaign(account, kind, start, end, stealth, pod))
