"""The numbers of a synthetic world: accounts that grow and posts that gather an audience.

Everything is drawn from one seed with numpy, for one platform at a time. Mechanisms:

- **Accounts**: starting followers are lognormal over four orders of magnitude; each account has a
  daily growth rate of its own, a weekly season (weekends gain more), day-to-day noise, and gains
  from its posts' views.
- **Posts**: a Poisson rate per account, busier on weekends; the final number of views is
  followers x a lognormal reach, and one post in thirty comes from a viral component with ten times
  the reach.
- **Attention over time**: a post gathers ``1 - (1 + age/tau)^-1.2`` of its final views by an age in
  days, a long-tailed decay. Likes, comments and shares are a post's own rates of its views.

Counters of posts are integers that never fall. Arrays are indexed ``[object, day]`` and hold the
state at the end of that UTC day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class PlatformTraits:
    """What sets one platform's posts apart from another's."""

    posts_per_day: float
    reach_of_followers: float
    decay_days: float
    like_rate: float
    comment_rate: float
    share_rate: float
    short_share: float
    long_seconds: tuple[int, int]


@dataclass(frozen=True)
class Simulation:
    """Accounts and posts of one platform; counters are ``[object, day]``."""

    first_day: date
    followers: Ints
    post_account: Ints
    post_created: Ints
    """Unix seconds."""
    post_duration: Ints
    """Seconds."""
    views: Ints
    likes: Ints
    comments: Ints
    shares: Ints

    def day_index(self, as_of: datetime) -> int:
        """The day that ends at ``as_of``, kept within the world's days."""
        days = (as_of - midnight(self.first_day)).days - 1
        return int(np.clip(days, 0, self.followers.shape[1] - 1))


def midnight(day: date) -> datetime:
    """The first instant of a UTC day."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def simulate(
    rng: np.random.Generator, accounts: int, days: int, last_day: date, traits: PlatformTraits
) -> Simulation:
    """Draw ``accounts`` accounts and their posts over ``days`` days that end with ``last_day``."""
    first_day = last_day - timedelta(days=days - 1)
    weekend = np.isin((np.arange(days) + first_day.weekday()) % 7, (5, 6))
    season: Floats = np.where(weekend, 1.25, 1.0)
    organic = _organic_followers(rng, accounts, days, season)
    account, created_day, created = _publish(rng, organic, first_day, season, traits)
    views = _views(rng, organic[account, created_day], created, first_day, days, traits)
    # One view in four hundred becomes a follower: what a viral post leaves behind.
    gained = np.zeros_like(organic)
    np.add.at(gained, account, views / 400)
    return Simulation(
        first_day=first_day,
        followers=np.floor(organic + gained).astype(np.int64),
        post_account=account,
        post_created=created,
        post_duration=_durations(rng, account.size, traits),
        views=views,
        likes=_share_of(rng, views, traits.like_rate, spread=0.45),
        comments=_share_of(rng, views, traits.comment_rate, spread=0.7),
        shares=_share_of(rng, views, traits.share_rate, spread=0.9),
    )


def _organic_followers(
    rng: np.random.Generator, accounts: int, days: int, season: Floats
) -> Floats:
    start = np.clip(rng.lognormal(np.log(45_000), 1.7, accounts), 900, 6_000_000)
    daily_rate = rng.normal(0.0025, 0.0015, accounts)
    noise = rng.normal(0, 0.0008, (accounts, days))
    return start[:, None] * np.exp(np.cumsum(daily_rate[:, None] * season + noise, axis=1))


def _publish(
    rng: np.random.Generator,
    followers: Floats,
    first_day: date,
    season: Floats,
    traits: PlatformTraits,
) -> tuple[Ints, Ints, Ints]:
    accounts, _ = followers.shape
    rate: Floats = traits.posts_per_day * np.asarray(rng.lognormal(0, 0.5, accounts))
    posts: Ints = np.asarray(rng.poisson(rate[:, None] * season), dtype=np.int64)
    # Every account has posted on its first day, so that none is empty.
    posts[:, 0] = np.maximum(posts[:, 0], 1)
    account, day = np.nonzero(posts)
    repeat = posts[account, day]
    account, day = np.repeat(account, repeat), np.repeat(day, repeat)
    # People post in waking hours: a bump around 17:00 UTC.
    second = np.clip(rng.normal(17, 3.5, account.size), 0, 23.99) * 3600
    origin = int(midnight(first_day).timestamp())
    created = origin + day * DAY_SECONDS + second.astype(np.int64)
    order = np.lexsort((created, account))
    return account[order], day[order], created[order]


def _views(
    rng: np.random.Generator,
    followers: Floats,
    created: Ints,
    first_day: date,
    days: int,
    traits: PlatformTraits,
) -> Ints:
    posts = created.size
    viral = rng.random(posts) < 1 / 30
    reach = rng.lognormal(np.log(traits.reach_of_followers), 0.9, posts) * np.where(viral, 10, 1)
    # Smaller accounts reach a larger part of their followers.
    final = reach * followers * (followers / 50_000) ** -0.15
    ends = midnight(first_day).timestamp() + DAY_SECONDS * np.arange(1, days + 1)
    age = np.clip((ends[None, :] - created[:, None]) / DAY_SECONDS, 0, None)
    return np.floor(final[:, None] * (1 - (1 + age / traits.decay_days) ** -1.2)).astype(np.int64)


def _share_of(rng: np.random.Generator, views: Ints, rate: float, spread: float) -> Ints:
    rates = np.minimum(rate * rng.lognormal(0, spread, views.shape[0]), 0.5)
    return np.floor(views * rates[:, None]).astype(np.int64)


def _durations(rng: np.random.Generator, posts: int, traits: PlatformTraits) -> Ints:
    short = rng.integers(8, 61, posts)
    long = rng.integers(*traits.long_seconds, posts)
    return np.where(rng.random(posts) < traits.short_share, short, long)
