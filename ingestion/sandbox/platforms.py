"""Who is in a world, whatever it is made of: creators and their accounts on the platforms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True)
class Creator:
    """A person with connected accounts; ``created_at`` in UTC."""

    creator_id: str
    display_name: str
    created_at: datetime


@dataclass(frozen=True)
class Account:
    """One account of a creator on a platform."""

    creator_id: str
    platform: str
    account_id: str
    handle: str
    connected_at: datetime


class World(Protocol):
    """What is served: the synthetic world (:mod:`ingestion.sandbox.world`) or recorded data."""

    seed: int
    name: str

    def creators(self) -> list[Creator]: ...

    def accounts(self) -> list[Account]: ...
