"""Facebook Pages in the Graph API's shapes over a world: page, posts, videos, comments, insights.

The nodes are those of the page whose token a call carries. Refused as the platform refuses: unknown
fields and metrics, insights of more than 90 days or of days that are no longer kept, insights of a
reel as a post, objects that are gone. A page with fewer than 100 likes has no insights.

Facts: https://developers.facebook.com/docs/graph-api/reference (page, page/published_posts,
page/videos, page/video_reels, insights, video/video_insights, comment), docs/pages-api.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingestion.facebook import REACTION_TYPES
from ingestion.sandbox import facebook_numbers as numbers
from ingestion.sandbox import graph
from ingestion.sandbox.facebook_objects import (
    comment_object,
    page_object,
    post_object,
    video_object,
)
from ingestion.sandbox.graph import Field, GraphError, Json
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import Ints, PlatformBlock

PLATFORM = "facebook"
WINDOW = timedelta(days=90)

PAGE_FIELDS = frozenset((
    "id", "name", "username", "about", "description", "category", "category_list", "link",
    "website", "fan_count", "followers_count", "new_like_count", "talking_about_count",
    "were_here_count", "rating_count", "overall_star_rating", "verification_status",
    "is_published", "has_transitioned_to_new_page_experience", "is_verified", "checkins",
    "country_page_likes", "is_community_page", "is_permanently_closed", "is_unclaimed", "phone",
    "emails",
))  # fmt: skip
POST_FIELDS = frozenset((
    "id", "created_time", "updated_time", "message", "message_tags", "story", "story_tags",
    "status_type", "permalink_url", "parent_id", "is_published", "is_hidden", "is_expired",
    "from", "shares", "attachments", "sponsor_tags", "comments", "reactions", "full_picture",
    "picture", "icon", "is_popular", "is_spherical", "promotable_id", "timeline_visibility",
    "backdated_time", "scheduled_publish_time",
))  # fmt: skip
VIDEO_FIELDS = frozenset((
    "id", "post_id", "title", "description", "length", "created_time", "updated_time",
    "permalink_url", "content_category", "live_status", "published", "embeddable",
    "is_crosspost_video", "is_episode", "views", "post_views", "status", "likes", "comments",
    "from", "picture", "source", "format", "icon", "backdated_time", "is_crossposting_eligible",
    "is_instagram_eligible", "scheduled_publish_time", "universal_video_id",
))  # fmt: skip
COMMENT_FIELDS = frozenset((
    "id", "created_time", "message", "message_tags", "attachment", "permalink_url",
    "like_count", "comment_count", "is_hidden", "is_private", "parent", "from", "can_comment",
    "can_hide", "can_like", "can_remove", "can_reply_privately", "user_likes", "object",
))  # fmt: skip
EDGES = ("comments", "reactions", "likes")
"""What posts and videos are asked for with modifiers, for the counts."""


@dataclass(frozen=True)
class View:
    """A page (position in its block) as its token sees it at the end of a day (index)."""

    block: PlatformBlock
    account: int
    day: int

    @property
    def page_id(self) -> str:
        return str(self.block.account_id[self.account])

    @property
    def date(self) -> date:
        return self.block.first_day + timedelta(days=self.day)

    @property
    def has_insights(self) -> bool:
        at = np.array([self.account]), np.array([self.day])
        return bool(numbers.has_insights(self.block, *at)[0])

    def posts(self, wanted: Callable[[PlatformBlock], np.ndarray]) -> Ints:
        """The positions of the page's posts that stand, newest first."""
        mine = self.block.posts_of(self.account)
        end = self.block.end_of(self.day)
        there = (self.block.post_created[mine] < end) & (self.block.post_deleted[mine] >= end)
        return np.flatnonzero(there & wanted(self.block)[mine])[::-1] + mine.start


