"""Comments under the posts: who wrote them, when, in which language, and what they say."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import Comments
from ingestion.sandbox.world.commenters import BOTS, ORDINARY
from ingestion.sandbox.world.identity import COMMENT_SHIFT, digest, ids
from ingestion.sandbox.world.inflation import POD_COMMENT, SPAM_COMMENT, Inflation
from ingestion.sandbox.world.model import DAY_SECONDS, Floats, Ints, Texts
from ingestion.sandbox.world.phrasebook import EMOJI, grammar, languages
from ingestion.sandbox.world.plan import Plan
from ingestion.sandbox.world.publishing import Draft
from ingestion.sandbox.world.span import BURN_IN, Span

ORDINARY_COMMENT, GIVEAWAY_COMMENT, ANGRY_COMMENT = 0, 3, 4
"""Beside the kinds of :mod:`.inflation`."""


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


def write_thread(
    rng: np.random.Generator,
    span: Span,
    plan: Plan,
    draft: Draft,
    organic: Ints,
    added: Inflation,
    account_language: Texts,
) -> Thread:
    """All comment rows of a block's posts; ``organic`` [P, T] counts those that nobody bought."""
    settings = Comments()
    bought = added.pod_comments + added.spam_comments
    own, moments = _rows(rng, span, organic, draft, settings.rows_cap - bought)
    fans = rng.integers(len(ORDINARY), size=len(account_language))
    author = _ordinary_authors(rng, fans[draft.account[own]])
    kind = _ordinary_kinds(rng, span, plan, draft, own, moments)
    post, created = np.concatenate([own, added.post]), np.concatenate([moments, added.created])
    order = np.lexsort((created, post))
    post, created = post[order], created[order]
    author = np.concatenate([author, added.author])[order]
    kind = np.concatenate([kind, added.kind])[order]
    parent = _parents(rng, post, (kind == ORDINARY_COMMENT) * settings.reply_share)
    text, language = _texts(rng, kind, parent, account_language[draft.account[post]])
    likes = np.minimum(np.floor(rng.pareto(1.1, post.size) * 0.6), 5_000).astype(np.int64)
    return Thread(post, author, created, likes, parent, text, language)


def _rows(
    rng: np.random.Generator, span: Span, counter: Ints, draft: Draft, cap: Ints
) -> tuple[Ints, Ints]:
    """Which comments exist as rows: their post and time, [C] each.

    By the end of any day a post never has more rows than its counter says.
    """
    settings, final = Comments(), counter[:, -1]
    beyond = np.maximum(final - settings.rows_certain, 0) * settings.rows_beyond
    wanted = np.minimum(final, settings.rows_certain) + beyond.astype(np.int64)
    rows = np.minimum(wanted, np.maximum(cap, 0))
    shown = counter * rows[:, None] // np.maximum(final, 1)[:, None]
    new = np.diff(shown, axis=1, prepend=0)
    # What was said earlier than a week before the first day is never asked for.
    new[:, : BURN_IN - 7] = 0
    post, day = np.nonzero(new)
    repeat = new[post, day]
    post, day = np.repeat(post, repeat).astype(np.int64), np.repeat(day, repeat)
    begin = np.maximum(span.burn_in_second + day * DAY_SECONDS, draft.created[post] + 20)
    end = np.maximum(span.burn_in_second + (day + 1) * DAY_SECONDS, begin + 1)
    # Most is said soon after the day's attention begins.
    spent = ((end - begin - 1) * rng.random(post.size) ** 1.7).astype(np.int64)
    return post, begin + spent


def _ordinary_authors(rng: np.random.Generator, first_fan: Ints) -> Ints:
    settings, count = Comments(), first_fan.size
    fan = (first_fan + (rng.random(count) ** 1.5 * settings.fans).astype(np.int64)) % len(ORDINARY)
    # Among the passers-by are members of pods and bots: they comment on honest accounts too.
    anyone = rng.integers(BOTS.stop, size=count)
    return np.where(rng.random(count) < settings.fan_share, fan, anyone).astype(np.int64)


