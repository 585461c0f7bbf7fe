"""Who the creators of a block are: names, countries, sizes, platforms, and who among them cheats.

Drawn per block from ``default_rng([seed, block, 0])``, so a creator is the same in every world of
the seed, whatever the number of creators.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from ingestion.sandbox.world.coefficients import (
    FRAUD_KINDS,
    TRAITS,
    Claims,
    Disturbances,
    Fraud,
    Growth,
    Incidents,
    Population,
)
from ingestion.sandbox.world.identity import digest
from ingestion.sandbox.world.model import BLOCK_SIZE, PLATFORMS
from ingestion.sandbox.world.phrasebook import COUNTRIES, names


@dataclass(frozen=True)
class Person:
    """One creator; sizes in followers, ``growth`` net per day, ``stealth`` 0-1."""

    number: int
    creator_id: str
    display_name: str
    handle: str
    country: str
    language: str
    topic: int
    """Index into a grammar's topics: what the creator speaks of."""
    size: float
    growth: float
    platforms: tuple[str, ...]
    days_connected: int
    """Days between connecting the accounts and the world's first day."""
    fraud: dict[str, tuple[str, ...]]
    """Fraud kinds by platform; empty for the honest."""
    stealth_shift: float
    frailty: float
    """Factor on the frequency of incidents, mean about 1."""
    claims: str
    """``honest``, ``inflated`` or ``staged``."""
    television: tuple[tuple[int, float], ...]
    """World days on television, and the share of followers gained."""
    reputation: tuple[int, ...]
    """World days on which a reputation incident begins."""
    liability: tuple[int, ...]

    def stealth(self, world: float) -> float:
        """How well this creator hides fraud in a world with this dial, 0-1."""
        return float(np.clip(world + self.stealth_shift, 0, 1)) if 0 < world < 1 else world

    @property
    def kind(self) -> str:
        """``honest`` or the first fraud kind."""
        kinds = [kinds[0] for kinds in self.fraud.values() if kinds]
        return kinds[0] if kinds else "honest"


@lru_cache(maxsize=4096)
def people(seed: int, block: int) -> tuple[Person, ...]:
    """The :data:`BLOCK_SIZE` creators of a block."""
    rng = np.random.default_rng([seed, block, 0])
    population, growth = Population(), Growth()
    sizes = _sizes(rng, population)
    monthly = rng.normal(growth.monthly_mean, growth.monthly_spread, BLOCK_SIZE)
    countries = list(COUNTRIES)
    weights = np.array([COUNTRIES[c][0] for c in countries])
    where = rng.choice(len(countries), BLOCK_SIZE, p=weights / weights.sum())
    shares = population.fraud_share
    cheats = rng.permutation(BLOCK_SIZE)[: round(shares[int(rng.random() < 0.5)] * BLOCK_SIZE)]
    return tuple(
        _person(
            rng,
            seed,
            block * BLOCK_SIZE + i,
            countries[where[i]],
            sizes[i],
            monthly[i] / 30,
            i in cheats,
        )
        for i in range(BLOCK_SIZE)
    )


def connected_at(person: Person, first_moment: datetime) -> datetime:
    """When the creator connected the accounts; ``first_moment`` begins the world (UTC)."""
    return first_moment - timedelta(days=person.days_connected, seconds=person.number * 37 % 50_000)


def _sizes(rng: np.random.Generator, population: Population) -> np.ndarray:
    body = rng.lognormal(np.log(population.size_median), population.size_spread, BLOCK_SIZE)
    tail = population.tail_start * (1 + rng.pareto(population.tail_exponent, BLOCK_SIZE))
    sizes = np.where(rng.random(BLOCK_SIZE) < population.tail_share, tail, body)
    return np.clip(sizes, population.size_floor, population.size_ceiling)


def _person(
    rng: np.random.Generator,
    seed: int,
    number: int,
    country: str,
    size: float,
    growth: float,
    cheats: bool,
) -> Person:
    spoken = COUNTRIES[country][1]
    language = spoken[int(rng.random() < 0.3)] if len(spoken) > 1 else spoken[0]
    first = str(rng.choice(names()[language]["first"]))
    last = str(rng.choice(names()[language]["last"]))
    count = 1 + int(rng.choice(4, p=Population().platforms_count))
    weights = np.array([TRAITS[p].weight for p in PLATFORMS])
    chosen = rng.choice(len(PLATFORMS), count, replace=False, p=weights / weights.sum())
    platforms = tuple(PLATFORMS[i] for i in sorted(chosen))
    fraud = _fraud(rng, platforms) if cheats else {}
    spread = Incidents().frailty_spread
    staged, inflated = Claims().staged_share[int(cheats)], Claims().inflated_share[int(cheats)]
    behaviour = rng.choice(
        ["staged", "inflated", "honest"], p=[staged, inflated, 1 - staged - inflated]
    )
    ending = str(rng.choice(["", "_", ".daily", "_official", "tv", ".studio"]))
    return Person(
        number=number,
        creator_id=f"creator_{digest(seed, 'creator', number)[:12]}",
        display_name=f"{first} {last}",
        handle=f"{first}.{last}{ending}{number}".lower(),
        country=country,
        language=language,
        topic=int(rng.integers(12)),
        size=float(size),
        growth=float(growth),
        platforms=platforms,
        days_connected=int(rng.integers(30, 400)),
        fraud=fraud,
        stealth_shift=float(rng.normal(0, Fraud().stealth_spread)),
        frailty=float(rng.lognormal(-(spread**2) / 2, spread)),
        claims=str(behaviour),
        television=tuple(
            (day, float(rng.uniform(*Disturbances().television_gain)))
            for day in _waits(rng, Disturbances().television)
        ),
        reputation=_waits(rng, Incidents().reputation),
        liability=_waits(rng, Incidents().liability),
    )


def _fraud(rng: np.random.Generator, platforms: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    fraud = Fraud()
    kind = str(rng.choice(FRAUD_KINDS, p=fraud.kind_shares))
    possible = [p for p in platforms if kind != "follow_unfollow" or p in ("instagram", "tiktok")]
    if not possible:
        kind, possible = "bought_followers", list(platforms)
    kinds: tuple[str, ...] = (kind,)
    if kind == "bought_followers" and rng.random() < fraud.likes_too:
        kinds = (kind, "bought_likes")
    first = str(rng.choice(possible))
    return {p: kinds for p in possible if p == first or rng.random() < fraud.elsewhere}


def _waits(rng: np.random.Generator, per_year: float, horizon: int = 1_000) -> tuple[int, ...]:
    """Days of a Poisson process, the same for worlds of every length."""
    gaps = rng.exponential(365 / per_year, 12)
    return tuple(int(day) for day in np.cumsum(gaps) if day < horizon)
