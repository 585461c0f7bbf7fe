"""Instagram's sandbox, asked with one account's token, and what its answers are held against."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from ingestion import instagram
from ingestion.sandbox.world import World
from ingestion.sandbox.world.model import PlatformBlock
from tests.contracts.ingestion.graph_answers import Graph, Json, check_types

LAST_DAY = date(2026, 11, 20)

SDK_EDGES = {"children", "replies"}
"""Asked for as fields; the SDK has them as edges."""

PROFILE = f"id,{instagram.PROFILE_FIELDS},has_profile_pic,is_published"


class Accounts(Graph):
    """One account's token on one day."""

    platform = "instagram"

    def refused(self, path: str, status: int = 400, **params: str) -> tuple[int, int | None, str]:
        error = self.error(path, status, **params)
        return error["code"], error.get("error_subcode"), error["message"]

    def media(self, edge: str = "media", limit: str = "100") -> list[Json]:
        path = f"{self.account_id}/{edge}"
        return self.all(path, fields=instagram.MEDIUM_FIELDS, limit=limit)

    def insights(self, object_id: str = "", **params: str) -> list[Json]:
        found: list[Json] = self.ask(f"{object_id or self.account_id}/insights", **params)["data"]
        return found


def place(world: World, account_id: str) -> tuple[PlatformBlock, int]:
    found = world.locate("instagram", account_id)
    assert found is not None
    return found


def check(item: Json, types: Mapping[str, str]) -> None:
    check_types(item, types, SDK_EDGES)


def day_before(end_time: str) -> date:
    return (datetime.fromisoformat(end_time) - timedelta(days=1)).date()
