"""Recorded TikTok data as a world: ``DIR/real/tiktok_videos.csv`` served as accounts and videos.

One row of the file is one reading of a video together with its creator's counters. Rules:

- Every row is served, both rows of a video id that stands twice included.
- A creator's ``follower_count``, ``likes_count`` and ``video_count`` are each the **highest** value
  over all of the creator's rows: the file names no time of reading, and a lifetime counter's higher
  reading is the later one. (In the published file follower_count is the same on all rows of a
  creator; likes_count differs for 12 creators and video_count for 7.)
- The readings carry no date: a video's counters are the same on every day from its creation on;
  before its creation it is not listed.
- Fields that the file does not hold (:data:`UNRECORDED`) are absent, and so is everything that
  only the Accounts API tells (insights, audiences, comments).

The other platforms have no accounts in this world.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingestion.sandbox.platforms import Account, Creator
from ingestion.sandbox.world.model import NEVER, Ints, PlatformBlock, bounds
from warehouse.errors import UserError

COUNTERS = (
    "duration",
    "like_count",
    "share_count",
    "comment_count",
    "view_count",
    "follower_count",
    "likes_count",
    "video_count",
)
COLUMNS = ("video_id", "create_time", "username", "hashtags", *COUNTERS)
LARGEST_COUNT = 2**63 - 1
UNRECORDED = frozenset(
    [
        "union_id",
        "avatar_url",
        "avatar_url_100",
        "avatar_large_url",
        "bio_description",
        "is_verified",
        "following_count",
        "title",
        "cover_image_url",
        "width",
        "height",
        "embed_html",
        "embed_link",
    ]
)
"""Fields of TikTok's users and videos that the file says nothing of."""
NO_DAY = date(1970, 1, 1)
"""The recorded counters hold on every day, so the block's one day lies before all of them."""


def read_videos(directory: Path) -> pd.DataFrame:
    """The rows of ``directory/real/tiktok_videos.csv``: ids as strings, counters as int64.

    Raises :class:`UserError` that names the file, the row (its line, the header being line 1) and
    the column of the first value that is not what it should be.
    """
    path = directory / "real" / "tiktok_videos.csv"
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, on_bad_lines="error")
    except FileNotFoundError:
        raise UserError(
            f"replay: {path} not found. Point --replay at the folder that holds real/."
        ) from None
    except pd.errors.EmptyDataError:
        raise UserError(f"replay: {path} is empty. It needs a header and rows.") from None
    except (pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"replay: {path} cannot be read as CSV ({reason}).") from None
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise UserError(f"replay: {path}: column {missing[0]} is missing from the header.")
    if frame.empty:
        raise UserError(f"replay: {path} has a header but no rows.")
    for column in ("video_id", "username"):
        _refuse(path, frame, column, frame[column].str.strip() == "", "a value")
    for column in ("create_time", *COUNTERS):
        digits = frame[column].str.fullmatch(r"\d{1,19}")
        _refuse(path, frame, column, ~digits, "a whole number, 0 or more")
        _refuse(path, frame, column, frame[column].map(int) > LARGEST_COUNT, "a number under 2^63")
        frame[column] = frame[column].astype("int64")
    _refuse(path, frame, "create_time", frame["create_time"] >= 2**32, "Unix seconds")
    return frame[list(COLUMNS)]


def _refuse(
    path: Path, frame: pd.DataFrame, column: str, bad: "pd.Series[bool]", want: str
) -> None:
    if bad.any():
        position = int(bad.to_numpy().argmax())
        value = frame[column].tolist()[position]
        raise UserError(
            f"replay: {path}: row {position + 2}, column {column}: {value!r} is not {want}."
        )


@dataclass(frozen=True, eq=False)
class RecordedBlock(PlatformBlock):
    """All recorded accounts on one day that stands for every day."""

    likes_count: Ints
    """Of an account's videos, recorded or not, [A]."""
    video_count: Ints


