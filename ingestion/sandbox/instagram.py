"""Instagram's part of the Graph API over a world: accounts, media, stories, comments, peers.

Insights stand in :mod:`ingestion.sandbox.instagram_insights`. Shapes and refusals as Meta documents
them (https://developers.facebook.com/docs/instagram-platform); field lists of facebook-business 26.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingestion.sandbox.graph import (
    Field,
    GraphError,
    account_of,
    answer,
    business_usage,
    day_of,
    edge,
    exchange_route,
    fields_of,
    graph_time,
    invalid,
    nested_edge,
    not_found,
    require_available,
    route,
    select,
)
from ingestion.sandbox.instagram_insights import account_insights, medium_insights
from ingestion.sandbox.instagram_numbers import (
    medium_counters,
    picture_base,
    picture_signature,
    shown,
)
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world.model import ERROR_NONE, Ints, PlatformBlock
from ingestion.sandbox.world.world import World

Json = dict[str, Any]

PEER_FIELDS = frozenset(
    [
        "id",
        "ig_id",
        "username",
        "name",
        "biography",
        "website",
        "profile_picture_url",
        "followers_count",
        "follows_count",
        "media_count",
    ]
)
USER_FIELDS = PEER_FIELDS | {"has_profile_pic", "is_published", "business_discovery"}
MEDIUM_FIELDS = frozenset(
    [
        "id",
        "media_type",
        "media_product_type",
        "caption",
        "permalink",
        "shortcode",
        "username",
        "owner",
        "timestamp",
        "media_url",
        "thumbnail_url",
        "children",
        "like_count",
        "comments_count",
        "view_count",
        "saved_count",
        "shares_count",
        "reposts_count",
        "is_ai_generated",
        "is_comment_enabled",
        "is_shared_to_feed",
    ]
)
COMMENT_FIELDS = frozenset(
    [
        "id",
        "parent_id",
        "text",
        "timestamp",
        "like_count",
        "username",
        "from",
        "user",
        "hidden",
        "media",
        "replies",
    ]
)
COMMENT_LIMIT = 50


@dataclass(frozen=True)
class View:
    """What one request sees: an account of a block at the end of a day (index)."""

    block: PlatformBlock
    account: int
    day: int

    @property
    def account_id(self) -> str:
        return str(self.block.account_id[self.account])

    @property
    def username(self) -> str:
        return str(self.block.handle_on(self.day)[self.account])

    def posts(self, stories: bool) -> Ints:
        """The account's media, or its stories, that stand at the end of the day, newest first."""
        posts = self.block.posts_of(self.account)
        end = self.block.end_of(self.day)
        there = (
            (self.block.post_created[posts] < end)
            & (self.block.post_deleted[posts] >= end)
            & (shown(self.block).is_story[posts] == stories)
        )
        return (np.flatnonzero(there) + posts.start)[::-1]

    def stands(self, post: int) -> bool:
        """Whether the post is the account's and stands at the end of the day."""
        end = self.block.end_of(self.day)
        mine = self.block.post_account[post] == self.account
        return bool(mine and self.block.post_created[post] < end <= self.block.post_deleted[post])


