"""Sessions: a handle kept between requests, so that SET, USE and temporary tables last."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from warehouse.server.engine import Engine
from warehouse.server.errors import (
    SESSION_IS_LOCKED,
    SESSION_NOT_FOUND,
    UNKNOWN_QUERY_PARAMETER,
    USER_SESSION_LIMIT_EXCEEDED,
    ClickHouseError,
)
from warehouse.server.request import SessionRef
from warehouse.server.statement import Statement
from warehouse.settings import Identity


@dataclass
class Session:
    """One client's state in the engine."""

    handle: Any
    timeout: int
    expires_at: float
    busy: bool = False
    fresh: bool = True
    max_query_size: int | None = None
    #: Parameters that requests brought: the engine cannot unset one, so they are refused later.
    spent_params: set[str] = field(default_factory=set)

    def admit(self, statement: Statement, params: Mapping[str, str]) -> None:
        """Let a request's parameters be its own.

        Raises:
            ClickHouseError: 456 when the statement names a parameter of an earlier request.
        """
        if statement.verb == "SET":
            self.spent_params -= {name.removeprefix("param_") for name in statement.words()}
        missing = (self.spent_params - set(params)) & statement.placeholders()
        if missing:
            raise ClickHouseError(
                UNKNOWN_QUERY_PARAMETER, f"Substitution `{min(missing)}` is not set."
            )
        self.spent_params |= set(params)


class Sessions:
    """The open sessions by identity and id; used from the event loop alone."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self._most = most
        self._open: dict[tuple[Identity, str], Session] = {}

    def acquire(self, identity: Identity, ref: SessionRef) -> Session:
        """Find or open a session and mark it busy.

        Raises:
            ClickHouseError: 372 when it must exist and does not, 373 when a query runs in it.
        """
        self.expire()
        key = (identity, ref.id)
        session = self._open.get(key)
        if session is None:
            if ref.must_exist:
                raise ClickHouseError(SESSION_NOT_FOUND, f"Session {ref.id} not found")
            if sum(owner == identity for owner, _ in self._open) >= self._most:
                raise ClickHouseError(
                    USER_SESSION_LIMIT_EXCEEDED,
                    f"{identity} has {self._most} sessions open: close some (close_session=1), "
                    "let them time out, or leave session_id out",
                )
            session = Session(self._engine.open(), ref.timeout, time.monotonic() + ref.timeout)
            self._open[key] = session
        elif session.busy:
            raise ClickHouseError(
                SESSION_IS_LOCKED, f"Session {ref.id} is locked by a concurrent client"
            )
        session.busy = True
        session.timeout = ref.timeout
        return session

    def query_limit(self, identity: Identity, name: str, default: int) -> int:
        """The max_query_size that a session has set for itself; 0 for none."""
        session = self._open.get((identity, name))
        if session is None or session.max_query_size is None:
            return default
        return session.max_query_size

    def release(self, identity: Identity, ref: SessionRef, session: Session) -> None:
        """Let the next request with this `session_id` in, and start its timeout anew."""
        session.busy = False
        session.expires_at = time.monotonic() + session.timeout
        if ref.close_after:
            self._close((identity, ref.id))

    def expire(self) -> None:
        """Close the sessions whose timeout has passed."""
        now = time.monotonic()
        for key, session in list(self._open.items()):
            if not session.busy and session.expires_at <= now:
                self._close(key)

    def close(self) -> None:
        """Close every session."""
        for key in list(self._open):
            self._close(key)

    def _close(self, key: tuple[Identity, str]) -> None:
        session = self._open.pop(key, None)
        if session is not None:
            session.handle.close()
