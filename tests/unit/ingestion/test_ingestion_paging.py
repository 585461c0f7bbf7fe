"""Lists in pages: all of them in order, halved where they are too much, never for ever."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import AccountError, TooMuchDataError
from ingestion.http import tallied
from ingestion.paging import Page, walk_pages


@given(st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=12))
def test_all_pages_are_walked_in_order(pages: list[list[int]]) -> None:
    def fetch(cursor: Any, _: int) -> Page:
        at = cursor or 0
        return Page(pages[at] or [0], at + 1 if at + 1 < len(pages) else None)  # type: ignore[list-item,arg-type]

    with tallied() as cost:
        walked = list(walk_pages(fetch, "ann", 10))
    assert walked == [item for page in pages for item in page or [0]]
    assert cost.pages == len(pages)


@given(st.integers(0, 40), st.integers(1, 30), st.integers(1, 30))
def test_a_page_that_is_too_much_is_halved_and_nothing_is_lost(
    items: int, size: int, most: int
) -> None:
    asked: list[int] = []

    def fetch(cursor: Any, size: int) -> Page:
        asked.append(size)
        if size > most:
            raise TooMuchDataError("toy: too much.", "too_much")
        start = cursor or 0
        end = min(start + size, items)
        return Page([{"n": n} for n in range(start, end)], end if end < items else None)

    assert [item["n"] for item in walk_pages(fetch, "ann", size)] == list(range(items))
    # Once it is known what is too much, no page asks for it again.
    assert asked == sorted(asked, reverse=True)
    assert all(after in (before, before // 2) for before, after in itertools.pairwise(asked))


def test_a_single_item_that_is_too_much_is_an_error() -> None:
    def fetch(*_: Any) -> Page:
        raise TooMuchDataError("toy: too much.", "too_much")

    with pytest.raises(TooMuchDataError):
        list(walk_pages(fetch, "ann", 100))


def test_a_repeated_cursor_is_an_error() -> None:
    with pytest.raises(AccountError, match="the same cursor again on page 3") as caught:
        list(walk_pages(lambda cursor, _: Page([{"n": 1}], (cursor or 0) % 2 + 1), "ann", 1))  # type: ignore[operator]
    assert caught.value.code == "paging_loop"


@pytest.mark.parametrize("cursor", [{"at": 1}, ["a"], 1.5], ids=str)
def test_a_cursor_of_another_type_is_an_error(cursor: Any) -> None:
    with pytest.raises(AccountError, match="is not a cursor") as caught:
        list(walk_pages(lambda *_: Page([{"n": 1}], cursor), "ann", 1))
    assert caught.value.code == "unreadable_value"


def test_more_behind_empty_pages_is_an_error() -> None:
    with pytest.raises(AccountError, match="empty pages with more to come on page 3"):
        list(walk_pages(lambda cursor, _: Page([], (cursor or 0) + 1), "ann", 1))  # type: ignore[operator]


def test_one_empty_page_is_none() -> None:
    pages = {None: Page([{"n": 1}], 1), 1: Page([], 2), 2: Page([{"n": 2}], None)}
    walked = walk_pages(lambda cursor, _: pages[cursor], "ann", 1)  # type: ignore[index]
    assert [item["n"] for item in walked] == [1, 2]


def test_a_cursor_of_zero_is_one() -> None:
    pages = {None: Page([{"n": 1}], 0), 0: Page([{"n": 2}], None)}
    walked = walk_pages(lambda cursor, _: pages[cursor], "ann", 1)  # type: ignore[index]
    assert [item["n"] for item in walked] == [1, 2]


def test_no_more_pages_than_asked_for() -> None:
    walked = walk_pages(lambda cursor, _: Page([{"n": 1}], (cursor or 0) + 1), "ann", 1, most=2)  # type: ignore[operator]
    assert len(list(walked)) == 2