class Instagram:
    """The routes; ``world`` answers, ``tokens`` tells whose token a request carries."""

    def __init__(self, world: World, tokens: TokenBook) -> None:
        self._world, self._tokens = world, tokens

    def routes(self) -> list[Route]:
        return [
            exchange_route("instagram", self._tokens),
            route("/{node_id}/media", self.media),
            route("/{node_id}/stories", self.stories),
            route("/{node_id}/insights", self.insights),
            route("/{node_id}/comments", self.comments),
            route("/{node_id}/replies", self.replies),
            route("/{node_id}/children", self.children),
            route("/{node_id}", self.node),
        ]

    async def node(self, request: Request) -> Response:
        """One object: the account itself, or one of its media or comments."""
        view, node_id = self._look(request)
        fields = fields_of(request, "id,username")
        if node_id in (view.account_id, "me"):
            return self._answer(view, self._account(view, fields))
        fields = fields_of(request)
        post = self._post(view, node_id)
        if post is not None:
            return self._answer(view, self._medium(view, post, fields))
        comment = self._comment_position(view, node_id)
        return self._answer(view, self._comment(request, view, comment, fields))

    async def media(self, request: Request) -> Response:
        """The account's media, newest first."""
        return self._list(request, stories=False)

    async def stories(self, request: Request) -> Response:
        """The account's living stories, newest first."""
        return self._list(request, stories=True)

    async def insights(self, request: Request) -> Response:
        """Insights of the account or of one of its media."""
        view, node_id = self._look(request)
        if node_id == view.account_id:
            body = account_insights(request, view.block, view.account, view.day)
        else:
            post = self._post(view, node_id)
            if post is None:
                raise not_found(node_id)
            body = medium_insights(request, view.block, post, view.day)
        return self._answer(view, body)

    async def comments(self, request: Request) -> Response:
        """The comments of a medium, newest first; replies stand beneath them."""
        view, node_id = self._look(request)
        post = self._post(view, node_id)
        if post is None:
            raise not_found(node_id)
        fields = fields_of(request, "id,text,timestamp")
        found = self._said(view, post, -1)[::-1]
        return self._answer(view, self._comment_edge(request, view, found, fields))

    async def replies(self, request: Request) -> Response:
        """The replies to a comment, oldest first."""
        view, node_id = self._look(request)
        comment = self._comment_position(view, node_id)
        fields = fields_of(request, "id,text,timestamp")
        found = self._said(view, int(view.block.comment_post[comment]), comment)
        return self._answer(view, self._comment_edge(request, view, found, fields))

    async def children(self, request: Request) -> Response:
        """The media of a carousel: no insights, no kind of product."""
        view, node_id = self._look(request)
        post = self._post(view, node_id)
        if post is None:
            raise not_found(node_id)
        found = shown(view.block).children[post] or []
        fields = fields_of(request)
        created = graph_time(int(view.block.post_created[post]))

        def make(position: int) -> Json:
            item = {**found[position], "media_type": "IMAGE", "timestamp": created}
            return select(item, fields, MEDIUM_FIELDS, "IGMedia")

        return self._answer(view, edge(request, [child["id"] for child in found], make))

    def _look(self, request: Request) -> tuple[View, str]:
        """What the request's token opens on its day, and the object it asks for."""
        account_id = account_of(request, "instagram", self._tokens)
        node_id = str(request.path_params["node_id"])
        view = self._view(account_id, day_of(request))
        if view is None:
            raise not_found(account_id)
        require_available(account_id, int(view.block.error_kind[view.account, view.day]))
        return view, node_id

    def _view(self, account_id: str, day: date) -> View | None:
        found = self._world.locate("instagram", account_id)
        if found is None:
            return None
        block, account = found
        index = min(block.day_index(day), block.days - 1)
        return View(block, account, index) if index >= 0 else None

    def _answer(self, view: View, body: Json) -> Response:
        return answer(body, headers=business_usage("instagram", view.account_id))

    def _post(self, view: View, media_id: str) -> int | None:
        """The position of a medium of the account that stands; None where there is none."""
        found = self._world.locate_post("instagram", media_id)
        if found is None or found[0] is not view.block or not view.stands(found[1]):
            return None
        return found[1]

    def _comment_position(self, view: View, comment_id: str) -> int:
        found = self._world.locate_comment("instagram", comment_id)
        if found is None or found[0] is not view.block:
            raise not_found(comment_id)
        block, comment = found
        is_there = block.comment_created[comment] < block.end_of(view.day)
        if not is_there or not view.stands(int(block.comment_post[comment])):
            raise not_found(comment_id)
        return comment

    def _list(self, request: Request, stories: bool) -> Response:
        view, node_id = self._look(request)
        if node_id != view.account_id:
            raise not_found(node_id)
        fields = fields_of(request)
        posts = view.posts(stories)
        body = edge(
            request,
            view.block.post_id[posts].tolist(),
            lambda position: self._medium(view, int(posts[position]), fields),
        )
        return self._answer(view, body)

    def _account(self, view: View, fields: Sequence[Field]) -> Json:
        item = profile(view) | {"has_profile_pic": True, "is_published": True}
        for wanted in fields:
            if wanted.name == "business_discovery":
                item["business_discovery"] = self._peer(view, wanted)
        return select(item, fields, USER_FIELDS, "IGUser")

    def _peer(self, view: View, wanted: Field) -> Json:
        username = wanted.modifiers.get("username", "")
        if not username:
            raise invalid("The parameter username is required")
        day = view.block.first_day.toordinal() + view.day
        account_id = self._by_username.get(username)
        peer = self._view(account_id, date.fromordinal(day)) if account_id else None
        if (
            peer is None
            or peer.username != username
            or peer.block.error_kind[peer.account, peer.day] != ERROR_NONE
        ):
            message = f"The user with username: {username} cannot be found."
            raise GraphError("Invalid user id", 110, 2207013, user_message=message)
        return select(profile(peer), wanted.fields or (Field("id"),), PEER_FIELDS, "IGUser")

    @cached_property
    def _by_username(self) -> dict[str, str]:
        return {
            account.handle: account.account_id
            for account in self._world.accounts()
            if account.platform == "instagram"
        }

    def _medium(self, view: View, post: int, fields: Sequence[Field]) -> Json:
        return select(medium(view, post), fields, MEDIUM_FIELDS, "IGMedia")

    def _said(self, view: View, post: int, parent: int) -> Ints:
        """The comments under a post that answer ``parent`` (-1: the post itself), oldest first."""
        comments = view.block.comments_of(post)
        there = (view.block.comment_created[comments] < view.block.end_of(view.day)) & (
            view.block.comment_parent[comments] == parent
        )
        if view.block.comments_off[post]:
            there[:] = False
        return np.flatnonzero(there) + comments.start

    def _comment_edge(
        self, request: Request, view: View, comments: Ints, fields: Sequence[Field]
    ) -> Json:
        return edge(
            request,
            view.block.comment_id[comments].tolist(),
            lambda position: self._comment(request, view, int(comments[position]), fields),
            most=COMMENT_LIMIT,
        )

    def _comment(self, request: Request, view: View, comment: int, fields: Sequence[Field]) -> Json:
        block, people = view.block, self._world.commenters
        author = int(block.comment_author[comment])
        username = str(people.name[author])
        parent = int(block.comment_parent[comment])
        post = int(block.comment_post[comment])
        item: Json = {
            "id": block.comment_id[comment],
            "parent_id": block.comment_id[parent] if parent >= 0 else None,
            "text": block.comment_text[comment],
            "timestamp": graph_time(int(block.comment_created[comment])),
            "like_count": int(block.comment_likes[comment]),
            "username": username,
            "from": {"id": people.commenter_id("instagram", author), "username": username},
            "hidden": False,
            "media": {"id": block.post_id[post]},
        }
        for wanted in fields:
            if wanted.name == "replies" and parent < 0:
                found = self._said(view, post, comment)
                item["replies"] = nested_edge(
                    request,
                    item["id"],
                    wanted,
                    block.comment_id[found].tolist(),
                    lambda position, replies=found, inner=wanted.fields: self._comment(  # type: ignore[misc]
                        request, view, int(replies[position]), inner or (Field("id"),)
                    ),
                    COMMENT_LIMIT,
                )
        return select(item, fields, COMMENT_FIELDS, "IGComment")