class Facebook:
    """The routes of pages; ``tokens`` tells whose page a token opens."""

    def __init__(self, world: World, tokens: TokenBook) -> None:
        self._world, self._tokens = world, tokens

    def routes(self) -> list[Route]:
        """The paths of the pinned version."""
        return [
            graph.exchange_route(PLATFORM, self._tokens),
            graph.route("/me/accounts", self.owned_pages),
            graph.route("/{page}", self.page),
            graph.route("/{page}/published_posts", self.published_posts),
            graph.route("/{page}/videos", self.videos),
            graph.route("/{page}/video_reels", self.video_reels),
            graph.route("/{node}/insights", self.insights),
            graph.route("/{video}/video_insights", self.video_insights),
            graph.route("/{post}/comments", self.comments),
        ]

    async def owned_pages(self, request: Request) -> Response:
        """The pages of a user, whose long-lived token gives a page token that does not end."""
        token = graph.token_of(request)
        pair = self._tokens.refresh(PLATFORM, token) if token else None
        if pair is None:
            raise graph.expired()
        view = self._view(pair.account_id, graph.day_of(request))
        item = page_object(view.block, view.account, view.day) | {"access_token": pair.access_token}
        known = PAGE_FIELDS | {"access_token"}
        fields = graph.fields_of(request, "access_token,category,name,id")
        found = graph.edge(
            request, [view.page_id], lambda _: graph.select(item, fields, known, "Page")
        )
        return graph.answer(found)

    async def page(self, request: Request) -> Response:
        view = self._own_page(request)
        item = page_object(view.block, view.account, view.day)
        fields = graph.fields_of(request, "name,id")
        return self._answer(view, graph.select(item, fields, PAGE_FIELDS, "Page"))

    async def published_posts(self, request: Request) -> Response:
        view, fields = self._own_page(request), graph.fields_of(request, "created_time,message,id")
        posts = view.posts(numbers.is_listed)
        if request.query_params.get("include_hidden") != "true":
            posts = posts[~view.block.likes_hidden[posts]]
        counted, plain = Counted(view, posts), _plain(fields, POST_FIELDS)
        edges = counted.edges(fields, POST_FIELDS)
        has_shares = any(field.name == "shares" for field in fields)
        # What a post says does not change: it is put together once for a choice of fields.
        said = numbers.derived(view.block).said.setdefault(
            request.query_params.get("fields", ""), {}
        )

        def make(place: int) -> Json:
            post = int(posts[place])
            if post not in said:
                item = post_object(view.block, post)
                said[post] = graph.select(item, plain, POST_FIELDS, "Post")
            found = said[post] | {alias: edge(place) for alias, edge in edges}
            if has_shares and counted.shares[place]:
                found["shares"] = {"count": counted.shares[place]}
            return found

        ids = [str(post_id) for post_id in view.block.post_id[posts]]
        return self._answer(view, graph.edge(request, ids, make))

    async def videos(self, request: Request) -> Response:
        return self._videos(request, lambda block: block.post_format == "video")

    async def video_reels(self, request: Request) -> Response:
        return self._videos(request, lambda block: block.post_format == "reel")

    def _videos(self, request: Request, wanted: Callable[[PlatformBlock], np.ndarray]) -> Response:
        view = self._own_page(request)
        fields = graph.fields_of(request, "updated_time,description,id")
        posts = view.posts(wanted)
        counted, plain = Counted(view, posts), _plain(fields, VIDEO_FIELDS)
        edges = counted.edges(fields, VIDEO_FIELDS)

        def make(place: int) -> Json:
            item = video_object(view.block, int(posts[place]))
            item["views"] = item["post_views"] = counted.views[place]
            found = graph.select(item, plain, VIDEO_FIELDS, "Video")
            return found | {alias: edge(place) for alias, edge in edges}

        ids = [str(video_id) for video_id in numbers.video_ids(view.block)[posts]]
        return self._answer(view, graph.edge(request, ids, make))

    async def comments(self, request: Request) -> Response:
        view = self._seen(request)
        post = self._post(view, request.path_params["post"])
        block, params = view.block, request.query_params
        thread = block.comments_of(post)
        said = np.arange(thread.start, thread.stop)
        said = said[block.comment_created[said] < block.end_of(view.day)]
        shown = said if params.get("filter") == "stream" else said[block.comment_parent[said] < 0]
        if params.get("order") == "reverse_chronological":
            shown = shown[::-1]
        replies = np.bincount(
            block.comment_parent[said][block.comment_parent[said] >= 0] - thread.start,
            minlength=thread.stop - thread.start,
        )
        fields = graph.fields_of(request, "created_time,from,message,id")

        def make(place: int) -> Json:
            comment = int(shown[place])
            item = comment_object(block, self._world.commenters, comment)
            item["comment_count"] = int(replies[comment - thread.start])
            return graph.select(item, fields, COMMENT_FIELDS, "Comment")

        ids = [str(comment_id) for comment_id in block.comment_id[shown]]
        return self._answer(view, graph.edge(request, ids, make))

    async def insights(self, request: Request) -> Response:
        view, node = self._seen(request), request.path_params["node"]
        if node == view.page_id:
            return self._page_insights(request, view)
        if numbers.own_part(node) is not None:
            raise graph.invalid("Tried accessing nonexisting field (insights)")
        post = self._post(view, node)
        if view.block.post_format[post] == "reel":
            raise graph.invalid("Tried accessing nonexisting field (insights)")
        return self._lifetime(request, view, node, post, "insights", numbers.POST_INSIGHTS)

    async def video_insights(self, request: Request) -> Response:
        view, video_id = self._seen(request), request.path_params["video"]
        own = numbers.own_part(video_id)
        if own is None:
            raise graph.not_found(video_id)
        post = self._post(view, f"{view.page_id}_{own}", asked=video_id)
        known = {"reel": numbers.REEL_INSIGHTS, "video": numbers.VIDEO_INSIGHTS}
        served = known.get(str(view.block.post_format[post]))
        if served is None:
            raise graph.not_found(video_id)
        return self._lifetime(request, view, video_id, post, "video_insights", served)

    def _lifetime(
        self,
        request: Request,
        view: View,
        object_id: str,
        post: int,
        edge: str,
        served: Mapping[str, numbers.Insight],
    ) -> Response:
        metrics = _metrics(request, served)
        if request.query_params.get("period", "lifetime") != "lifetime":
            raise graph.invalid("The metrics are given for the period lifetime alone")
        found = numbers.PostDays(view.block, np.array([post]), np.array([view.day]))
        data = [
            _result(
                object_id, edge, name, "lifetime", [{"value": _value(name, served[name](found))}]
            )
            for name in metrics
        ]
        return self._answer(view, {"data": data if view.has_insights else []})

    def _page_insights(self, request: Request, view: View) -> Response:
        metrics = _metrics(request, numbers.PAGE_METRICS)
        if request.query_params.get("period", "day") != "day":
            raise graph.invalid("The sandbox gives the metrics for the period day alone")
        since, until = _span(request, view)
        measured = np.array(
            [
                index
                for index in range(view.block.day_index(since), view.block.day_index(until))
                if 0 <= index < view.day
            ],
            dtype=np.int64,
        )
        ends = [
            numbers.end_time(view.block.first_day + timedelta(days=int(index)))
            .astimezone(UTC)
            .strftime("%Y-%m-%dT%H:%M:%S+0000")
            for index in measured
        ]
        data = [
            _result(
                view.page_id,
                "insights",
                name,
                "day",
                [
                    {"value": value, "end_time": end}
                    for value, end in zip(_daily(view, name, measured), ends, strict=True)
                ],
            )
            for name in metrics
        ]
        body = {
            "data": data if view.has_insights else [],
            "paging": {
                "previous": _moved(request, since, until, until - since, -1),
                "next": _moved(request, since, until, until - since, 1),
            },
        }
        return self._answer(view, body)

    def _answer(self, view: View, body: Json) -> Response:
        return graph.answer(body, headers=graph.business_usage(PLATFORM, view.page_id))

    def _seen(self, request: Request) -> View:
        """The page of the request's token on the request's day."""
        account_id = graph.account_of(request, PLATFORM, self._tokens)
        return self._view(account_id, graph.day_of(request))

    def _view(self, account_id: str, day: date) -> View:
        found = self._world.locate(PLATFORM, account_id)
        if found is None:
            raise graph.not_found(account_id)
        block, account = found
        index = min(block.day_index(day), block.days - 1)
        if index < 0:
            raise graph.not_found(account_id)
        graph.require_available(account_id, int(block.error_kind[account, index]))
        return View(block, account, index)

    def _own_page(self, request: Request) -> View:
        view, page_id = self._seen(request), request.path_params["page"]
        if page_id not in (view.page_id, "me"):
            raise graph.not_found(page_id)
        return view

    def _post(self, view: View, post_id: str, asked: str = "") -> int:
        """The position of one of the page's posts that stands."""
        found = self._world.locate_post(PLATFORM, post_id) if "_" in post_id else None
        if found is None or found[0] is not view.block:
            raise graph.not_found(asked or post_id)
        post = found[1]
        if view.block.post_account[post] != view.account or not numbers.stands(
            view.block, post, view.day
        ):
            raise graph.not_found(asked or post_id)
        return post


