"""The numbers behind YouTube Analytics' reports, for many channels, videos and days at once.

Everything is computed from a block's arrays by position: ``account`` or ``post``, the measured
``day`` and the day of the ``reading`` (indices, all [N]). The routes ask for one channel, the
history for all; both get the same values. Metrics bear the platform's names; counts are int64,
``averageViewPercentage`` and ``viewerPercentage`` float64 (0-100), durations seconds.

What the world does not simulate (seconds watched, where viewers came from, videos put on playlists)
follows from what it does by shares of the channel's own, drawn from its id.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ingestion.sandbox.world.model import Floats, Ints, PlatformBlock
from ingestion.sandbox.world.restatement import restated

LATE_DAYS = 3
"""A day is shown this many days after it."""

TRAFFIC_SOURCES = {
    "SUBSCRIBER": 210,
    "RELATED_VIDEO": 240,
    "YT_SEARCH": 150,
    "SHORTS": 190,
    "EXT_URL": 60,
    "YT_CHANNEL": 50,
    "NO_LINK_OTHER": 40,
    "PLAYLIST": 30,
    "NOTIFICATION": 20,
    "YT_OTHER_PAGE": 10,
}
"""Sources and their shares in a thousand, which differ by a third between channels."""

AGE_GROUPS = {
    "13-17": "age13-17",
    "18-24": "age18-24",
    "25-34": "age25-34",
    "35-44": "age35-44",
    "45-54": "age45-54",
    "55-64": "age55-64",
    "65+": "age65-",
}
GENDERS = {"female": "female", "male": "male", "unknown": "user_specified"}

Values = Mapping[str, Ints | Floats]


@dataclass(frozen=True)
class Segments:
    """Values by segment: names [S], and for each metric an array [N, S]."""

    names: list[str]
    values: Values


def channel_values(block: PlatformBlock, account: Ints, day: Ints, reading: Ints) -> Values:
    """A channel's metrics of a day, as the reading shows them."""
    age = reading - day
    views = restated(block.views[account, day], age)
    likes = restated(block.likes[account, day], age)
    saves = restated(block.saves[account, day], age)
    seconds = _seconds(block, account, day)
    return {
        "views": views,
        "engagedViews": _engaged(block, account, views),
        "estimatedMinutesWatched": views * seconds // 60,
        "averageViewDuration": seconds,
        "averageViewPercentage": _watched_percent(block, account, day),
        "likes": likes,
        "dislikes": likes * 2 // 100,
        "comments": restated(block.comments[account, day], age),
        "shares": restated(block.shares[account, day], age),
        "subscribersGained": restated(block.gained[account, day], age),
        "subscribersLost": restated(block.lost[account, day], age),
        "videosAddedToPlaylists": saves,
        "videosRemovedFromPlaylists": saves * 8 // 100,
    }


