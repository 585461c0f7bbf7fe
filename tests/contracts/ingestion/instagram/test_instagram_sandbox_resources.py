"""The sandbox's Instagram against Meta's own SDK: accounts, media, stories, comments, peers."""

import inspect
import re
from datetime import date, timedelta
from typing import Any

import pytest
from facebook_business.adobjects.igcomment import IGComment
from facebook_business.adobjects.igcommentfromuser import IGCommentFromUser
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.instagraminsightsresult import InstagramInsightsResult
from starlette.testclient import TestClient

from ingestion import instagram
from ingestion.metrics import all_metrics, metrics_for
from ingestion.sandbox import instagram as routes
from ingestion.sandbox import instagram_insights
from ingestion.sandbox.graph import parse_fields
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from tests.contracts.ingestion.graph_answers import Json
from tests.contracts.ingestion.instagram.instagram_answers import (
    LAST_DAY,
    PROFILE,
    SDK_EDGES,
    Accounts,
    check,
)


@pytest.mark.parametrize(
    ("asked", "served", "sdk"),
    [
        (PROFILE, routes.USER_FIELDS, IGUser),
        (instagram.PROFILE_FIELDS, routes.PEER_FIELDS, IGUser),
        (instagram.MEDIUM_FIELDS, routes.MEDIUM_FIELDS, IGMedia),
        (instagram.COMMENT_FIELDS, routes.COMMENT_FIELDS, IGComment),
    ],
)
def test_what_is_asked_for_and_served_are_fields_of_the_version(
    asked: str, served: frozenset[str], sdk: Any
) -> None:
    names = {field.name for field in parse_fields(asked)}
    assert names <= served
    assert served - SDK_EDGES <= set(sdk._field_types)
    for edge in (names | served) & SDK_EDGES:
        assert hasattr(sdk, f"get_{edge}"), edge


