"""Jumps of followers and what came of them, counted anew from raw: signals 1 to 4 and 6."""

import numpy as np
import pandas as pd
from kpi_days import ratio, tall, total, trailing, wide
from kpi_engagement import grid, milestones
from kpi_raw import Raw

USUAL, LEAST_USUAL, SPIKE_Z = 56, 28, 6.0
LOTS = np.array([500.0, *(lot * 10**power for power in range(3, 7) for lot in (1, 2.5, 5))])


def digit_step(followers: float) -> float:
    """The last of three digits shown of a count: 1 below 1,000, 10 below 10,000 and so on."""
    return 10.0 ** max(len(str(int(followers))) - 3, 0)


def spikes_of(days: np.ndarray, followers: np.ndarray) -> pd.DataFrame:
    """One account's readings above 0: how far each stands out of the 56 days before."""
    gaps = np.diff(days, prepend=np.nan)
    growth = np.log(followers / np.concatenate([[np.nan], followers[:-1]])) / gaps
    growth[gaps > 7] = np.nan
    weekday = (days + 3) % 7
    steps = np.array([digit_step(count) for count in followers])
    is_round = followers % steps == 0
    rows = []
    for place, day in enumerate(days):
        past = (days < day) & (days >= day - USUAL)
        known = past & np.isfinite(growth)
        row = {"day": int(day), "followers": followers[place], "spike_n": int(known.sum())}
        row |= {"drift": np.median(growth[known]) if known.any() else np.nan, "z": np.nan}
        row |= {"excess": np.nan, "step": 1.0}
        if past.any() and is_round[past].all() and is_round[place]:
            row["step"] = steps[place]
        if row["spike_n"] >= LEAST_USUAL and np.isfinite(growth[place]):
            usual = np.full(7, row["drift"])
            for number in range(7):
                same = known & (weekday == number)
                if same.sum() >= 3:
                    usual[number] = np.median(growth[same])
            rest = growth[known] - usual[weekday[known].astype(int)]
            expected = usual[int(weekday[place])] + np.median(rest)
            spread = np.median(np.abs(rest - np.median(rest))) / 0.6745
            spread = max(spread, row["step"] / followers[place])
            row["z"] = (growth[place] - expected) / spread
            before = followers[place - 1]
            row["excess"] = followers[place] - before * np.exp(expected * gaps[place])
        rows.append(row)
    found = pd.DataFrame(rows)
    found["is_spike"] = found.z > SPIKE_Z
    found["lot_distance"] = [lot_distance(found, place) for place in range(len(found))]
    return found


def lot_distance(found: pd.DataFrame, place: int) -> float:
    """Of a spike's day: how near what its run of spikes brought is to a lot that can be seen."""
    if not found.is_spike.iloc[place]:
        return np.nan
    brought, at = 0.0, place
    while at >= 0 and found.is_spike.iloc[at] and found.day.iloc[place] - found.day.iloc[at] <= 6:
        brought += found.excess.iloc[at]
        at -= 1
    visible = LOTS[100 * found.step.iloc[place] <= LOTS]
    return float(np.min(np.abs(brought / visible - 1))) if len(visible) else np.nan


def top_posts(raw: Raw) -> pd.DataFrame:
    """Posts with whether their first day was among the best 5 % of the account's of 90 days.

    By views, else by reach, each where at least 8 posts told it; NaN where it cannot be judged.
    """
    aged = milestones(raw)
    first = aged[aged.age == 1]
    judged = []
    for account, posts in first.groupby("account"):
        when = posts.published_day.to_numpy()
        for row in posts.itertuples():
            season = posts[(when > row.published_day - 90) & (when <= row.published_day)]
            verdict = np.nan
            for measure in ("views", "reach"):
                told = season[measure].dropna()
                own = getattr(row, measure)
                if len(told) >= 8 and np.isfinite(own):
                    verdict = float(own >= np.quantile(told, 0.95))
                    break
            judged.append({"account": account, "post": row.post, "is_top": verdict})
    listed = raw.posts.sort_values("day").drop_duplicates("post")[
        ["account", "post", "published_day"]
    ]
    columns = ["account", "post", "is_top"]
    return listed.merge(pd.DataFrame(judged, columns=columns), on=["account", "post"], how="left")


def explained(rows: pd.DataFrame, raw: Raw) -> pd.Series:
    """Of spikes whether a post of the day or the two before it was among the best; NaN unknown."""
    posts = dict(iter(top_posts(raw).groupby("account")))
    verdicts = []
    for row in rows.itertuples():
        own = posts.get(str(row.account))
        if not row.is_spike or own is None:
            verdicts.append(0.0 if row.is_spike else np.nan)
            continue
        near = own[own.published_day.between(row.day - 2, row.day)]
        if (near.is_top == 1).any():
            verdicts.append(1.0)
        else:
            verdicts.append(np.nan if near.is_top.isna().any() else 0.0)
    return pd.Series(verdicts, index=rows.index)


