"""Facebook's tables of ``raw``."""

from collections.abc import Mapping

from benchmarks.post_days.shapes import (
    AUTHOR,
    CAPTION,
    COMMENT,
    COMMENT_ID,
    COMMENTED_AT,
    COMMENTS,
    HANDLE,
    LANGUAGE,
    LIKES,
    SECONDS,
    SHARES,
    STAMP,
    Stream,
    comments,
    insights,
    post_insights,
)

STREAMS: Mapping[str, Stream] = {
    "pages": Stream(
        "account_days",
        {
            **STAMP,
            "id": "account_id",
            "name": f"concat('Page ', {HANDLE})",
            "username": HANDLE,
            "category": "['Art','Food','Travel'][1 + page_seed % 3]",
            "followers_count": "people",
            "fan_count": "people",
            "verification_status": "if(page_seed % 10 = 0, 'blue_verified', 'not_verified')",
            "is_published": "true",
        },
    ),
    "posts": Stream(
        "post_days",
        {
            **STAMP,
            "page_id": "account_id",
            "id": "{post_id}",
            "created_time": "published_at",
            "updated_time": "published_at",
            "message": CAPTION,
            "permalink_url": "concat('https://www.facebook.com/', account_id,"
            " if(seed % 10 < 4, '/reel/', '/posts/'), toString(seed))",
            "is_published": "true",
            "is_hidden": "false",
            "from_id": "account_id",
            "from_name": f"concat('Page ', {HANDLE})",
            "attachments": 'if(seed % 10 = 9, NULL, concat(\'[{"media_type":"\','
            " ['video','photo','album','link'][1 + seed % 4], '\",\"url\":\"https://www.facebook.com/',"
            " account_id, '/photos/', toString(seed), '\"}]'))",
            "sponsor_tags": 'if(seed % 20 = 0, \'[{"id":"1"}]\', NULL)',
            "share_count": SHARES,
            "reaction_count": LIKES,
            "comment_count": COMMENTS,
            "language": LANGUAGE,
        },
    ),
    "videos": Stream(
        "post_days",
        {
            **STAMP,
            "page_id": "account_id",
            "id": "toString(1000000000000000 + seed % 1000000000000000)",
            "post_id": "{post_id}",
            "video_type": "'REEL'",
            "title": CAPTION,
            "length": SECONDS,
            "created_time": "published_at",
            "published": "true",
            "views": "views",
            "like_count": LIKES,
            "comment_count": COMMENTS,
            "language": LANGUAGE,
            "view_definition": "'displayed'",
        },
        where="seed % 10 < 4",
    ),
    "page_insights": insights(
        {
            "page_total_media_view_unique": 0.2,
            "page_media_view": 0.4,
            "page_views_total": 0.01,
            "page_post_engagements": 0.02,
            "page_daily_follows_unique": 0.002,
            "page_daily_unfollows_unique": 0.001,
        },
        lags=(1, 2, 3),
        definition="'displayed'",
    ),
    "post_insights": post_insights(
        {"post_total_media_view_unique": 0.7, "post_media_view": 1.0, "post_clicks": 0.05}
    ),
    "comments": comments(
        "page_id",
        "post_id",
        {
            "id": COMMENT_ID,
            "created_time": COMMENTED_AT,
            "message": COMMENT,
            "like_count": "days_old",
            "from_id": AUTHOR,
            "from_name": f"concat('person ', {AUTHOR})",
            "is_hidden": "false",
            "language": LANGUAGE,
        },
    ),
}
