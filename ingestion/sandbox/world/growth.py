"""How followers and views drive each other, day by day.

Followers see posts, views bring followers: each day's gain follows partly from that day's views,
and a post's views from the followers on the day it came out. Bought followers are counted apart:
they look at nothing.
"""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import Fraud, Growth, Posts, Traits
from ingestion.sandbox.world.model import DAY_SECONDS, Bools, Floats, Ints
from ingestion.sandbox.world.plan import Lot, Plan
from ingestion.sandbox.world.publishing import Draft
from ingestion.sandbox.world.span import Span

REFERENCE_SIZE = 10_000.0
"""Followers at which a platform's medians hold."""


@dataclass(frozen=True)
class Course:
    """What the simulation gives; [A, T] and, for posts, [P, T] or [P]."""

    followers: Ints
    gained: Ints
    lost: Ints
    bought: Ints
    views_of_posts: Floats
    """Each day's new views of a post, not yet whole numbers."""
    background: Floats
    """Views of posts older than the burn-in, [A, T]."""
    advertised: Floats
    """Views that were paid for: strangers, who neither like nor comment, [A, T]."""
    size_at_post: Floats
    """Followers who can see a post when it is published."""
    swept_away: Ints
    """Grown followers that a purge removed, [A, T]."""
    lot_sizes: tuple[int, ...]
    """Followers delivered by each lot of the plan."""


