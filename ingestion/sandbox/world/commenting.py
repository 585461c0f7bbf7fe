"""Comments under the posts: who wrote them, when, in which language, and what they say."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import Comments
from ingestion.sandbox.world.identity import COMMENT_SHIFT, digest, ids
from ingestion.sandbox.world.model import DAY_SECONDS, Ints, Texts
from ingestion.sandbox.world.phrasebook import EMOJI, grammar, languages
from ingestion.sandbox.world.plan import BURN_IN


@dataclass(frozen=True)
class Thread:
    """Comments [C], sorted by (post, created)."""

    post: Ints
    author: Ints
    created: Ints
    likes: Ints
    parent: Ints
    text: Texts
    language: Texts


def comment_rows(
    rng: np.random.Generator,
    counter: Ints,
    post_created: Ints,
    first_second: int,
) -> tuple[Ints, Ints]:
    """Which comments of the counters [P, T] exist as rows: their post and time, [C] each.

    By the end of any day a post never has more rows than its counter says.
    """
    final = counter[:, -1]
    settings = Comments()
    beyond = np.maximum(final - settings.rows_certain, 0)
    wanted = np.minimum(final, settings.rows_certain) + (beyond * settings.rows_beyond).astype(
        np.int64
    )
    rows = np.minimum(wanted, settings.rows_cap)
    shown = counter * rows[:, None] // np.maximum(final, 1)[:, None]
    new = np.diff(shown, axis=1, prepend=0)
    # What was said before the week ahead of the first day is never asked for.
    new[:, : BURN_IN - 7] = 0
    post, day = np.nonzero(new)
    repeat = new[post, day]
    post, day = np.repeat(post, repeat), np.repeat(day, repeat)
    begin = np.maximum(first_second + day * DAY_SECONDS, post_created[post] + 20)
    end = np.maximum(first_second + (day + 1) * DAY_SECONDS, begin + 1)
    # Most is said soon after the day's attention begins.
    created = begin + ((end - begin - 1) * rng.random(post.size) ** 1.7).astype(np.int64)
    order = np.lexsort((created, post))
    return post[order].astype(np.int64), created[order]


def ordinary_thread(
    rng: np.random.Generator,
    post: Ints,
    created: Ints,
    post_account: Ints,
    account_fans: Ints,
    account_language: Texts,
) -> Thread:
    """What ordinary people write; ``account_fans`` [A] is where each account's fans begin."""
    settings, count = Comments(), post.size
    account = post_account[post]
    fan = account_fans[account] + (rng.random(count) ** 1.5 * settings.fans).astype(np.int64)
    anyone = rng.integers(settings.commenters, size=count)
    author = np.where(rng.random(count) < settings.fan_share, fan % settings.commenters, anyone)
    tongues = np.array(languages(), dtype=object)
    foreign = rng.random(count) < settings.foreign_share
    language = np.where(
        foreign, tongues[rng.integers(tongues.size, size=count)], account_language[account]
    )
    parent = _parents(rng, post, settings.reply_share)
    kind = rng.random(count)
    pick = rng.random((count, 3))
    text = np.empty(count, dtype=object)
    wordless = settings.wordless_share
    short = wordless + settings.one_word_share
    named = short + settings.mention_share
    for i in range(count):
        told = grammar(language[i])
        emoji = EMOJI[int(pick[i, 1] * len(EMOJI))]
        if kind[i] < wordless:
            text[i], language[i] = emoji * (1 + int(pick[i, 0] * 4)), "und"
        elif kind[i] < short:
            text[i] = f"{told.words[int(pick[i, 0] * len(told.words))]} {emoji}"
        elif parent[i] >= 0:
            text[i] = told.replies[int(pick[i, 0] * len(told.replies))]
        else:
            said = told.comments[int(pick[i, 0] * len(told.comments))]
            if kind[i] < named:
                said = f"@friend{int(pick[i, 2] * 90_000)} {said}"
            text[i] = f"{said} {emoji}" if pick[i, 2] < 0.3 else said
    likes = np.floor(rng.pareto(1.1, count) * 0.6).astype(np.int64)
    return Thread(post, author, created, np.minimum(likes, 5_000), parent, text, language)


def comment_ids(seed: int, platform: str, block: int, thread: Thread, post_id: Texts) -> Texts:
    """The ids of a block's comments in the platform's shape."""
    numbers = (block << COMMENT_SHIFT) + np.arange(thread.post.size)
    found = ids(seed, platform, "comment", numbers)
    if platform == "facebook":
        parts = [p.split("_")[1] for p in post_id]
        return np.array(
            [f"{parts[p]}_{c}" for p, c in zip(thread.post, found, strict=True)], dtype=object
        )
    if platform == "youtube":
        for i in np.nonzero(thread.parent >= 0)[0]:
            tail = digest(found[i])[:22]
            found[i] = f"{found[thread.parent[i]]}.{tail}"
    return found


def _parents(rng: np.random.Generator, post: Ints, share: float) -> Ints:
    """Each reply answers the first of a run: an earlier, top-level comment of the same post."""
    count = post.size
    parent = np.full(count, -1, dtype=np.int64)
    if count == 0:
        return parent
    first = np.searchsorted(post, post)
    rank = np.arange(count) - first
    reply = (rng.random(count) < share) & (rank > 0)
    # The latest top-level comment before it in the same post: the first of a post is always one.
    top = np.where(reply, -1, np.arange(count))
    latest = np.maximum.accumulate(top)
    parent[reply] = latest[reply]
    return parent
