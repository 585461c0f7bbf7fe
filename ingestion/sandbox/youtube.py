"""YouTube over the synthetic world: Data API v3, Analytics API v2 and Google's token endpoint.

Public data are read with an API key (header ``X-Goog-Api-Key`` or parameter ``key``) or a channel
owner's token (``Authorization: Bearer``); audit standing and reports need the token. Lists page by
``pageToken``; ``fields`` chooses fields of an answer. Limits are the platform's: 50 ids or items,
100 comments, known parts alone.

A suspended channel is missing from lists by id, and what asks about it alone is refused (404, with
a token 403). On a day with a gap it is missing as well, and what asks about it alone gets HTTP 500.
"""

from collections.abc import Callable
from urllib.parse import parse_qs

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ingestion.sandbox import credentials, google
from ingestion.sandbox import youtube_resources as resources
from ingestion.sandbox.google import ApiError, Asker
from ingestion.sandbox.platforms import Json
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import Ints, PlatformBlock
from ingestion.sandbox.youtube_analytics import Analytics

BASE = "/youtube/v3"
CHANNEL_PARTS = frozenset(
    [
        "id",
        "snippet",
        "contentDetails",
        "statistics",
        "status",
        "topicDetails",
        "brandingSettings",
        "localizations",
        "auditDetails",
        "contentOwnerDetails",
    ]
)
VIDEO_PARTS = frozenset(
    [
        "id",
        "snippet",
        "contentDetails",
        "statistics",
        "status",
        "topicDetails",
        "paidProductPlacementDetails",
        "player",
        "recordingDetails",
        "liveStreamingDetails",
        "localizations",
    ]
)
ITEM_PARTS = frozenset(["id", "snippet", "contentDetails", "status"])
STAT_PARTS = frozenset(["id", "snippet", "contentDetails", "statistics"])
THREAD_PARTS = frozenset(["id", "snippet", "replies"])
COMMENT_PARTS = frozenset(["id", "snippet"])
SCOPES = (
    "https://www.googleapis.com/auth/youtube.readonly "
    "https://www.googleapis.com/auth/yt-analytics.readonly "
    "https://www.googleapis.com/auth/youtubepartner-channel-audit"
)
"""What the owners of the world's channels have granted."""


