"""The synthetic world: the same creators on TikTok and YouTube, seeded, over a span of days.

Creators, handles, ids and captions are drawn from the seed; the numbers come from
:mod:`ingestion.sandbox.simulation`. The world ends on ``last_day`` (today unless told otherwise);
a question about an earlier day is answered as of that day's end, one about a later day as of the
last. The same seed, size and last day give the same world to the byte.

What the platforms hide is hidden here too: YouTube's public subscriber counts are rounded down to
three significant digits, some channels hide subscribers or likes, some videos have comments off.
"""

import base64
import hashlib
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from ingestion.sandbox.phrases import (
    CAPTIONS,
    COMMENTS,
    COUNTRIES,
    FIRST_NAMES,
    LAST_NAMES,
    TOPICS,
)
from ingestion.sandbox.platforms import Account, CommentsDisabledError, Creator, Json
from ingestion.sandbox.simulation import PlatformTraits, Simulation, midnight, simulate

TIKTOK = PlatformTraits(0.45, 0.30, 2.5, 0.085, 0.004, 0.006, 1.0, (61, 62))
YOUTUBE = PlatformTraits(0.25, 0.12, 5.0, 0.042, 0.0016, 0.0, 0.35, (240, 1500))

REPLY_EVERY = 5
"""Each fifth comment thread carries one reply."""


@dataclass(frozen=True)
class _Identity:
    """Who a creator is; the position in the world is the index of all arrays."""

    creator: Creator
    handle: str
    topic: str
    country: str


