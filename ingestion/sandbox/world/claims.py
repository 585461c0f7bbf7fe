"""How creators claim their incidents: honestly, inflated, or for losses that were staged."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import Claims, Incidents
from ingestion.sandbox.world.incidents import daily_income
from ingestion.sandbox.world.people import Person
from ingestion.sandbox.world.plan import Incident
from ingestion.sandbox.world.span import BURN_IN, Span


@dataclass(frozen=True)
class Claim:
    """A claim; ``where`` (platform, account id) is None for the creator's first account."""

    incident_id: str | None
    where: tuple[str, str] | None
    peril: str
    behaviour: str
    start: int
    delay: int
    """Days from the loss to the claim."""
    days: int
    amount: float
    true_amount: float


def claims_of(
    span: Span, person: Person, incidents: list[tuple[str, str, str, Incident]]
) -> list[Claim]:
    """The claims of one creator for ``incidents``: (id, platform, account id, incident)."""
    settings = Claims()
    rng = np.random.default_rng([span.seed, person.number, 2**29])
    found = []
    for incident_id, platform, account_id, incident in incidents:
        if rng.random() >= settings.reported:
            continue
        inflated = person.claims == "inflated"
        factor = (
            rng.uniform(*settings.inflation)
            if inflated
            else rng.lognormal(0, settings.honest_spread)
        )
        end = (
            incident.end if incident.end is not None else incident.start + Incidents().longest_paid
        )
        found.append(
            Claim(
                incident_id=incident_id,
                where=(platform, account_id),
                peril=incident.peril,
                behaviour="inflated" if inflated else "honest",
                start=incident.start,
                delay=_delay(rng),
                days=round((end - incident.start) * (factor if inflated else 1)),
                amount=round(incident.severity * float(factor), 2),
                true_amount=round(incident.severity, 2),
            )
        )
    if person.claims == "staged":
        found.extend(_staged(rng, span, person))
    return found


def _staged(rng: np.random.Generator, span: Span, person: Person) -> list[Claim]:
    """Takeovers that did not happen: the account goes on posting while its loss is claimed."""
    settings = Claims()
    count = int(rng.poisson(settings.staged_per_year * span.days / 365))
    found = []
    for day in sorted({int(rng.integers(span.days)) for _ in range(count)}):
        days = int(rng.integers(*settings.staged_days))
        amount = daily_income(rng, person.size) * days
        start = BURN_IN + day
        found.append(
            Claim(
                None, None, "account_takeover", "staged", start, _delay(rng), days,
                round(amount, 2), 0.0,
            )
        )  # fmt: skip
    return found


def _delay(rng: np.random.Generator) -> int:
    settings = Claims()
    return int(settings.delay_days * rng.lognormal(0, settings.delay_spread))
