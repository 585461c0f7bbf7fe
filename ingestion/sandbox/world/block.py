"""Builds one platform's part of a block of creators, from people to arrays."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ingestion.sandbox.world import audience, commenting, counters, growth, publishing, writing
from ingestion.sandbox.world.coefficients import TRAITS, Comments, Population, Posts
from ingestion.sandbox.world.identity import POST_SHIFT, ids
from ingestion.sandbox.world.model import (
    DAY_SECONDS,
    ERROR_GAP,
    ERROR_NONE,
    ERROR_SUSPENDED,
    PLATFORMS,
    Bools,
    Floats,
    Ints,
    PlatformBlock,
    Texts,
    bounds,
    midnight,
)
from ingestion.sandbox.world.people import Person, people
from ingestion.sandbox.world.phrasebook import COUNTRIES, grammar
from ingestion.sandbox.world.plan import BURN_IN, Plan, empty_plan

CATEGORIES = (
    "Food", "Sports", "Food", "Art", "Travel", "Fitness",
    "Gaming", "Beauty", "Cycling", "Home", "Fashion", "Education",
)  # fmt: skip
"""By topic, in the order of the grammars' topics."""


@dataclass(frozen=True)
class Span:
    """The days of a world and what it is drawn from."""

    seed: int
    first_day: date
    days: int
    stealth: float

    @property
    def burn_in_second(self) -> int:
        """Unix seconds when the burn-in begins."""
        return int(midnight(self.first_day).timestamp()) - BURN_IN * DAY_SECONDS

    @property
    def season(self) -> Floats:
        """Attention by day over burn-in and world, [T]."""
        start = (self.first_day - timedelta(days=BURN_IN)).weekday()
        weekdays = (np.arange(self.days + BURN_IN) + start) % 7
        return np.array(Posts().season)[weekdays]


