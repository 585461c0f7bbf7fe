"""Public profiles of single accounts: the columns that are read, and what is derived from them.

In: a frame of profiles with any of ``PROFILE_COLUMNS``; out: numbers for a model. Other columns are
left alone. A value that a platform does not show is NULL (None, NaN, NA), never 0.

======================  =============================================================
follower_count          accounts that follow this one
following_count         accounts that this one follows
media_count             posts on show
biography_length        characters of the biography
has_picture             whether the profile has a picture of its own (bool, 0, 1)
is_private              whether posts are shown to followers alone (bool, 0, 1)
username_length         characters of the user name
username_digit_count    digits among them
======================  =============================================================
"""

from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd

COUNTS = (
    "follower_count",
    "following_count",
    "media_count",
    "biography_length",
    "username_length",
    "username_digit_count",
)
FLAGS = ("has_picture", "is_private")
PROFILE_COLUMNS = (*COUNTS[:4], *FLAGS, *COUNTS[4:])


def read_profiles(frame: pd.DataFrame) -> pd.DataFrame:
    """The profiles as numbers.

    Args:
        frame: [n, any of ``PROFILE_COLUMNS``] of bool, integer, float or object type.

    Returns:
        [n, ``PROFILE_COLUMNS``] of float64 in the frame's order, with a new index from 0; NaN where
        a value or a whole column is absent.

    Raises:
        ValueError: no rows, none of the columns, one of them twice, text, an infinite or negative
            count, a flag that is neither 0 nor 1, more digits than characters.
    """
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(f"accounts: a {type(frame).__name__} was given. Pass a pandas DataFrame.")
    if frame.empty:
        raise ValueError("accounts: the frame is empty. Pass at least one profile.")
    if not set(PROFILE_COLUMNS) & set(frame.columns):
        raise ValueError(
            f"accounts: none of the columns {', '.join(PROFILE_COLUMNS)} is there. Name at least "
            "one of the frame's columns so."
        )
    profiles = pd.DataFrame(
        {
            name: _numbers(frame[name], name) if name in frame else np.nan
            for name in PROFILE_COLUMNS
        },
        index=range(len(frame)),
        dtype=float,
    )
    for name in COUNTS:
        _refuse(profiles[name], (profiles[name] < 0) | np.isinf(profiles[name]), "0 or more")
    for name in FLAGS:
        _refuse(profiles[name], ~profiles[name].isin([0, 1, np.nan]), "true or false")
    digits = profiles["username_digit_count"]
    _refuse(digits, digits > profiles["username_length"], "at most username_length")
    return profiles


def youtube_profiles(channels: pd.DataFrame) -> pd.DataFrame:
    """Sampled YouTube commenters as profiles.

    A channel shows neither whom it follows nor, once stored, whether its picture is its own, and is
    always public: these columns are left out.

    Args:
        channels: rows of ``stg_youtube__commenter_channels`` [n, handle, description,
            follower_count, lifetime_post_count].

    Returns:
        [n, follower_count, media_count, biography_length, username_length, username_digit_count]
        for :func:`read_profiles`, with the index of the channels.
    """
    names = channels["handle"].astype("string").str.removeprefix("@")
    return pd.DataFrame(
        {
            "follower_count": channels["follower_count"],
            "media_count": channels["lifetime_post_count"],
            "biography_length": channels["description"].astype("string").str.len(),
            "username_length": names.str.len(),
            "username_digit_count": names.str.count(r"\d"),
        }
    )


def account_features(profiles: pd.DataFrame) -> pd.DataFrame:
    """What tells accounts apart: logarithms of the counts, and ratios that do not know size.

    Args:
        profiles: from :func:`read_profiles`.

    Returns:
        [n, 12] of float64; NaN where a profile does not show what a feature needs.
    """
    followers = np.log1p(profiles["follower_count"])
    following = np.log1p(profiles["following_count"])
    media = np.log1p(profiles["media_count"])
    biography = profiles["biography_length"]
    length = profiles["username_length"]
    return pd.DataFrame(
        {
            "log_followers": followers,
            "log_following": following,
            "log_media": media,
            "log_following_per_follower": following - followers,
            "log_media_per_follower": media - followers,
            "log_biography": np.log1p(biography),
            "has_biography": (biography > 0).astype(float).where(biography.notna()),
            "has_picture": profiles["has_picture"],
            "is_private": profiles["is_private"],
            "username_length": length,
            "log_username_digits": np.log1p(profiles["username_digit_count"]),
            "username_digit_share": profiles["username_digit_count"] / length.where(length > 0),
        }
    )


def _numbers(column: pd.Series | pd.DataFrame, name: str) -> pd.Series:
    if isinstance(column, pd.DataFrame):
        raise ValueError(f"accounts: {name}: stands twice in the frame. Keep one column.")
    column = column.reset_index(drop=True)
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        known = column.astype(object)
        odd = known.notna() & ~known.map(lambda value: isinstance(value, Real | Decimal | np.bool_))
        _refuse(known.rename(name), odd, "a number")
        column = known.where(known.notna(), np.nan)
    elif pd.api.types.is_complex_dtype(column):
        raise ValueError(f"accounts: {name}: holds complex numbers. Pass real ones.")
    return pd.Series(column.to_numpy(dtype=float, na_value=np.nan), name=name)


def _refuse(column: pd.Series, odd: pd.Series, wanted: str) -> None:
    if odd.any():
        row = int(np.argmax(odd))
        found = column.tolist()[row]
        raise ValueError(
            f"accounts: {column.name}: row {row} holds {found!r}. "
            f"Pass {wanted}, or NULL where it is not known."
        )
