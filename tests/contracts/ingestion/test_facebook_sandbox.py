"""The sandbox's Facebook against Meta's own SDK for v26: edges, fields, types, refusals."""

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.comment import Comment
from facebook_business.adobjects.insightsresult import InsightsResult
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from starlette.testclient import TestClient

from ingestion import facebook
from ingestion.facebook_insights import VIEW_METRICS
from ingestion.metrics import metrics_for
from ingestion.sandbox import facebook as routes
from ingestion.sandbox import facebook_numbers as numbers
from ingestion.sandbox.graph import parse_fields
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import ERROR_GAP, ERROR_NONE, ERROR_SUSPENDED
from tests.contracts.ingestion.graph_answers import Graph, Json, busiest, check_types

LAST_DAY = date(2026, 11, 20)

SDK_EDGES = {"comments", "reactions", "likes", "attachments", "sponsor_tags"}
"""Asked for as fields; the SDK has them as edges."""


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, creators=120, days=120, end_date=LAST_DAY)


@pytest.fixture(scope="module")
def tokens(world: World) -> TokenBook:
    return TokenBook(world)


@pytest.fixture(scope="module")
def api(world: World, tokens: TokenBook) -> Iterator[TestClient]:
    with TestClient(build_app(world, tokens)) as client:
        yield client


class Pages(Graph):
    """One page's token on one day."""

    platform = "facebook"

    def posts(self, **params: str) -> list[Json]:
        asked = {"fields": facebook.ASKED_OF_POSTS, "include_hidden": "true", "limit": "100"}
        return self.all(f"{self.account_id}/published_posts", **{**asked, **params})


@pytest.fixture
def graph(api: TestClient, tokens: TokenBook, world: World) -> Pages:
    """The page that posts the most."""
    return Pages(api, tokens, busiest(world, "facebook"), LAST_DAY)


def check(item: Json, types: Mapping[str, str]) -> None:
    check_types(item, types, SDK_EDGES | set(facebook.REACTION_ALIASES))


@pytest.mark.parametrize(
    ("asked", "served", "sdk"),
    [
        (facebook.ASKED_OF_PAGE, routes.PAGE_FIELDS, Page),
        (facebook.ASKED_OF_POSTS, routes.POST_FIELDS, PagePost),
        (facebook.ASKED_OF_VIDEOS, routes.VIDEO_FIELDS, AdVideo),
        (facebook.ASKED_OF_COMMENTS, routes.COMMENT_FIELDS, Comment),
    ],
)
def test_what_is_asked_for_and_served_are_fields_of_the_version(
    asked: str, served: frozenset[str], sdk: Any
) -> None:
    names = {field.name for field in parse_fields(asked)}
    assert names <= served
    assert served - SDK_EDGES <= set(sdk._field_types)
    for edge in names & SDK_EDGES:
        assert hasattr(sdk, f"get_{edge}"), edge


@pytest.mark.parametrize(
    ("method", "edge", "params"),
    [
        (Page.get_published_posts, "/published_posts", {"include_hidden"}),
        (Page.get_videos, "/videos", set()),
        (Page.get_video_reels, "/video_reels", set()),
        (Page.get_insights, "/insights", {"metric", "period", "since", "until"}),
        (PagePost.get_insights, "/insights", {"metric", "period"}),
        (PagePost.get_comments, "/comments", {"filter", "order"}),
        (AdVideo.get_video_insights, "/video_insights", {"metric", "period"}),
    ],
)
def test_the_edges_and_their_parameters_are_the_versions(
    method: Any, edge: str, params: set[str]
) -> None:
    source = inspect.getsource(method)
    assert f"endpoint='{edge}'" in source
    known = re.findall(r"'(\w+)': '", source.partition("param_types")[2].partition("}")[0])
    assert params <= set(known)


def test_the_words_of_the_parameters_are_the_versions() -> None:
    assert Comment.Filter.stream == "stream"
    assert Comment.Order.reverse_chronological == "reverse_chronological"
    assert {InsightsResult.Period.day, InsightsResult.Period.lifetime} == {"day", "lifetime"}


def test_page(graph: Pages) -> None:
    page = graph.ask(graph.account_id, fields=facebook.ASKED_OF_PAGE)
    check(page, Page._field_types)
    assert page["id"] == graph.account_id
    assert 0 < page["fan_count"] <= page["followers_count"]
    assert graph.ask(graph.account_id).keys() == {"id", "name"}


