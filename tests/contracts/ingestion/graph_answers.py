"""What Facebook's and Instagram's sandboxes share: one Graph API, asked with an account's token."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from starlette.testclient import TestClient

from ingestion.graph import VERSION
from ingestion.sandbox.tokens import TokenBook
from ingestion.sandbox.world import World

DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000")

Json = dict[str, Any]


class Graph:
    """One account's token on one day."""

    platform: str

    def __init__(self, api: TestClient, tokens: TokenBook, account_id: str, day: date) -> None:
        self.account_id, self.day = account_id, day
        self._api = api
        issued = tokens.issued(self.platform, account_id)
        self.token, self.owners = issued.access_token, issued.refresh_token

    def get(self, path: str, **params: str) -> Any:
        return self._api.get(
            f"/{self.platform}/{VERSION}/{path}",
            params=params,
            headers={"Authorization": f"Bearer {self.token}", "X-Sandbox-Date": str(self.day)},
        )

    def ask(self, path: str, status: int = 200, **params: str) -> Json:
        answer = self.get(path, **params)
        assert answer.status_code == status, answer.text
        assert answer.headers["facebook-api-version"] == VERSION
        found: Json = answer.json()
        return found

    def error(self, path: str, status: int = 400, **params: str) -> Json:
        error: Json = self.ask(path, status, **params)["error"]
        assert isinstance(error["message"], str)
        assert isinstance(error["type"], str)
        assert isinstance(error["code"], int)
        assert isinstance(error["fbtrace_id"], str)
        return error

    def all(self, path: str, **params: str) -> list[Json]:
        """Every object of an edge, walked by cursor to the page that names none that follows."""
        found, after = [], {}
        while True:
            page = self.ask(path, **params, **after)
            found += page["data"]
            paging = page.get("paging", {})
            if "next" not in paging:
                return found
            assert f"access_token={self.token}" in paging["next"]
            assert f"/{VERSION}/{path}?" in paging["next"]
            after = {"after": paging["cursors"]["after"]}


def busiest(world: World, platform: str) -> str:
    """The account that posts the most among those that could be read for 40 days."""
    sizes = {
        str(block.account_id[account]): block.posts_of(account).stop - block.posts_of(account).start
        for block in world.blocks(platform)
        for account in range(block.account_id.size)
        if block.available[account, -40:].all()
    }
    return max(sizes, key=lambda account_id: sizes[account_id])


def fits(kind: str, value: Any) -> bool:
    """Whether a value is of the SDK's type."""
    if kind == "string":
        return isinstance(value, str)
    if kind == "bool":
        return isinstance(value, bool)
    if kind in ("int", "unsigned int"):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind == "float":
        return isinstance(value, float)
    if kind == "datetime":
        return isinstance(value, str) and bool(DATETIME.fullmatch(value))
    return isinstance(value, list if kind.startswith("list") else dict)


def check_types(item: Json, types: Mapping[str, str], untyped: Collection[str]) -> None:
    """Assert that each field but the ``untyped`` ones is of the SDK's type."""
    for name, value in item.items():
        if name not in untyped:
            assert fits(types[name], value), (name, types[name], value)
