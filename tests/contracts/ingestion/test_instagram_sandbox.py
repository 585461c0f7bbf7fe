"""The sandbox's Instagram against Meta's own SDK for v26: edges, fields, types, refusals."""

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from facebook_business.adobjects.igcomment import IGComment
from facebook_business.adobjects.igcommentfromuser import IGCommentFromUser
from facebook_business.adobjects.igmedia import IGMedia
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.instagraminsightsresult import InstagramInsightsResult
from facebook_business.adobjects.instagraminsightsvalue import InstagramInsightsValue
from starlette.testclient import TestClient

from ingestion import instagram
from ingestion.graph import VERSION
from ingestion.instagram_insights import WINDOW_DAYS, _between
from ingestion.metrics import all_metrics, metrics_for
from ingestion.sandbox import instagram as routes
from ingestion.sandbox import instagram_insights, instagram_numbers
from ingestion.sandbox.credentials import CLIENT_KEY, CLIENT_SECRET
from ingestion.sandbox.graph import parse_fields
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import ERROR_GAP, ERROR_SUSPENDED, PlatformBlock

LAST_DAY = date(2026, 11, 20)
DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000")
SDK_EDGES = {"children", "replies"}
"""Asked for as fields; the SDK has them as edges."""

Json = dict[str, Any]


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, creators=120, days=60, end_date=LAST_DAY)


@pytest.fixture(scope="module")
def tokens(world: World) -> TokenBook:
    return TokenBook(world)


@pytest.fixture(scope="module")
def api(world: World, tokens: TokenBook) -> Iterator[TestClient]:
    with TestClient(build_app(world, tokens)) as client:
        yield client


class Graph:
    """One account's token on one day."""

    def __init__(self, api: TestClient, tokens: TokenBook, account_id: str, day: date) -> None:
        self.account_id, self.day = account_id, day
        self._api = api
        issued = tokens.issued("instagram", account_id)
        self.token, self.owners = issued.access_token, issued.refresh_token

    def get(self, path: str, **params: str) -> Any:
        return self._api.get(
            f"/instagram/{VERSION}/{path}",
            params=params,
            headers={"Authorization": f"Bearer {self.token}", "X-Sandbox-Date": str(self.day)},
        )

    def ask(self, path: str, status: int = 200, **params: str) -> Json:
        answer = self.get(path, **params)
        assert answer.status_code == status, answer.text
        assert answer.headers["facebook-api-version"] == VERSION
        found: Json = answer.json()
        return found

    def refused(self, path: str, status: int = 400, **params: str) -> tuple[int, int | None, str]:
        error: Json = self.ask(path, status, **params)["error"]
        assert isinstance(error["type"], str)
        assert isinstance(error["fbtrace_id"], str)
        return error["code"], error.get("error_subcode"), error["message"]

    def all(self, path: str, **params: str) -> list[Json]:
        """Every object of an edge, walked by cursor to the page that names none that follows."""
        found, after = [], {}
        while True:
            page = self.ask(path, **params, **after)
            found += page["data"]
            paging = page.get("paging", {})
            if "next" not in paging:
                return found
            assert f"access_token={self.token}" in paging["next"]
            assert paging["next"].startswith(f"https://graph.facebook.com/{VERSION}/{path}?")
            after = {"after": paging["cursors"]["after"]}

    def media(self, edge: str = "media", limit: str = "100") -> list[Json]:
        path = f"{self.account_id}/{edge}"
        return self.all(path, fields=instagram.MEDIUM_FIELDS, limit=limit)

    def insights(self, object_id: str = "", **params: str) -> list[Json]:
        found: list[Json] = self.ask(f"{object_id or self.account_id}/insights", **params)["data"]
        return found


@pytest.fixture
def graph(api: TestClient, tokens: TokenBook, world: World) -> Graph:
    """The account that posts the most."""
    sizes = {
        str(block.account_id[account]): block.posts_of(account).stop - block.posts_of(account).start
        for block in world.blocks("instagram")
        for account in range(block.account_id.size)
        if block.available[account, -40:].all()
    }
    return Graph(api, tokens, max(sizes, key=lambda account_id: sizes[account_id]), LAST_DAY)


def place(world: World, account_id: str) -> tuple[PlatformBlock, int]:
    found = world.locate("instagram", account_id)
    assert found is not None
    return found


def fits(kind: str, value: Any) -> bool:
    """Whether a value is of the SDK's type."""
    if kind == "string":
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind == "datetime":
        return isinstance(value, str) and bool(DATETIME.fullmatch(value))
    return isinstance(value, list if kind.startswith("list") else dict)