class Counted:
    """The counters of a page's posts at the end of a day, in the order of the list."""

    def __init__(self, view: View, posts: Ints) -> None:
        found = numbers.PostDays(view.block, posts, np.full(posts.size, view.day))
        self.views: list[int] = found.views.tolist()
        self.shares: list[int] = found.shares.tolist()
        self._likes, self._comments, self._reactions = found.likes, found.comments, found.reactions
        self._can_comment: list[bool] = (~view.block.comments_off[posts]).tolist()

    def edges(
        self, fields: Sequence[Field], known: frozenset[str]
    ) -> list[tuple[str, Callable[[int], Json]]]:
        """The edges among the fields, by alias, each as a function of the place in the list."""
        wanted = [field for field in fields if field.name in EDGES and field.name in known]
        return [(field.alias, self._edge(field)) for field in wanted]

    def _edge(self, field: Field) -> Callable[[int], Json]:
        """An edge asked for its counts alone (``limit(0)``): nobody is listed in the sandbox."""
        if field.modifiers.get("limit") != "0":
            raise graph.invalid(f"The sandbox only counts {field.name}: ask with limit(0)")
        summary = field.modifiers.get("summary")
        if not summary:
            return lambda place: {"data": []}
        names = None if summary == "true" else summary.split(",")
        total: list[int] = self._totals(field).tolist()
        if field.name == "comments":
            columns: dict[str, Sequence[object]] = {
                "order": ["chronological"] * len(total),
                "total_count": total,
                "can_comment": self._can_comment,
            }
        else:
            columns = {"total_count": total, "viewer_reaction": ["NONE"] * len(total)}
        shown = [(k, column) for k, column in columns.items() if names is None or k in names]
        return lambda place: {"data": [], "summary": {k: column[place] for k, column in shown}}

    def _totals(self, field: Field) -> Ints:
        if field.name == "comments":
            return self._comments
        kind = "LIKE" if field.name == "likes" else field.modifiers.get("type")
        if not kind:
            return self._likes
        if kind not in REACTION_TYPES:
            raise graph.invalid(f"Param type must be one of {{{', '.join(REACTION_TYPES)}}}")
        found: Ints = self._by_type[:, REACTION_TYPES.index(kind)]
        return found

    @cached_property
    def _by_type(self) -> Ints:
        return self._reactions()


