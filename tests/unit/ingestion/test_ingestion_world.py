"""The synthetic world: the same to the byte for the same seed, and its counters never fall."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sandbox.legacy_world import TIKTOK, YOUTUBE, SyntheticWorld, three_digits
from ingestion.sandbox.platforms import CommentsDisabledError
from ingestion.sandbox.simulation import midnight, simulate

LAST_DAY = date(2026, 11, 20)
END = midnight(LAST_DAY) + timedelta(days=1)
DAYS = 20


@pytest.fixture(scope="module")
def world() -> SyntheticWorld:
    return SyntheticWorld(seed=3, creators=12, days=DAYS, last_day=LAST_DAY)


def ids(world: SyntheticWorld, platform: str) -> list[str]:
    return [a.account_id for a in world.accounts() if a.platform == platform]


def everything(world: SyntheticWorld) -> str:
    channels = ids(world, "youtube")
    uploads = [world.youtube_uploads("UU" + c[2:], END) or [] for c in channels]
    videos = [item["contentDetails"]["videoId"] for items in uploads for item in items]
    return json.dumps(
        [
            [vars(creator) for creator in world.creators()],
            [vars(account) for account in world.accounts()],
            [world.tiktok_user(i, END) for i in ids(world, "tiktok")],
            [world.tiktok_videos(i, END) for i in ids(world, "tiktok")],
            [world.youtube_channel(c, END) for c in channels],
            uploads,
            [world.youtube_video(v, END) for v in videos],
        ],
        default=str,
        sort_keys=True,
    )


def test_one_seed_is_one_world(world: SyntheticWorld) -> None:
    again = SyntheticWorld(seed=3, creators=12, days=DAYS, last_day=LAST_DAY)
    other = SyntheticWorld(seed=4, creators=12, days=DAYS, last_day=LAST_DAY)
    assert everything(again) == everything(world)
    assert everything(other) != everything(world)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), days=st.integers(1, 40), accounts=st.integers(1, 20))
def test_counters_of_posts_never_fall(seed: int, days: int, accounts: int) -> None:
    for traits in (TIKTOK, YOUTUBE):
        found = simulate(np.random.default_rng(seed), accounts, days, LAST_DAY, traits)
        for counter in (found.views, found.likes, found.comments, found.shares):
            assert counter.shape == (found.post_account.size, days)
            assert counter.min() >= 0
            assert (np.diff(counter, axis=1) >= 0).all()
        assert (found.likes <= found.views).all()
        assert found.followers.shape == (accounts, days)
        assert found.followers.min() > 0
        assert set(found.post_account) == set(range(accounts))
        assert found.post_created.max() < midnight(LAST_DAY).timestamp() + 86_400


def test_a_post_is_seen_from_its_day_on_and_only_grows(world: SyntheticWorld) -> None:
    open_id = ids(world, "tiktok")[0]
    before: dict[str, dict[str, int]] = {}
    for day in range(DAYS):
        as_of = END - timedelta(days=DAYS - 1 - day)
        videos = {video["id"]: video for video in world.tiktok_videos(open_id, as_of)}
        assert before.keys() <= videos.keys()
        assert all(v["create_time"] < as_of.timestamp() for v in videos.values())
        for video_id, earlier in before.items():
            for counter in ("view_count", "like_count", "comment_count", "share_count"):
                assert videos[video_id][counter] >= earlier[counter]
        assert world.tiktok_user(open_id, as_of)["video_count"] == len(videos)
        before = videos
    assert len(before) > 1


def test_videos_come_newest_first_with_ids_beyond_a_double(world: SyntheticWorld) -> None:
    videos = world.tiktok_videos(ids(world, "tiktok")[0], END)
    times = [video["create_time"] for video in videos]
    assert times == sorted(times, reverse=True)
    assert all(int(video["id"]) > 2**53 for video in videos)
    assert len({video["id"] for video in videos}) == len(videos)


def test_a_day_outside_the_world_is_answered_by_its_nearest(world: SyntheticWorld) -> None:
    open_id = ids(world, "tiktok")[0]
    later = world.tiktok_user(open_id, END + timedelta(days=90))
    assert later == world.tiktok_user(open_id, END)
    earlier = world.tiktok_user(open_id, END - timedelta(days=90))
    assert earlier["video_count"] == 0
    assert earlier["follower_count"] > 0


def test_comment_threads_are_stable_pages_over_time(world: SyntheticWorld) -> None:
    """A thread keeps its text and time as newer ones arrive; counts agree with the video's."""
    for channel in ids(world, "youtube"):
        for item in world.youtube_uploads("UU" + channel[2:], END) or []:
            video_id = item["contentDetails"]["videoId"]
            statistics = (world.youtube_video(video_id, END) or {})["statistics"]
            if "commentCount" not in statistics:
                with pytest.raises(CommentsDisabledError):
                    world.youtube_comment_threads(video_id, END, 0, 10)
                continue
            threads, total = world.youtube_comment_threads(video_id, END, 0, 10_000) or ([], 0)
            assert len(threads) == total
            replies = sum(thread["snippet"]["totalReplyCount"] for thread in threads)
            assert int(statistics["commentCount"]) == total + replies
            times = [t["snippet"]["topLevelComment"]["snippet"]["publishedAt"] for t in threads]
            assert times == sorted(times, reverse=True)
            assert all(item["contentDetails"]["videoPublishedAt"] <= t for t in times)
            earlier = world.youtube_comment_threads(video_id, END - timedelta(days=1), 0, 10_000)
            if earlier:
                assert earlier[0] == threads[total - earlier[1] :]


def test_some_of_a_large_world_is_hidden() -> None:
    """Hidden subscribers, hidden likes and disabled comments are absent, not zero."""
    world = SyntheticWorld(seed=1, creators=150, days=10, last_day=LAST_DAY)
    channels = [world.youtube_channel(c, END) or {} for c in ids(world, "youtube")]
    hidden = [c for c in channels if c["statistics"]["hiddenSubscriberCount"]]
    assert 0 < len(hidden) < 20
    assert all("subscriberCount" not in c["statistics"] for c in hidden)
    uploads = [world.youtube_uploads("UU" + c["id"][2:], END) or [] for c in channels]
    videos = [
        world.youtube_video(i["contentDetails"]["videoId"], END) or {} for u in uploads for i in u
    ]
    for field in ("likeCount", "commentCount"):
        assert 0 < sum(field not in v["statistics"] for v in videos) < len(videos) / 4


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, 0), (7, 7), (999, 999), (1_000, 1_000), (1_234, 1_230), (678_999, 678_000)],
)
def test_subscribers_are_shown_with_three_digits(count: int, shown: int) -> None:
    assert three_digits(count) == shown


def test_growth_has_a_weekly_season() -> None:
    found = simulate(np.random.default_rng(0), 300, 70, LAST_DAY, TIKTOK)
    days = [datetime.fromtimestamp(int(t), UTC).weekday() for t in found.post_created]
    weekend = sum(day >= 5 for day in days) / 2
    assert weekend > 1.1 * sum(day < 5 for day in days) / 5
