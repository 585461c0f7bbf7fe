"""The table of metrics, the ends of API versions, and what a view is."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ingestion import metrics
from ingestion.metrics import (
    Metric,
    all_metrics,
    api_versions,
    metrics_for,
    view_definition,
    view_definitions,
    warn_of_sunset,
)

TODAY = date(2026, 11, 22)


def names(rows: Sequence[Metric]) -> set[str]:
    return {row.metric for row in rows}


def test_each_metric_stands_once() -> None:
    keys = Counter(
        (row.platform, row.version, row.object, row.product, row.metric, row.period, row.breakdown)
        for row in all_metrics()
    )
    assert [key for key, count in keys.items() if count > 1] == []
    assert len(keys) > 150


def test_every_row_is_whole() -> None:
    for row in all_metrics():
        assert row.version in {
            known.version for known in api_versions() if row.platform in known.platforms
        }, row
        assert row.period in {"day", "lifetime", "range"}, row
        assert row.metric == row.metric.strip() != "", row
        assert row.source, row
        assert row.status != "deprecated" or row.retire_date, row
        assert row.status != "living" or row.retire_date is None, row


@pytest.mark.parametrize(
    ("platform", "object"),
    [
        ("instagram", "account"),
        ("instagram", "followers"),
        ("instagram", "audience"),
        ("instagram", "online_followers"),
        ("instagram", "media"),
        ("instagram", "story"),
        ("facebook", "page"),
        ("facebook", "post"),
        ("facebook", "video"),
        ("youtube", "channel"),
        ("youtube", "video"),
        ("youtube", "demographics"),
        ("youtube", "traffic_source"),
        ("youtube", "geography"),
        ("tiktok", "account"),
        ("tiktok", "audience"),
        ("tiktok", "video"),
    ],
)
def test_every_stream_of_insights_has_metrics_to_ask_for(platform: str, object: str) -> None:
    assert metrics_for(platform, object, TODAY)


@pytest.mark.parametrize(
    ("platform", "object", "dead"),
    [
        ("instagram", "account", {"impressions"}),
        ("instagram", "media", {"impressions", "plays", "video_views", "clips_replays_count"}),
        ("facebook", "page", {"page_impressions", "page_fans", "page_impressions_unique"}),
        ("facebook", "post", {"post_impressions", "post_impressions_unique"}),
    ],
)
def test_dead_metrics_are_known_and_not_asked_for(
    platform: str, object: str, dead: set[str]
) -> None:
    assert dead <= {row.metric for row in all_metrics() if row.platform == platform}
    for day in (TODAY, date(2024, 1, 1)):
        assert not dead & names(metrics_for(platform, object, day))


def test_a_product_is_asked_for_its_own_metrics() -> None:
    reels = names(metrics_for("instagram", "media", TODAY, product="REELS"))
    feed = names(metrics_for("instagram", "media", TODAY, product="FEED"))
    story = names(metrics_for("instagram", "story", TODAY))
    assert "ig_reels_avg_watch_time" in reels - feed
    assert "profile_visits" in feed - reels
    assert "navigation" in story - reels - feed
    assert {"views", "reach", "shares"} <= reels & feed & story


def test_filters_take_one_value_or_several() -> None:
    dated = metrics_for("instagram", "account", TODAY, metric_type="time_series", period="day")
    assert names(dated) == {"reach"}
    both = metrics_for("instagram", "audience", TODAY, breakdown=("age", "gender"))
    assert {row.breakdown for row in both} == {"age", "gender"}
    assert metrics_for("instagram", "media", TODAY, product="AD") == []


def test_what_the_table_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing is known of tiktok page"):
        metrics_for("tiktok", "page", TODAY)
    with pytest.raises(ValueError, match="no column colour"):
        metrics_for("tiktok", "account", TODAY, colour="red")


def test_a_deprecated_metric_is_asked_for_until_it_retires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = metrics_for("facebook", "page", TODAY)[0]
    going = replace(row, metric="going", status="deprecated", retire_date=TODAY)
    gone = replace(row, metric="gone", status="dead", retire_date=TODAY)
    monkeypatch.setattr(metrics, "all_metrics", lambda: (row, going, gone))
    before = metrics_for("facebook", "page", TODAY - timedelta(days=1))
    assert names(before) == {row.metric, "going"}
    assert names(metrics_for("facebook", "page", TODAY)) == {row.metric}


@pytest.mark.parametrize(
    ("today", "level", "words"),
    [
        (date(2026, 7, 24), None, ""),
        (date(2026, 7, 25), logging.WARNING, "ends on 2027-01-21, in 180 days. Move to v26.0."),
        (date(2027, 1, 20), logging.WARNING, "ends on 2027-01-21, in 1 days. Move to v26.0."),
        (date(2027, 1, 21), logging.ERROR, "ENDED on 2027-01-21"),
    ],
)
@pytest.mark.parametrize("platform", ["instagram", "facebook"])
def test_the_end_of_a_version_is_told_ahead(
    platform: str, today: date, level: int | None, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="ingestion"):
        warn_of_sunset(platform, "v21.0", today)
    assert [record.levelno for record in caplog.records] == ([] if level is None else [level])
    assert words in caplog.text
    assert level is None or f"{platform}: API version v21.0" in caplog.text


def test_a_version_without_an_end_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    for platform, version in (("instagram", "v26.0"), ("youtube", "v3"), ("tiktok", "v1.3")):
        warn_of_sunset(platform, version, TODAY)
    assert caplog.records == []


def test_a_version_out_of_the_table_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_sunset("tiktok", "v9", TODAY)
    assert "tiktok: API version v9: unknown. Known: v2, v1.3." in caplog.text
    assert caplog.records[0].levelno == logging.ERROR


def test_a_version_lives_after_it_came() -> None:
    for row in api_versions():
        assert row.sunset is None or row.released is not None
        assert not (row.sunset and row.released) or row.sunset > row.released


@pytest.mark.parametrize(
    ("platform", "day", "format", "expected"),
    [
        ("youtube", date(2025, 3, 30), "short", "engaged"),
        ("youtube", date(2025, 3, 31), "short", "first_frame"),
        ("youtube", date(2025, 3, 31), "video", "engaged"),
        ("youtube", date(2026, 8, 23), "video", "engaged"),
        ("youtube", date(2026, 8, 24), "video", "first_frame"),
        ("youtube", date(2026, 8, 24), "live", "first_frame"),
        ("youtube", date(2025, 3, 30), None, "engaged"),
        ("youtube", date(2026, 8, 23), None, "mixed"),
        ("youtube", date(2026, 8, 24), None, "first_frame"),
        ("instagram", date(2025, 4, 20), None, "impressions"),
        ("instagram", date(2025, 4, 20), "reel", "plays"),
        ("instagram", date(2025, 4, 21), "reel", "displayed"),
        ("instagram", date(2025, 4, 21), "carousel", "displayed"),
        ("facebook", date(2025, 11, 14), None, "impressions"),
        ("facebook", date(2025, 11, 15), None, "displayed"),
        ("tiktok", date(2020, 1, 1), None, "first_frame"),
        ("tiktok", TODAY, "video", "first_frame"),
        ("vimeo", TODAY, None, None),
    ],
)
def test_what_a_view_counts_changes_on_its_day(
    platform: str, day: date, format: str | None, expected: str | None
) -> None:
    assert view_definition(platform, day, format) == expected


def test_every_definition_says_what_it_means_and_who_says_so() -> None:
    for row in view_definitions():
        assert row.definition
        assert row.meaning
        assert row.source
        # A format's own rules replace the platform's, so they have to begin at the beginning.
        assert any(
            other.since is None
            for other in view_definitions()
            if (other.platform, other.format) == (row.platform, row.format)
        )


def test_a_status_out_of_the_three_is_refused() -> None:
    row = dict.fromkeys(("metric", "retire_date"), "") | {"status": "alive"}
    with pytest.raises(ValueError, match="alive"):
        metrics._as_metric(row)
