"""The KPIs of engagement, counted anew from raw."""

import pandas as pd
from kpi_days import LEAST, ago, mean, ratio, tall, tier, total, trailing, wide
from kpi_raw import Raw
from kpi_registry import Figures, recount

AGES = (1, 7, 28)
QUANTILES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
RATES = ["engagement_rate_by_views", "engagement_rate_by_followers", "engagement_rate_by_reach"]


def grid(raw: Raw) -> tuple[pd.RangeIndex, pd.Index]:
    """Every calendar day that raw speaks of, and every account that was read."""
    first = min(raw.account_days.day.min(), raw.posts.day.min())
    last = max(raw.account_days.day.max(), raw.posts.day.max())
    return pd.RangeIndex(first, last + 1), pd.Index(sorted(raw.account_reads.account.unique()))


def gained_by_post(raw: Raw) -> pd.DataFrame:
    """Posts' days with what each counter gained since the day before.

    A post published on the day starts from 0; one that was not read on the day before is left out.
    """
    posts = raw.posts
    before = posts[["account", "post", "day", "views", "likes", "comments", "shares"]].copy()
    before["interactions"], before["day"] = posts.interactions, before.day + 1
    pairs = posts.merge(
        before, on=["account", "post", "day"], how="left", suffixes=("", "_before"), indicator="was"
    )
    is_new = pairs.published_day == pairs.day
    # a reading before the publication, of a premiere, is not of the public post
    was_public = ~(pairs.published_day >= pairs.day)
    is_known = is_new | (pairs.was.eq("both") & was_public)
    for name in ("views", "likes", "comments", "shares", "interactions"):
        gained = pairs[name] - pairs[f"{name}_before"].where(~is_new, 0)
        pairs[f"{name}_gained"] = gained.where(is_known)
    return pairs


def sums(rows: pd.DataFrame, values: dict[str, pd.Series]) -> pd.DataFrame:
    """Sums by account and day, NaN where no value is known."""
    frame = pd.DataFrame({"account": rows.account, "day": rows.day, **values})
    return frame.groupby(["account", "day"]).sum(min_count=1).reset_index()


@recount.of(
    "followers", "follower_change", "posts", "views", "interactions", "engagement_rate_by_views",
    "engagement_rate_by_followers", "follower_tier", "reach", "profile_views", "day_views",
    "day_interactions", "views_gained", "interactions_gained", "mean_reach",
    "engagement_rate_by_reach", "engagement_rate_by_views_gained",
    "engagement_rate_by_daily_reach", "engagement_rate_by_followers_gained",
)  # fmt: skip
def account_days(raw: Raw) -> Figures:
    """An account's day: what it and its posts came to, and windows of 7 and 28 days."""
    posts = gained_by_post(raw)
    has_views, has_interactions = posts.views.notna(), posts.interactions.notna()
    both_gained = posts.views_gained.notna() & posts.interactions_gained.notna()
    totals = sums(
        posts,
        {
            "view_count": posts.views,
            "interaction_count": posts.interactions,
            "rated_interactions": posts.interactions.where(has_views),
            "rated_views": posts.views.where(has_interactions),
            "reached_interactions": posts.reached_interactions,
            "reach_of_posts": posts.reach.where(posts.reached_interactions.notna()),
            "day_view_count": posts.views_gained,
            "day_interaction_count": posts.interactions_gained,
            "seen_interactions": posts.interactions_gained.where(both_gained),
            "seen_views": posts.views_gained.where(both_gained),
        },
    )
    by_day = posts.groupby(["account", "day"])
    counted = by_day.agg(post_count=("post", "count"), per_post=("interactions", "mean"))
    days, accounts = grid(raw)
    told = raw.account_days
    of = {
        name: wide(totals, name, days, accounts)
        for name in totals.columns.difference(["account", "day"])
    }
    of |= {name: wide(counted.reset_index(), name, days, accounts) for name in counted}
    of |= {
        name: wide(told, name, days, accounts)
        for name in ("followers", "reach", "profile_views", "engagements", "lifetime_posts")
    }
    none_posted = of["lifetime_posts"].eq(0) & of["post_count"].isna()
    figures = {
        "follower_count": of["followers"],
        "follower_change": of["followers"] - ago(of["followers"], 1),
        "post_count": of["post_count"].mask(none_posted, 0),
        "reach_count": of["reach"],
        "profile_view_count": of["profile_views"],
        "engagement_rate_by_views": ratio(of["rated_interactions"], of["rated_views"]),
        "engagement_rate_by_followers": ratio(of["per_post"], of["followers"]),
        "engagement_rate_by_reach": ratio(of["reached_interactions"], of["reach_of_posts"]),
    }
    for name in ("view_count", "interaction_count", "day_view_count", "day_interaction_count"):
        figures[name] = of[name]
    known = of["reach"].notna() & of["engagements"].notna()
    for window in LEAST:
        seen = trailing(of["seen_views"], window, total)
        daily = trailing(of["day_interaction_count"], window, mean)
        figures |= {
            f"view_count_{window}d": trailing(of["day_view_count"], window, total),
            f"interaction_count_{window}d": trailing(of["day_interaction_count"], window, total),
            f"mean_reach_{window}d": trailing(of["reach"], window, mean),
            f"engagement_rate_by_views_{window}d": ratio(
                trailing(of["seen_interactions"], window, total), seen.where(seen > 0)
            ),
            f"engagement_rate_by_reach_{window}d": ratio(
                trailing(of["engagements"].where(known), window, total),
                trailing(of["reach"].where(known), window, total),
            ),
            f"engagement_rate_by_followers_{window}d": ratio(daily, of["followers"]),
        }
    rows = told[["account", "day"]].merge(tall(figures), on=["account", "day"])
    rows["follower_tier"] = tier(rows.follower_count)
    return {"mart_engagement__account_day": rows}


