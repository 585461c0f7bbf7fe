"""YouTube's resources as the Data API writes them, made from a block of the world.

Every function gives one resource with all its parts, as it stands at the end of day ``d`` (an index
of the block). Counts of channels and videos are strings, as the platform's uint64 are; counts of
comments are numbers.
"""

import base64
import hashlib
import html
import zlib
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from ingestion.sandbox.platforms import Json
from ingestion.sandbox.world.commenters import Commenters
from ingestion.sandbox.world.model import Ints, PlatformBlock

KNOWN_BEFORE = 100
"""Views before the world's first day, in times that day's."""
STRIKE_DAYS = 90
"""A strike against a channel ends after this many days."""
CATEGORY_IDS = ("22", "24", "26", "27", "10", "17", "20", "28", "19", "23")
TOPICS = ("Lifestyle_(sociology)", "Entertainment", "Hobby", "Music", "Food", "Technology")
INLINE_REPLIES = 5
"""Most replies that a thread brings with it."""


def uploads_of(channel_id: str) -> str:
    """The id of a channel's uploads playlist."""
    return f"UU{channel_id[2:]}"


def rounded(counts: npt.ArrayLike) -> Ints:
    """Subscribers as the platform shows them: three digits, the rest cut off."""
    values = np.asarray(counts, dtype=np.int64)
    unit = 10 ** np.maximum(np.char.str_len(values.astype(str)) - 3, 0)
    found: Ints = values // unit * unit
    return found


def lifetime_views(block: PlatformBlock) -> Ints:
    """Views of each channel since it began, at the end of each day, [A, D]."""
    found: Ints = KNOWN_BEFORE * block.views[:, :1] + np.cumsum(block.views, axis=1)
    return found


def in_good_standing(block: PlatformBlock) -> npt.NDArray[np.bool_]:
    """Whether no strike holds at the end of each day, [A, D]: a suspension leaves one behind."""
    struck = np.cumsum(block.error_kind == 1, axis=1)
    before = np.zeros_like(struck)
    before[:, STRIKE_DAYS:] = struck[:, :-STRIKE_DAYS]
    found: npt.NDArray[np.bool_] = struck == before
    return found


def has_claims(channel_id: str) -> bool:
    """Whether somebody claims content of the channel's: one channel in fourteen."""
    return zlib.crc32(f"claims:{channel_id}".encode()) % 14 == 0


def channel(block: PlatformBlock, a: int, d: int, videos: int) -> Json:
    """The channel at position ``a``, which shows ``videos`` uploads."""
    channel_id = str(block.account_id[a])
    handle = str(block.handle[a] if block.rebrand_day[a] <= d else block.handle_before[a])
    title, description = str(block.display_name[a]), str(block.description[a])
    hidden = bool(block.hides_followers[a])
    return {
        "kind": "youtube#channel",
        "etag": etag("channel", channel_id, d),
        "id": channel_id,
        "snippet": {
            "title": title,
            "description": description,
            "customUrl": f"@{handle}",
            "publishedAt": iso(block.created[a]),
            "thumbnails": _pictures(f"https://yt3.ggpht.com/{channel_id[2:]}"),
            "localized": {"title": title, "description": description},
            "country": str(block.country[a]),
        },
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": uploads_of(channel_id)}},
        "statistics": {
            "viewCount": str(KNOWN_BEFORE * block.views[a, 0] + block.views[a, : d + 1].sum()),
            "subscriberCount": "0" if hidden else str(rounded(block.followers[a, d])),
            "hiddenSubscriberCount": hidden,
            "videoCount": str(videos),
        },
        "status": {
            "privacyStatus": "public",
            "isLinked": True,
            "longUploadsStatus": "longUploadsUnspecified",
        },
        "topicDetails": {
            "topicCategories": [f"https://en.wikipedia.org/wiki/{_one_of(TOPICS, channel_id)}"]
        },
    }


def audit(block: PlatformBlock, a: int, d: int) -> Json:
    """The channel's standing, which its owner alone may see."""
    channel_id = str(block.account_id[a])
    since = max(d - STRIKE_DAYS + 1, 0)
    return {
        "kind": "youtube#channel",
        "etag": etag("audit", channel_id, d),
        "id": channel_id,
        "auditDetails": {
            "communityGuidelinesGoodStanding": not (block.error_kind[a, since : d + 1] == 1).any(),
            "copyrightStrikesGoodStanding": True,
            "contentIdClaimsGoodStanding": not has_claims(channel_id),
        },
    }


