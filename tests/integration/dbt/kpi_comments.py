"""What comments are like and who writes them together, counted anew from raw: signals 10 and 11."""

import re
import unicodedata
from functools import cache

import numpy as np
import pandas as pd
from kpi_audience import content_languages
from kpi_raw import Raw, of_others

MONDAY = 4
POSTS, COMMENTERS = 64, 60
UNSPACED = re.compile(r"CJK|HIRAGANA|KATAKANA|THAI")


@cache
def words_of(text: str) -> tuple[str, ...]:
    """Runs of letters and digits, with their marks, in lower case; the people it names left out.

    A mark makes no word: what turns a sign into an emoji is one.
    """
    bare = re.sub(r"@[^\s@]+", " ", text).lower()
    words = [""]
    for sign in bare:
        kind = unicodedata.category(sign)[0]
        if kind in "LN" or (kind == "M" and words[-1]):
            words[-1] += sign
        elif words[-1]:
            words.append("")
    return tuple(word for word in words if word)


@cache
def is_hollow(text: str) -> bool:
    """Emoji, names or one word alone; without spaces between words four letters are one word."""
    words = words_of(text)
    if len(words) != 1:
        return not words
    if any(UNSPACED.search(unicodedata.name(letter, "")) for letter in words[0]):
        return len(words[0]) <= 4
    return True


def fingerprints(raw: Raw, texts: list[str]) -> dict[str, int]:
    """Minhash of the letter triples of each text; the hash itself is asked of the engine."""
    distinct = sorted(set(texts))
    found: dict[str, int] = {}
    for start in range(0, len(distinct), 2_000):
        part = distinct[start : start + 2_000]
        hashes = raw.client.query(
            "SELECT arrayMap(text -> tupleElement(ngramMinHashUTF8(text, 3, 6), 1), %(texts)s)",
            parameters={"texts": part},
            settings={"max_query_size": 10_000_000},
        ).result_rows[0][0]
        found |= dict(zip(part, hashes, strict=True))
    return found


def qualities(raw: Raw) -> pd.DataFrame:
    """By account and day: comments of 28 days, how many are hollow, how many repeat one another."""
    said = of_others(raw)
    said = said[said.text.notna()].copy()
    said["hollow"] = [is_hollow(text) for text in said.text]
    joined = [" ".join(words_of(text)) for text in said.text]
    pairs = list(zip(joined, said.hollow, strict=True))
    hashes = fingerprints(raw, [text for text, hollow in pairs if not hollow])
    said["print"] = np.array([hashes.get(text, 0) for text in joined], dtype=np.uint64)
    spoken = content_languages(raw, raw.account_days)
    said["tongue"] = said.language.where(~said.hollow & (said.language != "und"), None)
    columns_of = ("published_day", "known", "hollow", "print", "tongue")
    by_account = {
        account: [own[name].to_numpy() for name in columns_of]
        for account, own in said.groupby("account")
    }
    rows = []
    days = raw.account_days
    for account, day, language in zip(days.account, days.day, spoken, strict=True):
        found = {"account": account, "day": day, "comment_quality_n": 0}
        if account in by_account:
            published, known, hollow, prints, tongues = by_account[account]
            recent = (published > day - 28) & (published <= day) & (known <= day)
            found["comment_quality_n"] = int(recent.sum())
            if recent.any():
                found["hollow_comment_share"] = hollow[recent].mean()
            _, repeats = np.unique(prints[recent & ~hollow], return_counts=True)
            if len(repeats):
                found["near_duplicate_comment_share"] = repeats[repeats > 1].sum() / repeats.sum()
            told = tongues[recent]
            told = told[~pd.isna(told)]
            if language is not None and len(told):
                found["comment_language_n"] = len(told)
                found["comment_language_mismatch_share"] = (told != language).mean()
        rows.append(found)
    shares = ["hollow_comment_share", "near_duplicate_comment_share"]
    languages = ["comment_language_n", "comment_language_mismatch_share"]
    keys = ["account", "day", "comment_quality_n"]
    return pd.DataFrame(rows, columns=[*keys, *shares, *languages])


def pods(raw: Raw) -> pd.DataFrame:
    """By account and Monday: the share of comments by people who are together again and again."""
    weeks = raw.account_days[["account", "day"]].copy()
    weeks["day"] = weeks.day - (weeks.day - MONDAY) % 7
    weeks = weeks.drop_duplicates()
    said = of_others(raw)
    said = said[said.author.notna()].copy()
    places = said.author.drop_duplicates().tolist()
    hashes: dict[str, int] = {}
    for start in range(0, len(places), 5_000):
        part = places[start : start + 5_000]
        found = raw.client.query(
            "SELECT arrayMap(name -> sipHash64(name), %(names)s)",
            parameters={"names": part},
            settings={"max_query_size": 10_000_000},
        )
        hashes |= dict(zip(part, found.result_rows[0][0], strict=True))
    columns = ["published_day", "known", "published", "post", "author"]
    by_account = {
        account: list(own[columns].itertuples(index=False, name=None))
        for account, own in said.groupby("account")
    }
    rows = []
    for account, monday in zip(weeks.account, weeks.day, strict=True):
        recent = [
            (moment, post, author)
            for published, known, moment, post, author in by_account.get(account, [])
            if published >= monday - 56 and known < monday
        ]
        share, posts = pod_share(recent, hashes)
        rows.append({"account": account, "day": monday, "pod_n": posts, "pod_comment_share": share})
    return pd.DataFrame(rows)


def pod_share(said: list[tuple[float, str, str]], hashes: dict[str, int]) -> tuple[float, int]:
    """Share of comments by the recurrent circle under the latest posts, and how many posts."""
    if not said:
        return np.nan, 0
    begun: dict[str, float] = {}
    for moment, post, _ in said:
        begun[post] = min(moment, begun.get(post, moment))
    latest = dict.fromkeys(sorted(begun, key=lambda post: -begun[post])[:POSTS])
    authors, under = [], {}
    for _, post, author in said:
        if post in latest:
            authors.append(author)
            under.setdefault(author, set()).add(post)
    regular = [name for name in under if len(under[name]) >= 3]
    regular.sort(key=lambda name: (-len(under[name]), hashes[name]))
    regular = regular[:COMMENTERS]
    matrix = np.array([[post in under[name] for post in latest] for name in regular], dtype=int)
    members: list[str] = []
    if len(regular):
        together = matrix @ matrix.T
        sizes = matrix.sum(axis=1)
        either = sizes[:, None] + sizes[None, :] - together
        partners = (together >= 3) & (5 * together >= either)
        np.fill_diagonal(partners, val=False)
        members = [
            name for name, count in zip(regular, partners.sum(axis=1), strict=True) if count >= 3
        ]
    return float(np.isin(authors, members).mean()) if members else 0.0, len(latest)
