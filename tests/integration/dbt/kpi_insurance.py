"""The KPIs of insurance, counted anew from raw; money in Decimal throughout."""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
from kpi_audience import SEEDS
from kpi_days import ago, deviation, mean, ratio, tall, trailing, wide
from kpi_engagement import grid
from kpi_raw import Raw
from kpi_registry import Figures, recount

LONGEST_SILENCE, LEAST_CHANGES = 28, 30


def known_days(raw: Raw) -> pd.DataFrame:
    """Days on which an account was read, or any was and this one at most 28 days before."""
    reads = raw.account_reads[["account", "day", "followers"]].sort_values("day")
    any_read = np.sort(reads.day.unique())
    parts = []
    for account, own in reads.groupby("account"):
        days = pd.DataFrame({"day": any_read[any_read >= own.day.min()]})
        held = pd.merge_asof(days, own.assign(read_day=own.day), on="day")
        held = held[held.day - held.read_day <= LONGEST_SILENCE]
        parts.append(held.assign(account=account))
    return pd.concat(parts, ignore_index=True)


def rate_card() -> dict[str, Decimal]:
    """Rate per 1,000 followers by platform."""
    card = pd.read_csv(SEEDS / "insurance" / "rate_card.csv", dtype=str)
    return {row.platform: Decimal(str(row.rate_per_thousand_amount)) for row in card.itertuples()}


def income(posts: float, followers: float, rate: Decimal) -> str | None:
    """Posts x rate x followers / 1,000 to two places, as text; None where one is not known."""
    if not (np.isfinite(posts) and np.isfinite(followers)):
        return None
    exact = Decimal(int(posts)) * rate * Decimal(int(followers)) / Decimal(1000)
    return str(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


@recount.of(
    "sponsored_posts", "sponsored_share", "modelled_income", "documented_income", "volatility_90d",
    "mean_views_28d", "days_of_history",
)  # fmt: skip
def account_days(raw: Raw) -> Figures:
    """What cover would rest on, as it was known on each day."""
    days, accounts = grid(raw)
    told = raw.account_days
    of = {name: wide(told, name, days, accounts) for name in ("reach", "views", "followers")}
    read = wide(told.assign(read=told.is_read.astype(float)), "read", days, accounts).fillna(0)
    figures = {
        "mean_reach_28d": trailing(of["reach"], 28, mean),
        "mean_view_28d": trailing(of["views"], 28, mean),
        "days_observed_90d": trailing(
            read, 90, lambda windows: np.nansum(windows, axis=1), least=1
        ),
    }
    for name, column in (("reach", "reach"), ("view", "views"), ("follower", "followers")):
        logs = of[column].where(of[column] > 0).map(np.log)
        change = logs - ago(logs, 1)
        figures[f"{name}_volatility_90d"] = trailing(change, 90, deviation, LEAST_CHANGES)
    rows = known_days(raw).merge(tall(figures), on=["account", "day"])
    first = raw.account_reads.groupby("account").day.min()
    rows["days_of_history"] = rows.day - rows.account.map(first) + 1
    published = raw.posts.sort_values("day").drop_duplicates("post", keep="last")
    published = published.merge(raw.details, on="post", how="left")
    counts = []
    for account, own in rows.groupby("account"):
        posts = published[published.account == account]
        when, said = posts.published_day.to_numpy(), posts.sponsored.to_numpy()
        for day in own.day:
            found = {"account": account, "day": day}
            for span in (90, 365):
                within = (when > day - span) & (when <= day)
                known = said[within & np.isfinite(said)]
                found[f"sponsored_post_count_{span}d"] = known.sum() if len(known) else np.nan
            found["published"] = within.sum()
            counts.append(found)
    rows = rows.merge(pd.DataFrame(counts), on=["account", "day"])
    rows["sponsored_share_365d"] = ratio(rows.sponsored_post_count_365d, rows.published)
    card = rate_card()
    rows["modelled_income_amount"] = [
        income(row.sponsored_post_count_365d, row.followers, card[row.account.split(":")[0]])
        for row in rows.itertuples()
    ]
    rows["documented_income_amount"] = None
    return {"mart_insurance__account_exposure": rows}
