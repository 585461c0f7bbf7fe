"""Titles and captions of posts."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import Posts
from ingestion.sandbox.world.model import Ints, Texts
from ingestion.sandbox.world.phrasebook import EMOJI, Grammar, grammar, languages
from ingestion.sandbox.world.publishing import Draft


@dataclass(frozen=True)
class Captions:
    """Texts of posts [P]; ``language`` is what they are really written in."""

    title: Texts
    caption: Texts
    language: Texts


def captions(
    rng: np.random.Generator, draft: Draft, account_language: Texts, account_topic: Ints
) -> Captions:
    """Write a title and a caption for each post of ``draft``."""
    posts, count, tongues = Posts(), draft.account.size, languages()
    foreign = (rng.random(count) < posts.alien_language) | draft.alien
    other = rng.integers(1, len(tongues), size=count)
    # Whoever has taken an account over writes in one language.
    intruder = rng.integers(1, len(tongues), size=len(account_language))
    other = np.where(draft.alien, intruder[draft.account], other)
    picks = rng.random((count, 4))
    titles, texts, written = np.empty((3, count), dtype=object)
    for i in range(count):
        language = str(account_language[draft.account[i]])
        if foreign[i]:
            language = tongues[(tongues.index(language) + int(other[i])) % len(tongues)]
        told = grammar(language)
        topic = told.topics[account_topic[draft.account[i]]]
        titles[i] = _sentence(draft, i, told, topic, picks[i, 0])
        emoji = EMOJI[int(picks[i, 2] * len(EMOJI))]
        texts[i] = titles[i] if picks[i, 1] >= posts.emoji_share else f"{titles[i]} {emoji}"
        if picks[i, 3] < posts.hashtag_share and not draft.alien[i]:
            texts[i] = f"{texts[i]} #{topic.replace(' ', '')}"
        written[i] = language
    return Captions(titles, texts, written)


def _sentence(draft: Draft, i: int, told: Grammar, topic: str, chance: float) -> str:
    if draft.alien[i]:
        return told.scam[int(chance * len(told.scam))]
    if draft.giveaway[i]:
        return told.giveaway
    if draft.sponsored[i]:
        return told.sponsored.format(topic=topic)
    return told.captions[int(chance * len(told.captions))].format(topic=topic)
