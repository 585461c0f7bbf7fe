"""Lists that come in pages: walked to their end, never for ever."""

import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ingestion.errors import AccountError, TooMuchDataError
from ingestion.http import of_type, tally
from ingestion.policy import Json

log = logging.getLogger("ingestion")

MAX_EMPTY_PAGES = 3


@dataclass(frozen=True)
class Page:
    """One page of a list and where the next begins (None: this is the last)."""

    items: list[Json]
    following: str | int | None


def walk_pages(
    fetch: Callable[[str | int | None, int], Page], who: str, size: int, most: int | None = None
) -> Iterator[Json]:
    """The items of all pages, from ``fetch(None, size)`` on; at most ``most`` pages.

    ``fetch`` takes a cursor and how many items to ask for: ``size``, halved each time the platform
    says that it is too much. A platform that repeats a cursor, or goes on promising more behind
    empty pages, would be asked for ever: that raises :class:`AccountError`.
    """
    cursor: str | int | None = None
    seen: set[str | int] = set()
    empty = 0
    for number in itertools.count(1):
        page, size = _fetch(fetch, cursor, size)
        tally().pages += 1
        yield from page.items
        if page.following is None or number == most:
            return
        of_type((str, int), "a cursor", "paging", page.following)
        empty = 0 if page.items else empty + 1
        if page.following in seen or empty >= MAX_EMPTY_PAGES:
            what = "empty pages with more to come" if empty else "the same cursor again"
            raise paging_error(who, f"{what} on page {number}")
        seen.add(page.following)
        cursor = page.following


def paging_error(who: str, what: str) -> AccountError:
    """A list that cannot be walked to its end; what was read of it must not pass for the whole."""
    return AccountError(
        f"account {who}: paging does not end: {what}. "
        "Nothing of this list was kept; run again later.",
        "paging_loop",
    )


def _fetch(
    fetch: Callable[[str | int | None, int], Page], cursor: str | int | None, size: int
) -> tuple[Page, int]:
    while True:
        try:
            return fetch(cursor, size), size
        except TooMuchDataError:
            if size == 1:
                raise
            log.info("page of %s was too much: asking for %s", size, size // 2)
            size //= 2
