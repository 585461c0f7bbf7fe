"""The KPIs of growth, counted anew from raw."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from kpi_days import ago, mean, ratio, standing, tall, tier, trailing, wide
from kpi_engagement import grid
from kpi_raw import MICROSECONDS_A_DAY, Raw
from kpi_registry import Figures, recount

LONGEST_GAP = 28
MONDAY = 4
"""The number of a Monday's day since 1970, of its week."""


def filled(reads: pd.DataFrame) -> pd.DataFrame:
    """One account's days from its first to its last reading; long gaps have none.

    A day in a gap lies on the straight line between the readings around it, rounded half up.
    """
    rows: list[tuple[int, float, bool]] = []
    pairs = reads[["day", "followers"]].to_numpy(float)
    for place, (day, followers) in enumerate(pairs):
        rows.append((int(day), followers, False))
        if place + 1 == len(pairs):
            continue
        next_day, next_followers = pairs[place + 1]
        steps = int(next_day - day)
        if steps - 1 > LONGEST_GAP:
            continue
        for step in range(1, steps):
            line = np.nan
            if np.isfinite(followers) and np.isfinite(next_followers):
                # whole numbers, so that no half is lost
                rise = int(next_followers - followers) * step
                line = followers + (2 * rise + steps) // (2 * steps)
            rows.append((int(day) + step, line, True))
    return pd.DataFrame(rows, columns=["day", "follower_count", "is_filled"])


@recount.of(
    "followers_gaps_filled", "follower_change_gaps_filled", "gained_followers", "lost_followers",
    "follower_growth_rate_7d", "follower_growth_rate_28d", "follower_growth_rate_90d",
    "churn_rate_28d", "reach_growth_rate", "audience_growth_rate_28d", "growth_percentile_28d",
    "account_age",
)  # fmt: skip
def account_days(raw: Raw) -> Figures:
    """Growth of each account day by day, gaps filled."""
    days, accounts = grid(raw)
    parts = [
        filled(reads.sort_values("day")).assign(account=account)
        for account, reads in raw.account_reads.groupby("account")
    ]
    series = pd.concat(parts, ignore_index=True)
    followers = wide(series, "follower_count", days, accounts)
    told = raw.account_days
    of = {name: wide(told, name, days, accounts) for name in ("gained", "lost", "reach", "engaged")}

    def growth(figure: pd.DataFrame, window: int) -> pd.DataFrame:
        average = trailing(figure, window, mean)
        return ratio(average, ago(average, window)) - 1

    figures = {
        "follower_change": followers - ago(followers, 1),
        "gained_follower_count": of["gained"],
        "lost_follower_count": of["lost"],
        "churn_rate_28d": ratio(28 * trailing(of["lost"], 28, mean), ago(followers, 28)),
        "reach_growth_rate_7d": growth(of["reach"], 7),
        "reach_growth_rate_28d": growth(of["reach"], 28),
        "audience_growth_rate_28d": growth(of["engaged"], 28),
    }
    for back in (7, 28, 90):
        rate = ratio(followers, ago(followers, back)) - 1
        figures[f"follower_growth_rate_{back}d"] = rate
    rows = series.merge(tall(figures), on=["account", "day"])
    rows["platform"] = rows.account.str.split(":").str[0]
    rows["follower_tier"] = tier(rows.follower_count)
    first = raw.account_reads.groupby("account").day.min()
    latest = raw.account_reads.sort_values("day").drop_duplicates("account", keep="last")
    opened = np.floor(latest.set_index("account").opened / MICROSECONDS_A_DAY)
    rows["is_age_from_first_seen"] = rows.account.map(opened).isna()
    rows["account_age_days"] = rows.day - rows.account.map(opened.fillna(first))
    cohort = [rows.day, rows.platform, rows.follower_tier]
    rows["growth_percentile_28d"] = standing(rows.follower_growth_rate_28d, cohort, halves=True)
    return {"mart_growth__account_day": rows}