def milestones(raw: Raw) -> pd.DataFrame:
    """Posts as they were read 1, 7 and 28 days after their publication."""
    posts = raw.posts.assign(age=raw.posts.day - raw.posts.published_day)
    posts = posts[posts.age.isin(AGES)]
    followers = raw.account_days[["account", "day", "followers"]]
    return posts.merge(followers, on=["account", "day"], how="left")


@recount.of("views_at_age", "interactions_at_age", "first_day_share")
def posts(raw: Raw) -> Figures:
    """Each post at its last reading, and at equal ages."""
    followers = raw.account_days[["account", "day", "followers", "lifetime_posts"]]
    last = raw.posts.sort_values("day").drop_duplicates("post", keep="last")
    last = last.merge(followers, on=["account", "day"], how="left")
    aged = milestones(raw)
    rows = pd.DataFrame(
        {
            "post": last.post,
            "account": last.account,
            "platform": last.platform,
            "day": last.day,
            "follower_count": last.followers,
            "follower_tier": tier(last.followers),
            "view_count": last.views,
            "interaction_count": last.interactions,
            "engagement_rate_by_views": ratio(last.interactions, last.views),
            "engagement_rate_by_followers": ratio(last.interactions, last.followers),
        }
    )
    for age in AGES:
        at_age = aged[aged.age == age].set_index("post")
        rows[f"day_{age}_view_count"] = rows.post.map(at_age.views)
        rows[f"day_{age}_interaction_count"] = rows.post.map(at_age.interactions)
    rows["first_day_share"] = ratio(rows.day_1_interaction_count, rows.day_28_interaction_count)
    # reach: of the last reading, else of the latest milestone that told it
    told = aged[aged.reach.notna()].sort_values("age").drop_duplicates("post", keep="last")
    told = told.set_index("post")
    current = last.reach.notna()
    rows["reach_count"] = last.reach.where(current, last.post.map(told.reach))
    reached = last.reached_interactions.where(current, last.post.map(told.reached_interactions))
    rows["engagement_rate_by_reach"] = ratio(reached, rows.reach_count)
    rows["is_listed"] = is_listed(raw, last)
    return {"mart_engagement__post": rows}


def is_listed(raw: Raw, last: pd.DataFrame) -> pd.Series:
    """Whether posts stand in their account's latest known listing.

    A day without posts is a listing only where the platform says that there are none.
    """
    read = raw.posts.groupby("account").day.max()
    days = raw.account_days
    none = days[days.lifetime_posts == 0].groupby("account").day.max()
    latest = pd.concat([read, none], axis=1).max(axis=1)
    return last.day == last.account.map(latest)


@recount.of(
    "benchmark_engagement_rate_by_views", "benchmark_engagement_rate_by_followers",
    "benchmark_engagement_rate_by_reach", "accounts",
)  # fmt: skip
def benchmark(raw: Raw) -> Figures:
    """Quantiles of the listed posts' rates, by format and over all formats."""
    listed = posts(raw)["mart_engagement__post"]
    listed = listed[listed.is_listed & listed.follower_tier.notna()]
    formats = raw.details.set_index("post")["format"]
    one = listed.assign(post_format=listed.post.map(formats).fillna("unknown"))
    every = pd.concat([one, listed.assign(post_format="all")])
    groups = every.groupby(["platform", "follower_tier", "post_format"])
    rows = groups.agg(post_count=("post", "count"), account_count=("account", "nunique"))
    for rate in RATES:
        for name, level in QUANTILES.items():
            rows[f"{name}_{rate}"] = groups[rate].quantile(level)
    return {"mart_engagement__benchmark": rows.reset_index()}


