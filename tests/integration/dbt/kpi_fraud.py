"""The KPIs of fraud signals, counted anew from raw."""

import numpy as np
import pandas as pd
from kpi_audience import SEEDS, content_languages, readings
from kpi_comments import MONDAY, pods, qualities
from kpi_days import ratio, standing, tall, tier, total, trailing, wide
from kpi_engagement import gained_by_post, grid, milestones, sums
from kpi_raw import Raw
from kpi_registry import Figures, recount
from kpi_spikes import aftermath, follower_spikes, followings, latest

SIGNALS = [
    "spike", "round_lot", "spike_decay", "sawtooth", "engagement_residual", "decoupling",
    "likes_spread", "comment_like", "velocity", "comment_quality", "pod", "geography", "benford",
]  # fmt: skip
RECENT_POSTS = 20


def least_samples() -> dict[str, int]:
    """The least sample of each signal, as the seed states it."""
    seed = pd.read_csv(SEEDS / "core" / "reason_code.csv")
    current = seed[seed.version == seed.version.max()]
    return {
        str(name): int(least) for name, least in current.groupby("signal").minimum_n.max().items()
    }


def raised(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """The codes whose measure is beyond its threshold, in the order of the alphabet."""
    seed = pd.read_csv(SEEDS / "core" / "reason_code.csv")
    found: list[list[str]] = [[] for _ in range(len(rows))]
    for rule in seed[seed.version == seed.version.max()].sort_values("code").itertuples():
        measured = rows[rule.measure].to_numpy(float)
        beyond = {
            "above": measured > rule.threshold,
            "below": measured < rule.threshold,
            "none": np.zeros(len(rows), dtype=bool),
        }[rule.direction]
        for place in np.flatnonzero(beyond):
            found[place].append(rule.code)
    return [tuple(codes) for codes in found]


def post_reactions(raw: Raw) -> pd.DataFrame:
    """By account and day: posts at 7 days against comparable ones, and their first days' share."""
    aged = milestones(raw)
    week = aged[(aged.age == 7) & (aged.followers > 0) & aged.interactions.notna()]
    week = week.merge(raw.details, on="post", how="left")
    week["rate"] = np.log((week.interactions + 1) / week.followers)
    week["band"] = np.floor(2 * np.log10(week.followers))
    week["format"] = week["format"].fillna("")
    week["residual"] = np.nan
    for _, cohort in week.groupby(["platform", "format", "band"]):
        when, rates = cohort.published_day.to_numpy(), cohort.rate.to_numpy()
        for day in np.unique(when):
            near = rates[(when > day - 28) & (when <= day)]
            if len(near) >= 20:
                chosen = cohort.index[when == day]
                week.loc[chosen, "residual"] = week.loc[chosen, "rate"] - np.median(near)
    first = aged[aged.age == 1].set_index("post").interactions
    month = aged[aged.age == 28].copy()
    month["share"] = ratio(month.post.map(first).astype(float), month.interactions)
    rows = raw.account_days[["account", "day"]].copy()
    for figures, value, name, n in (
        (week, "residual", "typical_residual", "engagement_residual_n"),
        (month, "share", "typical_first_day_share", "velocity_n"),
    ):
        known = figures[figures[value].notna()]
        by_account = {
            account: (own.day.to_numpy(), own[value].to_numpy())
            for account, own in known.groupby("account")
        }
        medians, counts = [], []
        for account, day in zip(rows.account, rows.day, strict=True):
            when, values = by_account.get(account, (np.array([]), np.array([])))
            near = values[(when > day - 56) & (when <= day)]
            medians.append(np.median(near) if len(near) else np.nan)
            counts.append(len(near))
        rows[name], rows[n] = medians, counts
    return rows


def recent_posts(raw: Raw) -> pd.DataFrame:
    """By account and day figures of the 20 posts listed that were published last."""
    order = raw.posts.sort_values(
        ["account", "day", "published", "post"], ascending=[True, True, False, True]
    )
    recent = order.groupby(["account", "day"]).head(RECENT_POSTS)
    commented = recent.likes.notna() & recent.comments.notna()
    viewed = recent.likes.notna() & recent.views.notna()
    recent = recent.assign(
        beyond=(recent.likes > recent.views).astype(float).where(viewed),
        compared_likes=recent.likes.where(commented),
        compared_comments=recent.comments.where(commented),
    )
    groups = recent.groupby(["account", "day"])
    likes = groups.likes
    rows = pd.DataFrame(
        {
            "spread": ratio(likes.quantile(0.9) - likes.quantile(0.1), likes.median()),
            "likes_spread_n": likes.count(),
            "per_like": ratio(
                groups.compared_comments.sum(min_count=1), groups.compared_likes.sum(min_count=1)
            ),
            "comment_like_n": groups.compared_likes.count(),
            "beyond": groups.beyond.mean(),
            "beyond_n": groups.beyond.count(),
        }
    )
    return rows.reset_index()


def first_digits(raw: Raw) -> pd.DataFrame:
    """By account and day how far the first digits of 90 days' figures stray from Benford's law."""
    posts = gained_by_post(raw)
    names = ("views", "likes", "comments", "shares")
    gained = sums(posts, {f"{name}_gained": posts[f"{name}_gained"] for name in names})
    days, accounts = grid(raw)
    frames = [wide(gained, f"{name}_gained", days, accounts) for name in names]
    frames += [wide(raw.account_days, name, days, accounts) for name in ("gained", "lost", "reach")]
    listed = wide(raw.account_days.assign(one=1.0), "one", days, accounts)
    counts = np.zeros((9, len(days), len(accounts)))
    for frame in frames:
        values = frame.where(listed.notna()).to_numpy()
        positive = values > 0
        digits = np.zeros(values.shape, dtype=int)
        digits[positive] = [int(str(int(value))[0]) for value in values[positive]]
        for digit in range(1, 10):
            counts[digit - 1] += digits == digit
    season = np.stack([trailing(pd.DataFrame(found), 90, total, 1).to_numpy() for found in counts])
    number = season.sum(axis=0)
    law = np.log10(1 + 1 / np.arange(1, 10))[:, None, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.abs(season / number - law).mean(axis=0)
    frame_of = {"benford": deviation, "benford_n": number}
    return tall(
        {name: pd.DataFrame(v, index=days, columns=accounts) for name, v in frame_of.items()}
    )


def geographies(raw: Raw) -> pd.DataFrame:
    """By account and day the distance of the audience's countries from those of the language."""
    rows = raw.account_days[["account", "day", "followers"]].sort_values("day")
    told = readings(raw)
    told = told[told.dimension == "country"]
    seed = pd.read_csv(SEEDS / "audience" / "country_language.csv", keep_default_na=False)
    speaking = {language: set(listed.country) for language, listed in seed.groupby("language")}
    dates = told[["account", "day"]].drop_duplicates().reset_index(drop=True)
    # a reading says something where the account itself has the day
    dates = dates.merge(rows, on=["account", "day"])
    spoken = content_languages(raw, dates)
    by_reading = dict(iter(told.groupby(["account", "day"])))
    found = []
    for row, language in zip(dates.itertuples(), spoken, strict=True):
        own = by_reading[(row.account, row.day)]
        if language is None or not own.share.sum():
            continue
        home = own.share[own.segment.isin(speaking.get(language, set()))].sum() / own.share.sum()
        is_counted = not str(row.account).startswith("tiktok")
        sample = own.value.sum() if is_counted else np.nan_to_num(row.followers)
        found.append({"account": row.account, "day": row.day, "home": home, "geography_n": sample})
    known = pd.DataFrame(found, columns=["account", "day", "home", "geography_n"])
    known["geography"] = known.home.astype(float).map(to_all_speaking)
    known = known.astype({"day": int, "account": str}).sort_values("day")
    if not len(known):
        return rows.assign(geography=np.nan, geography_n=0)
    return pd.merge_asof(rows, known, on="day", by="account", tolerance=27)


def to_all_speaking(home: float) -> float:
    """Jensen-Shannon distance (base 2) of (home, 1 - home) from (1, 0)."""
    pairs = [(home, 1.0), (1 - home, 0.0)]
    divergence = sum(
        share * np.log2(share / ((one + other) / 2)) / 2
        for one, other in pairs
        for share in (one, other)
        if share > 0
    )
    return float(np.sqrt(max(divergence, 0)))


@recount.of(
    "follower_spike", "spike_day_followers", "round_lot_distance", "spike_decay",
    "following_turns", "following_churn", "follower_churn", "engagement_residual",
    "reach_elasticity", "likes_spread",
    "comments_per_like", "liked_beyond_views", "first_day_engagement", "hollow_comments",
    "near_duplicate_comments", "pod_comments", "audience_language_distance", "benford_deviation",
    "known_signals", "raised_signals", "flagged_accounts",
)  # fmt: skip
def account_days(raw: Raw) -> Figures:
    """The thirteen signals and the marts that they are built on."""
    least = least_samples()
    spikes, reactions, quality, circles = (
        follower_spikes(raw),
        post_reactions(raw),
        qualities(raw),
        pods(raw),
    )
    rows = raw.account_days[["platform", "account", "day", "followers", "gained", "lost"]].copy()
    both = ["account", "day"]
    rows = rows.merge(spikes.drop(columns="followers"), on=both, how="left")
    rows["spike_n"] = rows.spike_n.fillna(0)
    for more in (followings(raw), reactions, quality, recent_posts(raw), first_digits(raw)):
        rows = rows.merge(more, on=both, how="left")
    rows = rows.merge(geographies(raw)[[*both, "geography", "geography_n"]], on=both, how="left")
    rows["monday"] = rows.day - (rows.day - MONDAY) % 7
    rows = rows.merge(
        circles.rename(columns={"day": "monday"}), on=["account", "monday"], how="left"
    )
    events = aftermath(raw, spikes)
    lost, lost_n = latest(rows, events, "lost_30", 30, 90, "readings")
    lost_60, _ = latest(rows, events, "lost_60", 60, 90, "readings")
    slope, slope_n = latest(rows, events, "slope", 16, 60, "slope_n")

    def enough(signal: str, value: pd.Series, sample: pd.Series) -> pd.Series:
        return value.where(sample.fillna(0) >= least[signal])

    for sample in ("likes_spread_n", "comment_like_n"):
        rows[sample] = rows[sample].fillna(0)
    rows["spike_value"] = enough("spike", rows.z, rows.spike_n)
    rows["unexplained_spike_value"] = rows.spike_value.where(rows.explained == 0)
    rows["round_lot_value"] = enough("round_lot", rows.lot_distance, rows.spike_n)
    rows["spike_decay_value"] = enough("spike_decay", lost, lost_n)
    rows["spike_decay_60_share"] = enough("spike_decay", lost_60, lost_n)
    rows["sawtooth_value"] = enough("sawtooth", rows.turns, rows.sawtooth_n)
    rows["following_churn"] = enough("sawtooth", rows.following_churn, rows.sawtooth_n)
    rows["engagement_residual_value"] = enough(
        "engagement_residual", rows.typical_residual, rows.engagement_residual_n
    )
    rows["decoupling_value"] = enough("decoupling", slope, slope_n)
    rows["likes_spread_value"] = enough("likes_spread", rows.spread, rows.likes_spread_n)
    rows["comment_like_value"] = enough("comment_like", rows.per_like, rows.comment_like_n)
    rows["liked_beyond_views_share"] = enough("comment_like", rows.beyond, rows.beyond_n)
    rows["velocity_value"] = enough("velocity", rows.typical_first_day_share, rows.velocity_n)
    sample = rows.comment_quality_n
    rows["comment_quality_value"] = enough("comment_quality", rows.hollow_comment_share, sample)
    rows["near_duplicate_comment_share"] = enough(
        "comment_quality", rows.near_duplicate_comment_share, sample
    )
    # a language that few comments tell says nothing of them all
    mismatch = rows.comment_language_mismatch_share
    mismatch = mismatch.where(rows.comment_language_n >= rows.comment_quality_n / 4)
    rows["comment_language_mismatch_share"] = enough("comment_quality", mismatch, sample)
    rows["pod_value"] = enough("pod", rows.pod_comment_share, rows.pod_n)
    rows["geography_value"] = enough("geography", rows.geography, rows.geography_n)
    rows["benford_value"] = enough("benford", rows.benford, rows.benford_n)
    days, accounts = grid(raw)
    pair = raw.account_days[raw.account_days.gained.notna() & raw.account_days.lost.notna()]
    gone, come = (
        trailing(wide(pair, name, days, accounts), 28, total, 20) for name in ("lost", "gained")
    )
    rows = rows.merge(tall({"follower_churn": ratio(gone, come)}), on=both, how="left")
    rows["signal_count"] = rows[[f"{signal}_value" for signal in SIGNALS]].notna().sum(axis=1)
    rows["reason_codes"] = raised(rows)
    cohort = [rows.platform, tier(rows.followers), rows.day]
    for signal in SIGNALS:
        values = rows[f"{signal}_value"]
        rows[f"{signal}_percentile"] = standing(values, cohort, halves=False)
    return {
        "mart_fraud__account_day": rows,
        # without a z it is not known whether a day has a spike
        "mart_fraud__follower_spike": spikes.assign(
            is_spike=spikes.is_spike.where(spikes.z.notna())
        ),
        "mart_fraud__post_reaction": reactions,
        "mart_fraud__comment_quality": quality,
        "mart_fraud__pod": circles,
    }