def profile(view: View) -> Json:
    """The public part of an account."""
    block, account, fixed = view.block, view.account, shown(view.block)
    day = date.fromordinal(block.first_day.toordinal() + view.day)
    return {
        "id": view.account_id,
        "ig_id": int(fixed.ig_id[account]),
        "username": view.username,
        "name": block.display_name[account],
        "biography": block.description[account],
        "website": fixed.website[account],
        "profile_picture_url": picture_base(view.account_id) + picture_signature(day),
        "followers_count": int(block.followers[account, view.day]),
        "follows_count": int(block.following[account, view.day]),
        "media_count": int(fixed.media_count[account, view.day]),
    }


def medium(view: View, post: int) -> Json:
    """A medium or a story; what the platform leaves out is None."""
    block, fixed = view.block, shown(view.block)
    product, media_type = fixed.product_type[post], fixed.media_type[post]
    counters = medium_counters(block, post, view.day)
    children = fixed.children[post]
    signature = f"{block.post_created[post] % 99_991}{view.day}"
    address = f"https://scontent.cdninstagram.com/v/{block.post_id[post]}"
    is_video = media_type == "VIDEO"
    return {
        "id": block.post_id[post],
        "media_type": media_type,
        "media_product_type": product,
        "caption": block.post_caption[post] or None,
        "permalink": fixed.permalink[post],
        "shortcode": fixed.shortcode[post],
        "username": view.username,
        "owner": {"id": view.account_id},
        "timestamp": graph_time(int(block.post_created[post])),
        "media_url": f"{address}_n.{'mp4' if is_video else 'jpg'}?oh={signature}",
        "thumbnail_url": f"{address}_t.jpg?oh={signature}" if is_video else None,
        "children": {"data": children} if children else None,
        **{name: int(value) for name, value in counters.items()},
        "like_count": None if block.likes_hidden[post] else int(counters["like_count"]),
        "is_ai_generated": bool(block.post_synthetic[post]),
        "is_comment_enabled": not block.comments_off[post],
        "is_shared_to_feed": True if product == "REELS" else None,
    }
