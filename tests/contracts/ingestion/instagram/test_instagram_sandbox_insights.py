"""The sandbox's Instagram against Meta's own SDK: insights, their days and restatements."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from facebook_business.adobjects.instagraminsightsresult import InstagramInsightsResult
from facebook_business.adobjects.instagraminsightsvalue import InstagramInsightsValue
from starlette.testclient import TestClient

from ingestion.instagram_insights import WINDOW_DAYS, _between
from ingestion.metrics import metrics_for
from ingestion.sandbox import instagram_insights, instagram_numbers
from ingestion.sandbox.server import build_app
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World
from tests.contracts.ingestion.graph_answers import Json
from tests.contracts.ingestion.instagram.instagram_answers import (
    LAST_DAY,
    Accounts,
    check,
    day_before,
    place,
)


def unix(day: date) -> str:
    """The second at which the platform's day begins."""
    return str(int(datetime.combine(day, time.min, ZoneInfo("America/Los_Angeles")).timestamp()))


def test_series_of_days(graph: Accounts) -> None:
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
        check(entry, InstagramInsightsResult._field_types)
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
def changing(request: pytest.FixtureRequest) -> Iterator[tuple[Accounts, date]]:
    """An account soon after a day on which California's clocks change, and that day."""
    changed: date = request.param
    made = World(seed=7, creators=10, days=20, end_date=changed + timedelta(days=6))
    block = next(made.blocks("instagram"))
    account = int(block.available.all(axis=1).argmax())
    book = TokenBook(made)
    with TestClient(build_app(made, book)) as client:
        yield Accounts(client, book, str(block.account_id[account]), made.last_day), changed


def test_a_window_gives_the_days_that_end_in_it_whatever_the_clocks_do(
    changing: tuple[Accounts, date],
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
    changing: tuple[Accounts, date],
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


def total(graph: Accounts, metric: str, day: date, **more: str) -> Json:
    window = {"since": unix(day), "until": unix(day + timedelta(days=1))}
    [entry] = graph.insights(
        metric=metric, period="day", metric_type="total_value", **window, **more
    )
    check(entry, InstagramInsightsResult._field_types)
    found: Json = entry["total_value"]
    return found


def test_totals_are_restated_for_three_days(
    api: TestClient, tokens: TokenBook, graph: Accounts
) -> None:
    measured = date(2026, 11, 15)
    views = [
        total(
            Accounts(api, tokens, graph.account_id, measured + timedelta(days=age)),
            "views",
            measured,
        )
        for age in (1, 2, 3, 4)
    ]
    numbers = [found["value"] for found in views]
    assert numbers[0] == numbers[2] * 90 // 100
    assert numbers[1] == numbers[2] * 97 // 100
    assert numbers[2] == numbers[3] > 0


def test_gained_and_lost_followers_are_the_worlds(graph: Accounts, world: World) -> None:
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


def test_today_and_before_the_world_there_is_nothing(graph: Accounts) -> None:
    for day in (LAST_DAY, date(2026, 1, 5)):
        window = {"since": unix(day), "until": unix(day + timedelta(days=1))}
        asked = {"metric": "views", "period": "day", "metric_type": "total_value", **window}
        assert graph.insights(**asked) == []
        assert graph.insights(metric="reach", period="day", **window) == []


@pytest.mark.parametrize("breakdown", ["age", "gender", "city", "country"])
def test_audiences(graph: Accounts, world: World, breakdown: str) -> None:
    block, account = place(world, graph.account_id)
    asked = {"period": "lifetime", "metric_type": "total_value", "breakdown": breakdown}
    metrics = ",".join(instagram_insights.DEMOGRAPHICS)
    for entry in graph.insights(metric=metrics, **asked, timeframe="this_month"):
        check(entry, InstagramInsightsResult._field_types)
        [cut] = entry["total_value"]["breakdowns"]
        assert cut["dimension_keys"] == [breakdown]
        assert 1 < len(cut["results"]) <= 45
        assert all(result["value"] > 0 for result in cut["results"])
        if entry["name"] == "follower_demographics":
            people = sum(result["value"] for result in cut["results"])
            assert 0.9 < people / block.followers[account, -2] <= 1


def test_a_small_account_has_no_audience(graph: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instagram_numbers, "FEWEST_FOLLOWERS", 10**12)
    of_all = {"period": "lifetime", "metric_type": "total_value", "breakdown": "age"}
    assert graph.insights(metric="follower_demographics", **of_all) == []
    assert graph.insights(metric="online_followers", period="lifetime") == []
    assert graph.insights(metric="follower_count", period="day") == []


def test_online_followers_by_hour(graph: Accounts) -> None:
    [entry] = graph.insights(metric="online_followers", period="lifetime")
    [value] = entry["values"]
    assert list(value["value"]) == [str(hour) for hour in range(24)]
    assert day_before(value["end_time"]) == LAST_DAY - timedelta(days=1)


def test_insights_of_media(graph: Accounts) -> None:
    for medium in graph.media()[:10]:
        product = medium["media_product_type"]
        metrics = [m.metric for m in metrics_for("instagram", "media", LAST_DAY, product=product)]
        entries = graph.insights(medium["id"], metric=",".join(metrics))
        assert [entry["name"] for entry in entries] == metrics
        for entry in entries:
            check(entry, InstagramInsightsResult._field_types)
            assert entry["period"] == "lifetime"
            assert entry["values"][0].keys() == {"value"}
        by_name = {entry["name"]: entry["values"][0]["value"] for entry in entries}
        assert by_name["views"] == medium["view_count"]
        assert by_name["saved"] == medium["saved_count"]


def test_media_from_before_the_world_were_posted_before_the_conversion(
    api: TestClient, tokens: TokenBook, graph: Accounts, world: World
) -> None:
    early = Accounts(api, tokens, graph.account_id, world.first_day)
    old = [m for m in early.media() if m["timestamp"][:10] < str(world.first_day)]
    assert old
    assert early.refused(f"{old[0]['id']}/insights", metric="reach")[:2] == (100, 2108006)