def check_types(item: Json, types: Mapping[str, str]) -> None:
    for name, value in item.items():
        if name not in SDK_EDGES:
            assert fits(types[name], value), (name, types[name], value)


PROFILE = f"id,{instagram.PROFILE_FIELDS},has_profile_pic,is_published"


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


def test_account(graph: Graph) -> None:
    profile = graph.ask(graph.account_id, fields=PROFILE)
    check_types(profile, IGUser._field_types)
    assert profile["id"] == graph.account_id
    assert profile["media_count"] == len(graph.media())
    assert graph.ask(graph.account_id).keys() == {"id", "username"}
    assert graph.ask("me", fields="username")["id"] == graph.account_id


def test_media_come_newest_first_each_once_and_typed(graph: Graph) -> None:
    media = graph.media(limit="7")
    assert media == graph.media()
    assert len({medium["id"] for medium in media}) == len(media) > 20
    times = [medium["timestamp"] for medium in media]
    assert times == sorted(times, reverse=True)
    for medium in media:
        check_types(medium, IGMedia._field_types)
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


def test_a_medium_by_its_id_is_the_one_of_the_list(graph: Graph) -> None:
    first = graph.media()[0]
    assert graph.ask(first["id"], fields=instagram.MEDIUM_FIELDS) == first
    assert graph.ask(first["id"]) == {"id": first["id"]}