def follower_spikes(raw: Raw) -> pd.DataFrame:
    """Every account's days with their spike's z, lot and explanation."""
    reads = raw.account_days[raw.account_days.followers > 0]
    parts = [
        spikes_of(own.day.to_numpy(float), own.followers.to_numpy(float)).assign(account=account)
        for account, own in reads.sort_values("day").groupby("account")
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows["explained"] = explained(rows, raw)
    rows["spike_z"] = rows.z
    rows["round_lot_distance"] = rows.lot_distance
    days = raw.account_days[["account", "day"]].assign(follower_count=raw.account_days.followers)
    return days.merge(rows, on=["account", "day"], how="left")


def aftermath(raw: Raw, spikes: pd.DataFrame) -> pd.DataFrame:
    """Of each first day of a spike what was lost of it, and how reach went with followers."""
    told = {account: own.set_index("day") for account, own in raw.account_days.groupby("account")}
    rows = []
    starts = spikes[spikes.is_spike.eq(True)]
    spike_days = {account: set(own.day) for account, own in starts.groupby("account")}
    for row in starts.itertuples():
        day, own = int(row.day), told[str(row.account)]
        if spike_days[row.account] & {day - 1, day - 2, day - 3}:
            continue

        def between(first: int, last: int, name: str, own: pd.DataFrame = own) -> pd.Series:
            return own.loc[(own.index >= first) & (own.index <= last), name].dropna()

        found = {"account": row.account, "day": day}
        before = between(day - 7, day - 1, "followers")
        peak = between(day, day + 3, "followers").max()
        readings = len(between(day, day + 30, "followers"))
        for span in (30, 60):
            after = between(day + span - 2, day + span, "followers")
            lost = np.nan
            if len(before) and len(after) and peak >= 1.02 * before.iloc[-1]:
                grown = peak * np.exp(span * row.drift)
                lost = (grown - after.iloc[-1]) / (peak - before.iloc[-1])
            found |= {f"lost_{span}": lost, "readings": readings}
        found["slope"], found["slope_n"] = slope(between, day)
        rows.append(found)
    columns = ["account", "day", "lost_30", "lost_60", "readings", "slope", "slope_n"]
    return pd.DataFrame(rows, columns=columns)


def slope(between, day: int) -> tuple[float, int]:
    """Change of log reach (else views) over that of log followers, days on the poorer side."""

    def logs(first: int, last: int, name: str) -> np.ndarray:
        values = between(first, last, name)
        return np.log(values[values > 0].to_numpy(float))

    def sides(name: str) -> tuple[float, int]:
        usual, later = logs(day - 14, day - 1, name), logs(day + 3, day + 16, name)
        known = min(len(usual), len(later))
        return (np.median(later) - np.median(usual) if known else np.nan), known

    step, _ = sides("followers")
    if not step >= 0.05:
        return np.nan, 0
    change, known = sides("reach")
    if known < 7:
        change, known = sides("views")
    return change / step, known


def latest(
    rows: pd.DataFrame, events: pd.DataFrame, value: str, least: int, most: int, n: str
) -> tuple[pd.Series, pd.Series]:
    """The value of the latest event so many days ago, and its sample; NaN and 0 without one."""
    known = events[events[value].notna()]
    by_account = {
        account: (own.day.to_numpy(), own[value].to_numpy(), own[n].to_numpy())
        for account, own in known.sort_values("day").groupby("account")
    }
    nothing = (np.array([]), np.array([]), np.array([]))
    values, samples = [], []
    for account, day in zip(rows.account, rows.day, strict=True):
        when, found, sizes = by_account.get(account, nothing)
        near = (when >= day - most) & (when <= day - least)
        values.append(found[near][-1] if near.any() else np.nan)
        samples.append(sizes[near][-1] if near.any() else 0)
    return pd.Series(values, index=rows.index), pd.Series(samples, index=rows.index)


def followings(raw: Raw) -> pd.DataFrame:
    """Turns between following and unfollowing, and the accounts unfollowed per account followed."""
    days, accounts = grid(raw)
    following = wide(raw.account_days, "following", days, accounts)
    before = following.ffill(limit=6).shift(1)
    change = following - before
    material = change.abs() >= np.maximum(10, 0.03 * before)
    signs = np.sign(change).where(material).to_numpy()
    turns = np.zeros(signs.shape)
    for column in range(signs.shape[1]):
        for row in range(signs.shape[0]):
            past = signs[max(0, row - 55) : row + 1, column]
            past = past[np.isfinite(past)]
            turns[row, column] = (past[1:] != past[:-1]).sum()
    frames = {
        "turns": pd.DataFrame(turns, index=days, columns=accounts),
        "sawtooth_n": change.notna().astype(float).rolling(56, min_periods=1).sum(),
        "following_churn": ratio(
            trailing((-change).clip(lower=0), 56, total, 1),
            trailing(change.clip(lower=0), 56, total, 1),
        ),
    }
    return tall(frames)
