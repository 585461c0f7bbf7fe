"""Ways in which another collection of accounts may differ from the one a classifier was fitted on.

A shift either splits the profiles, into those to fit on and those to judge, or changes those that
are judged, in cross-validation. Families:

- ``size``: fitted below the median of a count and judged above it, or the reverse;
- ``kind``: the same by user name, biography, privacy, picture and digits;
- ``hidden``: columns that the judged profiles do not have;
- ``resized``: counts multiplied, privacy reversed, genuine accounts far larger than any fitted on.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.account_profile import PROFILE_COLUMNS

Mask = npt.NDArray[np.bool_]
Change = Callable[[pd.DataFrame, Mask], pd.DataFrame]

SIZES = ("follower_count", "following_count", "media_count")
KINDS = ("username_length", "biography_length")
LEAST_OF_A_CLASS = 10
"""A split that leaves fewer fake or genuine accounts on a side says nothing."""


@dataclass(frozen=True)
class Shift:
    """One way to differ."""

    family: str
    name: str
    split: tuple[Mask, Mask] | None = None
    """The profiles [n] to fit on, and those to judge."""
    change: Change = lambda profiles, _: profiles
    """What happens to judged profiles, given which of them are fake."""


def account_shifts(profiles: pd.DataFrame, is_fake: Mask) -> list[Shift]:
    """Every shift that these profiles [n, ``PROFILE_COLUMNS``] allow, with their labels [n]."""
    return [*_splits(profiles, is_fake), *_hidden(), *_resized()]


def _splits(profiles: pd.DataFrame, is_fake: Mask) -> Iterator[Shift]:
    for family, columns in (("size", SIZES), ("kind", KINDS)):
        for name in columns:
            values = profiles[name].to_numpy()
            middle = _even_median(values, is_fake)
            yield from _both_ways(family, name, values <= middle, is_fake)
            # Each class cut at its own median: both change size, and neither becomes the rare one.
            own = np.where(is_fake, np.median(values[is_fake]), np.median(values[~is_fake]))
            yield from _both_ways(family, f"{name} by class", values <= own, is_fake)
    for name, low in (
        ("is_private", profiles["is_private"] == 0),
        ("has_picture", profiles["has_picture"] == 0),
        ("username_digit_count", profiles["username_digit_count"] == 0),
    ):
        yield from _both_ways("kind", name, low.to_numpy(), is_fake)


def _both_ways(family: str, name: str, low: Mask, is_fake: Mask) -> Iterator[Shift]:
    sides = [low & is_fake, low & ~is_fake, ~low & is_fake, ~low & ~is_fake]
    if min(side.sum() for side in sides) < LEAST_OF_A_CLASS:
        return
    yield Shift(family, f"{name}: low to high", (low, ~low))
    yield Shift(family, f"{name}: high to low", (~low, low))


def _even_median(values: npt.NDArray[np.float64], is_fake: Mask) -> float:
    """The median where fake and genuine accounts weigh alike as classes."""
    order = np.argsort(values, kind="stable")
    weight = np.where(is_fake, 0.5 / is_fake.sum(), 0.5 / (~is_fake).sum())[order]
    return float(values[order][np.searchsorted(weight.cumsum(), 0.5)])


def _hidden() -> Iterator[Shift]:
    pairs = (("username_length", "username_digit_count"), ("is_private", "biography_length"))
    for columns in (*((name,) for name in PROFILE_COLUMNS), *pairs):
        yield Shift("hidden", "without " + ", ".join(columns), change=_without(list(columns)))


def _resized() -> Iterator[Shift]:
    for factor in (0.2, 5, 25):
        yield Shift("resized", f"all counts x {factor:g}", change=_times(list(SIZES), factor))
        yield Shift("resized", f"followers x {factor:g}", change=_times(["follower_count"], factor))
    for factor in (0.2, 5):
        yield Shift(
            "resized", f"following x {factor:g}", change=_times(["following_count"], factor)
        )
    yield Shift("resized", "privacy reversed", change=_privacy_reversed)
    yield Shift("resized", "genuine accounts far larger", change=_genuine_larger)


def _without(columns: list[str]) -> Change:
    return lambda profiles, _: profiles.drop(columns=columns)


def _times(columns: list[str], factor: float) -> Change:
    return lambda profiles, _: profiles.assign(
        **{name: (profiles[name] * factor).round() for name in columns}
    )


def _privacy_reversed(profiles: pd.DataFrame, _: Mask) -> pd.DataFrame:
    return profiles.assign(is_private=1 - profiles["is_private"])


def _genuine_larger(profiles: pd.DataFrame, is_fake: Mask) -> pd.DataFrame:
    """Followers of the genuine up to thousands of times as many; posts by the root of that."""
    random = np.random.default_rng(5)
    factors = np.where(is_fake, 1, np.exp(np.abs(random.normal(0, 3, len(profiles)))))
    return profiles.assign(
        follower_count=(profiles["follower_count"] * factors).round(),
        media_count=(profiles["media_count"] * np.sqrt(factors)).round(),
    )