def test_what_is_published_while_a_list_is_walked_moves_nothing_to_the_next_page(
    api: TestClient, tokens: TokenBook, graph: Graph
) -> None:
    newest = graph.media()[0]["timestamp"]
    before = Graph(
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
    graph = Graph(api, tokens, owner, LAST_DAY)
    medium = graph.ask(str(block.post_id[post]), fields="like_count,comments_count")
    assert medium.keys() == {"id", "comments_count"}


def stories_of(api: TestClient, tokens: TokenBook, world: World) -> list[tuple[Graph, Json]]:
    """The stories of the day before the last, of accounts that can be read on both."""
    return [
        (graph, story)
        for block in world.blocks("instagram")
        for account, account_id in enumerate(block.account_id)
        if block.available[account, -2:].all()
        for graph in [Graph(api, tokens, str(account_id), LAST_DAY - timedelta(days=1))]
        for story in graph.media("stories")
    ]


def test_stories_live_for_a_day(api: TestClient, tokens: TokenBook, world: World) -> None:
    stories = stories_of(api, tokens, world)
    assert len(stories) > 10
    metrics = [metric.metric for metric in metrics_for("instagram", "story", LAST_DAY)]
    told = hidden = 0
    for graph, story in stories:
        check_types(story, IGMedia._field_types)
        assert story["media_product_type"] == "STORY"
        assert story["timestamp"][:10] == str(graph.day)
        body = graph.get(f"{story['id']}/insights", metric=",".join(metrics)).json()
        told += [entry["name"] for entry in body.get("data", [])] == metrics
        hidden += body.get("error", {}).get("code") == 10
        later = Graph(api, tokens, graph.account_id, LAST_DAY)
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


def test_comments_and_replies(graph: Graph) -> None:
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
            check_types(comment, IGComment._field_types)
            check_types(comment["from"], IGCommentFromUser._field_types)
            assert "parent_id" not in comment
            inline = comment.get("replies", {"data": []})["data"]
            replies += len(inline)
            assert graph.all(f"{comment['id']}/replies", fields=inner, limit="50") == inline
            for reply in inline:
                check_types(reply, IGComment._field_types)
                assert reply["parent_id"] == comment["id"]
        said = len(comments) + sum(len(c.get("replies", {"data": []})["data"]) for c in comments)
        assert said <= medium["comments_count"]
    assert replies > 5


def day_before(end_time: str) -> date:
    return (datetime.fromisoformat(end_time) - timedelta(days=1)).date()


def unix(day: date) -> str:
    """The second at which the platform's day begins."""
    return str(int(datetime.combine(day, time.min, ZoneInfo("America/Los_Angeles")).timestamp()))


def test_series_of_days(graph: Graph) -> None:
    since, until = date(2026, 10, 25), date(2026, 11, 20)
    answer = graph.ask(
        f"{graph.account_id}/insights",
        metric="reach,follower_count",
        period="day",
        since=unix(since),
        until=unix(until),
    )
    assert [entry["name"] for entry in answer["data"]] == ["reach", "follower_count"]
    for entry in answer["data"]:
        check_types(entry, InstagramInsightsResult._field_types)
        assert entry["id"] == f"{graph.account_id}/insights/{entry['name']}/day"
        days = [day_before(value["end_time"]) for value in entry["values"]]
        assert days == [since + timedelta(days=n) for n in range((until - since).days)]
        for value in entry["values"]:
            assert value.keys() == set(InstagramInsightsValue._field_types)
            assert isinstance(value["value"], int)
    ends = {value["end_time"][11:] for value in answer["data"][0]["values"]}
    # Daylight saving time ends on 1 November.
    assert ends == {"07:00:00+0000", "08:00:00+0000"}
    assert answer["paging"].keys() == {"previous", "next"}


@pytest.fixture(scope="module", params=[date(2026, 3, 8), date(2026, 11, 1)])
def changing(request: pytest.FixtureRequest) -> Iterator[tuple[Graph, date]]:
    """An account soon after a day on which California's clocks change, and that day."""
    changed: date = request.param
    made = World(seed=7, creators=10, days=20, end_date=changed + timedelta(days=6))
    block = next(made.blocks("instagram"))
    account = int(block.available.all(axis=1).argmax())
    book = TokenBook(made)
    with TestClient(build_app(made, book)) as client:
        yield Graph(client, book, str(block.account_id[account]), made.last_day), changed


def test_a_window_gives_the_days_that_end_in_it_whatever_the_clocks_do(
    changing: tuple[Graph, date],
) -> None:
    graph, changed = changing

    def days(since: int, until: int) -> list[date]:
        window = {"since": str(since), "until": str(until)}
        entries = graph.insights(metric="reach", period="day", **window)
        return [day_before(v["end_time"]) for entry in entries for v in entry["values"]]

    for n in (-2, -1, 0, 1, 2):
        day = changed + timedelta(days=n)
        since, until = int(unix(day)), int(unix(day + timedelta(days=1)))
        assert days(since, until) == [day]
        assert days(since, until - 1) == []
        assert days(since - 1, until) == [day - timedelta(days=1), day]
        # From midnight to midnight of UTC it is the day before that ends.
        midnight = int(datetime.combine(day, time.min, UTC).timestamp())
        assert days(midnight, midnight + 86_400) == [day - timedelta(days=1)]


def test_the_source_is_given_each_day_that_it_asks_for_whatever_the_clocks_do(
    changing: tuple[Graph, date],
) -> None:
    graph, changed = changing
    for n in (-2, -1, 0, 1, 2):
        day = changed + timedelta(days=n)
        window = _between(day, day)
        [reach] = graph.insights(metric="reach", period="day", **window)
        [value] = reach["values"]
        assert day_before(value["end_time"]) == day
        [summed] = graph.insights(metric="reach", period="day", metric_type="total_value", **window)
        assert summed["total_value"]["value"] == value["value"]
    # The most that the source asks for at once is allowed on either side of the change.
    for n in range(-WINDOW_DAYS, 1):
        first = changed + timedelta(days=n)
        window = _between(first, first + timedelta(days=WINDOW_DAYS - 1))
        graph.insights(metric="reach", period="day", **window)


def total(graph: Graph, metric: str, day: date, **more: str) -> Json:
    window = {"since": unix(day), "until": unix(day + timedelta(days=1))}
    [entry] = graph.insights(
        metric=metric, period="day", metric_type="total_value", **window, **more
    )
    check_types(entry, InstagramInsightsResult._field_types)
    found: Json = entry["total_value"]
    return found


def test_totals_are_restated_for_three_days(
    api: TestClient, tokens: TokenBook, graph: Graph
) -> None:
    measured = date(2026, 11, 15)
    views = [
        total(
            Graph(api, tokens, graph.account_id, measured + timedelta(days=age)), "views", measured
        )
        for age in (1, 2, 3, 4)
    ]
    numbers = [found["value"] for found in views]
    assert numbers[0] == numbers[2] * 90 // 100
    assert numbers[1] == numbers[2] * 97 // 100
    assert numbers[2] == numbers[3] > 0


def test_gained_and_lost_followers_are_the_worlds(graph: Graph, world: World) -> None:
    block, account = place(world, graph.account_id)
    measured = date(2026, 11, 10)
    cut = total(graph, "follows_and_unfollows", measured, breakdown="follow_type")["breakdowns"]
    results = [(r["dimension_values"], r["value"]) for r in cut[0]["results"]]
    day = block.day_index(measured)
    assert cut[0]["dimension_keys"] == ["follow_type"]
    assert results == [
        (["FOLLOWER"], block.gained[account, day]),
        (["NON_FOLLOWER"], block.lost[account, day]),
    ]
    assert total(graph, "follows_and_unfollows", measured) == {}


def test_today_and_before_the_world_there_is_nothing(graph: Graph) -> None:
    for day in (LAST_DAY, date(2026, 1, 5)):
        window = {"since": unix(day), "until": unix(day + timedelta(days=1))}
        asked = {"metric": "views", "period": "day", "metric_type": "total_value", **window}
        assert graph.insights(**asked) == []
        assert graph.insights(metric="reach", period="day", **window) == []


@pytest.mark.parametrize("breakdown", ["age", "gender", "city", "country"])
def test_audiences(graph: Graph, world: World, breakdown: str) -> None:
    block, account = place(world, graph.account_id)
    asked = {"period": "lifetime", "metric_type": "total_value", "breakdown": breakdown}
    metrics = ",".join(instagram_insights.DEMOGRAPHICS)
    for entry in graph.insights(metric=metrics, **asked, timeframe="this_month"):
        check_types(entry, InstagramInsightsResult._field_types)
        [cut] = entry["total_value"]["breakdowns"]
        assert cut["dimension_keys"] == [breakdown]
        assert 1 < len(cut["results"]) <= 45
        assert all(result["value"] > 0 for result in cut["results"])
        if entry["name"] == "follower_demographics":
            people = sum(result["value"] for result in cut["results"])
            assert 0.9 < people / block.followers[account, -2] <= 1


def test_a_small_account_has_no_audience(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instagram_numbers, "FEWEST_FOLLOWERS", 10**12)
    of_all = {"period": "lifetime", "metric_type": "total_value", "breakdown": "age"}
    assert graph.insights(metric="follower_demographics", **of_all) == []
    assert graph.insights(metric="online_followers", period="lifetime") == []
    assert graph.insights(metric="follower_count", period="day") == []


def test_online_followers_by_hour(graph: Graph) -> None:
    [entry] = graph.insights(metric="online_followers", period="lifetime")
    [value] = entry["values"]
    assert list(value["value"]) == [str(hour) for hour in range(24)]
    assert day_before(value["end_time"]) == LAST_DAY - timedelta(days=1)


def test_insights_of_media(graph: Graph) -> None:
    for medium in graph.media()[:10]:
        product = medium["media_product_type"]
        metrics = [m.metric for m in metrics_for("instagram", "media", LAST_DAY, product=product)]
        entries = graph.insights(medium["id"], metric=",".join(metrics))
        assert [entry["name"] for entry in entries] == metrics
        for entry in entries:
            check_types(entry, InstagramInsightsResult._field_types)
            assert entry["period"] == "lifetime"
            assert entry["values"][0].keys() == {"value"}
        by_name = {entry["name"]: entry["values"][0]["value"] for entry in entries}
        assert by_name["views"] == medium["view_count"]
        assert by_name["saved"] == medium["saved_count"]


def test_media_from_before_the_world_were_posted_before_the_conversion(
    api: TestClient, tokens: TokenBook, graph: Graph, world: World
) -> None:
    early = Graph(api, tokens, graph.account_id, world.first_day)
    old = [m for m in early.media() if m["timestamp"][:10] < str(world.first_day)]
    assert old
    assert early.refused(f"{old[0]['id']}/insights", metric="reach")[:2] == (100, 2108006)


OF_TOTALS = {"period": "day", "metric_type": "total_value"}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"period": "day"}, "The parameter metric is required"),
        ({"metric": "reach"}, "The parameter period is required"),
        ({"metric": "reach,nonsense", "period": "day"}, "metric[1] must be one of the following"),
        ({"metric": "impressions", "period": "day"}, "impressions metric is no longer supported"),
        ({"metric": "views", "period": "day"}, "should be specified with parameter metric_type"),
        ({"metric": "follower_count", **OF_TOTALS}, "do not support metric_type total_value"),
        ({"metric": "views", "breakdown": "age", **OF_TOTALS}, "Incompatible breakdowns (age)"),
        ({"metric": "reach", "period": "lifetime"}, "Incompatible metrics (reach)"),
        (
            {"metric": "reach", "period": "day", "since": "2026-10-20", "until": "2026-11-20"},
            "There cannot be more than 30 days (2592000 s) between since and until",
        ),
        (
            {
                "metric": "follower_count",
                "period": "day",
                "since": "2026-10-20",
                "until": "2026-11-01",
            },
            "only supports querying data for the last 30 days excluding the current day",
        ),
        ({"metric": "reach", "period": "day", "since": "soon"}, "soon is not a valid time"),
        ({"metric": "follower_demographics", "period": "lifetime"}, "metric_type=total_value"),
    ],
)
def test_account_insights_are_refused_as_a_whole(
    graph: Graph, asked: dict[str, str], message: str
) -> None:
    code, _, told = graph.refused(f"{graph.account_id}/insights", **asked)
    assert code == 100
    assert message in told


