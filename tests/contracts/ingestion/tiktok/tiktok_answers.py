"""What TikTok documents of its answers, field by field, and the sandbox asked for them.

Sources: https://developers.tiktok.com/doc (tiktok-api-v2-user-object, tiktok-api-v2-video-object,
tiktok-api-v2-error-handling), https://business-api.tiktok.com/portal/docs (Accounts API v1.3).
"""

import json
from datetime import date
from typing import Any

from httpx import Response
from starlette.testclient import TestClient

from ingestion.sandbox.tokens import TokenBook

LAST_DAY = date(2026, 11, 20)

USER = {
    "open_id": str,
    "union_id": str,
    "avatar_url": str,
    "avatar_url_100": str,
    "avatar_large_url": str,
    "display_name": str,
    "bio_description": str,
    "profile_deep_link": str,
    "is_verified": bool,
    "username": str,
    "follower_count": int,
    "following_count": int,
    "likes_count": int,
    "video_count": int,
}

VIDEO = {
    "id": str,
    "create_time": int,
    "cover_image_url": str,
    "share_url": str,
    "video_description": str,
    "duration": int,
    "height": int,
    "width": int,
    "title": str,
    "embed_html": str,
    "embed_link": str,
    "like_count": int,
    "comment_count": int,
    "share_count": int,
    "view_count": int,
}

DAILY = {
    "video_views": int,
    "unique_video_views": int,
    "profile_views": int,
    "likes": int,
    "comments": int,
    "shares": int,
    "followers_count": int,
    "daily_new_followers": int,
    "daily_lost_followers": int,
    "daily_total_followers": int,
    "engaged_audience": int,
    "audience_activity": {"hour": str, "count": int},
}

PROFILE = {
    "is_business_account": bool,
    "profile_image": str,
    "username": str,
    "profile_deep_link": str,
    "display_name": str,
    "bio_description": str,
    "is_verified": bool,
    "following_count": int,
    "followers_count": int,
    "total_likes": int,
    "videos_count": int,
}

AUDIENCE = {
    "audience_ages": {"age": str, "percentage": float},
    "audience_genders": {"gender": str, "percentage": float},
    "audience_countries": {"country": str, "percentage": float},
    "audience_cities": {"city_name": str, "percentage": float},
}

BUSINESS_VIDEO = {
    "item_id": str,
    "create_time": str,
    "media_type": str,
    "is_ad": bool,
    "thumbnail_url": str,
    "share_url": str,
    "embed_url": str,
    "caption": str,
    "video_duration": float,
    "video_views": int,
    "reach": int,
    "likes": int,
    "comments": int,
    "shares": int,
    "favorites": int,
    "full_video_watched_rate": float,
    "total_time_watched": float,
    "average_time_watched": float,
    "impression_sources": {"impression_source": str, "percentage": float},
    "audience_countries": {"country": str, "percentage": float},
}

COMMENT = {
    "comment_id": str,
    "video_id": str,
    "user_id": str,
    "unique_identifier": str,
    "create_time": int,
    "text": str,
    "likes": int,
    "replies": int,
    "owner": bool,
    "liked": bool,
    "pinned": bool,
    "status": str,
    "username": str,
    "display_name": str,
}

OPTIONAL_COMMENT = {"profile_image": str, "parent_comment_id": str}


class Api:
    """One account's calls, with its token, on a day."""

    def __init__(self, client: TestClient, world: Any, place: int = 0, day: date = LAST_DAY):
        self.client, self.world, self.day = client, world, day
        accounts = [a for a in world.accounts() if a.platform == "tiktok"]
        self.account_id = accounts[place].account_id
        token = TokenBook(world).issued("tiktok", self.account_id).access_token
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Access-Token": token,
            "X-Sandbox-Date": str(day),
        }

    def get(self, path: str, **params: Any) -> Response:
        return self.client.get(f"/tiktok{path}", params=params, headers=self.headers)

    def post(self, path: str, fields: str, **body: Any) -> Response:
        url = f"/tiktok{path}?fields={fields}"
        return self.client.post(url, json=body, headers=self.headers)

    def business(self, path: str, fields: Any = None, **params: Any) -> dict[str, Any]:
        """The whole body; every answer has HTTP 200."""
        given = {"business_id": self.account_id, **params}
        if fields is not None:
            given["fields"] = fields if isinstance(fields, str) else json.dumps(list(fields))
        answer = self.get(f"/open_api/v1.3/business/{path}/", **given)
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        assert set(body) == {"code", "message", "request_id", "data"}
        assert isinstance(body["code"], int)
        return body

    def videos(self, size: int = 20, fields: str = "id,create_time") -> list[list[dict[str, Any]]]:
        pages, cursor = [], 0
        while True:
            answer = self.post("/v2/video/list/", fields, max_count=size, cursor=cursor)
            data = answer.json()["data"]
            pages.append(data["videos"])
            if not data["has_more"]:
                return pages
            cursor = data["cursor"]


def is_of(found: Any, spec: dict[str, Any]) -> None:
    """Whether an object has the spec's fields and no others, of its types; lists are not empty."""
    assert found.keys() == spec.keys()
    for name, kind in spec.items():
        if isinstance(kind, dict):
            assert found[name], name
            for item in found[name]:
                is_of(item, kind)
        else:
            assert type(found[name]) is kind, (name, found[name])