def _plain(fields: Sequence[Field], known: frozenset[str]) -> list[Field]:
    """The fields that are no edges, and those that are not known."""
    return [field for field in fields if field.name not in EDGES or field.name not in known]


def _metrics(request: Request, served: Sequence[str] | Mapping[str, object]) -> list[str]:
    """The metrics asked for; one that is not served refuses them all."""
    names = [name for name in request.query_params.get("metric", "").split(",") if name]
    if not names:
        raise GraphError(
            "(#3001) No metric was specified to be fetched. Please specify one or more metrics to "
            "be fetched and try again.",
            3001,
            1504028,
        )
    if any(name not in served for name in names):
        raise graph.invalid("The value must be a valid insights metric")
    return names


def _result(object_id: str, edge: str, name: str, period: str, values: list[Json]) -> Json:
    words = name.replace("_", " ")
    return {
        "name": name,
        "period": period,
        "values": values,
        "title": f"{'Daily' if period == 'day' else 'Lifetime'} {words}",
        "description": f"{'Daily' if period == 'day' else 'Lifetime'}: {words}",
        "id": f"{object_id}/{edge}/{name}/{period}",
    }


def _value(name: str, parts: numbers.Parts) -> int | dict[str, int]:
    """The value of one post: an object leaves out what is zero."""
    if name not in numbers.SEGMENTED:
        return int(parts[""][0])
    return {segment: int(count[0]) for segment, count in parts.items() if count[0]}


def _daily(view: View, name: str, measured: Ints) -> list[int]:
    account, read = np.full(measured.size, view.account), np.full(measured.size, view.day)
    found: list[int] = numbers.page_metric(name, view.block, account, measured, read).tolist()
    return found


def _span(request: Request, view: View) -> tuple[date, date]:
    """The days asked for: from ``since`` up to the one before ``until``."""
    until = _day(request, "until") or view.date
    since = _day(request, "since") or until - timedelta(days=2)
    if since > until:
        raise graph.invalid("The since param must lie before the until param")
    if until - since > WINDOW:
        raise graph.invalid("There cannot be more than 90 days (7776000 s) between since and until")
    if since < view.date - timedelta(days=numbers.KEPT_DAYS):
        raise graph.invalid(
            "since param is not valid. Metrics data is available for the last 2 years"
        )
    return since, until


def _day(request: Request, name: str) -> date | None:
    """A date or Unix seconds in a parameter."""
    value = request.query_params.get(name)
    if not value:
        return None
    try:
        if value.isdecimal():
            return datetime.fromtimestamp(int(value), UTC).date()
        return date.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        raise graph.invalid(f"Param {name} must be a valid date") from None


def _moved(request: Request, since: date, until: date, by: timedelta, way: int) -> str:
    """The address of the window before or after, which carries the token."""
    params = {
        **request.query_params,
        "since": (since + way * by).isoformat(),
        "until": (until + way * by).isoformat(),
    }
    return graph.link(request, params)