def _ordinary_kinds(
    rng: np.random.Generator, span: Span, plan: Plan, draft: Draft, post: Ints, created: Ints
) -> Ints:
    day = np.clip((created - span.burn_in_second) // DAY_SECONDS, 0, span.simulated - 1)
    angry = rng.random(post.size) < plan.negative[draft.account[post], day]
    prize = draft.giveaway[post] & (rng.random(post.size) < Comments().giveaway_mentions)
    kinds: Ints = np.where(angry, ANGRY_COMMENT, np.where(prize, GIVEAWAY_COMMENT, 0)).astype(
        np.int64
    )
    return kinds


def _parents(rng: np.random.Generator, post: Ints, share: Floats) -> Ints:
    """What each comment answers: the latest top-level comment before it on its post, or -1."""
    count = post.size
    rank = np.arange(count) - np.searchsorted(post, post)
    reply = (rng.random(count) < share) & (rank > 0)
    # The first comment of a post is always a top-level one, so the latest is of the same post.
    latest = np.maximum.accumulate(np.where(reply, -1, np.arange(count)))
    return np.where(reply, latest, -1).astype(np.int64)


def _texts(rng: np.random.Generator, kind: Ints, parent: Ints, home: Texts) -> tuple[Texts, Texts]:
    """Each comment's words and the language they are in."""
    settings, count = Comments(), kind.size
    tongues = np.array(languages(), dtype=object)
    foreign = rng.random(count) < np.where(kind == SPAM_COMMENT, settings.spam_foreign, 0)
    foreign |= (rng.random(count) < settings.foreign_share) & (kind == ORDINARY_COMMENT)
    other = np.where(kind == SPAM_COMMENT, "en", tongues[rng.integers(tongues.size, size=count)])
    language = np.where(foreign, other, home)
    picks = rng.random((count, 6))
    text = np.empty(count, dtype=object)
    for i in range(count):
        text[i], wordless = _sentence(int(kind[i]), parent[i] >= 0, str(language[i]), picks[i])
        if wordless:
            language[i] = NO_LANGUAGE
    return text, language


NO_LANGUAGE = "und"


def _sentence(kind: int, reply: bool, language: str, pick: Floats) -> tuple[str, bool]:
    """A comment, and whether it is without words."""
    settings, told = Comments(), grammar(language)
    emoji = EMOJI[int(pick[1] * len(EMOJI))]
    if kind == GIVEAWAY_COMMENT:
        return f"@friend{int(pick[0] * 90_000)} @friend{int(pick[2] * 90_000)}", True
    if kind == ANGRY_COMMENT:
        return _one(told.negative, pick[0]), False
    if kind == SPAM_COMMENT:
        return _one(told.spam, pick[0]) + ("", "!", "!!", f" {emoji}")[int(pick[2] * 4)], False
    if kind == POD_COMMENT:
        if pick[3] < settings.pod_words:
            return f"{_one(told.words, pick[0])} {emoji}{emoji}", False
        return f"{_one(told.comments, pick[0])} {emoji}", False
    if pick[3] < settings.wordless_share:
        return emoji * (1 + int(pick[0] * 4)), True
    if pick[3] < settings.wordless_share + settings.one_word_share:
        return f"{_one(told.words, pick[0])} {emoji}", False
    said = _one(told.replies, pick[0]) if reply else _one(told.comments, pick[0])
    if pick[4] < settings.second_sentence:
        said = f"{said}. {_one(told.comments, pick[4] / settings.second_sentence)}"
    if pick[5] < settings.opening_word:
        said = f"{_one(told.words, pick[5] / settings.opening_word)}! {said}"
    if pick[3] > 1 - settings.mention_share:
        return f"@friend{int(pick[2] * 90_000)} {said}", False
    return (f"{said} {emoji}" if pick[2] < 0.3 else said), False


def _one(phrases: tuple[str, ...], chance: float) -> str:
    return phrases[int(chance * len(phrases))]


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
