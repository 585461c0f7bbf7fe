"""From simulated views to the counters that a platform shows: whole numbers that never fall."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import Disturbances, Posts, Traits
from ingestion.sandbox.world.growth import REFERENCE_SIZE, Course
from ingestion.sandbox.world.model import Floats, Ints
from ingestion.sandbox.world.publishing import Draft
from ingestion.sandbox.world.span import BURN_IN


@dataclass(frozen=True)
class PostCounters:
    """Cumulative at the end of each simulated day, [P, T]."""

    views: Ints
    likes: Ints
    comments: Ints
    shares: Ints
    saves: Ints
    reach: Ints


def post_counters(
    rng: np.random.Generator, traits: Traits, draft: Draft, course: Course, account_rate: Floats
) -> PostCounters:
    """Counters over all T days; ``account_rate`` [A] deviates the root of the engagement rate."""
    posts, count = Posts(), draft.account.size
    seen = np.cumsum(course.views_of_posts, axis=1)
    relative = np.maximum(course.size_at_post, 1) / REFERENCE_SIZE
    median = traits.engagement_rate * relative**traits.engagement_size_exponent
    root = 1 + account_rate[draft.account] + draft.rate
    # Viral posts are seen by strangers, who engage less.
    engaged = median * np.clip(root, *posts.root_range) ** 2
    engaged *= np.where(draft.viral, posts.viral_engagement, 1.0)
    engaged = np.minimum(engaged, posts.rate_ceiling)
    engaged *= np.where(draft.story, posts.story_engagement, 1.0)
    talk = traits.comment_share * rng.lognormal(0, posts.comment_spread, count)
    pass_on = traits.share_share * rng.lognormal(0, posts.share_spread, count)
    talk = np.minimum(talk, posts.part_ceiling)
    pass_on = np.minimum(pass_on, posts.part_ceiling)
    keep = traits.save_rate * rng.lognormal(0, posts.save_spread, count) * ~draft.story
    reached = np.clip(traits.reach_per_view * rng.normal(1, posts.reach_spread, count), 0.3, 1.0)
    speaks = ~draft.comments_off
    crowd = np.where(draft.giveaway, Disturbances().giveaway_comments, 1.0)
    return PostCounters(
        views=np.floor(seen).astype(np.int64),
        likes=_part(seen, engaged * (1 - talk - pass_on)),
        comments=_part(seen, engaged * talk * speaks * crowd),
        shares=_part(seen, engaged * pass_on),
        saves=_part(seen, keep),
        reach=_part(seen, reached),
    )


def account_days(
    traits: Traits, draft: Draft, course: Course, counted: PostCounters, account_rate: Floats
) -> dict[str, Ints]:
    """``views|likes|comments|shares|saves|reach`` of each account and world day, [A, D].

    The new counts of the account's posts, those of posts older than the burn-in, and views that
    were paid for.
    """
    accounts = len(account_rate)
    older = np.floor(course.background[:, BURN_IN:])
    paid = np.floor(course.advertised[:, BURN_IN:])
    rate = traits.engagement_rate * (1 + account_rate[:, None]) ** 2
    of_older = {
        "views": 1.0,
        "likes": rate * (1 - traits.comment_share - traits.share_share),
        "comments": rate * traits.comment_share,
        "shares": rate * traits.share_share,
        "saves": traits.save_rate,
        "reach": traits.reach_per_view,
    }
    found = {}
    for name, part in of_older.items():
        sums = _daily_sums(getattr(counted, name), draft.account, accounts)
        found[name] = sums + np.floor(older * part).astype(np.int64)
    for name, share in (("views", 1.0), ("reach", traits.reach_per_view)):
        found[name] += np.floor(paid * share).astype(np.int64)
    # Whole numbers of many posts may add up to one reach too many.
    found["reach"] = np.minimum(found["reach"], found["views"])
    return found


def _daily_sums(counter: Ints, account: Ints, accounts: int) -> Ints:
    """What a cumulative counter [P, T] gained each world day, summed by account: [A, D]."""
    new = np.diff(counter[:, BURN_IN - 1 :], axis=1)
    found = np.zeros((accounts, new.shape[1]), dtype=np.int64)
    np.add.at(found, account, new)
    return found


def _part(seen: Floats, rate: Floats) -> Ints:
    return np.floor(seen * rate[:, None]).astype(np.int64)


def typical_posts(post_rate: Floats, traits: Traits) -> Floats:
    """Posts a day that an account with this rate is expected to publish, [A]."""
    posts = Posts()
    weekly = (5 + 2 * posts.weekend_posts) / 7
    found: Floats = (
        post_rate * weekly * (traits.posts_per_day + posts.story_reach * traits.story_per_day)
    )
    return found