class YouTube:
    """The routes; ``world`` answers, ``tokens`` open."""

    def __init__(self, world: World, tokens: TokenBook) -> None:
        self._world, self._tokens = world, tokens

    def routes(self) -> list[Route]:
        lists: dict[str, google.Handler] = {
            "channels": self.channels,
            "playlistItems": self.playlist_items,
            "videos": self.videos,
            "videos:batchGetStats": self.video_stats,
            "commentThreads": self.comment_threads,
            "comments": self.comments,
        }
        reports = Analytics(self._world)
        return [
            *(google.route(f"{BASE}/{name}", self._tokens, lists[name]) for name in lists),
            google.route("/v2/reports", self._tokens, reports.query),
            Route("/token", self.token, methods=["POST"]),
        ]

    def channels(self, request: Request, asker: Asker) -> Json:
        parts, limit = google.parts_of(request, CHANNEL_PARTS), google.limit_of(request, 5, 0, 50)
        if request.query_params.get("mine") == "true" and asker.channel_id:
            ids = [asker.channel_id]
        else:
            ids = google.ids_of(request)
        if "auditDetails" in parts and ids != [asker.channel_id]:
            raise ApiError(403, "insufficientPermissions", "Insufficient Permission", "global")
        found = [self._channel(request, i, parts) for i in ids]
        items = [google.select(item, parts) for item in found if item]
        start = google.position_of(request)
        return _list("channelListResponse", items[start : start + limit], len(items), limit, start)

    def playlist_items(self, request: Request, _: Asker) -> Json:
        parts, limit = google.parts_of(request, ITEM_PARTS), google.limit_of(request, 5, 0, 50)
        start, playlist_id = google.position_of(request), google.required(request, "playlistId")
        gone = ApiError(
            404,
            "playlistNotFound",
            "The playlist identified with the request's playlistId parameter cannot be found.",
            "youtube.playlistItem",
        )
        located = self._world.locate("youtube", f"UC{playlist_id[2:]}")
        if located is None or not playlist_id.startswith("UU"):
            raise gone
        block, a = located
        d = google.day_index(request, block)
        google.require_available(block, a, d, gone)
        uploads = _uploads(block, a, d)
        if not uploads.size:
            raise gone
        items = [
            google.select(resources.playlist_item(block, int(p), d, start + n), parts)
            for n, p in enumerate(uploads[start : start + limit])
        ]
        return _list("playlistItemListResponse", items, uploads.size, limit, start)

    def videos(self, request: Request, _: Asker) -> Json:
        parts = google.parts_of(request, VIDEO_PARTS)
        google.limit_of(request, 5, 1, 50)
        items = self._by_id(request, resources.video)
        chosen = [google.select(item, parts) for item in items]
        return _list("videoListResponse", chosen, len(items), len(items))

    def video_stats(self, request: Request, _: Asker) -> Json:
        parts = google.parts_of(request, STAT_PARTS)
        items = self._by_id(request, resources.video_stat)
        return {
            "kind": "youtube#batchGetStatsResponse",
            "etag": resources.etag("batchGetStatsResponse", len(items)),
            "items": [google.select(item, parts) for item in items],
        }

    def comment_threads(self, request: Request, _: Asker) -> Json:
        parts, limit = google.parts_of(request, THREAD_PARTS), google.limit_of(request, 20, 1, 100)
        start, video_id = google.position_of(request), google.required(request, "videoId")
        gone = ApiError(
            404,
            "videoNotFound",
            "The video identified by the <code>videoId</code> parameter could not be found.",
            "youtube.commentThread",
        )
        located = self._video(request, video_id, gone)
        if located is None:
            raise gone
        block, p, d = located
        if block.comments_off[p]:
            raise ApiError(
                403,
                "commentsDisabled",
                "The video identified by the <code>videoId</code> parameter has disabled comments.",
                "youtube.commentThread",
            )
        written = _written(block, p, d)
        parents = block.comment_parent[written]
        tops = written[parents < 0][::-1]
        text_format = request.query_params.get("textFormat", "html")
        items = [
            google.select(
                resources.thread(
                    block, self._world.commenters, int(c), written[parents == c], text_format
                ),
                parts,
            )
            for c in tops[start : start + limit]
        ]
        page = _list("commentThreadListResponse", items, tops.size, limit, start)
        # The platform tells how many there are on the page, not how many in all.
        page["pageInfo"]["totalResults"] = len(items)
        page.pop("prevPageToken", None)
        return page

    def comments(self, request: Request, _: Asker) -> Json:
        parts, limit = google.parts_of(request, COMMENT_PARTS), google.limit_of(request, 20, 1, 100)
        start, parent_id = google.position_of(request), google.required(request, "parentId")
        gone = ApiError(
            404, "commentNotFound", "The parent comment could not be found.", "youtube.comment"
        )
        located = self._world.locate_comment("youtube", parent_id)
        if located is None:
            raise gone
        block, c = located
        p, d = int(block.comment_post[c]), google.day_index(request, block)
        google.require_available(block, int(block.post_account[p]), d, gone)
        written = _written(block, p, d)
        if c not in written or not _is_visible(block, p, d):
            raise gone
        replies = written[block.comment_parent[written] == c]
        text_format = request.query_params.get("textFormat", "html")
        items = [
            google.select(
                resources.comment(block, self._world.commenters, int(r), text_format), parts
            )
            for r in replies[start : start + limit]
        ]
        page = _list("commentListResponse", items, replies.size, limit, start)
        page["pageInfo"]["totalResults"] = len(items)
        page.pop("prevPageToken", None)
        return page

    async def token(self, request: Request) -> Response:
        """Google's token endpoint: a living refresh token buys an access token."""
        form = parse_qs((await request.body()).decode())
        given = {name: values[0] for name, values in form.items()}
        client = (given.get("client_id"), given.get("client_secret"))
        if client != (credentials.CLIENT_KEY, credentials.CLIENT_SECRET):
            return _refused(401, "invalid_client", "The OAuth client was not found.")
        if given.get("grant_type") != "refresh_token":
            return _refused(400, "unsupported_grant_type", "Invalid grant_type")
        pair = self._tokens.refresh("youtube", given.get("refresh_token", ""))
        if pair is None:
            return _refused(400, "invalid_grant", "Token has been expired or revoked.")
        return JSONResponse(
            {
                "access_token": pair.access_token,
                "expires_in": pair.expires_in,
                "scope": SCOPES,
                "token_type": "Bearer",
            }
        )

    def _channel(self, request: Request, channel_id: str, parts: list[str]) -> Json | None:
        located = self._world.locate("youtube", channel_id)
        if located is None:
            person = self._world.commenters.position("youtube", channel_id)
            return None if person is None else resources.commenter(self._world.commenters, person)
        block, a = located
        d = google.day_index(request, block)
        if d < 0 or not block.available[a, d]:
            return None
        found = resources.channel(block, a, d, int(_uploads(block, a, d).size))
        return found | resources.audit(block, a, d) if "auditDetails" in parts else found

    def _by_id(
        self, request: Request, make: Callable[[PlatformBlock, int, int], Json]
    ) -> list[Json]:
        found = []
        for video_id in google.ids_of(request):
            located = self._video(request, video_id, None)
            if located is not None:
                found.append(make(*located))
        return found

    def _video(
        self, request: Request, video_id: str, gone: ApiError | None
    ) -> tuple[PlatformBlock, int, int] | None:
        """Block, position and day of a video that is there; ``gone`` of a suspended channel."""
        located = self._world.locate_post("youtube", video_id)
        if located is None:
            return None
        block, p = located
        a, d = int(block.post_account[p]), google.day_index(request, block)
        if gone is not None:
            google.require_available(block, a, d, gone)
        there = d >= 0 and block.available[a, d] and _is_visible(block, p, d)
        return (block, p, d) if there else None


def _uploads(block: PlatformBlock, a: int, d: int) -> Ints:
    """The positions of the channel's listed videos, newest first."""
    mine = block.posts_of(a)
    end = block.end_of(d)
    there = (block.post_created[mine] < end) & (block.post_deleted[mine] >= end)
    found: Ints = np.flatnonzero(there)[::-1] + mine.start
    return found


def _is_visible(block: PlatformBlock, p: int, d: int) -> bool:
    end = block.end_of(d)
    return bool(block.post_created[p] < end <= block.post_deleted[p])


def _written(block: PlatformBlock, p: int, d: int) -> Ints:
    """The positions of a video's comments and replies, oldest first."""
    mine = block.comments_of(p)
    found: Ints = np.flatnonzero(block.comment_created[mine] < block.end_of(d)) + mine.start
    return found


def _list(kind: str, items: list[Json], total: int, limit: int, start: int = 0) -> Json:
    body: Json = {
        "kind": f"youtube#{kind}",
        "etag": resources.etag(kind, start, total),
        "pageInfo": {"totalResults": int(total), "resultsPerPage": limit},
        "items": items,
    }
    if start + len(items) < total:
        body["nextPageToken"] = google.token_at(start + len(items))
    if start:
        body["prevPageToken"] = google.token_at(max(start - limit, 0))
    return body


def _refused(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status)