def test_posts_come_newest_first_each_once_and_typed(graph: Pages, world: World) -> None:
    posts = graph.posts(limit="7")
    assert posts == graph.posts()
    assert len({post["id"] for post in posts}) == len(posts) > 20
    times = [post["created_time"] for post in posts]
    assert times == sorted(times, reverse=True)
    for post in posts:
        check(post, PagePost._field_types)
        assert post["id"].startswith(graph.account_id + "_")
        assert post["comments"]["data"] == post["reactions"]["data"] == []
        summary = post["comments"]["summary"]
        assert (summary["order"], type(summary["can_comment"])) == ("chronological", bool)
        by_type = [post[alias]["summary"]["total_count"] for alias in facebook.REACTION_ALIASES]
        assert sum(by_type) == post["reactions"]["summary"]["total_count"]
        # Absent, never 0.
        assert "shares" not in post or post["shares"]["count"] > 0
    assert {post["status_type"] for post in posts} >= {"added_photos", "added_video"}
    assert any("shares" not in post for post in posts)
    assert any("sponsor_tags" in post for post in posts)
    assert {"photo", "video"} <= {
        post["attachments"]["data"][0]["media_type"] for post in posts if "attachments" in post
    }


def test_hidden_posts_are_listed_for_whom_asks_for_them(graph: Pages) -> None:
    hidden = {post["id"] for post in graph.posts() if post["is_hidden"]}
    assert hidden
    shown = {post["id"] for post in graph.posts(include_hidden="false")}
    assert shown == {post["id"] for post in graph.posts()} - hidden


def test_counters_never_fall(api: TestClient, tokens: TokenBook, graph: Pages) -> None:
    earlier = Pages(api, tokens, graph.account_id, LAST_DAY - timedelta(days=1))
    now = {post["id"]: post for post in graph.posts()}
    aliases = [*facebook.REACTION_ALIASES, "reactions", "comments"]
    for before in earlier.posts():
        after = now.get(before["id"], before)
        for name in aliases:
            count, later = (p[name]["summary"]["total_count"] for p in (before, after))
            assert count <= later


def test_reactions_of_each_type_only_grow() -> None:
    totals = np.arange(2_000)
    for mood in range(5):
        counts = numbers.reactions(totals, np.full(totals.size, mood))
        assert (counts.sum(axis=1) == totals).all()
        assert (np.diff(counts, axis=0) >= 0).all()


@pytest.mark.parametrize("edge", ["videos", "video_reels"])
def test_videos_and_reels(graph: Pages, edge: str) -> None:
    videos = graph.all(f"{graph.account_id}/{edge}", fields=facebook.ASKED_OF_VIDEOS, limit="5")
    assert videos
    posts = {post["id"]: post for post in graph.posts()}
    for video in videos:
        check(video, AdVideo._field_types)
        assert video["status"] == {"video_status": "ready"}
        assert video["length"] > 0
        post = posts[f"{graph.account_id}_{video['post_id']}"]
        assert post["attachments"]["data"][0]["target"]["id"] == video["id"]
        assert ("/reel/" in post["permalink_url"]) == (edge == "video_reels")


def test_comments_in_one_stream_with_their_parents(graph: Pages) -> None:
    asked = {"fields": facebook.ASKED_OF_COMMENTS, "limit": "3"}
    threads = 0
    for post in graph.posts():
        path = f"{post['id']}/comments"
        stream = graph.all(path, filter="stream", order="reverse_chronological", **asked)
        assert len(stream) <= post["comments"]["summary"]["total_count"]
        times = [comment["created_time"] for comment in stream]
        assert times == sorted(times, reverse=True)
        ids = {comment["id"] for comment in stream}
        for comment in stream:
            check(comment, Comment._field_types)
            assert comment["from"].keys() == {"id", "name"}
            assert comment.get("parent", {"id": comment["id"]})["id"] in ids
        replies = [comment for comment in stream if "parent" in comment]
        assert sum(comment["comment_count"] for comment in stream) == len(replies)
        threads += bool(replies)
        top = graph.all(path, **asked)
        assert {c["id"] for c in top} == ids - {c["id"] for c in replies}
    assert threads


