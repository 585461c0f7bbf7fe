"""The first world for the platforms whose routes still ask it, the present one for the others."""

from datetime import date
from typing import Any

from ingestion.sandbox.legacy_world import SyntheticWorld
from ingestion.sandbox.platforms import Account, Creator
from ingestion.sandbox.world import World

LEGACY: tuple[str, ...] = ()


class TwoWorlds(SyntheticWorld):
    """Answers both protocols; a platform's accounts are those of the world that it asks."""

    def __init__(
        self, seed: int, creators: int, days: int, last_day: date, stealth: float = 0.5
    ) -> None:
        self._present = World(seed, creators, days, last_day, stealth)
        super().__init__(seed, creators, days, last_day)

    def creators(self) -> list[Creator]:
        found = [*super().creators(), *self._present.creators()]
        wanted = {account.creator_id for account in self.accounts()}
        return [creator for creator in found if creator.creator_id in wanted]

    def accounts(self) -> list[Account]:
        first = [a for a in super().accounts() if a.platform in LEGACY]
        return first + [a for a in self._present.accounts() if a.platform not in LEGACY]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._present, name)