def test_a_metric_of_another_product_kills_the_call(graph: Graph) -> None:
    image = next(m for m in graph.media() if m["media_type"] == "IMAGE")
    asked = "reach,ig_reels_avg_watch_time"
    code, _, told = graph.refused(f"{image['id']}/insights", metric=asked)
    assert code == 100
    assert "does not support the ig_reels_avg_watch_time metric for this media product" in told


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"fields": "id,nothing_like_it"}, 100),
        ({"fields": "id{"}, 2500),
        ({"limit": "101"}, 100),
        ({"limit": "many"}, 100),
        ({"after": "no-cursor"}, 100),
    ],
)
def test_wrong_parameters_are_refused(graph: Graph, params: dict[str, str], code: int) -> None:
    assert graph.refused(f"{graph.account_id}/media", **params)[0] == code


def test_peers(graph: Graph, world: World) -> None:
    peer = next(
        account
        for account in world.accounts()
        if account.platform == "instagram" and account.account_id != graph.account_id
    )
    asked = f"business_discovery.username({peer.handle}){{id,{instagram.PROFILE_FIELDS}}}"
    found = graph.ask(graph.account_id, fields=asked)
    assert found.keys() == {"id", "business_discovery"}
    check_types(found["business_discovery"], IGUser._field_types)
    assert found["business_discovery"]["id"] == peer.account_id
    nobody = "business_discovery.username(nobody.has.this){id}"
    assert graph.refused(graph.account_id, fields=nobody)[:2] == (110, 2207013)


