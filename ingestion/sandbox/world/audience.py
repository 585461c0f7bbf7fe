"""Who an account's followers are: ages, genders, countries, cities, and when they are awake."""

import numpy as np

from ingestion.sandbox.world.coefficients import Population
from ingestion.sandbox.world.model import Floats, Texts
from ingestion.sandbox.world.phrasebook import COUNTRIES

AGES = ["13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
GENDERS = ["female", "male", "unknown"]

FARM_COUNTRIES = ("BD", "PK", "VN", "EG", "ID", "IN", "BR", "TR")
"""Where sellers of followers mostly have theirs; half of these also have creators."""
FARM_CITIES = {
    "BD": ("Dhaka", "Chittagong"),
    "PK": ("Karachi", "Lahore"),
    "VN": ("Hanoi", "Ho Chi Minh City"),
}

Audience = dict[str, tuple[list[str], Floats, Floats]]


def audiences(rng: np.random.Generator, platform: str, country: Texts, stealth: Floats) -> Audience:
    """Shares of each segment, [A, S], among the grown and the bought followers."""
    accounts = country.size
    young = {"tiktok": 1.6, "instagram": 0.8, "youtube": 0.3, "facebook": -0.8}[platform]
    shape = np.array([2.0, 9.0, 10.0, 6.0, 3.0, 1.5, 0.8])
    tilt = np.exp(-young * 0.35 * (np.arange(len(AGES)) - 2))
    ages = _dirichlet(rng, shape * tilt, accounts, 40)
    fake_ages = _dirichlet(rng, np.array([1.0, 12.0, 10.0, 2.0, 1.0, 0.5, 0.5]), accounts, 40)
    women = rng.beta(4, 4, accounts)
    genders = np.column_stack([women, 1 - women, np.full(accounts, 0.0)])
    genders = genders * 0.96 + np.array([0, 0, 0.04])
    fake_genders = _dirichlet(rng, np.array([3.0, 6.0, 1.5]), accounts, 40)
    codes, countries = _countries(rng, country)
    farms = _farms(rng, codes, country)
    bought = farms * (1 - 0.7 * stealth)[:, None] + countries * (0.7 * stealth)[:, None]
    names, cities, fake_cities = _cities(rng, codes, countries, bought)
    return {
        "age": (list(AGES), ages, fake_ages),
        "gender": (list(GENDERS), genders, fake_genders),
        "country": (codes, countries, bought),
        "city": (names, cities, fake_cities),
    }


def activity(rng: np.random.Generator, codes: list[str], countries: Floats) -> Floats:
    """Share of the active followers by UTC hour, [A, 24]: evenings, where they live."""
    hours = np.arange(24)
    local = 1 + 2.2 * np.exp(-(((hours - 20) / 3.5) ** 2)) + np.exp(-(((hours - 12) / 3) ** 2))
    local -= 0.85 * np.exp(-(((hours - 3.5) / 2.5) ** 2))
    offsets = [COUNTRIES[c][2] if c in COUNTRIES else 6 for c in codes]
    curves = np.stack([np.roll(local, -offset) for offset in offsets])
    found = countries @ curves * rng.lognormal(0, 0.05, (countries.shape[0], 24))
    shares: Floats = found / found.sum(axis=1, keepdims=True)
    return shares


def _countries(rng: np.random.Generator, country: Texts) -> tuple[list[str], Floats]:
    codes = [*COUNTRIES, *(c for c in FARM_COUNTRIES if c not in COUNTRIES)]
    weights = np.array([COUNTRIES[c][0] if c in COUNTRIES else 0.01 for c in codes])
    rows = np.empty((country.size, len(codes)))
    for i, home in enumerate(country):
        language = COUNTRIES[home][1][0]
        same = np.array([c in COUNTRIES and language in COUNTRIES[c][1] for c in codes])
        abroad = rng.dirichlet(weights * np.where(same, 4.0, 1.0) * 12)
        part = np.clip(rng.normal(Population().home_audience, 0.12), 0.2, 0.95)
        rows[i] = abroad * (1 - part)
        rows[i, codes.index(home)] += part
    return codes, rows


def _farms(rng: np.random.Generator, codes: list[str], home: Texts) -> Floats:
    """Where each account's bought followers live, [A, S]: never where its own people do."""
    found = np.zeros((home.size, len(codes)))
    for i in range(home.size):
        places = [str(p) for p in rng.permutation(FARM_COUNTRIES) if p != home[i]]
        for place, share in zip(places[:3], (0.6, 0.25, 0.15), strict=True):
            found[i, codes.index(place)] = share
    return found


def _cities(
    rng: np.random.Generator, codes: list[str], countries: Floats, bought: Floats
) -> tuple[list[str], Floats, Floats]:
    names: list[str] = []
    grown, fake = [], []
    for position, code in enumerate(codes):
        towns = COUNTRIES[code][3] if code in COUNTRIES else FARM_CITIES[code]
        split = _dirichlet(rng, np.linspace(4, 1, len(towns)), countries.shape[0], 30)
        names.extend(f"{town}, {code}" for town in towns)
        grown.append(split * countries[:, [position]])
        fake.append(split * bought[:, [position]])
    return names, np.concatenate(grown, axis=1), np.concatenate(fake, axis=1)


def _dirichlet(rng: np.random.Generator, shape: Floats, rows: int, strength: float) -> Floats:
    found: Floats = rng.dirichlet(shape / shape.sum() * strength, rows)
    return found
