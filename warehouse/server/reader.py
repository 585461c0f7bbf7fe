"""What the reader may do, enforced before the engine runs anything of it."""

from collections.abc import Mapping
from typing import Any

from warehouse.server.engine import Engine
from warehouse.server.errors import ACCESS_DENIED, ClickHouseError
from warehouse.server.statement import Statement


class Guard:
    """Keeps the reader inside the databases that it may read."""

    def __init__(self, engine: Engine, databases: tuple[str, ...]) -> None:
        self._engine = engine
        self._databases = databases

    def bind(self, handle: Any) -> None:
        """Limit a new handle for the reader, for as long as it lives."""
        self._engine.query(handle, "SET readonly = 2")

    def check_settings(self, settings: Mapping[str, str]) -> None:
        """Refuse a setting that the reader may not change."""

    def check_database(self, database: str) -> None:
        """Refuse a current database that the reader may not read."""

    def check(self, handle: Any, statement: Statement) -> Statement:
        """The statement to run in the reader's name.

        Raises:
            ClickHouseError: 497 for everything that is not a plain read of an allowed table.
        """
        raise ClickHouseError(ACCESS_DENIED, "reader: not enough privileges")
