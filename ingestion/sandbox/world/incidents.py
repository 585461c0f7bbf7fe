"""Plants the incidents that an insurer would pay for, and what they do to an account's numbers.

Perils: ``account_takeover``, ``suspension``, ``engagement_collapse`` strike an account;
``reputation`` and ``liability`` strike a creator, on every platform at once, and are recorded on
the first of them.
"""

from collections.abc import Sequence

import numpy as np

from ingestion.sandbox.world.coefficients import Incidents
from ingestion.sandbox.world.model import Floats
from ingestion.sandbox.world.people import Person
from ingestion.sandbox.world.plan import Incident, Plan
from ingestion.sandbox.world.span import BURN_IN, Span


def plant_incidents(
    rng: np.random.Generator,
    plan: Plan,
    span: Span,
    members: Sequence[Person],
    platform: str,
    size: Floats,
) -> None:
    """Add to ``plan`` the incidents of the members on ``platform``; ``size`` [A] followers."""
    settings = Incidents()
    for account, person in enumerate(members):
        cheats = bool(person.fraud.get(platform))
        income = daily_income(rng, float(size[account]))
        hack = settings.takeover * person.frailty * (settings.takeover_fraud if cheats else 1)
        ban = settings.suspension * person.frailty * (settings.suspension_fraud if cheats else 1)
        for t in _days(rng, span, hack):
            _takeover(rng, plan, span, account, person.number, t, income)
        for t in _days(rng, span, ban):
            rightful = cheats and rng.random() < settings.suspension_right
            _suspension(rng, plan, span, account, person.number, t, income, not rightful)
        for t in _days(rng, span, settings.collapse):
            _collapse(rng, plan, span, account, person.number, t, income)
        first = platform == person.platforms[0]
        for day in person.reputation:
            if day < span.days:
                _reputation(rng, plan, account, person.number, BURN_IN + day, first)
        for day in person.liability:
            if day < span.days:
                _liability(rng, plan, account, person.number, BURN_IN + day, first)


def daily_income(rng: np.random.Generator, followers: float) -> float:
    """USD that a day of an account is worth to its creator."""
    settings = Incidents()
    spread = rng.lognormal(0, settings.daily_income_spread)
    return float(settings.daily_income * followers / 1_000 * spread)


def _days(rng: np.random.Generator, span: Span, per_year: float) -> list[int]:
    count = int(rng.poisson(per_year * span.days / 365))
    return sorted({BURN_IN + int(rng.integers(span.days)) for _ in range(count)})


def _duration(rng: np.random.Generator, median: float, spread: float) -> int:
    return max(round(float(median * rng.lognormal(0, spread))), 1)


def _takeover(
    rng: np.random.Generator,
    plan: Plan,
    span: Span,
    account: int,
    number: int,
    t: int,
    income: float,
) -> None:
    settings = Incidents()
    forever = rng.random() < settings.takeover_forever
    days = _duration(rng, settings.takeover_days, settings.takeover_spread)
    end = span.simulated if forever else min(t + days, span.simulated)
    plan.silent[account, t:end] = True
    week = min(t + 7, end)
    plan.alien_posts[account, t:week] = rng.poisson(settings.takeover_posts, week - t)
    plan.alien_posts[account, t] = max(int(plan.alien_posts[account, t]), 1)
    loss = rng.uniform(*settings.takeover_loss)
    plan.loss_share[account, t:end] += loss * np.exp(-np.arange(end - t) / 10)
    if forever and rng.random() < settings.takeover_renamed and plan.renamed[account] < 0:
        plan.renamed[account] = t
    paid = income * (settings.longest_paid if forever else days)
    plan.incidents.append(
        Incident(number, account, "account_takeover", t, None if forever else t + days, paid)
    )


def _suspension(
    rng: np.random.Generator,
    plan: Plan,
    span: Span,
    account: int,
    number: int,
    t: int,
    income: float,
    wrongful: bool,
) -> None:
    settings = Incidents()
    forever = rng.random() < settings.suspension_forever
    days = _duration(rng, settings.suspension_days, settings.suspension_spread)
    plan.suspended[account, t : span.simulated if forever else t + days] = True
    paid = income * (settings.longest_paid if forever else days)
    end = None if forever else t + days
    plan.incidents.append(Incident(number, account, "suspension", t, end, paid, wrongful))


def _collapse(
    rng: np.random.Generator,
    plan: Plan,
    span: Span,
    account: int,
    number: int,
    t: int,
    income: float,
) -> None:
    settings = Incidents()
    days = int(rng.integers(*settings.collapse_days))
    left = rng.uniform(*settings.collapse_factor)
    plan.attention[account, t : t + days] *= left
    paid = income * days * (1 - left) * settings.collapse_cost
    plan.incidents.append(
        Incident(number, account, "engagement_collapse", t, t + days, float(paid))
    )


def _reputation(
    rng: np.random.Generator, plan: Plan, account: int, number: int, t: int, first: bool
) -> None:
    settings = Incidents()
    days = min(14, plan.silent.shape[1] - t)
    loss = rng.uniform(*settings.reputation_loss)
    plan.loss_share[account, t : t + days] += loss * np.exp(-np.arange(days) / 3)
    curious, averse = settings.reputation_attention
    plan.attention[account, t : t + 3] *= curious
    plan.attention[account, t + 3 : t + 24] *= averse
    plan.negative[account, t : t + 10] = settings.reputation_angry
    if first:
        median, spread = settings.reputation_amount
        paid = float(median * rng.lognormal(0, spread))
        plan.incidents.append(Incident(number, -1, "reputation", t, t + 14, paid))


def _liability(
    rng: np.random.Generator, plan: Plan, account: int, number: int, t: int, first: bool
) -> None:
    settings = Incidents()
    plan.negative[account, t : t + 4] = settings.liability_angry
    if first:
        plan.removal[account, t] = True
        median, spread = settings.liability_amount
        paid = float(median * rng.lognormal(0, spread))
        plan.incidents.append(Incident(number, -1, "liability", t, t + 1, paid))
