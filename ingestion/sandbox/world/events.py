"""The events of an account as the truth tells them: what was planned, with what came of it."""

from collections.abc import Iterator

import numpy as np

from ingestion.sandbox.world.block import Built
from ingestion.sandbox.world.plan import Event as Told
from ingestion.sandbox.world.span import BURN_IN

__all__ = ["Told", "events_of"]


def events_of(built: Built, account: int) -> Iterator[Told]:
    """Fraud, hard negatives and purges that touch the world's days, by account."""
    for told in _all(built, account):
        if told.end > BURN_IN:
            yield told


def _all(built: Built, account: int) -> Iterator[Told]:
    plan, draft, course, added = built.plan, built.draft, built.course, built.inflation
    yield from (event for event in plan.events if event.account == account)
    for lot, size in zip(plan.lots, course.lot_sizes, strict=True):
        if lot.account == account and size:
            end = lot.start + lot.days
            yield Told(
                account, "bought_followers", lot.start, end, size, "followers", is_fraud=True
            )
    counts = {
        "bought_likes": (added.bought_likes, "likes"),
        "engagement_pod": (added.pod_comments, "comments"),
        "comment_spam": (added.spam_comments, "comments"),
    }
    for campaign in plan.campaigns:
        if campaign.account == account:
            added_here, unit = counts[campaign.kind]
            size = int(added_here[draft.account == account].sum())
            yield Told(
                account, campaign.kind, campaign.start, campaign.end, size, unit, is_fraud=True
            )
    for post in np.nonzero((draft.account == account) & draft.viral)[0]:
        start = int(draft.day[post])
        yield Told(
            account, "viral_post", start, start + 3, float(draft.reach[post]),
            "times the usual views", is_hard_negative=True, post=int(post),
        )  # fmt: skip
    for t in np.nonzero(plan.purge)[0]:
        swept = int(course.swept_away[account, t])
        honest = course.bought[account, t] == 0
        yield Told(
            account, "purge", int(t), int(t) + 1, swept, "followers",
            is_hard_negative=bool(honest),
        )  # fmt: skip