def day_of(end_time: str) -> date:
    return (datetime.fromisoformat(end_time) - timedelta(days=1)).date()


def test_page_insights(graph: Pages) -> None:
    names = [metric.metric for metric in metrics_for("facebook", "page", LAST_DAY)]
    since, until = date(2026, 10, 25), date(2026, 11, 20)
    answer = graph.ask(
        f"{graph.account_id}/insights",
        metric=",".join(names),
        period="day",
        since=str(since),
        until=str(until),
    )
    assert [result["name"] for result in answer["data"]] == names
    for result in answer["data"]:
        check(result, InsightsResult._field_types)
        assert result["id"] == f"{graph.account_id}/insights/{result['name']}/day"
        days = [day_of(value["end_time"]) for value in result["values"]]
        assert days == [since + timedelta(days=n) for n in range((until - since).days)]
        assert all(isinstance(value["value"], int) for value in result["values"])
    ends = {value["end_time"][11:] for value in answer["data"][0]["values"]}
    # Daylight saving time ends on 1 November.
    assert ends == {"07:00:00+0000", "08:00:00+0000"}
    assert answer["paging"].keys() == {"previous", "next"}
    assert VIEW_METRICS & set(names) == {"page_media_view", "page_video_views"}


def test_page_insights_are_restated_for_three_days(
    api: TestClient, tokens: TokenBook, graph: Pages
) -> None:
    measured = date(2026, 11, 15)
    span = {"since": str(measured), "until": str(measured + timedelta(days=1))}
    seen = []
    for age in (0, 1, 2, 3, 4):
        on_day = Pages(api, tokens, graph.account_id, measured + timedelta(days=age))
        asked = {"metric": "page_media_view,page_follows", "period": "day", **span}
        data = on_day.ask(f"{graph.account_id}/insights", **asked)["data"]
        seen.append([[value["value"] for value in result["values"]] for result in data])
    assert seen[0] == [[], []]
    views = [found[0][0] for found in seen[1:]]
    assert views[0] == views[2] * 90 // 100
    assert views[1] == views[2] * 97 // 100
    assert views[2] == views[3]
    assert len({found[1][0] for found in seen[1:]}) == 1


def test_lifetime_insights_are_those_that_are_asked_for(graph: Pages) -> None:
    known = {
        "post": {post["id"] for post in graph.posts() if "/reel/" not in post["permalink_url"]},
        "REEL": {v["id"] for v in graph.all(f"{graph.account_id}/video_reels")},
        "VIDEO": {v["id"] for v in graph.all(f"{graph.account_id}/videos")},
    }
    for kind, ids in known.items():
        is_post = kind == "post"
        asked = (
            metrics_for("facebook", "post", LAST_DAY)
            if is_post
            else metrics_for("facebook", "video", LAST_DAY, product=kind)
        )
        edge = "insights" if is_post else "video_insights"
        for object_id in sorted(ids)[:5]:
            names = [metric.metric for metric in asked]
            data = graph.ask(f"{object_id}/{edge}", metric=",".join(names))["data"]
            assert [result["name"] for result in data] == names
            for metric, result in zip(asked, data, strict=True):
                check(result, InsightsResult._field_types)
                assert result["id"] == f"{object_id}/{edge}/{metric.metric}/lifetime"
                [value] = result["values"]
                assert value.keys() == {"value"}
                assert isinstance(value["value"], dict) == bool(metric.breakdown)


def test_every_metric_of_the_table_is_served() -> None:
    served = {
        ("page", ""): set(numbers.PAGE_METRICS),
        ("post", ""): set(numbers.POST_INSIGHTS),
        ("video", "REEL"): set(numbers.REEL_INSIGHTS),
        ("video", "VIDEO"): set(numbers.VIDEO_INSIGHTS),
    }
    for (kind, product), names in served.items():
        asked = metrics_for("facebook", kind, LAST_DAY, product=product)
        assert {metric.metric for metric in asked} == names
        assert {m.metric for m in asked if m.breakdown} == names & numbers.SEGMENTED


