"""TikTok's history against the rules of daily runs where a small world seldom goes."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from ingestion.sandbox.history import tiktok as history
from ingestion.sandbox.history.context import Context
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import PlatformBlock
from ingestion.settings import IngestionSettings

DAYS, START = 40, 35


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, creators=10, days=DAYS, end_date=date(2026, 11, 20))


@pytest.fixture
def context(world: World) -> Context:
    return Context(world, IngestionSettings(_env_file=None), START)


def emptied(block: PlatformBlock, account: int, day: int) -> PlatformBlock:
    """The block with all videos of an account deleted at noon of ``day`` that are there then."""
    noon, deleted = block.end_of(day) - 43_200, block.post_deleted.copy()
    own = np.arange(block.post_id.size)[block.posts_of(account)]
    there = own[block.post_created[own] < noon]
    deleted[there] = np.minimum(deleted[there], noon)
    # Nothing comes after, so that the listing stays empty.
    deleted[np.setdiff1d(own, there)] = 0
    return replace(block, post_deleted=deleted)


def test_an_account_that_deletes_everything_is_gone_whole(world: World, context: Context) -> None:
    day = START + 2
    for block in world.blocks("tiktok"):
        listed = block.visible_posts(day - 1)
        account = next(
            a
            for a in range(block.account_id.size)
            if block.available[a, START:].all() and listed[block.posts_of(a)].sum() > 1
        )
        own = block.posts_of(account)
        rows = history.video_refresh(emptied(block, account, day), context, START, DAYS)
        found = [
            (row["snapshot_date"], row["id"], row["is_gone"])
            for row in rows.to_pylist()
            if row["open_id"] == block.account_id[account]
        ]
        expected = [str(one) for one in block.post_id[own][listed[own]]]
        days = {on for on, _, _ in found}
        assert sorted(one for _, one, _ in found) == sorted(expected)
        assert [block.day_index(on) for on in days] == [day]
        assert all(is_gone for _, _, is_gone in found)


def test_a_view_is_what_it_was_on_the_day_measured(
    world: World, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = world.last_day - timedelta(days=2)

    def definition(_: str, day: date) -> str:
        return "first_frame" if day < change else "three_seconds"

    monkeypatch.setattr(history, "view_definition", definition)
    for block in world.blocks("tiktok"):
        rows = history.account_insights(block, context, START, DAYS).to_pylist()
        views = [row for row in rows if row["metric"] == "video_views"]
        assert any(row["date"] < change <= row["snapshot_date"] for row in views)
        for row in views:
            assert row["view_definition"] == definition("tiktok", row["date"])