class SyntheticWorld:
    """Creators with one TikTok account and one YouTube channel each."""

    def __init__(self, seed: int, creators: int, days: int, last_day: date) -> None:
        self.seed = seed
        self.name = f"synthetic seed {seed}"
        self._last_day = last_day
        tiktok_rng, youtube_rng, people_rng = np.random.default_rng(seed).spawn(3)
        self._tiktok = simulate(tiktok_rng, creators, days, last_day, TIKTOK)
        self._youtube = simulate(youtube_rng, creators, days, last_day, YOUTUBE)
        self._people = [self._person(people_rng, number) for number in range(creators)]
        self._open_ids = [self._hex("tiktok", n, 36) for n in range(creators)]
        self._channels = ["UC" + self._id("channel", n, 22) for n in range(creators)]
        self._open_id_index = {open_id: n for n, open_id in enumerate(self._open_ids)}
        self._channel_index = {channel: n for n, channel in enumerate(self._channels)}
        self._video_ids = [self._id("video", n, 11) for n in range(self._youtube.post_account.size)]
        self._video_index = {video: n for n, video in enumerate(self._video_ids)}
        self._likes_hidden = people_rng.random(creators) < 0.05
        self._subscribers_hidden = people_rng.random(creators) < 0.03
        self._comments_off = youtube_rng.random(len(self._video_ids)) < 0.05
        self._videos_as_of = lru_cache(maxsize=256)(self._videos)
        self._uploads_as_of = lru_cache(maxsize=256)(self._uploads)

    def creators(self) -> list[Creator]:
        return [person.creator for person in self._people]

    def accounts(self) -> list[Account]:
        found = []
        for number, person in enumerate(self._people):
            connected = person.creator.created_at + timedelta(minutes=3)
            for platform, account_id in (
                ("tiktok", self._open_ids[number]),
                ("youtube", self._channels[number]),
            ):
                found.append(
                    Account(
                        person.creator.creator_id, platform, account_id, person.handle, connected
                    )
                )
        return found

    def tiktok_user(self, open_id: str, as_of: datetime) -> Json:
        number = self._open_id_index[open_id]
        person, world = self._people[number], self._tiktok
        day = world.day_index(as_of)
        posts = self._posts_of(world, number, as_of)
        return {
            "open_id": open_id,
            "union_id": self._hex("union", number, 36),
            "avatar_url": f"https://images.invalid/avatar/{person.handle}.jpeg",
            "display_name": person.creator.display_name,
            "bio_description": f"{person.topic} · {person.country}",
            "profile_deep_link": f"https://vm.tiktok.com/{self._id('link', number, 9)}/",
            "is_verified": bool(world.followers[number, day] > 500_000),
            "username": person.handle,
            "follower_count": int(world.followers[number, day]),
            "following_count": 50 + number * 7 % 900,
            "likes_count": int(world.likes[posts, day].sum()),
            "video_count": int(posts.size),
        }

    def tiktok_videos(self, open_id: str, as_of: datetime) -> list[Json]:
        return self._videos_as_of(open_id, as_of)

    def youtube_channel(self, channel_id: str, as_of: datetime) -> Json | None:
        number = self._channel_index.get(channel_id)
        if number is None:
            return None
        person, world = self._people[number], self._youtube
        day = world.day_index(as_of)
        posts = self._posts_of(world, number, as_of)
        hidden = bool(self._subscribers_hidden[number])
        statistics = {
            "viewCount": str(int(world.views[posts, day].sum())),
            "subscriberCount": str(three_digits(int(world.followers[number, day]))),
            "hiddenSubscriberCount": hidden,
            "videoCount": str(posts.size),
        }
        if hidden:
            del statistics["subscriberCount"]
        return {
            "kind": "youtube#channel",
            "etag": self._id("etag", number, 27),
            "id": channel_id,
            "snippet": {
                "title": person.creator.display_name,
                "description": f"All about {person.topic}.",
                "customUrl": f"@{person.handle}",
                "publishedAt": _rfc3339(person.creator.created_at - timedelta(days=400)),
                "country": person.country,
            },
            "contentDetails": {"relatedPlaylists": {"uploads": _uploads_id(channel_id)}},
            "statistics": statistics,
        }

    def youtube_uploads(self, playlist_id: str, as_of: datetime) -> list[Json] | None:
        if "UC" + playlist_id[2:] not in self._channel_index or playlist_id[:2] != "UU":
            return None
        return self._uploads_as_of(playlist_id, as_of)

    def youtube_video(self, video_id: str, as_of: datetime) -> Json | None:
        post, world = self._video_index.get(video_id), self._youtube
        if post is None or world.post_created[post] >= as_of.timestamp():
            return None
        account, day = int(world.post_account[post]), world.day_index(as_of)
        seconds = int(world.post_duration[post])
        statistics = {
            "viewCount": str(world.views[post, day]),
            "likeCount": str(world.likes[post, day]),
            "favoriteCount": "0",
            "commentCount": str(self._comment_count(post, day)),
        }
        if self._likes_hidden[account]:
            del statistics["likeCount"]
        if self._comments_off[post]:
            del statistics["commentCount"]
        return {
            "kind": "youtube#video",
            "etag": self._id("video-etag", post, 27),
            "id": video_id,
            "snippet": {
                "publishedAt": _rfc3339(_moment(world.post_created[post])),
                "channelId": self._channels[account],
                "title": self._caption(account, post),
                "description": f"More on {self._people[account].topic} every week.",
                "channelTitle": self._people[account].creator.display_name,
                "categoryId": ("22", "24", "26", "28")[post % 4],
                "liveBroadcastContent": "none",
                "defaultAudioLanguage": "en",
            },
            "contentDetails": {
                "duration": _iso_duration(seconds),
                "dimension": "2d",
                "definition": "hd",
                "caption": "false",
                "licensedContent": True,
            },
            "status": {
                "uploadStatus": "processed",
                "privacyStatus": "public",
                "license": "youtube",
                "embeddable": True,
                "publicStatsViewable": True,
                "madeForKids": False,
                "containsSyntheticMedia": post % 37 == 0,
            },
            "statistics": statistics,
            "paidProductPlacementDetails": {"hasPaidProductPlacement": post % 11 == 0},
        }

    def youtube_comment_threads(
        self, video_id: str, as_of: datetime, start: int, count: int
    ) -> tuple[list[Json], int] | None:
        post, world = self._video_index.get(video_id), self._youtube
        if post is None or world.post_created[post] >= as_of.timestamp():
            return None
        if self._comments_off[post]:
            raise CommentsDisabledError(video_id)
        total = int(world.comments[post, world.day_index(as_of)])
        newest = range(total - 1 - start, max(total - 1 - start - count, -1), -1)
        return [self._thread(post, number) for number in newest], total

    def _person(self, rng: np.random.Generator, number: int) -> _Identity:
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        created = midnight(self._last_day) - timedelta(days=365, seconds=int(rng.integers(86_400)))
        return _Identity(
            Creator(f"creator_{self._hex('creator', number, 12)}", f"{first} {last}", created),
            handle=f"{first}.{last}{number}".lower(),
            topic=str(rng.choice(TOPICS)),
            country=str(rng.choice(COUNTRIES)),
        )

    def _posts_of(self, world: Simulation, account: int, as_of: datetime) -> np.ndarray:
        """Positions of the account's posts published before ``as_of``, oldest first."""
        first, end = np.searchsorted(world.post_account, (account, account + 1))
        created = world.post_created[first:end]
        return np.arange(first, first + np.searchsorted(created, int(as_of.timestamp())))

    def _videos(self, open_id: str, as_of: datetime) -> list[Json]:
        number = self._open_id_index[open_id]
        world, handle = self._tiktok, self._people[number].handle
        day = world.day_index(as_of)
        return [
            self._video(number, int(post), day, handle)
            for post in reversed(self._posts_of(world, number, as_of))
        ]

    def _video(self, account: int, post: int, day: int, handle: str) -> Json:
        world = self._tiktok
        # TikTok's ids exceed 2^53: what a JSON number would lose must survive as a string.
        video_id = str(7_000_000_000_000_000_000 + int(self._hex("tiktok-video", post, 14), 16))
        caption = self._caption(account, post)
        share_url = f"https://www.tiktok.com/@{handle}/video/{video_id}"
        return {
            "id": video_id,
            "create_time": int(world.post_created[post]),
            "cover_image_url": f"https://images.invalid/cover/{video_id}.jpeg",
            "share_url": share_url,
            "video_description": f"{caption} #fyp",
            "duration": int(world.post_duration[post]),
            "height": 1024,
            "width": 576,
            "title": caption,
            "embed_html": f'<iframe src="{share_url}"></iframe>',
            "embed_link": f"https://www.tiktok.com/player/v1/{video_id}",
            "like_count": int(world.likes[post, day]),
            "comment_count": int(world.comments[post, day]),
            "share_count": int(world.shares[post, day]),
            "view_count": int(world.views[post, day]),
        }

    def _uploads(self, playlist_id: str, as_of: datetime) -> list[Json]:
        channel_id = "UC" + playlist_id[2:]
        number, world = self._channel_index[channel_id], self._youtube
        newest_first = reversed(self._posts_of(world, number, as_of))
        return [
            {
                "kind": "youtube#playlistItem",
                "etag": self._id("item-etag", int(post), 27),
                "id": self._id("item", int(post), 34),
                "snippet": {
                    "publishedAt": _rfc3339(_moment(world.post_created[post])),
                    "channelId": channel_id,
                    "title": self._caption(number, int(post)),
                    "playlistId": playlist_id,
                    "position": position,
                    "resourceId": {"kind": "youtube#video", "videoId": self._video_ids[post]},
                },
                "contentDetails": {
                    "videoId": self._video_ids[post],
                    "videoPublishedAt": _rfc3339(_moment(world.post_created[post])),
                },
                "status": {"privacyStatus": "public"},
            }
            for position, post in enumerate(newest_first)
        ]

    def _comment_count(self, post: int, day: int) -> int:
        threads = int(self._youtube.comments[post, day])
        return threads + threads // REPLY_EVERY

    def _thread(self, post: int, number: int) -> Json:
        thread_id = "Ug" + self._id("thread", post * 1_000_003 + number, 24)
        author = int(self._hex("author", post * 1_000_003 + number, 6), 16)
        text = COMMENTS[(author + post) % len(COMMENTS)]
        published = _rfc3339(self._commented_at(post, number))
        comment = {
            "kind": "youtube#comment",
            "id": thread_id,
            "snippet": {
                "videoId": self._video_ids[post],
                "textDisplay": text,
                "textOriginal": text,
                "authorDisplayName": f"@viewer{author % 100_000}",
                "authorChannelId": {"value": "UC" + self._id("author", author % 100_000, 22)},
                "canRate": True,
                "viewerRating": "none",
                "likeCount": author % 13 if author % 3 == 0 else 0,
                "publishedAt": published,
                "updatedAt": published,
            },
        }
        return {
            "kind": "youtube#commentThread",
            "etag": thread_id[::-1],
            "id": thread_id,
            "snippet": {
                "channelId": self._channels[int(self._youtube.post_account[post])],
                "videoId": self._video_ids[post],
                "topLevelComment": comment,
                "canReply": True,
                "totalReplyCount": int(number % REPLY_EVERY == REPLY_EVERY - 1),
                "isPublic": True,
            },
        }

    def _commented_at(self, post: int, number: int) -> datetime:
        """When a video's thread was written: spread evenly over the day that brought it."""
        world = self._youtube
        counts = world.comments[post]
        day = bisect_left(counts, number + 1)
        before = int(counts[day - 1]) if day else 0
        end = (midnight(world.first_day) + timedelta(days=day + 1)).timestamp()
        begin = max(end - 86_400, int(world.post_created[post]))
        within = (number - before + 0.5) / (int(counts[day]) - before)
        return _moment(begin + within * (end - begin))

    def _caption(self, account: int, post: int) -> str:
        return CAPTIONS[(post * 7 + account) % len(CAPTIONS)].format(
            topic=self._people[account].topic
        )

    def _digest(self, kind: str, number: int) -> bytes:
        return hashlib.sha512(f"{self.seed}:{kind}:{number}".encode()).digest()

    def _hex(self, kind: str, number: int, length: int) -> str:
        return self._digest(kind, number).hex()[:length]

    def _id(self, kind: str, number: int, length: int) -> str:
        return base64.urlsafe_b64encode(self._digest(kind, number)).decode()[:length]


def three_digits(count: int) -> int:
    """Round down to three significant digits, as YouTube shows subscriber counts."""
    unit = 10 ** max(len(str(count)) - 3, 0)
    return count // unit * unit


def _uploads_id(channel_id: str) -> str:
    return "UU" + channel_id[2:]


def _moment(unix_seconds: float) -> datetime:
    return datetime.fromtimestamp(int(unix_seconds), UTC)


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _iso_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"PT{minutes}M{rest}S" if minutes else f"PT{rest}S"
