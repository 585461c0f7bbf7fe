"""What a world has to answer so that the sandbox can serve it in the platforms' shapes.

A world holds accounts and what they posted; every question carries ``as_of``, the first instant
(UTC) that the answer may not know of: the world as it stood when that day ended. Answers are the
platforms' own JSON objects, so the routes only check, select and page.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True)
class Creator:
    """A person with connected accounts; ``created_at`` in UTC."""

    creator_id: str
    display_name: str
    created_at: datetime


@dataclass(frozen=True)
class Account:
    """One account of a creator on a platform (``tiktok`` or ``youtube``)."""

    creator_id: str
    platform: str
    account_id: str
    handle: str
    connected_at: datetime


class CommentsDisabledError(Exception):
    """The video's owner has switched comments off."""


class World(Protocol):
    """Creators with their accounts on the platforms."""

    seed: int
    name: str

    def creators(self) -> list[Creator]: ...

    def accounts(self) -> list[Account]: ...

    def tiktok_user(self, open_id: str, as_of: datetime) -> Json:
        """The user object of TikTok's ``/v2/user/info/`` with every field."""
        ...

    def tiktok_videos(self, open_id: str, as_of: datetime) -> list[Json]:
        """The account's video objects with every field, newest first."""
        ...

    def youtube_channel(self, channel_id: str, as_of: datetime) -> Json | None:
        """The channel resource with every part, or None for an unknown id."""
        ...

    def youtube_uploads(self, playlist_id: str, as_of: datetime) -> list[Json] | None:
        """The playlist items of an uploads playlist, newest first; None for an unknown id."""
        ...

    def youtube_video(self, video_id: str, as_of: datetime) -> Json | None:
        """The video resource with every part, or None for an unknown id."""
        ...

    def youtube_comment_threads(
        self, video_id: str, as_of: datetime, start: int, count: int
    ) -> tuple[list[Json], int] | None:
        """``count`` threads from position ``start`` (newest first) and how many there are in all.

        None for an unknown video; :class:`CommentsDisabledError` where comments are off.
        """
        ...
