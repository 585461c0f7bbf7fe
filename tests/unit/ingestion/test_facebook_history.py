"""Facebook's history against the routes where a small world seldom goes: long threads, replies."""

from datetime import date, timedelta

import numpy as np
import pytest

from ingestion.sandbox.history import facebook as history
from ingestion.sandbox.history.context import Context
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import PlatformBlock
from ingestion.settings import IngestionSettings

DAYS = 40


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, creators=30, days=DAYS, end_date=date(2026, 11, 20))


@pytest.fixture
def context(world: World) -> Context:
    return Context(world, IngestionSettings(_env_file=None), DAYS - 3)


def thread(block: PlatformBlock, post: int, day: int) -> list[int]:
    """Positions of the comments under a post at the end of a day, newest first."""
    said = range(block.comments_of(post).start, block.comments_of(post).stop)
    return [c for c in said if block.comment_created[c] < block.end_of(day)][::-1]


def test_only_the_newest_comments_of_a_thread_are_read(
    world: World, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "COMMENTS_PER_PAGE", 3)
    cut = 0
    for block in world.blocks("facebook"):
        found: dict[tuple[str, date], set[str]] = {}
        for row in history.comments(block, context, DAYS - 3, DAYS).to_pylist():
            found.setdefault((row["post_id"], row["snapshot_date"]), set()).add(row["id"])
        for (post_id, day), ids in found.items():
            post = list(block.post_id).index(post_id)
            whole = thread(block, post, block.day_index(day))
            assert ids == {str(block.comment_id[c]) for c in whole[:3]}
            cut += len(whole) > 3
    assert cut


def test_a_comment_counts_its_replies_of_the_day(world: World, context: Context) -> None:
    answered = 0
    for block in world.blocks("facebook"):
        at = {str(comment_id): place for place, comment_id in enumerate(block.comment_id)}
        for row in history.comments(block, context, DAYS - 3, DAYS).to_pylist():
            comment, day = at[row["id"]], block.day_index(row["snapshot_date"])
            replies = (block.comment_parent == comment) & (
                block.comment_created < block.end_of(day)
            )
            assert row["comment_count"] == replies.sum()
            answered += row["comment_count"] > 0
    assert answered


def test_a_page_below_the_least_likes_has_no_insights(
    world: World, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers = (history.page_insights, history.post_insights, history.video_insights)
    monkeypatch.setattr(history.numbers, "FEWEST_LIKES", 10_000)
    for block in world.blocks("facebook"):
        likes = block.followers * 97 // 100
        large = {
            (str(block.account_id[account]), block.first_day + timedelta(days=int(day)))
            for account, day in zip(*np.nonzero(likes >= 10_000), strict=True)
        }
        for make in makers:
            rows = make(block, context, DAYS - 3, DAYS).select(["account_id", "snapshot_date"])
            assert {tuple(row.values()) for row in rows.to_pylist()} <= large


def test_a_stretch_of_days_is_its_days_one_by_one(world: World, context: Context) -> None:
    for block in world.blocks("facebook"):
        for table, make in history.TABLES.items():
            whole = make(block, context, DAYS - 3, DAYS).to_pylist()
            parts = [
                row
                for day in range(DAYS - 3, DAYS)
                for row in make(block, context, day, day + 1).to_pylist()
            ]
            assert sorted(map(str, whole)) == sorted(map(str, parts)), table
