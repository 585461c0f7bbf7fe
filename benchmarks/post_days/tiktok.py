"""TikTok's tables of ``raw``."""

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
    audience,
    comments,
    insights,
    post_insights,
)

STREAMS: Mapping[str, Stream] = {
    "users": Stream(
        "account_days",
        {
            **STAMP,
            "open_id": "account_id",
            "username": HANDLE,
            "display_name": f"concat('User ', {HANDLE})",
            "bio_description": "'science at home'",
            "profile_deep_link": f"concat('https://vm.tiktok.com/', {HANDLE})",
            "is_verified": "page_seed % 10 = 0",
            "follower_count": "people",
            "following_count": "100 + page_seed % 900",
            "likes_count": "people * 20",
            "video_count": "{posts}",
        },
    ),
    "videos": Stream(
        "post_days",
        {
            **STAMP,
            "open_id": "account_id",
            "id": "{post_id}",
            "create_time": "published_at",
            "title": CAPTION,
            "video_description": f"concat({CAPTION}, ' #learnontiktok #fyp')",
            "duration": SECONDS,
            "width": "576",
            "height": "1024",
            "cover_image_url": "concat('https://images.invalid/cover/', {post_id},"
            " '.jpeg?x-signature=', hex(seed), '&x-expires=1795413600')",
            "share_url": f"concat('https://www.tiktok.com/@', {HANDLE}, '/video/', {{post_id}})",
            "embed_link": "concat('https://www.tiktok.com/player/v1/', {post_id})",
            "like_count": LIKES,
            "comment_count": COMMENTS,
            "share_count": SHARES,
            "view_count": "views",
            "language": LANGUAGE,
            "view_definition": "'first_frame'",
        },
    ),
    "account_insights": insights(
        {
            "unique_video_views": 0.2,
            "video_views": 0.35,
            "profile_views": 0.01,
            "likes": 0.02,
            "comments": 0.001,
            "shares": 0.001,
            "daily_new_followers": 0.002,
            "daily_lost_followers": 0.001,
            "engaged_audience": 0.015,
        },
        lags=(1, 2, 3),
        definition="'first_frame'",
    ),
    "audience": audience(
        ("audience",),
        "concat(audience, '_', transform(kind, ['country'], ['countries'], concat(kind, 's')))",
        "share",
        ("Female", "Male", "Other"),
    ),
    "video_insights": post_insights(
        {"reach": 0.7, "video_views": 1.0, "average_time_watched": 0.001, "likes": 0.06}
    ),
    "comments": comments(
        "open_id",
        "video_id",
        {
            "comment_id": COMMENT_ID,
            "create_time": COMMENTED_AT,
            "text": COMMENT,
            "language": LANGUAGE,
            "likes": "days_old",
            "replies": "0",
            "user_id": AUTHOR,
            "username": f"concat('person.', {AUTHOR})",
            "display_name": f"concat('person ', {AUTHOR})",
            "owner": "false",
            "status": "'PUBLIC'",
        },
    ),
}
