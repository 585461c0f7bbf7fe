"""When the accounts of a block post, and what kind of post it is."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import FORMATS, Posts, Traits
from ingestion.sandbox.world.model import DAY_SECONDS, NEVER, Bools, Floats, Ints, Texts
from ingestion.sandbox.world.plan import Plan
from ingestion.sandbox.world.span import BURN_IN, Span

FEED, STORY, ALIEN = 0, 1, 2


@dataclass(frozen=True)
class Draft:
    """Posts as published, [P], sorted by (account, created); ``day`` indexes T."""

    account: Ints
    day: Ints
    created: Ints
    deleted: Ints
    format: Texts
    duration: Ints
    reach: Floats
    """Views per follower against the platform's median."""
    rate: Floats
    """Relative deviation of the root of the engagement rate."""
    viral: Bools
    story: Bools
    alien: Bools
    """Written by somebody who has taken the account over."""
    giveaway: Bools
    sponsored: Bools
    synthetic: Bools
    kids: Bools
    comments_off: Bools
    likes_hidden: Bools


def publish(
    rng: np.random.Generator,
    platform: str,
    traits: Traits,
    plan: Plan,
    post_rate: Floats,
    hours_from_utc: Ints,
    span: Span,
) -> Draft:
    """Draw the posts of all accounts.

    Args:
        post_rate: an account's posts [A] against the platform's median.
        hours_from_utc: where the account's owner lives, [A].
    """
    posts = Posts()
    weekend = np.isin((np.arange(span.simulated) + span.weekday) % 7, (5, 6))
    season = np.where(weekend, posts.weekend_posts, 1.0)
    active: Floats = np.where(plan.silent | plan.suspended, 0.0, season)
    feed = rng.poisson(traits.posts_per_day * post_rate[:, None] * active)
    # Every account posted on the day before the first, so that none is empty.
    feed[:, BURN_IN - 1] = np.maximum(feed[:, BURN_IN - 1], 1)
    feed = np.maximum(feed, plan.giveaway & (active > 0))
    stories = rng.poisson(traits.story_per_day * post_rate[:, None] * active)
    # A story lives for a day: those before the first day can never be seen.
    stories[:, : BURN_IN - 1] = 0
    account, day, origin = _occurrences(feed, stories, plan.alien_posts)
    count = account.size
    local_hour = np.clip(rng.normal(posts.hour, posts.hour_spread, count), 6, 23.95)
    hour = (local_hour - hours_from_utc[account]) % 24
    created = span.burn_in_second + day * DAY_SECONDS + (hour * 3600).astype(np.int64)
    order = np.lexsort((created, account))
    account, day, created, origin = account[order], day[order], created[order], origin[order]
    story = origin == STORY
    formats, duration, factor = _formats(rng, platform, story)
    viral = (rng.random(count) < posts.viral_share) & ~story
    boost = posts.viral_factor * rng.lognormal(0, posts.viral_spread, count)
    reach = rng.lognormal(0, posts.post_reach_spread, count) * factor * np.where(viral, boost, 1)
    deleted = _deletions(rng, created, story, posts)
    _take_down(plan, span, account, created, story, deleted)
    kids: Bools = rng.random(len(plan.silent)) < posts.kids_share
    return Draft(
        account=account,
        day=day,
        created=created,
        deleted=deleted,
        format=formats,
        duration=duration,
        reach=reach,
        rate=rng.normal(0, posts.post_rate_spread, count),
        viral=viral,
        story=story,
        alien=origin == ALIEN,
        giveaway=_giveaways(plan, account, day, origin),
        sponsored=rng.random(count) < posts.sponsored_share,
        synthetic=rng.random(count) < posts.synthetic_share,
        kids=kids[account],
        comments_off=(rng.random(count) < posts.comments_off_share) & ~story,
        likes_hidden=(rng.random(count) < posts.likes_hidden_share) & ~story,
    )


def _occurrences(*counts: Ints) -> tuple[Ints, Ints, Ints]:
    """Account, day and which of ``counts`` [A, T] it is from, for each thing counted."""
    accounts, days, origins = [], [], []
    for origin, counted in enumerate(counts):
        account, day = np.nonzero(counted)
        repeat = counted[account, day]
        accounts.append(np.repeat(account, repeat))
        days.append(np.repeat(day, repeat))
        origins.append(np.full(int(repeat.sum()), origin))
    return (
        np.concatenate(accounts).astype(np.int64),
        np.concatenate(days).astype(np.int64),
        np.concatenate(origins).astype(np.int64),
    )


def _giveaways(plan: Plan, account: Ints, day: Ints, origin: Ints) -> Bools:
    """The first ordinary post of each giveaway's day."""
    wanted = plan.giveaway[account, day] & (origin == FEED)
    first = np.ones(account.size, dtype=bool)
    places = np.nonzero(wanted)[0]
    same = (account[places][1:] == account[places][:-1]) & (day[places][1:] == day[places][:-1])
    first[places[1:][same]] = False
    found: Bools = wanted & first
    return found


def _take_down(
    plan: Plan, span: Span, account: Ints, created: Ints, story: Bools, deleted: Ints
) -> None:
    for who, t in zip(*np.nonzero(plan.removal), strict=True):
        moment = span.burn_in_second + int(t) * DAY_SECONDS + 43_200
        before = np.nonzero((account == who) & (created < moment) & ~story)[0]
        if before.size:
            deleted[before[-1]] = min(int(deleted[before[-1]]), moment)


def _formats(rng: np.random.Generator, platform: str, story: Bools) -> tuple[Texts, Ints, Floats]:
    names = list(FORMATS[platform])
    shares = np.array([FORMATS[platform][n][0] for n in names])
    chosen = rng.choice(len(names), story.size, p=shares / shares.sum())
    factors = np.array([FORMATS[platform][n][1] for n in names])[chosen]
    low = np.array([(FORMATS[platform][n][2] or (-1, -1))[0] for n in names])[chosen]
    high = np.array([(FORMATS[platform][n][2] or (-1, -1))[1] for n in names])[chosen]
    duration = low + ((high - low) * rng.random(story.size) ** 2).astype(np.int64)
    formats = np.array(names, dtype=object)[chosen]
    return (
        np.where(story, "story", formats),
        np.where(story, 15, duration).astype(np.int64),
        np.where(story, Posts().story_reach, factors),
    )


def _deletions(rng: np.random.Generator, created: Ints, story: Bools, posts: Posts) -> Ints:
    chance, delay = rng.random(created.size), rng.exponential(12 * DAY_SECONDS, created.size)
    later = created + 3600 + delay.astype(np.int64)
    kept = np.where(chance < posts.deleted_share, later, NEVER)
    return np.where(story, created + DAY_SECONDS, kept).astype(np.int64)