@pytest.mark.parametrize(
    ("method", "edge", "params"),
    [
        (IGUser.get_media, "/media", set()),
        (IGUser.get_stories, "/stories", set()),
        (
            IGUser.get_insights,
            "/insights",
            {"metric", "period", "metric_type", "breakdown", "timeframe", "since", "until"},
        ),
        (IGMedia.get_insights, "/insights", {"metric", "period"}),
        (IGMedia.get_comments, "/comments", set()),
        (IGMedia.get_children, "/children", set()),
        (IGComment.get_replies, "/replies", set()),
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
    assert InstagramInsightsResult.MetricType.total_value == "total_value"
    assert InstagramInsightsResult.Breakdown.follow_type == "follow_type"
    assert InstagramInsightsResult.Timeframe.this_month in instagram_insights.TIMEFRAMES
    assert {InstagramInsightsResult.Period.day, InstagramInsightsResult.Period.lifetime} == {
        "day",
        "lifetime",
    }


def test_the_metrics_of_media_are_the_versions() -> None:
    known = {
        value
        for name, value in vars(InstagramInsightsResult.Metric).items()
        if not name.startswith("_")
    }
    assert set(instagram_insights.MEDIA_METRICS) <= known


def test_every_living_metric_is_served_and_no_dead_one() -> None:
    table = [row for row in all_metrics() if row.platform == "instagram"]
    for row in table:
        served = (
            instagram_insights.OF_PRODUCT[row.product]
            if row.product
            else instagram_insights.USER_METRICS
        )
        assert (row.metric in served) == (row.status == "living"), row


def test_account(graph: Accounts) -> None:
    profile = graph.ask(graph.account_id, fields=PROFILE)
    check(profile, IGUser._field_types)
    assert profile["id"] == graph.account_id
    assert profile["media_count"] == len(graph.media())
    assert graph.ask(graph.account_id).keys() == {"id", "username"}
    assert graph.ask("me", fields="username")["id"] == graph.account_id


def test_media_come_newest_first_each_once_and_typed(graph: Accounts) -> None:
    media = graph.media(limit="7")
    assert media == graph.media()
    assert len({medium["id"] for medium in media}) == len(media) > 20
    times = [medium["timestamp"] for medium in media]
    assert times == sorted(times, reverse=True)
    for medium in media:
        check(medium, IGMedia._field_types)
        assert medium["owner"] == {"id": graph.account_id}
        children = medium.get("children", {"data": []})["data"]
        assert (medium["media_type"] == "CAROUSEL_ALBUM") == bool(children)
        assert all(child.keys() == {"id"} for child in children)
    kinds = {(medium["media_type"], medium["media_product_type"]) for medium in media}
    assert kinds == {("IMAGE", "FEED"), ("CAROUSEL_ALBUM", "FEED"), ("VIDEO", "REELS")}
    album = next(medium for medium in media if medium["media_type"] == "CAROUSEL_ALBUM")
    children = graph.all(f"{album['id']}/children", fields="id,media_type,media_product_type")
    assert [child["id"] for child in children] == [c["id"] for c in album["children"]["data"]]
    # Children of a carousel have no kind of product, and no insights.
    assert all("media_product_type" not in child for child in children)
    assert graph.refused(f"{children[0]['id']}/insights", metric="reach")[:2] == (100, 33)


def test_a_medium_by_its_id_is_the_one_of_the_list(graph: Accounts) -> None:
    first = graph.media()[0]
    assert graph.ask(first["id"], fields=instagram.MEDIUM_FIELDS) == first
    assert graph.ask(first["id"]) == {"id": first["id"]}


def test_what_is_published_while_a_list_is_walked_moves_nothing_to_the_next_page(
    api: TestClient, tokens: TokenBook, graph: Accounts
) -> None:
    newest = graph.media()[0]["timestamp"]
    before = Accounts(
        api, tokens, graph.account_id, date.fromisoformat(newest[:10]) - timedelta(days=1)
    )
    asked = {"fields": "id", "limit": "5"}
    first = before.ask(f"{graph.account_id}/media", **asked)
    ids = [medium["id"] for medium in first["data"]]
    after = first["paging"]["cursors"]["after"]
    second = graph.ask(f"{graph.account_id}/media", after=after, **asked)
    assert not set(ids) & {medium["id"] for medium in second["data"]}
    assert before.ask(f"{graph.account_id}/media", after=after, **asked) == second


def test_hidden_likes_are_absent(api: TestClient, tokens: TokenBook, world: World) -> None:
    found = next(
        (block, int(post))
        for block in world.blocks("instagram")
        for post in (block.likes_hidden & block.visible_posts(block.days - 1)).nonzero()[0]
    )
    block, post = found
    owner = str(block.account_id[block.post_account[post]])
    graph = Accounts(api, tokens, owner, LAST_DAY)
    medium = graph.ask(str(block.post_id[post]), fields="like_count,comments_count")
    assert medium.keys() == {"id", "comments_count"}


def stories_of(api: TestClient, tokens: TokenBook, world: World) -> list[tuple[Accounts, Json]]:
    """The stories of the day before the last, of accounts that can be read on both."""
    return [
        (graph, story)
        for block in world.blocks("instagram")
        for account, account_id in enumerate(block.account_id)
        if block.available[account, -2:].all()
        for graph in [Accounts(api, tokens, str(account_id), LAST_DAY - timedelta(days=1))]
        for story in graph.media("stories")
    ]


def test_stories_live_for_a_day(api: TestClient, tokens: TokenBook, world: World) -> None:
    stories = stories_of(api, tokens, world)
    assert len(stories) > 10
    metrics = [metric.metric for metric in metrics_for("instagram", "story", LAST_DAY)]
    told = hidden = 0
    for graph, story in stories:
        check(story, IGMedia._field_types)
        assert story["media_product_type"] == "STORY"
        assert story["timestamp"][:10] == str(graph.day)
        body = graph.get(f"{story['id']}/insights", metric=",".join(metrics)).json()
        told += [entry["name"] for entry in body.get("data", [])] == metrics
        hidden += body.get("error", {}).get("code") == 10
        later = Accounts(api, tokens, graph.account_id, LAST_DAY)
        assert later.refused(f"{story['id']}/insights", metric="reach")[:2] == (100, 33)
        assert story["id"] not in {one["id"] for one in later.media("stories")}
    # Few have seen a small account's stories.
    assert told > hidden
    assert told + hidden == len(stories)


def test_a_story_that_few_have_seen_keeps_its_insights(
    api: TestClient, tokens: TokenBook, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph, story = stories_of(api, tokens, world)[0]
    monkeypatch.setattr(instagram_insights, "FEWEST_VIEWERS", 10**9)
    code, _, message = graph.refused(f"{story['id']}/insights", metric="reach")
    assert (code, message) == (10, "(#10) Not enough viewers for the media to show insights")


def test_comments_and_replies(graph: Accounts) -> None:
    inner = instagram.COMMENT_FIELDS
    fields = f"{inner},replies.limit(50){{{inner}}}"
    replies = 0
    for medium in graph.media():
        path = f"{medium['id']}/comments"
        comments = graph.all(path, fields=fields, limit="50")
        assert comments == graph.all(path, fields=fields, limit="3")
        times = [comment["timestamp"] for comment in comments]
        assert times == sorted(times, reverse=True)
        for comment in comments:
            check(comment, IGComment._field_types)
            check(comment["from"], IGCommentFromUser._field_types)
            assert "parent_id" not in comment
            inline = comment.get("replies", {"data": []})["data"]
            replies += len(inline)
            assert graph.all(f"{comment['id']}/replies", fields=inner, limit="50") == inline
            for reply in inline:
                check(reply, IGComment._field_types)
                assert reply["parent_id"] == comment["id"]
        said = len(comments) + sum(len(c.get("replies", {"data": []})["data"]) for c in comments)
        assert said <= medium["comments_count"]
    assert replies > 5


def test_peers(graph: Accounts, world: World) -> None:
    peer = next(
        account
        for account in world.accounts()
        if account.platform == "instagram" and account.account_id != graph.account_id
    )
    asked = f"business_discovery.username({peer.handle}){{id,{instagram.PROFILE_FIELDS}}}"
    found = graph.ask(graph.account_id, fields=asked)
    assert found.keys() == {"id", "business_discovery"}
    check(found["business_discovery"], IGUser._field_types)
    assert found["business_discovery"]["id"] == peer.account_id
    nobody = "business_discovery.username(nobody.has.this){id}"
    assert graph.refused(graph.account_id, fields=nobody)[:2] == (110, 2207013)