@recount.of("median_engagement_rate_by_views", "at_or_above_benchmark")
def accounts(raw: Raw) -> Figures:
    """Each account as it was last read, its typical post and the benchmark beside it."""
    last = raw.account_reads.groupby("account").day.max().reset_index()
    days = account_days(raw)["mart_engagement__account_day"]
    rows = last.merge(days, on=["account", "day"])
    listed = posts(raw)["mart_engagement__post"]
    listed = listed[listed.is_listed]
    typical = listed.groupby("account").engagement_rate_by_views.median()
    rows["median_engagement_rate_by_views"] = rows.account.map(typical)
    rows["platform"] = rows.account.str.split(":").str[0]
    bands = benchmark(raw)["mart_engagement__benchmark"]
    bands = bands[bands.post_format == "all"]
    quarters = [f"p{level}_engagement_rate_by_views" for level in (25, 50, 75)]
    band = ["platform", "follower_tier"]
    rows = rows.merge(bands[[*band, *quarters]], on=band, how="left")
    own = rows.median_engagement_rate_by_views
    rows["benchmark_engagement_rate_by_views"] = rows[quarters[1]]
    reached = sum((own >= rows[level]).astype(int) for level in quarters)
    names = pd.Series(["Q1 lowest", "Q2", "Q3", "Q4 highest"])
    quartile = pd.Series(reached, index=rows.index).map(names)
    rows["benchmark_quartile"] = quartile.where(own.notna() & rows[quarters[1]].notna(), None)
    return {"mart_engagement__account": rows}


@recount.of(
    "median_week_old_views", "median_week_old_interactions",
    "median_week_old_engagement_rate_by_views", "median_week_old_engagement_rate_by_followers",
    "median_day_old_engagement_rate_by_reach",
)  # fmt: skip
def formats(raw: Raw) -> Figures:
    """Medians of posts that were read 7 days after publication."""
    aged = milestones(raw)
    week = aged[(aged.age == 7) & aged.followers.notna()].merge(raw.details, on="post", how="left")
    day = aged[aged.age == 1].set_index("post")
    said = week.sponsored.map({0: "organic", 1: "sponsored"}).fillna("unknown")
    rows = pd.DataFrame(
        {
            "platform": week.platform,
            "follower_tier": tier(week.followers),
            "post_format": week["format"].fillna("unknown"),
            "sponsorship": said,
            "account": week.account,
            "views": week.views,
            "interactions": week.interactions,
            "by_views": ratio(week.interactions, week.views),
            "by_followers": ratio(week.interactions, week.followers),
            "by_reach": week.post.map(ratio(day.reached_interactions, day.reach)).astype(float),
        }
    )
    groups = rows.groupby(["platform", "follower_tier", "post_format", "sponsorship"])
    figures = groups.agg(
        post_count=("account", "count"),
        account_count=("account", "nunique"),
        median_day_7_views=("views", "median"),
        median_day_7_interactions=("interactions", "median"),
        median_day_7_engagement_rate_by_views=("by_views", "median"),
        median_day_7_engagement_rate_by_followers=("by_followers", "median"),
        median_day_1_engagement_rate_by_reach=("by_reach", "median"),
    )
    return {"mart_engagement__format": figures.reset_index()}


@recount.of("posting_lift", "compared_posts")
def posting_times(raw: Raw) -> Figures:
    """A post's interactions at 7 days over its own account's median, by hour of the week."""
    aged = milestones(raw)
    week = aged[(aged.age == 7) & aged.interactions.notna()].copy()
    own = week.groupby("account").interactions
    usual = own.transform("median").where(own.transform("count") >= 5)
    week["lift"] = ratio(week.interactions, usual)
    moments = pd.to_datetime(week.published, unit="us", utc=True)
    week["weekday"], week["hour_utc"] = moments.dt.dayofweek + 1, moments.dt.hour
    week["follower_tier"] = tier(week.followers)
    groups = week.groupby(["platform", "follower_tier", "weekday", "hour_utc"])
    rows = groups.agg(
        post_count=("post", "count"),
        account_count=("account", "nunique"),
        compared_post_count=("lift", "count"),
        median_lift=("lift", "median"),
    )
    rows["median_lift"] = rows.median_lift.where(rows.compared_post_count >= 5)
    return {"mart_engagement__posting_time": rows.reset_index()}