def run(
    rng: np.random.Generator,
    traits: Traits,
    plan: Plan,
    draft: Draft,
    size: Floats,
    net_growth: Floats,
    account_reach: Floats,
    expected_posts: Floats,
    span: Span,
) -> Course:
    """Simulate all T days.

    Args:
        size: followers [A] when the burn-in begins; ``net_growth`` a day [A].
        account_reach: views per follower [A] against the platform's median.
        expected_posts: posts a day [A]; sets what views are ordinary.
    """
    growth, posts = Growth(), Posts()
    accounts, days = plan.silent.shape
    attention = Fraud().bought_attention
    season = span.season
    share = attention_by_day(rng, draft, traits, span)
    share *= (plan.attention * ~plan.suspended).T[:, draft.account]
    by_day = np.argsort(draft.day, kind="stable")
    edges = np.searchsorted(draft.day[by_day], np.arange(days + 1))
    noise = (
        rng.lognormal(0, growth.daily_noise * (not span.clear), (days, accounts)) * season[:, None]
    )
    seen = (
        rng.lognormal(0, posts.daily_noise * (not span.clear), (days, accounts)) * season[:, None]
    )
    grown = np.floor(size).astype(np.int64)
    fake = np.zeros(accounts, dtype=np.int64)
    final = np.zeros(draft.account.size)
    size_at_post = np.zeros(draft.account.size)
    out = {name: np.zeros((accounts, days), dtype=np.int64) for name in ("f", "g", "l", "b")}
    background, advertised = np.zeros((2, accounts, days))
    swept_away = np.zeros((accounts, days), dtype=np.int64)
    orders = _Orders(plan.lots, accounts)
    gain_rate = np.maximum(net_growth + growth.daily_loss, 0)
    loss_rate = growth.daily_loss + np.maximum(-net_growth - growth.daily_loss, 0)
    mean_factor = np.exp(posts.post_reach_spread**2 / 2) * _viral_mean(posts)
    for t in range(days):
        new = by_day[edges[t] : edges[t + 1]]
        audience = np.maximum(grown + attention * fake, 1.0)
        if new.size:
            owner = draft.account[new]
            size_at_post[new] = audience[owner]
            final[new] = _views(audience, traits)[owner] * account_reach[owner] * draft.reach[new]
        ordinary = _views(audience, traits) * account_reach * expected_posts * mean_factor
        working = ~plan.suspended[:, t]
        background[:, t] = ordinary * traits.catalogue_share * seen[t] * plan.attention[:, t]
        background[:, t] *= working
        fresh = np.bincount(draft.account, weights=final * share[t], minlength=accounts)
        advertised[:, t] = plan.extra_views[:, t] * grown * working
        ratio = (fresh + background[:, t]) / np.maximum(
            ordinary * (1 + traits.catalogue_share), 1e-9
        )
        drive = 1 - growth.from_views + growth.from_views * ratio**growth.view_elasticity
        wanted = gain_rate * grown * drive * noise[t]
        wanted += plan.gain_share[:, t] * grown + plan.gain_count[:, t]
        gained = rng.poisson(wanted * working)
        leaving = loss_rate * grown + plan.loss_share[:, t] * grown + plan.loss_count[:, t]
        lost = np.minimum(rng.poisson(leaving), grown // 2)
        delivered, dropped = orders.day(rng, t, grown + fake, working)
        if plan.purge[t]:
            honest = rng.lognormal(np.log(growth.purge_grown), growth.purge_spread, accounts)
            swept = np.minimum((grown * honest).astype(np.int64), (grown - lost) // 2)
            lost += swept
            swept_away[:, t] = swept
            purged: Floats = np.asarray(
                rng.beta(2, 2 * (1 / growth.purge_bought - 1), accounts), dtype=np.float64
            )
            dropped += orders.purge(purged)
        grown = grown + gained - lost
        fake = fake + delivered - dropped
        out["f"][:, t], out["b"][:, t] = grown + fake, fake
        out["g"][:, t], out["l"][:, t] = gained + delivered, lost + dropped
    return Course(
        followers=out["f"],
        gained=out["g"],
        lost=out["l"],
        bought=out["b"],
        views_of_posts=(share * final).T,
        background=background,
        advertised=advertised,
        size_at_post=size_at_post,
        swept_away=swept_away,
        lot_sizes=tuple(int(n) for n in orders.total),
    )


def attention_by_day(rng: np.random.Generator, draft: Draft, traits: Traits, span: Span) -> Floats:
    """The part of a post's final views that falls on each day, [T, P]."""
    posts = Posts()
    ends = span.burn_in_second + DAY_SECONDS * np.arange(1, span.simulated + 1)
    age = np.clip((ends[:, None] - draft.created[None, :]) / DAY_SECONDS, 0, None)
    seen = 1 - (1 + age / traits.decay_days) ** -posts.decay_exponent
    # A story is gone after a day, and so is its audience.
    lived = np.where(draft.story[None, :], np.minimum(age, 1.0), seen)
    part = np.diff(lived, axis=0, prepend=0.0)
    noise = rng.lognormal(0, posts.daily_noise * (not span.clear), part.shape)
    found: Floats = part * noise * span.season[:, None]
    return found


def _views(audience: Floats, traits: Traits) -> Floats:
    """Median views of a post that ``audience`` followers can see."""
    relative = (audience / REFERENCE_SIZE) ** traits.views_size_exponent
    found: Floats = audience * traits.views_per_follower * relative
    return found


def _viral_mean(posts: Posts) -> float:
    """What viral posts make of the mean views, against a world without them."""
    boost = posts.viral_factor * np.exp(posts.viral_spread**2 / 2)
    return float(1 + posts.viral_share * (boost - 1))


class _Orders:
    """Bought followers still there, lot by lot."""

    def __init__(self, lots: list[Lot], accounts: int) -> None:
        self._lots, self._accounts = lots, accounts
        self._owner = np.array([lot.account for lot in lots], dtype=np.int64)
        self._ordered = np.zeros(len(lots), dtype=np.int64)
        self._left = np.zeros(len(lots), dtype=np.int64)
        self.total = np.zeros(len(lots), dtype=np.int64)

    def day(
        self, rng: np.random.Generator, t: int, followers: Ints, working: Bools
    ) -> tuple[Ints, Ints]:
        """Followers delivered and dropped on day ``t``, [A] each; none delivered if suspended."""
        delivered = np.zeros(len(self._lots), dtype=np.int64)
        dropped = np.zeros(len(self._lots), dtype=np.int64)
        for i, lot in enumerate(self._lots):
            if t < lot.start:
                continue
            if t == lot.start:
                self._ordered[i] = lot_size(rng, lot.share * followers[lot.account], lot.is_round)
            if t < lot.start + lot.days and working[lot.account]:
                done = self._ordered[i] * (t - lot.start + 1) // lot.days
                delivered[i] = done - self.total[i]
            rate = lot.loss if t < lot.start + 30 else lot.loss / 8
            dropped[i] = rng.binomial(self._left[i], rate)
            self._left[i] += delivered[i] - dropped[i]
            self.total[i] += delivered[i]
        return self._sum(delivered), self._sum(dropped)

    def purge(self, share: Floats) -> Ints:
        """Followers that a purge takes from each account's lots, [A]."""
        taken = (self._left * share[self._owner]).astype(np.int64) if self._lots else self._left
        self._left -= taken
        return self._sum(taken)

    def _sum(self, counts: Ints) -> Ints:
        if not self._lots:
            return np.zeros(self._accounts, dtype=np.int64)
        found: Ints = np.bincount(self._owner, weights=counts, minlength=self._accounts).astype(
            np.int64
        )
        return found


ROUND_LOTS = np.array(
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
     1_000_000, 2_500_000]
)  # fmt: skip


def lot_size(rng: np.random.Generator, wanted: float, is_round: bool) -> int:
    """The followers of a lot: ``wanted``, or the round number below it that sellers offer."""
    fraud = Fraud()
    if not is_round:
        return max(int(wanted * rng.uniform(1 - fraud.lot_jitter, 1 + fraud.lot_jitter)), 20)
    smaller = ROUND_LOTS[max(wanted, ROUND_LOTS[0]) >= ROUND_LOTS]
    unit = int(smaller[-1])
    # Sellers deliver a little more than was paid for.
    return int(unit * max(int(wanted // unit), 1) * rng.uniform(1, 1 + fraud.lot_extra))
