"""What the world's people write: sentences put together from the grammars in ``phrases/``.

Each language's file holds topics, captions with ``{topic}``, comments with ``{when}`` and
``{thing}``, words of one or two, replies, angry comments, a sponsored and a giveaway caption,
spam and scams: all in that language, so that a detector of languages can be measured against what
a text really is.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any

import yaml

EMOJI = ("😂", "🔥", "❤️", "😍", "👏", "🙌", "✨", "😭", "💯", "🥹", "🎉", "👀")

COUNTRIES: dict[str, tuple[float, tuple[str, ...], int, tuple[str, ...]]] = {
    # country: weight of creators, languages (main first), hours from UTC, cities
    "US": (0.22, ("en", "es"), -6, ("New York", "Los Angeles", "Chicago", "Houston")),
    "GB": (0.08, ("en",), 0, ("London", "Manchester", "Glasgow", "Bristol")),
    "NG": (0.04, ("en",), 1, ("Lagos", "Abuja", "Ibadan", "Kano")),
    "ES": (0.06, ("es",), 1, ("Madrid", "Barcelona", "Valencia", "Seville")),
    "MX": (0.06, ("es",), -6, ("Mexico City", "Guadalajara", "Monterrey", "Puebla")),
    "BR": (0.10, ("pt",), -3, ("São Paulo", "Rio de Janeiro", "Salvador", "Recife")),
    "FR": (0.06, ("fr",), 1, ("Paris", "Lyon", "Marseille", "Lille")),
    "DE": (0.07, ("de",), 1, ("Berlin", "Hamburg", "Munich", "Cologne")),
    "IT": (0.05, ("it",), 1, ("Rome", "Milan", "Naples", "Turin")),
    "EG": (0.05, ("ar",), 2, ("Cairo", "Alexandria", "Giza", "Mansoura")),
    "IN": (0.08, ("hi", "en"), 5, ("Mumbai", "Delhi", "Bengaluru", "Pune")),
    "JP": (0.04, ("ja",), 9, ("Tokyo", "Osaka", "Nagoya", "Fukuoka")),
    "TR": (0.04, ("tr",), 3, ("Istanbul", "Ankara", "Izmir", "Bursa")),
    "ID": (0.03, ("id",), 7, ("Jakarta", "Surabaya", "Bandung", "Medan")),
    "KR": (0.02, ("ko",), 9, ("Seoul", "Busan", "Incheon", "Daegu")),
}
"""Where creators and their followers live."""


@dataclass(frozen=True)
class Grammar:
    """The sentences of one language, filled in."""

    language: str
    topics: tuple[str, ...]
    captions: tuple[str, ...]
    sponsored: str
    giveaway: str
    comments: tuple[str, ...]
    words: tuple[str, ...]
    replies: tuple[str, ...]
    negative: tuple[str, ...]
    spam: tuple[str, ...]
    scam: tuple[str, ...]
    """Captions of somebody who has taken an account over."""


@cache
def languages() -> tuple[str, ...]:
    """The languages that the world writes in, sorted."""
    return tuple(sorted({tongue for _, spoken, _, _ in COUNTRIES.values() for tongue in spoken}))


@cache
def grammar(language: str) -> Grammar:
    """The grammar of a language of :func:`languages`."""
    found = _read(language)
    slots = list(product(found["when"], found["thing"]))
    filled = [c.format(when=when, thing=thing) for c in found["comments"] for when, thing in slots]
    return Grammar(
        language=language,
        topics=tuple(found["topics"]),
        captions=tuple(found["captions"]),
        sponsored=found["sponsored"],
        giveaway=found["giveaway"],
        comments=tuple(dict.fromkeys(filled)),
        words=tuple(found["words"]),
        replies=tuple(found["replies"]),
        negative=tuple(found["negative"]),
        spam=tuple(found["spam"]),
        scam=tuple(found["scam"]),
    )


@cache
def names() -> dict[str, dict[str, list[str]]]:
    """Given and family names by language."""
    found: dict[str, dict[str, list[str]]] = _read("names")
    return found


def _read(name: str) -> Any:
    path = files("ingestion.sandbox.world") / "phrases" / f"{name}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))
