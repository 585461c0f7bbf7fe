"""The KPIs of audiences, counted anew from raw."""

from pathlib import Path

import numpy as np
import pandas as pd
from kpi_days import ratio
from kpi_raw import Raw, of_others
from kpi_registry import Figures, recount

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
AGES = ["13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
GENDERS = ["female", "male", "other"]
LONGEST_HELD, LEAST_COMMENTS = 35, 20


def readings(raw: Raw) -> pd.DataFrame:
    """One row per account, day of reading, dimension and segment with its share of the known.

    Followers where the platform tells of them, else viewers.
    """
    found = []
    columns = "account_id AS account, breakdown AS dimension, segment, value"
    instagram = raw.read(
        "instagram__audience",
        columns,
        "metric = 'follower_demographics' AND breakdown IN ('age', 'gender', 'country')",
    )
    if len(instagram):
        instagram = once(instagram)
        instagram["segment"] = instagram.segment.replace({"F": "female", "M": "male", "U": "other"})
        found.append(of_known(instagram).assign(account="instagram:" + instagram.account))
    tiktok = raw.read("tiktok__audience", columns, "breakdown IN ('age', 'gender', 'country')")
    if len(tiktok):
        tiktok = once(tiktok)
        gender = tiktok.segment.str.lower()
        gender = gender.where(gender.isin(GENDERS), "other")
        tiktok["segment"] = tiktok.segment.where(tiktok.dimension != "gender", gender)
        found.append(tiktok.assign(account="tiktok:" + tiktok.account, share=tiktok.value))
    people = raw.read("youtube__demographics", columns, "metric = 'viewerPercentage'")
    if len(people):
        people = once(people)
        people["account"] = "youtube:" + people.account
        parts = people.segment.str.split(",", expand=True)
        age = parts[0].str.removeprefix("age").replace({"65-": "65+"})
        gender = parts[1].where(parts[1].isin(GENDERS), "other")
        for dimension, segment in (("age", age), ("gender", gender)):
            cut = people.assign(dimension=dimension, segment=segment, share=people.value / 100)
            keys = ["account", "day", "dimension", "segment"]
            found.append(cut.groupby(keys).share.sum().reset_index())
    places = raw.read("youtube__geography", columns, "metric = 'views' AND breakdown = 'country'")
    if len(places):
        places = once(places)
        found.append(of_known(places).assign(account="youtube:" + places.account))
    if not found:
        return pd.DataFrame(columns=["account", "day", "dimension", "segment", "share", "value"])
    return pd.concat(found, ignore_index=True)


def once(rows: pd.DataFrame) -> pd.DataFrame:
    keys = ["account", "day", "dimension", "segment"]
    return rows.sort_values("fetched").drop_duplicates(keys, keep="last").reset_index(drop=True)


def of_known(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts with their share of the total that is known of the dimension."""
    totals = rows.groupby(["account", "day", "dimension"]).value.transform("sum")
    return rows.assign(share=ratio(rows.value, totals))


def distance(one: pd.Series, other: pd.Series) -> float:
    """Jensen-Shannon distance of two distributions, base 2: 0 the same, 1 nothing in common."""
    both = pd.concat([one, other], axis=1).fillna(0).to_numpy()
    middle = both.mean(axis=1)
    divergence = 0.0
    for shares in both.T:
        some = shares > 0
        divergence += float((shares[some] * np.log2(shares[some] / middle[some])).sum()) / 2
    return float(np.sqrt(max(divergence, 0)))


def audiences(raw: Raw) -> tuple[pd.DataFrame, dict[tuple[str, int], pd.Series]]:
    """Figures of each reading of an audience, and its countries' shares, which add up to 1."""
    rows = readings(raw)
    people = rows[rows.dimension != "country"]
    shares = people.pivot(index=["account", "day"], columns="segment", values="share")
    shares = shares.reindex(columns=[*AGES, *GENDERS])
    shares.columns = [
        "audience_share_" + segment.replace("-", "_").replace("+", "_plus")
        for segment in shares.columns
    ]
    figures, countries = [], {}
    places = rows[(rows.dimension == "country") & (rows.share > 0)]
    for (account, day), told in places.groupby(["account", "day"]):
        stated = told.set_index("segment").share
        known = stated / stated.sum()
        countries[(str(account), int(day))] = known
        figures.append((account, day, stated.max(), float((known**2).sum())))
    columns = ["account", "day", "top_country_share", "country_concentration"]
    located = pd.DataFrame(figures, columns=columns)
    every = rows[["account", "day"]].drop_duplicates()
    every = every.merge(shares.reset_index(), on=["account", "day"], how="left")
    every = every.merge(located, on=["account", "day"], how="left")
    return every.rename(columns={"day": "read_day"}), countries


def changes(countries: dict[tuple[str, int], pd.Series]) -> dict[tuple[str, int], float]:
    """Of each reading the distance from the one next to 28 days before, 21 to 35 days."""
    days: dict[str, list[int]] = {}
    for account, day in countries:
        days.setdefault(account, []).append(day)
    found = {}
    for account, day in countries:
        before = [other for other in days[account] if 21 <= day - other <= 35]
        if before:
            # of two that are as near the later
            nearest = min(before, key=lambda other: (abs(day - other - 28), day - other))
            found[(account, day)] = distance(
                countries[(account, day)], countries[(account, nearest)]
            )
    return found


def content_languages(raw: Raw, days: pd.DataFrame) -> pd.Series:
    """The language of most posts of 90 days; of two as common the first of the alphabet."""
    published = raw.posts.sort_values("day").drop_duplicates("post", keep="last")
    published = published.merge(raw.details, on="post")
    published = published[published.language.notna() & published.published_day.notna()]
    # numbers in the order of the alphabet, so that the first of the most counted is wanted
    names, numbers = np.unique(published.language.to_numpy(str), return_inverse=True)
    published["number"] = numbers
    posts = {
        account: (own.published_day.to_numpy(), own.number.to_numpy())
        for account, own in published.groupby("account")
    }
    found: list[str | None] = []
    for account, day in zip(days.account, days.day, strict=True):
        when, said = posts.get(account, (np.array([]), np.array([], dtype=int)))
        recent = said[(when >= day - 89) & (when <= day)]
        found.append(str(names[np.bincount(recent).argmax()]) if len(recent) else None)
    return pd.Series(found, index=days.index, dtype=object)


@recount.of(
    "audience_share", "top_country_share", "country_concentration", "country_change_28d",
    "content_language_country_match", "comment_language_match",
)  # fmt: skip
def account_days(raw: Raw) -> Figures:
    """Who follows (or watches) an account, by its latest reading of the audience."""
    rows = raw.account_reads[["account", "day"]].sort_values("day").reset_index(drop=True)
    figures, countries = audiences(raw)
    if len(figures):
        changed = changes(countries)
        keys = zip(figures.account, figures.read_day, strict=True)
        figures["country_change_28d"] = [changed.get(key, np.nan) for key in keys]
        rows = pd.merge_asof(
            rows,
            figures.astype({"read_day": int}).sort_values("read_day"),
            left_on="day",
            right_on="read_day",
            by="account",
            tolerance=LONGEST_HELD,
        )
    else:
        wanted = [*(["13_17", "18_24", "25_34", "35_44", "45_54", "55_64", "65_plus"]), *GENDERS]
        for name in [f"audience_share_{ending}" for ending in wanted]:
            rows[name] = np.nan
        for name in (
            "top_country_share",
            "country_concentration",
            "country_change_28d",
            "read_day",
        ):
            rows[name] = np.nan
    spoken = content_languages(raw, rows)
    seed = pd.read_csv(SEEDS / "audience" / "country_language.csv", keep_default_na=False)
    speaking = {language: set(listed.country) for language, listed in seed.groupby("language")}
    listed = set(seed.country)
    matches: dict[tuple[str, float, str | None], float] = {}
    asked = list(zip(rows.account, rows.read_day, spoken, strict=True))
    for account, read_day, language in set(asked):
        shares = countries.get((account, read_day))
        matches[(account, read_day, language)] = np.nan
        if shares is None or language not in speaking:
            continue
        known = shares[shares.index.isin(listed)].sum()
        if known:
            own = shares[shares.index.isin(speaking[language])].sum()
            matches[(account, read_day, language)] = own / known
    rows["content_language_country_match_share"] = [matches.get(key, np.nan) for key in asked]
    rows["comment_language_match_share_28d"] = comment_matches(raw, rows, spoken)
    return {"mart_audience__account_day": rows}


def comment_matches(raw: Raw, rows: pd.DataFrame, spoken: pd.Series) -> list[float]:
    """Share of others' comments of 28 days in the language of the posts, from 20 comments on."""
    said = of_others(raw)
    said = said[said.language.notna()]
    first, last = int(rows.day.min()), int(rows.day.max())
    counts: dict[tuple[str, str], np.ndarray] = {}
    totals: dict[str, np.ndarray] = {}
    for comment in said.itertuples():
        since = max(int(comment.known), first) - first
        until = min(int(comment.published_day) + 28, last + 1) - first
        if since < until:
            account, none = str(comment.account), np.zeros(last - first + 1)
            counts.setdefault((account, str(comment.language)), none.copy())[since:until] += 1
            totals.setdefault(account, none)[since:until] += 1
    found = []
    for row, language in zip(rows.itertuples(), spoken, strict=True):
        account, day = str(row.account), int(row.day) - first
        known = totals[account][day] if account in totals else 0
        if language is None or known < LEAST_COMMENTS:
            found.append(np.nan)
            continue
        own = counts.get((account, language))
        found.append(own[day] / known if own is not None else 0.0)
    return found
