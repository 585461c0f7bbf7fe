"""Builds one platform's part of a block of creators: from people to plan, numbers and texts.

Each stage has a random stream of its own, so that a change in one leaves the others as they were.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world import audience, commenting, counters, growth, publishing, writing
from ingestion.sandbox.world.account import Profiles, availability, following, profiles
from ingestion.sandbox.world.coefficients import TRAITS, Population, Posts, Traits
from ingestion.sandbox.world.disturbances import plant_disturbances
from ingestion.sandbox.world.fraud import plant_fraud
from ingestion.sandbox.world.identity import POST_SHIFT, ids
from ingestion.sandbox.world.incidents import plant_incidents
from ingestion.sandbox.world.inflation import Inflation, inflate
from ingestion.sandbox.world.model import PLATFORMS, Floats, Ints, PlatformBlock, Texts, bounds
from ingestion.sandbox.world.people import Person, people
from ingestion.sandbox.world.phrasebook import COUNTRIES
from ingestion.sandbox.world.plan import Plan, empty_plan
from ingestion.sandbox.world.span import BURN_IN, Span

STAGES = 9


@dataclass(frozen=True)
class Built:
    """A block as the platform shows it, and what is known of it besides."""

    block: PlatformBlock
    members: list[Person]
    plan: Plan
    draft: publishing.Draft
    course: growth.Course
    inflation: Inflation


@dataclass(frozen=True)
class _Character:
    """What stays the same about each account, [A]."""

    size: Floats
    net_growth: Floats
    post_rate: Floats
    reach: Floats
    rate: Floats


def build(span: Span, platform: str, block: int) -> Built | None:
    """The accounts of block ``block`` on a platform; None where none of its creators is there."""
    members = [p for p in people(span.seed, block) if platform in p.platforms]
    if not members:
        return None
    traits = TRAITS[platform]
    stream = np.random.default_rng([span.seed, block, 1 + PLATFORMS.index(platform)])
    stages = stream.spawn(STAGES)
    who = _character(stages[0], traits, members)
    plan = _plan(stages[1], span, members, platform, who.size)
    hours = np.array([COUNTRIES[p.country][2] for p in members], dtype=np.int64)
    draft = publishing.publish(stages[2], platform, traits, plan, who.post_rate, hours, span)
    typical = counters.typical_posts(who.post_rate, traits)
    course = growth.run(
        stages[3], traits, plan, draft, who.size, who.net_growth, who.reach, typical, span
    )
    organic = counters.post_counters(stages[4], traits, draft, course, who.rate)
    counted, inflation = inflate(stages[5], plan, span, draft, organic)
    public = profiles(stages[6], span, platform, plan, members, course.followers[:, BURN_IN])
    written = writing.captions(
        stages[7], draft, public.language, np.array([p.topic for p in members])
    )
    thread = commenting.write_thread(
        stages[8], span, plan, draft, organic.comments, inflation, public.language
    )
    found = _assemble(
        span, platform, block, members, public, traits, who, plan, draft, course, counted, written,
        thread, stages[6],
    )  # fmt: skip
    return Built(found, members, plan, draft, course, inflation)


def _character(rng: np.random.Generator, traits: Traits, members: list[Person]) -> _Character:
    posts, accounts = Posts(), len(members)
    spread = rng.normal(0, Population().platform_size_spread, accounts)
    size = np.array([p.size for p in members]) * traits.size_factor * np.exp(spread)
    return _Character(
        size=np.clip(size, 200, 5e7),
        net_growth=np.array([p.growth for p in members]),
        post_rate=rng.lognormal(0, posts.rate_spread, accounts),
        reach=rng.lognormal(0, posts.account_reach_spread, accounts),
        rate=rng.normal(0, posts.account_rate_spread, accounts),
    )


def _plan(
    rng: np.random.Generator, span: Span, members: list[Person], platform: str, size: Floats
) -> Plan:
    plan = empty_plan(len(members), span.simulated)
    fraud, disturbances, incidents = rng.spawn(3)
    plant_incidents(incidents, plan, span, members, platform, size)
    plant_disturbances(disturbances, plan, span, members, platform)
    plant_fraud(fraud, plan, span, members, platform, size)
    return plan


def _assemble(
    span: Span,
    platform: str,
    block: int,
    members: list[Person],
    public: Profiles,
    traits: Traits,
    who: _Character,
    plan: Plan,
    draft: publishing.Draft,
    course: growth.Course,
    counted: counters.PostCounters,
    written: writing.Captions,
    thread: commenting.Thread,
    rng: np.random.Generator,
) -> PlatformBlock:
    world, accounts, posts = slice(BURN_IN, None), len(members), Posts()
    account_id = ids(span.seed, platform, "account", [p.number for p in members])
    post_id = _post_ids(span.seed, platform, block, account_id, draft.account)
    daily = counters.account_days(traits, draft, course, counted, who.rate)
    gained = course.gained[:, world]
    available, error_kind, previous = availability(plan)
    stealth = np.array([p.stealth(span.stealth) for p in members])
    audiences = audience.audiences(rng, platform, public.country, stealth)
    codes, countries, _ = audiences["country"]
    interactions = daily["likes"] + daily["comments"] + daily["shares"] + daily["saves"]
    curious = rng.uniform(*posts.gain_visits, (accounts, 1)) * gained
    return PlatformBlock(
        platform=platform,
        first_day=span.first_day,
        days=span.days,
        account_id=account_id,
        creator_id=np.array([p.creator_id for p in members], dtype=object),
        **vars(public),
        followers=course.followers[:, world],
        gained=gained,
        lost=course.lost[:, world],
        following=following(rng, platform, plan)[:, world],
        profile_views=np.floor(daily["views"] * posts.profile_visits + curious).astype(np.int64),
        engaged=np.floor(interactions * posts.engaged_accounts).astype(np.int64),
        reach=daily["reach"],
        views=daily["views"],
        likes=daily["likes"],
        comments=daily["comments"],
        shares=daily["shares"],
        saves=daily["saves"],
        available=available,
        error_kind=error_kind,
        previous=previous,
        bought=course.bought[:, world],
        post_id=post_id,
        post_account=draft.account,
        post_created=draft.created,
        post_deleted=draft.deleted,
        post_format=draft.format,
        post_duration=draft.duration,
        post_title=written.title,
        post_caption=written.caption,
        post_language=written.language,
        post_sponsored=draft.sponsored,
        post_synthetic=draft.synthetic,
        post_kids=draft.kids,
        comments_off=draft.comments_off,
        likes_hidden=draft.likes_hidden,
        post_views=counted.views[:, world],
        post_likes=counted.likes[:, world],
        post_comments=counted.comments[:, world],
        post_shares=counted.shares[:, world],
        post_saves=counted.saves[:, world],
        post_reach=counted.reach[:, world],
        comment_id=commenting.comment_ids(span.seed, platform, block, thread, post_id),
        comment_post=thread.post,
        comment_author=thread.author,
        comment_created=thread.created,
        comment_likes=thread.likes,
        comment_parent=thread.parent,
        comment_text=thread.text,
        comment_language=thread.language,
        audience=audiences,
        activity=audience.activity(rng, codes, countries),
        _post_bounds=bounds(draft.account, accounts),
        _comment_bounds=bounds(thread.post, draft.account.size),
    )


def _post_ids(seed: int, platform: str, block: int, account_id: Texts, post_account: Ints) -> Texts:
    numbers = (block << POST_SHIFT) + np.arange(post_account.size)
    found = ids(seed, platform, "post", numbers)
    if platform != "facebook":
        return found
    pairs = zip(account_id[post_account], found, strict=True)
    return np.array([f"{page}_{post}" for page, post in pairs], dtype=object)
