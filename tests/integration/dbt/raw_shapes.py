"""How each platform's raw tables call the same facts of accounts, posts, comments, audiences."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

Row = tuple[str, dict[str, Any]]

ACCOUNTS: dict[str, dict[str, dict[str, str]]] = {
    "tiktok": {
        "tiktok__users": {
            "open_id": "account",
            "username": "handle",
            "display_name": "name",
            "is_verified": "verified",
            "follower_count": "followers",
            "following_count": "following",
            "likes_count": "likes",
            "video_count": "posts",
        }
    },
    "youtube": {
        "youtube__channels": {
            "id": "account",
            "custom_url": "handle",
            "title": "name",
            "country": "country",
            "published_at": "opened_at",
            "subscriber_count": "followers",
            "hidden_subscriber_count": "hidden",
            "view_count": "views",
            "video_count": "posts",
            "community_guidelines_good_standing": "standing",
            "copyright_strikes_good_standing": "standing",
            "content_id_claims_good_standing": "standing",
        }
    },
    "instagram": {
        "instagram__accounts": {
            "id": "account",
            "username": "handle",
            "name": "name",
            "followers_count": "followers",
            "follows_count": "following",
            "media_count": "posts",
        }
    },
    "facebook": {
        "facebook__pages": {
            "id": "account",
            "username": "handle",
            "name": "name",
            "category": "category",
            "followers_count": "followers",
        }
    },
}
POSTS: dict[str, dict[str, dict[str, str]]] = {
    "tiktok": {
        "tiktok__videos": {
            "open_id": "account",
            "id": "post",
            "create_time": "published_at",
            "title": "title",
            "language": "language",
            "duration": "duration",
            "view_count": "views",
            "like_count": "likes",
            "comment_count": "comments",
            "share_count": "shares",
        }
    },
    "youtube": {
        "youtube__videos": {
            "channel_id": "account",
            "id": "post",
            "published_at": "published_at",
            "title": "title",
            "language": "language",
            "duration_seconds": "duration",
            "has_paid_product_placement": "sponsored",
        },
        "youtube__video_stats": {
            "channel_id": "account",
            "id": "post",
            "published_at": "published_at",
            "view_count": "views",
            "like_count": "likes",
            "comment_count": "comments",
        },
    },
    "instagram": {
        "instagram__media": {
            "account_id": "account",
            "id": "post",
            "timestamp": "published_at",
            "media_type": "format",
            "caption": "title",
            "language": "language",
            "view_count": "views",
            "like_count": "likes",
            "comments_count": "comments",
            "shares_count": "shares",
            "saved_count": "saves",
        }
    },
    "facebook": {
        "facebook__posts": {
            "page_id": "account",
            "id": "post",
            "created_time": "published_at",
            "message": "title",
            "language": "language",
            "sponsor_tags": "tags",
            "reaction_count": "likes",
            "comment_count": "comments",
            "share_count": "shares",
        },
        "facebook__videos": {
            "page_id": "account",
            "id": "video",
            "post_id": "post",
            "title": "title",
            "length": "duration",
            "views": "views",
        },
    },
}
COMMENTS: dict[str, dict[str, dict[str, str]]] = {
    "tiktok": {
        "tiktok__comments": {
            "open_id": "account",
            "comment_id": "comment",
            "video_id": "post",
            "create_time": "published_at",
            "text": "text",
            "language": "language",
            "likes": "likes",
            "replies": "replies",
            "user_id": "author",
            "display_name": "author_name",
            "owner": "owner",
            "status": "status",
        }
    },
    "youtube": {
        "youtube__comment_threads": {
            "channel_id": "account",
            "id": "comment",
            "video_id": "post",
            "published_at": "published_at",
            "text_original": "text",
            "language": "language",
            "like_count": "likes",
            "total_reply_count": "replies",
            "is_public": "public",
            "author_channel_id": "author",
            "author_display_name": "author_name",
        }
    },
    "instagram": {
        "instagram__comments": {
            "account_id": "account",
            "id": "comment",
            "media_id": "post",
            "timestamp": "published_at",
            "text": "text",
            "language": "language",
            "like_count": "likes",
            "from_id": "author",
            "from_username": "author_name",
            "hidden": "hidden",
        }
    },
    "facebook": {
        "facebook__comments": {
            "page_id": "account",
            "id": "comment",
            "post_id": "post",
            "created_time": "published_at",
            "message": "text",
            "language": "language",
            "like_count": "likes",
            "comment_count": "replies",
            "from_id": "author",
            "from_name": "author_name",
            "is_hidden": "hidden",
        }
    },
}
# of a day of an account: the table, its metrics and what part of the day's level each is
METRICS: dict[str, dict[str, dict[str, float]]] = {
    "tiktok": {
        "tiktok__account_insights": {
            "unique_video_views": 1,
            "video_views": 1.5,
            "profile_views": 0.2,
            "likes": 0.1,
            "comments": 0.02,
            "shares": 0.01,
            "daily_new_followers": 0.01,
            "daily_lost_followers": 0.004,
            "engaged_audience": 0.09,
        }
    },
    "youtube": {
        "youtube__channel_insights": {
            "views": 1.5,
            "likes": 0.1,
            "comments": 0.02,
            "shares": 0.01,
            "subscribersGained": 0.01,
            "subscribersLost": 0.004,
        }
    },
    "instagram": {
        "instagram__account_insights": {
            "reach": 1,
            "views": 1.5,
            "profile_views": 0.2,
            "total_interactions": 0.13,
            "accounts_engaged": 0.09,
        },
    },
    "facebook": {
        "facebook__page_insights": {
            "page_total_media_view_unique": 1,
            "page_media_view": 1.5,
            "page_views_total": 0.2,
            "page_post_engagements": 0.13,
            "page_daily_follows_unique": 0.01,
            "page_daily_unfollows_unique": 0.004,
        }
    },
}
REACH = {
    "tiktok": ("tiktok__video_insights", "reach"),
    "instagram": ("instagram__media_insights", "reach"),
    "facebook": ("facebook__post_insights", "post_total_media_view_unique"),
}
LAGGING = ("likes", "comments", "shares")
AGES = ("18-24", "25-34", "35-44")
COUNTRIES = ("DE", "US", "MX")


def rows(tables: Mapping[str, Mapping[str, str]], facts: Mapping[str, Any]) -> Iterator[Row]:
    """The facts as a row of each of the tables, whose columns name the facts they hold."""
    for table, columns in tables.items():
        yield table, {column: facts[name] for column, name in columns.items()}


def measured(
    account: str, subject: str, metric: str, on: date, value: float | None, **about: str
) -> dict[str, Any]:
    """A row of a table of measures; ``about`` may name period, breakdown and segment."""
    return {
        "account_id": account,
        "object_id": subject,
        "metric": metric,
        "period": "day",
        "breakdown": "",
        "segment": "",
        "date": on,
        "value": value,
        **about,
    }


def reach(
    platform: str, account: str, post: Mapping[str, Any], value: int, on: date
) -> Iterator[Row]:
    """People reached by a post so far; YouTube does not say.

    TikTok's is of hours ago, and comes with half of what the post has gathered by now.
    """
    if platform in REACH:
        table, metric = REACH[platform]
        told = {metric: value}
        if platform == "tiktok":
            told |= {name: post[name] // 2 for name in LAGGING if post[name] is not None}
        for name, count in told.items():
            yield table, measured(account, post["post"], name, on, count, period="lifetime")


def insights(platform: str, account: str, on: date, level: int, chance: Random) -> Iterator[Row]:
    """A day of an account as one reading has it: a metric may lack, all differ a little."""
    for table, metrics in METRICS[platform].items():
        for metric, part in metrics.items():
            if chance.random() > 0.04:
                value = round(level * part) + chance.randrange(3)
                yield table, measured(account, account, metric, on, value)
    if platform == "instagram":
        for segment, part in (("FOLLOWER", 0.01), ("NON_FOLLOWER", 0.004)):
            about = {"breakdown": "follow_type", "segment": segment}
            value = round(level * part) + chance.randrange(3)
            row = measured(account, account, "follows_and_unfollows", on, value, **about)
            yield "instagram__follower_changes", row


def audience(platform: str, account: str, on: date, chance: Random) -> Iterator[Row]:
    """An audience by age, gender and country: counts, fractions or percents."""
    counts = {country: chance.randrange(0, 900) for country in COUNTRIES}
    ages = {age: chance.randrange(1, 9) for age in AGES}
    women = chance.randrange(1, 9) / 10
    if platform == "instagram":
        for dimension, found in (("country", counts), ("age", ages)):
            for segment, value in found.items():
                about = {"period": "lifetime", "breakdown": dimension, "segment": segment}
                metric = chance.choice(["follower_demographics", "reached_audience_demographics"])
                yield "instagram__audience", measured(account, account, metric, on, value, **about)
    if platform == "tiktok":
        shares = {country: value / 3_000 for country, value in counts.items()}
        for dimension, found in (
            ("country", shares),
            ("age", {age: value / 27 for age, value in ages.items()}),
            ("gender", {"Female": women, "Male": 1 - women}),
        ):
            for segment, share in found.items():
                about = {"breakdown": dimension, "segment": segment}
                yield "tiktok__audience", measured(account, account, "audience", on, share, **about)
    if platform == "youtube":
        for country, value in counts.items():
            about = {"breakdown": "country", "segment": country}
            yield "youtube__geography", measured(account, account, "views", on, value, **about)
        for age in AGES:
            for gender, share in (("female", women), ("male", 1 - women)):
                about = {"breakdown": "ageGroup,gender", "segment": f"age{age},{gender}"}
                percent = round(100 * share / len(AGES), 2)
                row = measured(account, account, "viewerPercentage", on, percent, **about)
                yield "youtube__demographics", row


def hours(platform: str, account: str, on: date, chance: Random) -> Iterator[Row]:
    """Followers online in some hours of the two days before a reading."""
    table, metric = {
        "instagram": ("instagram__online_followers", "online_followers"),
        "tiktok": ("tiktok__audience", "audience_activity"),
    }.get(platform, (None, ""))
    if table:
        for ago in (1, 2):
            for hour in (0, 2, 3, 23):
                about = {"breakdown": "hour", "segment": str(hour)}
                value = chance.randrange(400)
                day = on - timedelta(days=ago)
                yield table, measured(account, account, metric, day, value, **about)