@recount.of("cohort_growth_rate_28d", "cohort_accounts")
def cohorts(raw: Raw) -> Figures:
    """Accounts of a platform, age and tier on their last day of each week."""
    rows = account_days(raw)["mart_growth__account_day"]
    rows = rows[rows.follower_tier.notna()].sort_values("day")
    rows = rows.assign(week=rows.day - (rows.day - MONDAY) % 7)
    rows = rows.drop_duplicates(["account", "week"], keep="last")
    age = rows.account_age_days
    rows["age_band"] = np.select(
        [age >= 3 * 365, rows.is_age_from_first_seen, age >= 365],
        ["3_years_and_over", "unknown", "1_to_3_years"],
        "under_1_year",
    )
    groups = rows.groupby(["platform", "age_band", "follower_tier", "week"])
    figures = groups.agg(
        cohort_account_count=("account", "count"),
        rated_by_growth_count=("follower_growth_rate_28d", "count"),
    )
    for level in (25, 50, 75):
        quantile = groups.follower_growth_rate_28d.quantile(level / 100)
        figures[f"p{level}_follower_growth_rate_28d"] = quantile
    return {"mart_growth__cohort": figures.reset_index()}


def actuals(raw: Raw) -> dict[str, Callable[[str, int], float]]:
    """What came of a metric: a function of account and day, by metric."""
    told = raw.account_days.set_index(["account", "day"])
    posts = raw.posts[raw.posts.views.notna() & raw.posts.interactions.notna()]
    sums = posts.groupby(["account", "day"])[["interactions", "views"]].sum()
    rate = ratio(sums.interactions, sums.views)
    return {
        "follower_count": lambda account, day: told.followers.get((account, day), np.nan),
        "reach_count": lambda account, day: told.reach.get((account, day), np.nan),
        "view_count": lambda account, day: told.views.get((account, day), np.nan),
        "engagement_rate_by_views": lambda account, day: rate.get((account, day), np.nan),
    }


def champions(raw: Raw) -> pd.DataFrame:
    """``model_name`` and ``version`` of the versions whose last row says champion."""
    ml = raw.database.removesuffix("raw") + "ml"
    stages = raw.client.query_arrow(
        f"SELECT model_name, version, stage, created_at FROM {ml}.model_registry",
        use_strings=True,
    ).to_pandas()
    stages = stages.sort_values("created_at").drop_duplicates(
        ["model_name", "version"], keep="last"
    )
    return stages[stages.stage == "champion"][["model_name", "version"]]


@recount.of("authenticity", "fraud_probability", "anomaly", "flagged_by_model")
def scores(raw: Raw) -> Figures:
    """The champion's latest score of each account and day, of the last 90 days that have one."""
    ml = raw.database.removesuffix("raw") + "ml"
    columns = "fraud_probability, fraud_probability_lower, fraud_probability_upper, anomaly_score"
    made = raw.client.query_arrow(
        "SELECT account_key AS account, toInt32(as_of) AS day, created_at, model_name, version, "
        f"authenticity_score, {columns}, is_flagged FROM {ml}.authenticity_score",
        use_strings=True,
    ).to_pandas()
    made = made[made.day >= made.day.max() - 90]
    rows = made.merge(champions(raw), on=["model_name", "version"]).sort_values("created_at")
    rows = rows.drop_duplicates(["account", "day"], keep="last")
    rows["is_flagged"] = rows.is_flagged.astype(float)
    return {"mart_fraud__authenticity": rows}


@recount.of("forecast", "forecast_actual", "forecast_coverage")
def forecasts(raw: Raw) -> Figures:
    """The champion's latest forecast of each day beside what came."""
    ml = raw.database.removesuffix("raw") + "ml"
    made = raw.client.query_arrow(
        "SELECT account_key AS account, metric, toInt32(target_date) AS target, as_of, created_at, "
        "forecast_value, lower_value, upper_value, lower_95_value, upper_95_value, model_name, "
        f"version FROM {ml}.growth_forecast",
        use_strings=True,
    ).to_pandas()
    rows = made.merge(champions(raw), on=["model_name", "version"])
    rows = rows.sort_values(["as_of", "created_at"])
    rows = rows.drop_duplicates(["account", "metric", "target"], keep="last")
    came = actuals(raw)
    rows["actual_value"] = [
        float(came[row.metric](row.account, row.target)) for row in rows.itertuples()
    ]
    within = (rows.actual_value >= rows.lower_value) & (rows.actual_value <= rows.upper_value)
    is_known = rows[["actual_value", "lower_value", "upper_value"]].notna().all(axis=1)
    rows["is_within_interval"] = within.astype(float).where(is_known)
    return {"mart_growth__forecast": rows}
