"""What campaigns add to posts: bought likes, the comments of pods, and comment spam.

Works on the organic counters [P, T] after the simulation, since bought likes bring no views and no
followers.
"""

from dataclasses import dataclass, replace

import numpy as np

from ingestion.sandbox.world.coefficients import Fraud
from ingestion.sandbox.world.commenters import BOTS, pod_members
from ingestion.sandbox.world.counters import PostCounters
from ingestion.sandbox.world.growth import ROUND_LOTS
from ingestion.sandbox.world.model import DAY_SECONDS, Ints
from ingestion.sandbox.world.plan import Campaign, Plan
from ingestion.sandbox.world.publishing import Draft
from ingestion.sandbox.world.span import Span

POD_COMMENT, SPAM_COMMENT = 1, 2


@dataclass(frozen=True)
class Inflation:
    """What was added, by post [P], and the comments as rows (post, author, created, kind)."""

    bought_likes: Ints
    pod_comments: Ints
    spam_comments: Ints
    post: Ints
    author: Ints
    created: Ints
    kind: Ints


def inflate(
    rng: np.random.Generator, plan: Plan, span: Span, draft: Draft, counted: PostCounters
) -> tuple[PostCounters, Inflation]:
    """The counters with what the plan's campaigns add, and the truth of it."""
    likes, comments = counted.likes.copy(), counted.comments.copy()
    bought = np.zeros(draft.account.size, dtype=np.int64)
    rows: list[tuple[Ints, Ints, Ints, Ints]] = []
    ends = span.burn_in_second + DAY_SECONDS * np.arange(1, span.simulated + 1)
    for campaign in plan.campaigns:
        for post in _posts(rng, draft, campaign):
            if campaign.kind == "bought_likes":
                added = _buy_likes(rng, campaign, int(draft.created[post]), likes[post], ends)
                likes[post] += added
                bought[post] += added[-1]
            elif not draft.comments_off[post]:
                own = int(counted.comments[post, -1])
                author, moments, which = _talk(rng, campaign, int(draft.created[post]), own)
                author, moments = author[moments < ends[-1]], moments[moments < ends[-1]]
                comments[post] += _by_day(moments, ends)
                if which == POD_COMMENT:
                    likes[post] += _by_day(moments, ends)
                size = len(moments)
                rows.append((np.full(size, post), author, moments, np.full(size, which)))
    empty = np.zeros((0, 4), dtype=np.int64)
    table: Ints = np.concatenate([empty, *(np.column_stack(row) for row in rows)])
    kinds, posts = table[:, 3], draft.account.size
    return replace(counted, likes=likes, comments=comments), Inflation(
        bought_likes=bought,
        pod_comments=np.bincount(table[kinds == POD_COMMENT, 0], minlength=posts),
        spam_comments=np.bincount(table[kinds == SPAM_COMMENT, 0], minlength=posts),
        post=table[:, 0],
        author=table[:, 1],
        created=table[:, 2],
        kind=kinds,
    )


def _posts(rng: np.random.Generator, draft: Draft, campaign: Campaign) -> Ints:
    here = (draft.account == campaign.account) & ~draft.story & ~draft.alien
    here &= (draft.day >= campaign.start) & (draft.day < campaign.end)
    places = np.nonzero(here)[0]
    return places[rng.random(places.size) < Fraud().campaign_posts]


def _buy_likes(
    rng: np.random.Generator, campaign: Campaign, created: int, organic: Ints, ends: Ints
) -> Ints:
    """Likes added by the end of each day, [T]."""
    fraud = Fraud()
    wanted = float(organic[-1]) * rng.uniform(*fraud.likes_bought)
    wanted *= 1 - fraud.stealth_likes * campaign.stealth
    wanted = max(wanted, 60.0)
    if rng.random() >= campaign.stealth:
        unit = int(ROUND_LOTS[max(wanted, 100) >= ROUND_LOTS][-1])
        wanted = unit * max(round(wanted / unit), 1)
    hours = fraud.likes_hours * (1 + fraud.stealth_likes_slower * campaign.stealth)
    age = np.clip((ends - created) / 3600, 0, None)
    found: Ints = np.floor(wanted * np.minimum(age / hours, 1.0)).astype(np.int64)
    return found


def _talk(
    rng: np.random.Generator, campaign: Campaign, created: int, own: int
) -> tuple[Ints, Ints, int]:
    """Who comments, when (Unix seconds), and as what."""
    fraud = Fraud()
    fewer = 1 - fraud.stealth_comments * campaign.stealth
    if campaign.kind == "engagement_pod":
        members = pod_members(campaign.pod)
        count = max(round(members.size * rng.uniform(*fraud.pod_present) * fewer), 3)
        author = rng.permutation(members)[:count]
        hours, kind = fraud.pod_hours, POD_COMMENT
    else:
        wanted = max(own, 4) * rng.uniform(*fraud.spam_count) * fewer
        count = min(max(round(wanted), 3), fraud.spam_cap)
        author = BOTS.start + rng.choice(len(BOTS), count, replace=False)
        hours, kind = fraud.spam_hours, SPAM_COMMENT
    hours *= 1 + fraud.stealth_comments_slower * campaign.stealth
    delay = 40 + rng.exponential(hours * 3600, author.size)
    return author.astype(np.int64), created + delay.astype(np.int64), kind


def _by_day(created: Ints, ends: Ints) -> Ints:
    found: Ints = np.searchsorted(np.sort(created), ends).astype(np.int64)
    return found
