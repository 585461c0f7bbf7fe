"""Recorded TikTok data as a world: ``DIR/real/tiktok_videos.csv`` served as accounts and videos.

One row of the file is one reading of a video together with its creator's counters. Rules:

- Every row is served, both rows of a video id that stands twice included.
- A creator's ``follower_count``, ``likes_count`` and ``video_count`` are each the **highest** value
  over all of the creator's rows: the file names no time of reading, and a lifetime counter's higher
  reading is the later one. (In the published file follower_count is the same on all rows of a
  creator; likes_count differs for 12 creators and video_count for 7.)
- The readings carry no date: a video's counters are the same on every day from its creation on;
  before its creation it is not listed.
- Fields that the file does not hold (width, cover, following_count, ...) are absent.

YouTube has no accounts in this world.
"""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pandas as pd

from ingestion.sandbox.platforms import Account, Creator, Json
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


class ReplayWorld:
    """The recorded accounts; each username is a creator with one TikTok account."""

    seed = 0

    def __init__(self, directory: Path) -> None:
        self.name = f"replay {directory}"
        frame = read_videos(directory)
        newest_first = frame.sort_values("create_time", ascending=False, kind="stable")
        self._videos: dict[str, pd.DataFrame] = {
            str(username): rows for username, rows in newest_first.groupby("username", sort=True)
        }
        self._usernames = {open_id_of(username): username for username in self._videos}
        self._videos_as_of = lru_cache(maxsize=256)(self._videos_until)

    def creators(self) -> list[Creator]:
        return [
            Creator(username, username, _moment(rows["create_time"].min()))
            for username, rows in self._videos.items()
        ]

    def accounts(self) -> list[Account]:
        return [
            Account(
                username,
                "tiktok",
                open_id,
                username,
                _moment(self._videos[username].create_time.min()),
            )
            for open_id, username in self._usernames.items()
        ]

    def tiktok_user(self, open_id: str, as_of: datetime) -> Json:
        username = self._usernames[open_id]
        rows = self._videos[username]
        return {
            "open_id": open_id,
            "display_name": username,
            "username": username,
            "profile_deep_link": f"https://www.tiktok.com/@{username}",
            "follower_count": int(rows["follower_count"].max()),
            "likes_count": int(rows["likes_count"].max()),
            "video_count": int(rows["video_count"].max()),
        }

    def tiktok_videos(self, open_id: str, as_of: datetime) -> list[Json]:
        return self._videos_as_of(open_id, as_of)

    def youtube_channel(self, channel_id: str, as_of: datetime) -> Json | None:
        return None

    def youtube_uploads(self, playlist_id: str, as_of: datetime) -> list[Json] | None:
        return None

    def youtube_video(self, video_id: str, as_of: datetime) -> Json | None:
        return None

    def youtube_comment_threads(
        self, video_id: str, as_of: datetime, start: int, count: int
    ) -> tuple[list[Json], int] | None:
        return None

    def _videos_until(self, open_id: str, as_of: datetime) -> list[Json]:
        username = self._usernames[open_id]
        rows = self._videos[username]
        known = rows[rows["create_time"] < as_of.timestamp()]
        return [_video(row) for row in known.to_dict("records")]


def open_id_of(username: str) -> str:
    """The TikTok open_id under which a recorded creator is served."""
    return hashlib.sha256(f"replay:{username}".encode()).hexdigest()[:36]


def _video(row: dict) -> Json:
    hashtags = [tag.strip().strip("'\"") for tag in row["hashtags"].strip("[]").split(",")]
    return {
        "id": row["video_id"],
        "create_time": row["create_time"],
        "video_description": " ".join(f"#{tag}" for tag in hashtags if tag),
        "duration": row["duration"],
        "share_url": f"https://www.tiktok.com/@{row['username']}/video/{row['video_id']}",
        "like_count": row["like_count"],
        "comment_count": row["comment_count"],
        "share_count": row["share_count"],
        "view_count": row["view_count"],
    }


def _moment(unix_seconds: int) -> datetime:
    return datetime.fromtimestamp(int(unix_seconds), UTC)
