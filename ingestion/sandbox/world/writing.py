"""Titles and captions of posts."""

from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.coefficients import Posts
from ingestion.sandbox.world.model import Bools, Ints, Texts
from ingestion.sandbox.world.phrasebook import EMOJI, grammar, languages


@dataclass(frozen=True)
class Captions:
    """Texts of posts [P]; ``language`` is what they are really written in."""

    title: Texts
    caption: Texts
    language: Texts


def captions(
    rng: np.random.Generator,
    account: Ints,
    account_language: Texts,
    account_topic: Ints,
    sponsored: Bools,
    giveaway: Bools,
    alien: Bools,
) -> Captions:
    """Write a caption for each post."""
    posts, count = Posts(), account.size
    tongues = languages()
    foreign = rng.random(count) < posts.alien_language
    other = rng.integers(len(tongues), size=count)
    pick = rng.random((count, 4))
    titles, texts, written = np.empty((3, count), dtype=object)
    for i in range(count):
        language = account_language[account[i]]
        if foreign[i]:
            language = tongues[other[i]]
        told = grammar(language)
        topic = told.topics[account_topic[account[i]] % len(told.topics)]
        if giveaway[i]:
            sentence = told.giveaway
        elif sponsored[i]:
            sentence = told.sponsored.format(topic=topic)
        else:
            sentence = told.captions[int(pick[i, 0] * len(told.captions))].format(topic=topic)
        titles[i] = sentence
        tail = "" if pick[i, 1] < 0.5 else " " + EMOJI[int(pick[i, 2] * len(EMOJI))]
        tag = topic.split(" ")[0] if pick[i, 3] < 0.7 else ""
        texts[i] = f"{sentence}{tail} #{tag}" if tag else f"{sentence}{tail}"
        written[i] = language
    return Captions(titles, texts, written)