def build(span: Span, platform: str, block: int) -> PlatformBlock | None:
    """The accounts of block ``block`` on a platform; None where none of its creators is there."""
    members = [p for p in people(span.seed, block) if platform in p.platforms]
    if not members:
        return None
    accounts, traits = len(members), TRAITS[platform]
    stream = np.random.default_rng([span.seed, block, 1 + PLATFORMS.index(platform)])
    traits_rng, post_rng, course_rng, count_rng, text_rng, talk_rng, public_rng = stream.spawn(7)
    person_size = np.array([p.size for p in members])
    spread = traits_rng.normal(0, Population().platform_size_spread, accounts)
    size = np.clip(person_size * traits.size_factor * np.exp(spread), 200, 5e7)
    posts = Posts()
    post_rate = traits_rng.lognormal(0, posts.rate_spread, accounts)
    account_reach = traits_rng.lognormal(0, posts.account_reach_spread, accounts)
    account_rate = traits_rng.normal(0, posts.account_rate_spread, accounts)
    plan = empty_plan(accounts, span.days)
    hours = np.array([COUNTRIES[p.country][2] for p in members], dtype=np.int64)
    draft = publishing.publish(
        post_rng,
        platform,
        traits,
        plan,
        post_rate,
        hours,
        span.burn_in_second,
        (span.first_day - timedelta(days=BURN_IN)).weekday(),
    )
    course = growth.run(
        course_rng,
        traits,
        plan,
        draft,
        size,
        np.array([p.growth for p in members]),
        account_reach,
        counters.typical_posts(post_rate, traits),
        span.season,
        span.burn_in_second,
    )
    counted = counters.post_counters(count_rng, traits, draft, course, account_rate)
    language = np.array([p.language for p in members], dtype=object)
    topic = np.array([p.topic for p in members], dtype=np.int64)
    nothing = np.zeros(draft.account.size, dtype=bool)
    written = writing.captions(
        text_rng, draft.account, language, topic, draft.sponsored, nothing, draft.alien
    )
    post, said = commenting.comment_rows(
        talk_rng, counted.comments, draft.created, span.burn_in_second
    )
    fans = talk_rng.integers(Comments().commenters, size=accounts)
    thread = commenting.ordinary_thread(talk_rng, post, said, draft.account, fans, language)
    country = np.array([p.country for p in members], dtype=object)
    stealth = np.full(accounts, span.stealth)
    audience_of = audience.audiences(public_rng, platform, country, stealth)
    account_id = ids(span.seed, platform, "account", [p.number for p in members])
    post_id = _post_ids(span.seed, platform, block, account_id, draft.account)
    world = slice(BURN_IN, None)
    daily = {
        name: counters.daily_sums(getattr(counted, name), draft.account, accounts)
        for name in ("views", "likes", "comments", "shares", "saves", "reach")
    }
    older = np.floor(course.background[:, world]).astype(np.int64)
    rate = traits.engagement_rate * (1 + account_rate[:, None]) ** 2
    for name, part in (
        ("views", 1.0),
        ("likes", rate * (1 - traits.comment_share - traits.share_share)),
        ("comments", rate * traits.comment_share),
        ("shares", rate * traits.share_share),
        ("saves", traits.save_rate),
        ("reach", traits.reach_per_view),
    ):
        daily[name] += np.floor(older * part).astype(np.int64)
    interactions = daily["likes"] + daily["comments"] + daily["shares"] + daily["saves"]
    gained = course.gained[:, world]
    available, error_kind, previous = _availability(plan, span.days)
    followers = course.followers[:, world]
    first_followers = followers[:, 0]
    return PlatformBlock(
        platform=platform,
        first_day=span.first_day,
        days=span.days,
        account_id=account_id,
        creator_id=np.array([p.creator_id for p in members], dtype=object),
        handle=np.array([p.handle for p in members], dtype=object),
        handle_before=np.array([p.handle for p in members], dtype=object),
        display_name=np.array([p.display_name for p in members], dtype=object),
        description=_descriptions(members),
        country=country,
        language=language,
        category=np.array([CATEGORIES[p.topic] for p in members], dtype=object),
        rebrand_day=np.zeros(accounts, dtype=np.int64),
        created=_created(public_rng, span, accounts),
        is_verified=(first_followers > Population().verified_from)
        & (public_rng.random(accounts) < 0.5),
        hides_followers=(public_rng.random(accounts) < Population().hidden_subscribers)
        & (platform == "youtube"),
        followers=followers,
        gained=gained,
        lost=course.lost[:, world],
        following=_following(public_rng, platform, plan, accounts)[:, world],
        reach=daily["reach"],
        views=daily["views"],
        profile_views=np.floor(
            daily["views"] * 0.012 + gained * public_rng.uniform(3, 6, (accounts, 1))
        ).astype(np.int64),
        engaged=np.floor(interactions * 0.84).astype(np.int64),
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
        audience=audience_of,
        activity=audience.activity(
            public_rng, audience_of["country"][0], audience_of["country"][1]
        ),
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


def _descriptions(members: list[Person]) -> Texts:
    texts = [
        f"{grammar(p.language).topics[p.topic]} · {COUNTRIES[p.country][3][p.number % 4]}"
        for p in members
    ]
    return np.array(texts, dtype=object)


def _created(rng: np.random.Generator, span: Span, accounts: int) -> Ints:
    oldest = 9 * 365 * DAY_SECONDS
    youngest = 450 * DAY_SECONDS
    age = rng.integers(youngest, oldest, size=accounts)
    found: Ints = span.burn_in_second - age
    return found


def _following(rng: np.random.Generator, platform: str, plan: Plan, accounts: int) -> Ints:
    median = {"facebook": 40, "instagram": 500, "tiktok": 180, "youtube": 60}[platform]
    start = np.floor(median * rng.lognormal(0, 0.7, accounts)).astype(np.int64)
    steps = rng.poisson(0.6, plan.following_change.shape) - rng.poisson(
        0.55, plan.following_change.shape
    )
    walk = start[:, None] + np.cumsum(steps + plan.following_change, axis=1)
    return np.clip(walk, 0, 7_500).astype(np.int64)


def _availability(plan: Plan, days: int) -> tuple[Bools, np.ndarray, Ints]:
    suspended, gap = plan.suspended[:, BURN_IN:], plan.gap[:, BURN_IN:]
    kind = np.where(suspended, ERROR_SUSPENDED, np.where(gap, ERROR_GAP, ERROR_NONE))
    available = kind == ERROR_NONE
    seen = np.where(available, np.arange(days), -1)
    latest = np.maximum.accumulate(seen, axis=1)
    previous = np.concatenate([np.full((len(kind), 1), -1), latest[:, :-1]], axis=1)
    return available, kind.astype(np.int8), previous.astype(np.int64)
