"""The synthetic world's arrays: one seed one world, right shapes, identities that always hold."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sandbox.world import (
    BLOCK_SIZE,
    NEVER,
    PLATFORMS,
    PlatformBlock,
    World,
    restated,
)
from ingestion.sandbox.world.identity import ids, number_of
from ingestion.sandbox.world.model import ERROR_GAP, ERROR_NONE, ERROR_SUSPENDED
from ingestion.sandbox.world.phrasebook import languages
from warehouse.errors import UserError

LAST_DAY = date(2026, 11, 20)
COUNTERS = ("views", "likes", "comments", "shares", "saves", "reach")
DAILY = (*COUNTERS, "followers", "gained", "lost", "following", "profile_views", "engaged")


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7, creators=33, days=40, end_date=LAST_DAY)


def blocks(world: World) -> list[PlatformBlock]:
    return [block for platform in PLATFORMS for block in world.blocks(platform)]


def same(one: PlatformBlock, other: PlatformBlock) -> bool:
    """Whether every array and every audience of the two are equal."""
    values, others = vars(one), vars(other)
    arrays = [name for name, value in values.items() if isinstance(value, np.ndarray)]
    return all(np.array_equal(values[name], others[name]) for name in arrays) and all(
        names == others["audience"][key][0]
        and np.array_equal(grown, others["audience"][key][1])
        and np.array_equal(bought, others["audience"][key][2])
        for key, (names, grown, bought) in values["audience"].items()
    )


def test_one_seed_is_one_world(world: World) -> None:
    again = World(seed=7, creators=33, days=40, end_date=LAST_DAY)
    pairs = list(zip(blocks(world), blocks(again), strict=True))
    assert pairs
    assert all(same(one, other) for one, other in pairs)
    assert again.creators() == world.creators()
    assert again.accounts() == world.accounts()
    assert again.truth() == world.truth()
    other = World(seed=8, creators=33, days=40, end_date=LAST_DAY)
    assert not any(
        np.isin(one.account_id, two.account_id).any()
        for one, two in zip(blocks(world), blocks(other), strict=False)
    )


def test_a_block_does_not_depend_on_how_many_creators_there_are(world: World) -> None:
    larger = World(seed=7, creators=90, days=40, end_date=LAST_DAY)
    for platform in PLATFORMS:
        known = {b.account_id[0]: b for b in larger.blocks(platform)}
        for block in world.blocks(platform):
            match = known[block.account_id[0]]
            assert same(block, match.first_accounts(block.account_id.size))
    assert larger.accounts()[: len(world.accounts())] == world.accounts()


def test_the_last_block_ends_with_the_last_creator(world: World) -> None:
    listed = {(a.platform, a.account_id) for a in world.accounts()}
    built = {(b.platform, str(i)) for b in blocks(world) for i in b.account_id}
    assert built == listed
    assert {a.creator_id for a in world.accounts()} == {c.creator_id for c in world.creators()}
    assert len(world.creators()) == 33 != BLOCK_SIZE * 4


def test_shapes_and_types(world: World) -> None:
    for block in blocks(world):
        accounts, posts, comments = block.account_id.size, block.post_id.size, len(block.comment_id)
        for name in DAILY:
            values = getattr(block, name)
            assert values.shape == (accounts, world.days)
            assert values.dtype == np.int64, name
        for name in ("available", "error_kind", "previous"):
            assert getattr(block, name).shape == (accounts, world.days)
        assert block.error_kind.dtype == np.int8
        for name in COUNTERS:
            assert getattr(block, f"post_{name}").shape == (posts, world.days)
            assert getattr(block, f"post_{name}").dtype == np.int64
        sizes = {"account": accounts, "post": posts, "comment": comments}
        for name, value in vars(block).items():
            owner = name.partition("_")[0]
            if isinstance(value, np.ndarray) and value.ndim == 1 and owner in ("post", "comment"):
                assert value.size == sizes[owner], name
        assert block.activity.shape == (accounts, 24)
        assert np.allclose(block.activity.sum(axis=1), 1)


def check_identities(block: PlatformBlock) -> None:
    change = np.diff(block.followers, axis=1)
    assert np.array_equal(change, (block.gained - block.lost)[:, 1:])
    for name in DAILY:
        assert (getattr(block, name) >= 0).all(), name
    assert (block.bought <= block.followers).all()
    ends = np.array([block.end_of(day) for day in range(block.days)])
    unpublished = block.post_created[:, None] >= ends
    for name in COUNTERS:
        counter = getattr(block, f"post_{name}")
        assert (np.diff(counter, axis=1) >= 0).all(), name
        assert (counter[unpublished] == 0).all(), name
        if name != "reach":
            new = np.zeros_like(block.views)
            np.add.at(new, block.post_account, np.diff(counter, axis=1, prepend=counter[:, :1]))
            assert (getattr(block, name) >= new)[:, 1:].all(), name
    assert (block.post_reach <= block.post_views).all()
    assert (block.reach <= block.views).all()
    order = np.lexsort((block.post_created, block.post_account))
    assert np.array_equal(order, np.arange(order.size))
    assert (block.post_deleted > block.post_created).all()
    check_comments(block, ends)
    check_availability(block)
    for dimension in block.audience:
        for day in (0, block.days - 1):
            shares = block.audience_shares(dimension, day)
            assert np.allclose(shares.sum(axis=1), 1)
            assert (shares >= 0).all()


def check_comments(block: PlatformBlock, ends: np.ndarray) -> None:
    order = np.lexsort((block.comment_created, block.comment_post))
    assert np.array_equal(order, np.arange(order.size))
    assert (block.comment_created > block.post_created[block.comment_post]).all()
    assert not block.comments_off[block.comment_post].any()
    rows = np.bincount(block.comment_post, minlength=block.post_id.size)
    assert rows.max(initial=0) <= 60
    for day in range(0, block.days, 7):
        known = block.comment_created < ends[day]
        said = np.bincount(block.comment_post[known], minlength=block.post_id.size)
        assert (said <= block.post_comments[:, day]).all()
    answers = np.nonzero(block.comment_parent >= 0)[0]
    parents = block.comment_parent[answers]
    assert (block.comment_parent[parents] == -1).all()
    assert np.array_equal(block.comment_post[parents], block.comment_post[answers])
    assert (parents < answers).all()


def check_availability(block: PlatformBlock) -> None:
    assert np.array_equal(block.available, block.error_kind == ERROR_NONE)
    assert np.isin(block.error_kind, (ERROR_NONE, ERROR_SUSPENDED, ERROR_GAP)).all()
    for account in range(block.account_id.size):
        latest = -1
        for day in range(block.days):
            assert block.previous[account, day] == latest
            latest = day if block.available[account, day] else latest


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**40),
    creators=st.integers(1, 12),
    days=st.integers(1, 45),
    stealth=st.floats(0, 1),
)
def test_identities_hold_in_every_world(
    seed: int, creators: int, days: int, stealth: float
) -> None:
    found = blocks(World(seed, creators, days, LAST_DAY, stealth))
    assert sum(block.account_id.size for block in found) >= creators
    for block in found:
        check_identities(block)


def test_everything_is_found_by_its_id(world: World) -> None:
    for block in blocks(world):
        platform = block.platform
        for i, account_id in enumerate(block.account_id):
            assert world.locate(platform, account_id) == (block, i)
        for i in range(0, block.post_id.size, 9):
            assert world.locate_post(platform, block.post_id[i]) == (block, i)
        for i in range(0, block.comment_id.size, 31):
            assert world.locate_comment(platform, block.comment_id[i]) == (block, i)
        for kind in ("post_id", "comment_id"):
            values = getattr(block, kind)
            assert len(set(values)) == values.size


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("text", ["", "x", "1", "-1", "é" * 36, "9" * 30, "UC" + "A" * 22, "a.b"])
def test_unknown_ids_are_not_found(world: World, platform: str, text: str) -> None:
    assert world.locate(platform, text) is None
    assert world.locate_post(platform, text) is None
    assert world.locate_comment(platform, text) is None


@given(
    seed=st.integers(0, 2**32),
    platform=st.sampled_from(PLATFORMS),
    kind=st.sampled_from(["account", "post", "comment", "commenter"]),
    number=st.integers(0, 2**33 - 1),
)
def test_ids_read_backwards(seed: int, platform: str, kind: str, number: int) -> None:
    (text,) = ids(seed, platform, kind, [number])
    assert number_of(seed, platform, kind, text) == number


def test_days_and_visibility(world: World) -> None:
    block = next(world.blocks("instagram"))
    assert block.day_index(world.first_day) == 0
    assert world.first_day + timedelta(days=world.days - 1) == world.last_day
    shown = block.visible_posts(10)
    story = block.post_format == "story"
    assert shown.any()
    assert (block.post_created[shown] < block.end_of(10)).all()
    assert (block.post_created[shown & story] >= block.end_of(9)).all()
    assert (block.post_deleted[~story & shown] >= block.end_of(10)).all()
    assert (block.post_deleted == NEVER).any()


def test_comments_are_in_many_languages(world: World) -> None:
    spoken = {str(x) for b in blocks(world) for x in b.comment_language}
    assert spoken == {*languages(), "und"}
    texts = "".join(str(x) for b in blocks(world) for x in b.comment_text[:2_000])
    assert "@" in texts
    assert "😂" in texts
    assert any("\u0600" <= character <= "\u06ff" for character in texts)


def test_commenters(world: World) -> None:
    people = world.commenters
    for platform in PLATFORMS:
        text = people.commenter_id(platform, 5)
        assert people.position(platform, text) == 5
        assert people.position(platform, text + "x") is None
    authors = np.concatenate([b.comment_author for b in blocks(world)])
    assert authors.min() >= 0
    assert authors.max() < people.count
    assert people.name.size == people.created.size == people.is_private.size == people.count


@pytest.mark.parametrize(
    ("final", "age", "shown"), [(1000, 0, 0), (1000, 1, 900), (1000, 2, 970), (1000, 3, 1000)]
)
def test_a_number_is_restated_for_three_days(final: int, age: int, shown: int) -> None:
    assert restated(final, age) == shown
    assert restated(999, 1) == 899
    assert restated([final, 10**18], [age, 9]).tolist() == [shown, 10**18]


def bad_worlds() -> list[dict[str, Any]]:
    return [{"days": 0}, {"days": 100_000}, {"creators": 0}, {"stealth": 1.5}]


@pytest.mark.parametrize("wrong", bad_worlds())
def test_a_world_that_cannot_be_is_refused_in_one_line(wrong: dict[str, Any]) -> None:
    arguments = {"seed": 1, "creators": 1, "days": 5, "end_date": LAST_DAY} | wrong
    with pytest.raises(UserError, match=r"^world: .*not possible"):
        World(**arguments)
