"""The people who comment: one fixed population, shared by all accounts of the world."""

from functools import cached_property

import numpy as np

from ingestion.sandbox.world.account import FOLLOWING_LIMIT
from ingestion.sandbox.world.coefficients import Comments, Profiles
from ingestion.sandbox.world.identity import ids
from ingestion.sandbox.world.model import PLATFORMS, Bools, Ints, Texts
from ingestion.sandbox.world.phrasebook import languages, names

_SETTINGS = Comments()
ORDINARY = range(_SETTINGS.commenters)
POD_PEOPLE = range(ORDINARY.stop, ORDINARY.stop + _SETTINGS.pod_people)
BOTS = range(POD_PEOPLE.stop, POD_PEOPLE.stop + _SETTINGS.bots)
"""Index ranges of the three kinds of commenters; no id or profile tells them apart for sure."""

_YEAR = 365 * 86_400
_OLDEST, _NEWEST = 1_325_376_000, 1_735_689_600  # 2012 and 2025, in Unix seconds


class Commenters:
    """Public profiles, all arrays [N]."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.count = BOTS.stop
        rng = np.random.default_rng([seed, 2**31])
        n, look = self.count, Profiles()
        kind = np.zeros(n, dtype=np.int64)
        kind[POD_PEOPLE.start : POD_PEOPLE.stop] = 1
        kind[BOTS.start :] = 2
        # One ordinary commenter in ten looks as empty as a bot: a profile alone proves nothing.
        empty = (kind == 2) & (rng.random(n) < look.empty_bots)
        empty |= (kind == 0) & (rng.random(n) < look.empty_people)
        young = np.where(empty, rng.random(n) < look.young, False)
        self.created: Ints = np.where(
            young, _NEWEST - rng.integers(_YEAR, size=n), rng.integers(_OLDEST, _NEWEST, size=n)
        ).astype(np.int64)
        group = np.where(empty, 2, np.where(kind == 1, 1, 0))
        follows = _lognormal(rng, np.array(look.following)[group], look.following_spread)
        self.follower_count: Ints = _lognormal(rng, np.array(look.followers)[group], look.spread)
        self.following_count: Ints = np.minimum(follows, FOLLOWING_LIMIT)
        self.post_count: Ints = _lognormal(rng, np.array(look.posts)[group], look.spread)
        self.has_picture: Bools = rng.random(n) < np.array(look.picture)[empty.astype(int)]
        self.bio_length: Ints = np.where(
            rng.random(n) < np.array(look.no_bio)[empty.astype(int)],
            0,
            rng.integers(5, 150, size=n),
        ).astype(np.int64)
        self.is_private: Bools = rng.random(n) < np.where(kind == 0, *look.private)
        self.name: Texts = _names(rng, n, empty)

    @cached_property
    def _ids(self) -> dict[str, Texts]:
        numbers = np.arange(self.count)
        return {p: ids(self._seed, p, "commenter", numbers) for p in PLATFORMS}

    @cached_property
    def _positions(self) -> dict[str, dict[str, int]]:
        return {p: {v: i for i, v in enumerate(found)} for p, found in self._ids.items()}

    def ids(self, platform: str) -> Texts:
        """The ids of all commenters on a platform, [N]."""
        return self._ids[platform]

    def commenter_id(self, platform: str, i: int) -> str:
        """The id of commenter ``i`` on a platform."""
        return str(self._ids[platform][i])

    def position(self, platform: str, commenter_id: str) -> int | None:
        """The index of the commenter with this id, or None."""
        return self._positions[platform].get(commenter_id)


def pod_members(pod: int) -> Ints:
    """The commenters who form a pod."""
    size = _SETTINGS.pod_size
    return np.arange(size, dtype=np.int64) + POD_PEOPLE.start + pod * size


def _lognormal(rng: np.random.Generator, median: np.ndarray, spread: float) -> Ints:
    return np.floor(median * rng.lognormal(0, spread, median.size)).astype(np.int64)


def _names(rng: np.random.Generator, count: int, empty: Bools) -> Texts:
    tongue = rng.integers(len(languages()), size=count)
    given, family = rng.integers(8, size=(2, count))
    number = rng.integers(10, 99_999, size=count)
    tables = [names()[language] for language in languages()]
    found = np.empty(count, dtype=object)
    for i in range(count):
        table = tables[tongue[i]]
        first, last = table["first"][given[i]].lower(), table["last"][family[i]].lower()
        # Half of the people have a number in their name, whoever they are.
        found[i] = f"{first}{last}{number[i]}" if empty[i] or number[i] % 2 else f"{first}.{last}"
    return found
