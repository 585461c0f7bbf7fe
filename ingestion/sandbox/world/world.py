"""The synthetic world as a whole: blocks of creators built when they are asked for."""

from collections import OrderedDict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from threading import RLock

import pyarrow as pa

from ingestion.sandbox.platforms import Account, Creator
from ingestion.sandbox.world.block import build
from ingestion.sandbox.world.commenters import Commenters
from ingestion.sandbox.world.identity import COMMENT_SHIFT, POST_SHIFT, ids, number_of
from ingestion.sandbox.world.model import BLOCK_SIZE, PLATFORMS, PlatformBlock, midnight
from ingestion.sandbox.world.people import Person, connected_at, people
from ingestion.sandbox.world.span import Span
from ingestion.sandbox.world.truth import Truth
from warehouse.errors import UserError

MOST_DAYS = 1_000
"""Posts times days stand in memory block by block; beyond this a block is too large."""

CACHE_BYTES = 256 * 2**20
"""Blocks kept in memory; the least recently used go first."""


class World:
    """N creators over D days that end with ``end_date``, the same for the same arguments.

    Args:
        seed: draws everything; two worlds of a seed share their creators.
        creators: how many; a creator is the same in a smaller and a larger world.
        days: length of the day axis.
        end_date: the last UTC day.
        stealth: 0 (fraud is crude) to 1 (fraud hides as well as it can).
        clear: leaves out the noise from day to day and the gaps of the platforms' APIs: what the
            best signals would show of the same frauds.
    """

    def __init__(
        self,
        seed: int,
        creators: int,
        days: int,
        end_date: date,
        stealth: float = 0.5,
        clear: bool = False,
    ) -> None:
        if not 1 <= days <= MOST_DAYS or creators < 1 or not 0 <= stealth <= 1:
            raise UserError(
                f"world: {creators} creators x {days} days at stealth {stealth}: not possible. "
                f"Ask for 1 creator or more, 1 to {MOST_DAYS} days, stealth between 0 and 1."
            )
        self.seed, self.days, self.stealth = seed, days, stealth
        self.name = f"synthetic seed {seed}"
        self.last_day = end_date
        self.first_day = end_date - timedelta(days=days - 1)
        self.creator_count = creators
        self._span = Span(seed, self.first_day, days, stealth, clear)
        self._kept: OrderedDict[tuple[str, int], PlatformBlock | None] = OrderedDict()
        self._kept_bytes = 0
        self._lock = RLock()

    def creators(self) -> list[Creator]:
        """All creators, in the order of their numbers."""
        first = midnight(self.first_day)
        return [
            Creator(p.creator_id, p.display_name, connected_at(p, first)) for p in self._people()
        ]

    def accounts(self) -> list[Account]:
        """All accounts, by creator and platform, with the handles they were connected by."""
        first = midnight(self.first_day)
        found = []
        for person in self._people():
            for platform in person.platforms:
                account_id = str(ids(self.seed, platform, "account", [person.number])[0])
                moment = connected_at(person, first) + timedelta(minutes=3)
                found.append(
                    Account(person.creator_id, platform, account_id, person.handle, moment)
                )
        return found

    def blocks(self, platform: str) -> Iterator[PlatformBlock]:
        """The platform's blocks in order; blocks without an account there are left out."""
        for number in range(self._block_count):
            found = self._block(platform, number)
            if found is not None:
                yield found

    def locate(self, platform: str, account_id: str) -> tuple[PlatformBlock, int] | None:
        """The block and position of an account, or None for an id that the world has not."""
        number = number_of(self.seed, platform, "account", account_id)
        if number is None or number >= self.creator_count:
            return None
        block = self._block(platform, number // BLOCK_SIZE)
        if block is None:
            return None
        for position, found in enumerate(block.account_id):
            if found == account_id:
                return block, position
        return None

    def locate_post(self, platform: str, post_id: str) -> tuple[PlatformBlock, int] | None:
        """The block and position of a post; Facebook's by ``page_post`` or the post's own part."""
        own = post_id.rpartition("_")[2] if platform == "facebook" else post_id
        found = self._locate(platform, "post", own, POST_SHIFT)
        if found is None:
            return None
        block, position = found
        if position >= block.post_id.size:
            return None
        stands = str(block.post_id[position])
        same = stands == post_id or (platform == "facebook" and stands.endswith(f"_{post_id}"))
        return found if same else None

    def locate_comment(self, platform: str, comment_id: str) -> tuple[PlatformBlock, int] | None:
        """The block and position of a comment or reply."""
        if platform == "youtube" and "." in comment_id:
            parent = self.locate_comment(platform, comment_id.partition(".")[0])
            if parent is None:
                return None
            block, top = parent
            thread = range(*block.comments_of(int(block.comment_post[top])).indices(2**62))
            return next(((block, i) for i in thread if block.comment_id[i] == comment_id), None)
        own = comment_id.rpartition("_")[2] if platform == "facebook" else comment_id
        found = self._locate(platform, "comment", own, COMMENT_SHIFT)
        if found is None or found[1] >= found[0].comment_id.size:
            return None
        return found if found[0].comment_id[found[1]] == comment_id else None

    @cached_property
    def commenters(self) -> Commenters:
        """The people who comment, the same in every world of the seed."""
        return Commenters(self.seed)

    def truth(self) -> dict[str, pa.Table]:
        """What really happened, by table of the ``truth`` database (see :mod:`.truth`).

        Builds every block anew, one at a time, and keeps none.
        """
        truth = Truth(self._span, self.creator_count, self.commenters)
        for number in range(self._block_count):
            for platform in PLATFORMS:
                built = build(self._span, platform, number)
                if built is not None:
                    truth.add(built)
            here = [p for p in people(self.seed, number) if p.number < self.creator_count]
            truth.add_people(here, {p.number: self._first_account(p) for p in here})
        return truth.tables()

    def _first_account(self, person: Person) -> tuple[str, str]:
        platform = person.platforms[0]
        return platform, str(ids(self.seed, platform, "account", [person.number])[0])

    @property
    def _block_count(self) -> int:
        return -(-self.creator_count // BLOCK_SIZE)

    def _people(self) -> Iterator[Person]:
        for block in range(self._block_count):
            for person in people(self.seed, block):
                if person.number < self.creator_count:
                    yield person

    def _locate(
        self, platform: str, kind: str, own: str, shift: int
    ) -> tuple[PlatformBlock, int] | None:
        number = number_of(self.seed, platform, kind, own)
        if number is None or number >> shift >= self._block_count:
            return None
        block = self._block(platform, number >> shift)
        return None if block is None else (block, number & ((1 << shift) - 1))

    def _block(self, platform: str, number: int) -> PlatformBlock | None:
        if platform not in PLATFORMS:
            raise ValueError(f"{platform!r} is not a platform of the world {PLATFORMS}")
        key = (platform, number)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            found = self._build(platform, number)
            self._kept[key] = found
            self._kept_bytes += found.nbytes if found else 0
            while self._kept_bytes > CACHE_BYTES and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= dropped.nbytes if dropped else 0
            return found

    def _build(self, platform: str, number: int) -> PlatformBlock | None:
        found = build(self._span, platform, number)
        if found is None:
            return None
        count = sum(person.number < self.creator_count for person in found.members)
        return found.block.first_accounts(count) if count else None