class ReplayWorld:
    """The recorded accounts; each username is a creator with one TikTok account."""

    seed = 0

    def __init__(self, directory: Path) -> None:
        self.name = f"replay {directory}"
        frame = read_videos(directory)
        self._block = _block(frame)
        self._places = {str(i): place for place, i in enumerate(self._block.account_id)}

    def creators(self) -> list[Creator]:
        block = self._block
        return [
            Creator(username, username, _moment(created))
            for username, created in zip(block.handle, block.created, strict=True)
        ]

    def accounts(self) -> list[Account]:
        block = self._block
        columns = (block.account_id, block.handle, block.created)
        return [
            Account(username, "tiktok", open_id, username, _moment(created))
            for open_id, username, created in zip(*columns, strict=True)
        ]

    def blocks(self, platform: str) -> Iterator[PlatformBlock]:
        """The one block of TikTok."""
        if platform == "tiktok":
            yield self._block

    def locate(self, platform: str, account_id: str) -> tuple[PlatformBlock, int] | None:
        """The block and the account's position in it, or None for an unknown id."""
        place = self._places.get(account_id) if platform == "tiktok" else None
        return None if place is None else (self._block, place)

    def locate_post(self, platform: str, post_id: str) -> tuple[PlatformBlock, int] | None:
        """The first of the post's rows, or None for an unknown id."""
        if platform != "tiktok":
            return None
        found = np.flatnonzero(self._block.post_id == post_id)
        return (self._block, int(found[0])) if found.size else None

    def locate_comment(self, platform: str, comment_id: str) -> None:
        """No comments were recorded."""


def open_id_of(username: str) -> str:
    """The TikTok open_id under which a recorded creator is served."""
    return hashlib.sha256(f"replay:{username}".encode()).hexdigest()[:36]


def _block(frame: pd.DataFrame) -> RecordedBlock:
    """The file's rows as arrays; rows of one second stand so that the file's first is newest."""
    frame = frame[::-1].sort_values(["username", "create_time"], kind="stable")
    users = frame.groupby("username", sort=True).agg(
        created=("create_time", "min"),
        followers=("follower_count", "max"),
        likes_count=("likes_count", "max"),
        video_count=("video_count", "max"),
    )
    names = np.array([str(name) for name in users.index], dtype=object)
    owner = np.searchsorted(names.astype(str), frame["username"].to_numpy(dtype=str))
    known: dict[str, Any] = {
        "account_id": np.array([open_id_of(name) for name in names], dtype=object),
        "creator_id": names,
        "handle": names,
        "handle_before": names,
        "display_name": names,
        "created": users["created"].to_numpy(np.int64),
        "followers": users["followers"].to_numpy(np.int64)[:, None],
        "likes_count": users["likes_count"].to_numpy(np.int64),
        "video_count": users["video_count"].to_numpy(np.int64),
        "available": np.ones((names.size, 1), dtype=bool),
        "post_id": frame["video_id"].to_numpy(dtype=object),
        "post_account": owner.astype(np.int64),
        "post_created": frame["create_time"].to_numpy(np.int64),
        "post_deleted": np.full(len(frame), NEVER, dtype=np.int64),
        "post_duration": frame["duration"].to_numpy(np.int64),
        "post_caption": np.array([_caption(text) for text in frame["hashtags"]], dtype=object),
        "post_views": frame["view_count"].to_numpy(np.int64)[:, None],
        "post_likes": frame["like_count"].to_numpy(np.int64)[:, None],
        "post_comments": frame["comment_count"].to_numpy(np.int64)[:, None],
        "post_shares": frame["share_count"].to_numpy(np.int64)[:, None],
        "audience": {},
        "_post_bounds": bounds(owner, names.size),
        "_comment_bounds": np.zeros(len(frame) + 1, dtype=np.int64),
    }
    return RecordedBlock(
        platform="tiktok", first_day=NO_DAY, days=1, **_nothing(names.size, len(frame)), **known
    )


def _nothing(accounts: int, posts: int) -> dict[str, Any]:
    """What the file says nothing of."""
    text, flag, whole = np.array("", dtype=object), np.array(False), np.array(0)
    groups = [
        (
            (accounts,),
            {
                "description country language category": text,
                "is_verified hides_followers": flag,
                "rebrand_day": whole,
            },
        ),
        (
            (accounts, 1),
            {
                "gained lost following reach views profile_views engaged": whole,
                "likes comments shares saves error_kind bought": whole,
                "previous": np.array(-1),
            },
        ),
        ((accounts, 24), {"activity": np.array(0.0)}),
        (
            (posts,),
            {
                "post_title post_language": text,
                "post_format": np.array("video", dtype=object),
                "post_sponsored post_synthetic post_kids comments_off likes_hidden": flag,
            },
        ),
        ((posts, 1), {"post_saves post_reach": whole}),
        (
            (0,),
            {
                "comment_id comment_text comment_language": text,
                "comment_post comment_author comment_created comment_likes comment_parent": whole,
            },
        ),
    ]
    return {
        name: np.full(shape, value[()], dtype=value.dtype)
        for shape, members in groups
        for names, value in members.items()
        for name in names.split()
    }


def _caption(hashtags: str) -> str:
    tags = [tag.strip().strip("'\"") for tag in hashtags.strip("[]").split(",")]
    return " ".join(f"#{tag}" for tag in tags if tag)


def _moment(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(int(unix_seconds), UTC)