def test_limits_and_unknown_names_are_refused(graph: Pages) -> None:
    page, post = graph.account_id, graph.posts()[0]["id"]
    span = {"since": "2026-08-01", "until": "2026-11-20", "metric": "page_follows"}
    assert "90 days" in graph.error(f"{page}/insights", **span)["message"]
    old = {"since": "2024-11-01", "until": "2024-11-20", "metric": "page_follows"}
    assert "last 2 years" in graph.error(f"{page}/insights", **old)["message"]
    dead = {"metric": "page_follows,page_impressions"}
    assert "valid insights metric" in graph.error(f"{page}/insights", **dead)["message"]
    assert graph.error(f"{page}/insights")["code"] == 3001
    assert "limit" in graph.error(f"{page}/published_posts", limit="101")["message"]
    assert "nonexisting field (nope)" in graph.error(page, fields="id,nope")["message"]
    assert graph.error(page, fields="id,{")["code"] == 2500
    assert graph.error(f"{post[:-1]}0/comments")["error_subcode"] == 33
    assert graph.error("1/published_posts")["error_subcode"] == 33
    of_video = {"metric": "post_media_view"}
    reel = graph.all(f"{page}/video_reels")[0]["id"]
    assert "valid insights" in graph.error(f"{reel}/video_insights", **of_video)["message"]


def test_a_reel_has_no_insights_as_a_post(graph: Pages) -> None:
    reel = next(post for post in graph.posts() if "/reel/" in post["permalink_url"])
    video_id = reel["attachments"]["data"][0]["target"]["id"]
    for node in (reel["id"], video_id):
        error = graph.error(f"{node}/insights", metric="post_media_view")
        assert "nonexisting field (insights)" in error["message"]


def test_tokens(api: TestClient, tokens: TokenBook, graph: Pages, world: World) -> None:
    other = next(
        account.account_id
        for account in world.accounts()
        if account.platform == "facebook" and account.account_id != graph.account_id
    )
    assert graph.error(other)["error_subcode"] == 33
    pair = tokens.issued("facebook", graph.account_id)
    owner = Pages(api, tokens, graph.account_id, LAST_DAY)
    owner.token = pair.refresh_token
    [page] = owner.ask("me/accounts", fields="id,access_token")["data"]
    owner.token = page["access_token"]
    assert owner.ask(page["id"])["id"] == graph.account_id
    owner.token = "EAAnobody"
    assert (owner.error(page["id"])["code"], owner.error("me/accounts")["code"]) == (190, 190)
    owner.token = ""
    assert owner.error(page["id"])["code"] == 104


@pytest.mark.parametrize(
    ("kind", "status", "code", "subcode", "is_transient"),
    [(ERROR_GAP, 500, 2, None, True), (ERROR_SUSPENDED, 400, 100, 33, None)],
)
def test_a_bad_day_and_a_suspended_page(
    graph: Pages,
    world: World,
    kind: int,
    status: int,
    code: int,
    subcode: int | None,
    is_transient: bool | None,
) -> None:
    found = world.locate("facebook", graph.account_id)
    assert found is not None
    block, account = found
    post = graph.posts()[0]["id"]
    block.error_kind[account, -1] = kind
    try:
        for path in (graph.account_id, f"{graph.account_id}/videos", f"{post}/comments"):
            error = graph.error(path, status=status)
            assert (error["code"], error.get("error_subcode")) == (code, subcode)
            assert error.get("is_transient") == is_transient
    finally:
        block.error_kind[account, -1] = ERROR_NONE
    assert graph.ask(graph.account_id)["id"] == graph.account_id


def test_a_page_of_fewer_than_100_likes_has_no_insights(
    api: TestClient, tokens: TokenBook, graph: Pages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fans = graph.ask(graph.account_id, fields="fan_count")["fan_count"]
    post = next(post["id"] for post in graph.posts() if "/reel/" not in post["permalink_url"])
    asked = {f"{graph.account_id}/insights": "page_follows", f"{post}/insights": "post_clicks"}
    for fewest, is_empty in ((fans, False), (fans + 1, True)):
        monkeypatch.setattr(numbers, "FEWEST_LIKES", fewest)
        for path, metric in asked.items():
            assert (graph.ask(path, metric=metric)["data"] == []) == is_empty


def test_a_day_ends_at_midnight_in_california() -> None:
    assert numbers.end_time(date(2026, 7, 1)).astimezone(UTC).hour == 7
    assert numbers.end_time(date(2026, 12, 1)).astimezone(UTC).hour == 8
