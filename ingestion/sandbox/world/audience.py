"""Who an account's followers are: ages, genders, countries, cities, and when they are awake."""

import numpy as np

from ingestion.sandbox.world.coefficients import TRAITS, Population
from ingestion.sandbox.world.coefficients import Audience as Coefficients
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
    settings, youth = Coefficients(), TRAITS[platform].youth
    tilt = np.exp(-youth * settings.age_tilt * (np.arange(len(AGES)) - 2))
    ages = _dirichlet(rng, settings.age_weights * tilt, accounts)
    fake_ages = _dirichlet(rng, np.array(settings.bought_age_weights), accounts)
    women = rng.beta(*settings.women, accounts)
    genders = np.column_stack([women, 1 - women, np.full(accounts, 0.0)])
    unknown = settings.unknown_gender
    genders = genders * (1 - unknown) + np.array([0, 0, unknown])
    fake_genders = _dirichlet(rng, np.array(settings.bought_gender_weights), accounts)
    codes, countries = _countries(rng, country)
    farms = _farms(rng, codes, country)
    at_home = (settings.farm_stealth * stealth)[:, None]
    bought = farms * (1 - at_home) + countries * at_home
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
    settings, local = Coefficients(), np.ones(24)
    bumps = ((settings.evening, 1), (settings.noon, 1), (settings.night, -1))
    for (height, place, width), sign in bumps:
        local += sign * height * np.exp(-(((hours - place) / width) ** 2))
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
        part = np.clip(
            rng.normal(Population().home_audience, Coefficients().home_spread), 0.2, 0.95
        )
        rows[i] = abroad * (1 - part)
        rows[i, codes.index(home)] += part
    return codes, rows


def _farms(rng: np.random.Generator, codes: list[str], home: Texts) -> Floats:
    """Where each account's bought followers live, [A, S]: never where its own people do."""
    found = np.zeros((home.size, len(codes)))
    for i in range(home.size):
        places = [str(p) for p in rng.permutation(FARM_COUNTRIES) if p != home[i]]
        for place, share in zip(places[:3], Coefficients().farm_shares, strict=True):
            found[i, codes.index(place)] = share
    return found


def _cities(
    rng: np.random.Generator, codes: list[str], countries: Floats, bought: Floats
) -> tuple[list[str], Floats, Floats]:
    names: list[str] = []
    grown, fake = [], []
    for position, code in enumerate(codes):
        towns = COUNTRIES[code][3] if code in COUNTRIES else FARM_CITIES[code]
        split = _dirichlet(rng, np.linspace(4, 1, len(towns)), countries.shape[0])
        names.extend(f"{town}, {code}" for town in towns)
        grown.append(split * countries[:, [position]])
        fake.append(split * bought[:, [position]])
    return names, np.concatenate(grown, axis=1), np.concatenate(fake, axis=1)


def _dirichlet(rng: np.random.Generator, shape: Floats, rows: int) -> Floats:
    strength = Coefficients().concentration
    found: Floats = rng.dirichlet(shape / shape.sum() * strength, rows)
    return found
