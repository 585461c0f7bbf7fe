"""The ids of the synthetic world: each in its platform's shape, and readable backwards.

An id is a number (which creator, post, comment or commenter it is) put through a bijection that
scatters it, so that ids tell nothing of order or of truth, yet :func:`number_of` finds the thing
without a table of ids. Numbers of posts and comments are ``block << SHIFT | position``.

Shapes: YouTube channels ``UC`` + 22, videos 11, comments ``Ug...`` (a reply: parent ``.`` 22);
TikTok open ids of 36 characters, videos and comments of 19 digits (above 2^53); Instagram accounts
and media of 17 digits; Facebook pages of 15 digits, posts ``page_post``, comments ``post_comment``.
"""

import base64
import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.uint64]
Texts = npt.NDArray[np.object_]

POST_SHIFT, COMMENT_SHIFT = 20, 24
"""Bits of a block's own positions in the number of a post and of a comment."""

_URLSAFE = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # pragma: allowlist secret
)
_DIGITS = {c: i for i, c in enumerate(_URLSAFE)}

# Decimal ids: the first id of the range and how many bits the range is wide.
_RANGES = {
    ("instagram", "account"): (17_841_400_000_000_000, 36),
    ("instagram", "post"): (17_900_000_000_000_000, 49),
    ("instagram", "comment"): (18_500_000_000_000_000, 48),
    ("instagram", "commenter"): (6_000_000_000, 33),
    ("facebook", "account"): (100_000_000_000_000, 46),
    ("facebook", "post"): (200_000_000_000_000, 49),
    ("facebook", "comment"): (200_000_000_000_000, 49),
    ("facebook", "commenter"): (6_000_000_000_000_000, 50),
    ("tiktok", "post"): (7_000_000_000_000_000_000, 60),
    ("tiktok", "comment"): (7_000_000_000_000_000_000, 60),
    ("tiktok", "commenter"): (6_500_000_000_000_000_000, 58),
}


def ids(seed: int, platform: str, kind: str, numbers: npt.ArrayLike) -> Texts:
    """The ids of ``numbers``: kind ``account``, ``post``, ``comment`` or ``commenter``.

    Facebook's posts and all comments are completed with their parent's id by the caller.
    """
    values = np.asarray(numbers, dtype=np.uint64)
    if (platform, kind) in _RANGES:
        base, bits = _RANGES[platform, kind]
        scattered = _scatter(values, bits, _salt(seed, platform, kind))
        return np.array([str(base + int(v)) for v in scattered], dtype=object)
    first = _scatter(values, 64, _salt(seed, platform, kind))
    second = _scatter(values, 64, _salt(seed, platform, kind + " tail"))
    if platform == "tiktok":
        pairs = zip(first, second, strict=True)
        made = [f"-000{int(a):016x}{int(b):016x}" for a, b in pairs]
    elif kind == "post":
        made = [_base64(int(a)) for a in first]
    else:
        prefix, width, suffix = ("Ug", 7, "AaABAg") if kind == "comment" else ("UC", 11, "")
        pairs = zip(first, second, strict=True)
        made = [f"{prefix}{_base64(int(a))}{_base64(int(b))[-width:]}{suffix}" for a, b in pairs]
    return np.array(made, dtype=object)


def number_of(seed: int, platform: str, kind: str, text: str) -> int | None:
    """The number behind an id, or None where the text has not the id's shape.

    A text of the right shape gives a number, whether or not the world has such a thing: compare
    the id of what stands there.
    """
    if (platform, kind) in _RANGES:
        base, bits = _RANGES[platform, kind]
        if not (text.isascii() and text.isdecimal()) or not 0 <= int(text) - base < 1 << bits:
            return None
        return _gather(int(text) - base, bits, _salt(seed, platform, kind))
    if platform == "tiktok":
        digits = text[4:20]
        if len(text) != 36 or any(c not in "0123456789abcdef" for c in digits):
            return None
        value = int(digits, 16)
    else:
        start = 0 if kind == "post" else 2
        found = _from_base64(text[start : start + 11])
        if found is None:
            return None
        value = found
    return _gather(value, 64, _salt(seed, platform, kind))


def token(*parts: object, length: int = 24) -> str:
    """A text that looks drawn at random and is the same for the same parts."""
    digest = hashlib.sha512(":".join(map(str, parts)).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


def digest(*parts: object) -> str:
    """Forty hexadecimal digits that are the same for the same parts."""
    return hashlib.sha256(":".join(map(str, parts)).encode()).hexdigest()[:40]


@lru_cache(maxsize=256)
def _salt(seed: int, platform: str, kind: str) -> int:
    digest = hashlib.sha256(f"{seed}:{platform}:{kind}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def _multiplier(salt: int, bits: int) -> int:
    return ((salt * 2 + 1) * 0x9E3779B97F4A7C15 | 1) % (1 << bits)


def _scatter(values: Numbers, bits: int, salt: int) -> Numbers:
    mask, half = np.uint64((1 << bits) - 1), np.uint64((bits + 1) // 2)
    factor = np.uint64(_multiplier(salt, bits))
    found = values ^ np.uint64(salt & int(mask))
    for _ in range(3):
        found = (found * factor) & mask
        found = found ^ (found >> half)
    return found


def _gather(value: int, bits: int, salt: int) -> int:
    mask, half = (1 << bits) - 1, (bits + 1) // 2
    inverse = pow(_multiplier(salt, bits), -1, 1 << bits)
    for _ in range(3):
        # Shifted by at least half of the bits, the step undoes itself.
        value = value ^ (value >> half)
        value = value * inverse & mask
    return value ^ (salt & mask)


def _base64(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(8, "big")).decode().rstrip("=")


def _from_base64(text: str) -> int | None:
    if len(text) != 11 or any(c not in _DIGITS for c in text):
        return None
    value = 0
    for character in text:
        value = value << 6 | _DIGITS[character]
    # Eleven characters hold 66 bits; the last two are padding and must be empty.
    return value >> 2 if value & 3 == 0 else None