def test_tokens(api: TestClient, graph: Graph, world: World) -> None:
    path = f"/instagram/{VERSION}/{graph.account_id}"
    assert api.get(path).json()["error"]["code"] == 104
    dead = api.get(path, headers={"Authorization": "Bearer EAA-nobody"}).json()["error"]
    assert (dead["code"], dead["error_subcode"]) == (190, 463)
    assert api.get(path, params={"access_token": graph.token}).status_code == 200
    other = next(
        a.account_id
        for a in world.accounts()
        if a.platform == "instagram" and a.account_id != graph.account_id
    )
    assert graph.refused(f"{other}/media")[:2] == (100, 33)


def exchange(api: TestClient, **changes: str) -> Any:
    form = {
        "grant_type": "fb_exchange_token",
        "client_id": CLIENT_KEY,
        "client_secret": CLIENT_SECRET,
        **changes,
    }
    return api.post(f"/instagram/{VERSION}/oauth/access_token", data=form)


def test_a_living_token_is_exchanged_for_another(api: TestClient, graph: Graph) -> None:
    body = exchange(api, fb_exchange_token=graph.token).json()
    assert body.keys() == {"access_token", "token_type", "expires_in"}
    # An owner's token too, and what comes of it opens the account and can be exchanged in its turn.
    owners = graph.owners
    for _ in range(2):
        owners = exchange(api, fb_exchange_token=owners).json()["access_token"]
        path = f"/instagram/{VERSION}/{graph.account_id}"
        assert api.get(path, params={"access_token": owners}).json()["id"] == graph.account_id
    assert (body["token_type"], body["expires_in"]) == ("bearer", 60 * 86_400)
    graph.token = body["access_token"]
    assert graph.ask(graph.account_id)["id"] == graph.account_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "password"}, 100),
        ({"client_id": "another"}, 101),
        ({"client_secret": "wrong"}, 1),
        ({"fb_exchange_token": "EAA-nobody.0"}, 190),
    ],
)
def test_an_exchange_is_refused(
    api: TestClient, graph: Graph, changes: dict[str, str], code: int
) -> None:
    answer = exchange(api, **{"fb_exchange_token": graph.token, **changes})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code


@pytest.mark.parametrize(
    ("kind", "status", "code"), [(ERROR_GAP, 500, 2), (ERROR_SUSPENDED, 400, 100)]
)
def test_a_suspended_account_is_gone_and_a_gap_is_the_platforms_fault(
    graph: Graph, world: World, kind: int, status: int, code: int
) -> None:
    block, account = place(world, graph.account_id)
    before = block.error_kind[account, -1]
    block.error_kind[account, -1] = kind
    try:
        for path in ("", "/media", "/stories", "/insights"):
            assert graph.refused(graph.account_id + path, status)[0] == code
    finally:
        block.error_kind[account, -1] = before