def video_values(block: PlatformBlock, post: Ints, day: Ints, reading: Ints) -> Values:
    """A video's metrics of a day, as the reading shows them."""
    age, account = reading - day, block.post_account[post]
    views = restated(_new(block, block.post_views, post, day), age)
    likes = restated(_new(block, block.post_likes, post, day), age)
    saves = restated(_new(block, block.post_saves, post, day), age)
    length = np.maximum(block.post_duration[post], 1)
    seconds = np.minimum(_seconds(block, account, day), length * 85 // 100)
    of_channel = np.maximum(block.views[account, day], 1)
    return {
        "views": views,
        "engagedViews": _engaged(block, account, views),
        "estimatedMinutesWatched": views * seconds // 60,
        "averageViewDuration": seconds,
        "averageViewPercentage": np.round(100 * seconds / length, 2),
        "likes": likes,
        "dislikes": likes * 2 // 100,
        "comments": restated(_new(block, block.post_comments, post, day), age),
        "shares": restated(_new(block, block.post_shares, post, day), age),
        "subscribersGained": block.gained[account, day] * views // of_channel,
        "subscribersLost": block.lost[account, day] * views // of_channel,
        "videosAddedToPlaylists": saves,
        "videosRemovedFromPlaylists": saves * 8 // 100,
    }


def traffic_values(block: PlatformBlock, account: Ints, day: Ints, reading: Ints) -> Segments:
    """A channel's views of a day by where the viewers came from."""
    shares = np.stack(
        [share * _trait(block, source, 70, 131) for source, share in TRAFFIC_SOURCES.items()],
        axis=1,
    )[account]
    total = restated(block.views[account, day], reading - day)
    views = total[:, None] * shares // shares.sum(axis=1, keepdims=True)
    # What rounding leaves over came from the first.
    views[:, 0] += total - views.sum(axis=1)
    seconds = _seconds(block, account, day)
    return Segments(
        list(TRAFFIC_SOURCES),
        {
            "views": views,
            "engagedViews": views * _engaged_percent(block)[account][:, None] // 100,
            "estimatedMinutesWatched": views * seconds[:, None] // 60,
        },
    )


def country_values(block: PlatformBlock, account: Ints, first: Ints, last: Ints) -> Segments:
    """A channel's views of the days ``first`` to ``last``, whose numbers are final, by country."""
    cumulated = np.concatenate(
        [np.zeros((block.account_id.size, 1), np.int64), np.cumsum(block.views, axis=1)], axis=1
    )
    total = cumulated[account, last + 1] - cumulated[account, np.maximum(first, 0)]
    names, shares = _shares(block, "country", account, last)
    views = np.floor(total[:, None] * shares).astype(np.int64)
    seconds = _seconds(block, account, last)[:, None]
    watched = _watched_percent(block, account, last)
    return Segments(
        names,
        {
            "views": views,
            "engagedViews": views * _engaged_percent(block)[account][:, None] // 100,
            "estimatedMinutesWatched": views * seconds // 60,
            "averageViewDuration": np.broadcast_to(seconds, views.shape),
            "averageViewPercentage": np.broadcast_to(watched[:, None], views.shape),
        },
    )


def demographic_values(block: PlatformBlock, account: Ints, last: Ints) -> Segments:
    """Percent of a channel's viewers by ``ageGroup,gender`` at the end of a range of days."""
    ages, by_age = _shares(block, "age", account, last)
    genders, by_gender = _shares(block, "gender", account, last)
    percent = np.round(100 * by_age[:, :, None] * by_gender[:, None, :], 1)
    names = [f"{AGE_GROUPS[age]},{GENDERS[gender]}" for age in ages for gender in genders]
    return Segments(names, {"viewerPercentage": percent.reshape(account.size, len(names))})


def _new(block: PlatformBlock, counter: Ints, post: Ints, day: Ints) -> Ints:
    """What a cumulative counter [P, D] gained on the day; nothing is known before the first."""
    before = np.where(day > 0, counter[post, np.maximum(day - 1, 0)], counter[post, 0])
    born = block.post_created[post] >= block.end_of(-1)
    before = np.where((day == 0) & born, 0, before)
    gained: Ints = np.maximum(counter[post, day] - before, 0)
    return gained


def _shares(
    block: PlatformBlock, dimension: str, account: Ints, day: Ints
) -> tuple[list[str], Floats]:
    """Each channel's audience on its day, [N, S]: :meth:`PlatformBlock.audience_shares`."""
    names, grown, bought = block.audience[dimension]
    part = block.bought[account, day] / np.maximum(block.followers[account, day], 1)
    mixed: Floats = grown[account] * (1 - part)[:, None] + bought[account] * part[:, None]
    return names, mixed


def _engaged(block: PlatformBlock, account: Ints, views: Ints) -> Ints:
    return views * _engaged_percent(block)[account] // 100


def _engaged_percent(block: PlatformBlock) -> Ints:
    return _trait(block, "engaged", 58, 87)


def _seconds(block: PlatformBlock, account: Ints, day: Ints) -> Ints:
    """Seconds that a view of the channel's lasted on a day."""
    usual = _trait(block, "seconds", 35, 260)[account]
    found: Ints = usual * (90 + (day * 7 + usual) % 21) // 100
    return found


def _watched_percent(block: PlatformBlock, account: Ints, day: Ints) -> Floats:
    found: Floats = (_trait(block, "watched", 2_800, 6_600)[account] + day * 37 % 500) / 100
    return found


def _trait(block: PlatformBlock, name: str, low: int, high: int) -> Ints:
    """A number of each channel's own in [low, high), [A]."""
    drawn = [zlib.crc32(f"{name}:{i}".encode()) for i in block.account_id]
    return low + np.array(drawn, dtype=np.int64) % (high - low)
