"""What an account shows of itself, whom it follows, and on which days the platform answers."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import TRAITS, Population
from ingestion.sandbox.world.identity import digest
from ingestion.sandbox.world.model import (
    DAY_SECONDS,
    ERROR_GAP,
    ERROR_NONE,
    ERROR_SUSPENDED,
    Bools,
    Ints,
    SmallInts,
    Texts,
)
from ingestion.sandbox.world.people import Person
from ingestion.sandbox.world.phrasebook import COUNTRIES, grammar
from ingestion.sandbox.world.plan import Plan
from ingestion.sandbox.world.span import BURN_IN, Span

CATEGORIES = (
    "Food", "Sports", "Food", "Art", "Travel", "Fitness",
    "Gaming", "Beauty", "Cycling", "Home", "Fashion", "Education",
)  # fmt: skip
"""By topic, in the order of the grammars' topics."""

FOLLOWING_LIMIT = 7_500


@dataclass(frozen=True)
class Profiles:
    """Public fields of accounts, [A]; named as in :class:`.model.PlatformBlock`."""

    handle: Texts
    handle_before: Texts
    display_name: Texts
    description: Texts
    country: Texts
    language: Texts
    category: Texts
    rebrand_day: Ints
    created: Ints
    is_verified: Bools
    hides_followers: Bools


def profiles(
    rng: np.random.Generator,
    span: Span,
    platform: str,
    plan: Plan,
    members: list[Person],
    followers: Ints,
) -> Profiles:
    """The members' profiles on a platform; ``followers`` [A] decide who is verified."""
    population, accounts = Population(), len(members)
    before = _texts([p.handle for p in members])
    renamed = plan.renamed >= 0
    after = _texts([f"{p.handle[:14]}.{digest(span.seed, p.number)[:4]}" for p in members])
    # Nine years at most, and older than the burn-in.
    age = rng.integers(450 * DAY_SECONDS, 9 * 365 * DAY_SECONDS, size=accounts)
    known, hidden = rng.random((2, accounts))
    return Profiles(
        handle=np.where(renamed, after, before),
        handle_before=before,
        display_name=_texts([p.display_name for p in members]),
        description=_texts([_description(p) for p in members]),
        country=_texts([p.country for p in members]),
        language=_texts([p.language for p in members]),
        category=_texts([CATEGORIES[p.topic] for p in members]),
        rebrand_day=np.where(renamed, plan.renamed - BURN_IN, 0).astype(np.int64),
        created=span.burn_in_second - age,
        is_verified=(followers > population.verified_from) & (known < 0.5),
        hides_followers=(hidden < population.hidden_subscribers) & (platform == "youtube"),
    )


def following(rng: np.random.Generator, platform: str, plan: Plan) -> Ints:
    """Accounts followed at the end of each day, [A, T]."""
    accounts, days = plan.following_change.shape
    start = np.floor(TRAITS[platform].following * rng.lognormal(0, 0.7, accounts)).astype(np.int64)
    steps = rng.poisson(0.6, (accounts, days)) - rng.poisson(0.55, (accounts, days))
    walk = start[:, None] + np.cumsum(steps + plan.following_change, axis=1)
    found: Ints = np.clip(walk, 0, FOLLOWING_LIMIT).astype(np.int64)
    return found


def availability(plan: Plan) -> tuple[Bools, SmallInts, Ints]:
    """``available``, ``error_kind`` and ``previous`` of the world's days, [A, D]."""
    suspended, gap = plan.suspended[:, BURN_IN:], plan.gap[:, BURN_IN:]
    kind = np.where(suspended, ERROR_SUSPENDED, np.where(gap, ERROR_GAP, ERROR_NONE))
    available: Bools = kind == ERROR_NONE
    latest = np.maximum.accumulate(np.where(available, np.arange(kind.shape[1]), -1), axis=1)
    previous = np.concatenate([np.full((len(kind), 1), -1), latest[:, :-1]], axis=1)
    return available, kind.astype(np.int8), previous.astype(np.int64)


def _description(person: Person) -> str:
    city = COUNTRIES[person.country][3][person.number % 4]
    return f"{grammar(person.language).topics[person.topic]} · {city}"


def _texts(values: list[str]) -> Texts:
    return np.array(values, dtype=object)