def commenter(people: Commenters, i: int) -> Json:
    """The public channel of a commenter."""
    channel_id = people.commenter_id("youtube", i)
    name = str(people.name[i])
    # A text of that length; what it says does not matter.
    text = f"{name} " * (int(people.bio_length[i]) // (len(name) + 1) + 1)
    description = text[: int(people.bio_length[i])].rstrip()
    hidden = bool(people.is_private[i])
    return {
        "kind": "youtube#channel",
        "etag": etag("commenter", channel_id, 0),
        "id": channel_id,
        "snippet": {
            "title": name,
            "description": description,
            "customUrl": f"@{name}",
            "publishedAt": iso(people.created[i]),
            "thumbnails": _pictures(commenter_picture(channel_id, bool(people.has_picture[i]))),
            "localized": {"title": name, "description": description},
        },
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": uploads_of(channel_id)}},
        "statistics": {
            "viewCount": str(people.post_count[i] * 150),
            "subscriberCount": "0" if hidden else str(rounded(people.follower_count[i])),
            "hiddenSubscriberCount": hidden,
            "videoCount": str(people.post_count[i]),
        },
        "status": {
            "privacyStatus": "public",
            "isLinked": True,
            "longUploadsStatus": "longUploadsUnspecified",
        },
        "topicDetails": {},
    }


def playlist_item(block: PlatformBlock, p: int, d: int, position: int) -> Json:
    """The upload at position ``p`` as an item of its channel's playlist."""
    a, video_id = int(block.post_account[p]), str(block.post_id[p])
    channel_id, name = str(block.account_id[a]), str(block.display_name[a])
    published = iso(block.post_created[p])
    return {
        "kind": "youtube#playlistItem",
        "etag": etag("item", video_id, d),
        "id": base64.b64encode(f"{uploads_of(channel_id)}.{video_id}".encode()).decode(),
        "snippet": {
            "publishedAt": published,
            "channelId": channel_id,
            "title": str(block.post_title[p]),
            "description": str(block.post_caption[p]),
            "thumbnails": _frames(video_id),
            "channelTitle": name,
            "playlistId": uploads_of(channel_id),
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": video_id},
            "videoOwnerChannelTitle": name,
            "videoOwnerChannelId": channel_id,
        },
        "contentDetails": {"videoId": video_id, "videoPublishedAt": published},
        "status": {"privacyStatus": "public"},
    }


def video(block: PlatformBlock, p: int, d: int) -> Json:
    """The video at position ``p``."""
    a, video_id = int(block.post_account[p]), str(block.post_id[p])
    title, description = str(block.post_title[p]), str(block.post_caption[p])
    return {
        "kind": "youtube#video",
        "etag": etag("video", video_id, d),
        "id": video_id,
        "snippet": {
            "publishedAt": iso(block.post_created[p]),
            "channelId": str(block.account_id[a]),
            "title": title,
            "description": description,
            "thumbnails": _frames(video_id),
            "channelTitle": str(block.display_name[a]),
            "categoryId": _one_of(CATEGORY_IDS, str(block.account_id[a])),
            "liveBroadcastContent": "none",
            "localized": {"title": title, "description": description},
            "defaultAudioLanguage": str(block.post_language[p]),
        },
        "contentDetails": {
            "duration": duration(int(block.post_duration[p])),
            "dimension": "2d",
            "definition": "hd",
            "caption": "false",
            "licensedContent": bool(block.is_verified[a]),
            "contentRating": {},
            "projection": "rectangular",
        },
        "statistics": {**counters(block, p, d), "favoriteCount": "0"},
        "status": {
            "uploadStatus": "processed",
            "privacyStatus": "public",
            "license": "youtube",
            "embeddable": True,
            "publicStatsViewable": True,
            "madeForKids": bool(block.post_kids[p]),
            "containsSyntheticMedia": bool(block.post_synthetic[p]),
        },
        "paidProductPlacementDetails": {"hasPaidProductPlacement": bool(block.post_sponsored[p])},
        "topicDetails": {
            "topicCategories": [f"https://en.wikipedia.org/wiki/{_one_of(TOPICS, video_id)}"]
        },
    }


def video_stat(block: PlatformBlock, p: int, d: int) -> Json:
    """The counters of the video at position ``p``."""
    video_id = str(block.post_id[p])
    return {
        "kind": "youtube#videoStats",
        "etag": etag("stat", video_id, d),
        "id": video_id,
        "snippet": {"publishTime": iso(block.post_created[p])},
        "contentDetails": {"duration": f"{int(block.post_duration[p])}s"},
        "statistics": counters(block, p, d),
    }


def counters(block: PlatformBlock, p: int, d: int) -> Json:
    """A video's counts; hidden likes and those of closed comments are missing."""
    found = {"viewCount": str(block.post_views[p, d])}
    if not block.likes_hidden[p]:
        found["likeCount"] = str(block.post_likes[p, d])
    if not block.comments_off[p]:
        found["commentCount"] = str(block.post_comments[p, d])
    return found


def thread(
    block: PlatformBlock, people: Commenters, c: int, replies: Ints, text_format: str
) -> Json:
    """The thread that the comment at position ``c`` begins, with its ``replies`` (positions)."""
    comment_id, p = str(block.comment_id[c]), int(block.comment_post[c])
    top = comment(block, people, c, text_format)
    found = {
        "kind": "youtube#commentThread",
        "etag": etag("thread", comment_id, int(replies.size)),
        "id": comment_id,
        "snippet": {
            "channelId": top["snippet"]["channelId"],
            "videoId": str(block.post_id[p]),
            "topLevelComment": top,
            "canReply": False,
            "totalReplyCount": int(replies.size),
            "isPublic": True,
        },
    }
    if replies.size:
        shown = [comment(block, people, int(r), text_format) for r in replies[-INLINE_REPLIES:]]
        found["replies"] = {"comments": shown}
    return found


def comment(block: PlatformBlock, people: Commenters, c: int, text_format: str) -> Json:
    """The comment or reply at position ``c``; its text as HTML or plain."""
    comment_id, p, author = (
        str(block.comment_id[c]),
        int(block.comment_post[c]),
        int(block.comment_author[c]),
    )
    text, author_id = str(block.comment_text[c]), people.commenter_id("youtube", author)
    written = iso(block.comment_created[c])
    snippet = {
        "channelId": str(block.account_id[block.post_account[p]]),
        "videoId": str(block.post_id[p]),
        "textDisplay": text if text_format == "plainText" else html.escape(text),
        "textOriginal": text,
        "authorDisplayName": f"@{people.name[author]}",
        "authorProfileImageUrl": commenter_picture(author_id, bool(people.has_picture[author])),
        "authorChannelUrl": f"http://www.youtube.com/@{people.name[author]}",
        "authorChannelId": {"value": author_id},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": int(block.comment_likes[c]),
        "publishedAt": written,
        "updatedAt": written,
    }
    parent = int(block.comment_parent[c])
    if parent >= 0:
        snippet["parentId"] = str(block.comment_id[parent])
    return {
        "kind": "youtube#comment",
        "etag": etag("comment", comment_id, 0),
        "id": comment_id,
        "snippet": snippet,
    }


def commenter_picture(channel_id: str, has_picture: bool) -> str:
    """The address of a commenter's picture; those without one share the platform's."""
    return f"https://yt3.ggpht.com/{channel_id[2:] if has_picture else 'a/default-user'}"


def iso(seconds: int | np.int64) -> str:
    """Unix seconds as the platform writes times."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: int) -> str:
    """ISO 8601 with the parts that are not zero."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "H"), (minutes, "M"), (rest, "S"))
    return "PT" + ("".join(f"{n}{unit}" for n, unit in parts if n) or "0S")


def etag(*parts: object) -> str:
    """A tag in the platform's shape that changes with its parts."""
    digest = hashlib.blake2b(":".join(map(str, parts)).encode(), digest_size=20).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _one_of(choices: tuple[str, ...], key: str) -> str:
    return choices[zlib.crc32(key.encode()) % len(choices)]


def _pictures(url: str) -> Json:
    sizes = {"default": 88, "medium": 240, "high": 800}
    return {
        name: {"url": f"{url}=s{size}-c-k-c0x00ffffff-no-rj", "width": size, "height": size}
        for name, size in sizes.items()
    }


def _frames(video_id: str) -> Json:
    sizes = {
        "default": ("default", 120, 90),
        "medium": ("mqdefault", 320, 180),
        "high": ("hqdefault", 480, 360),
    }
    return {
        name: {"url": f"https://i.ytimg.com/vi/{video_id}/{file}.jpg", "width": w, "height": h}
        for name, (file, w, h) in sizes.items()
    }
