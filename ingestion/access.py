"""Accounts and their tokens: read when a call needs one, renewed once when it turns out dead."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from ingestion.connections import Connection, ConnectionStore, Tokens
from ingestion.errors import AccountError, ApiError, DeadTokenError
from ingestion.http import ApiClient, Json
from ingestion.policy import Platform, Refresh
from ingestion.settings import IngestionSettings


class Access:
    """What one run may read on a platform, and with which tokens; safe to share between threads."""

    def __init__(self, platform: Platform, client: ApiClient, settings: IngestionSettings) -> None:
        self._platform, self._client, self._settings = platform, client, settings
        self._lock = threading.Lock()
        self._tokens: dict[str, Tokens] = {}
        self._not_renewed: set[str] = set()

    @cached_property
    def _store(self) -> ConnectionStore:
        return ConnectionStore(self._settings)

    def accounts(self) -> list[Connection]:
        """The platform's connected accounts."""
        return self._store.connections(self._platform.name)

    def call(
        self,
        account: Connection,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        **request: Any,
    ) -> Json:
        """Ask with the account's token; a dead one is renewed once and the call repeated.

        Raises :class:`AccountError` where the token cannot be renewed, and what
        :meth:`ingestion.http.ApiClient.call` raises.
        """
        who = account.handle or account.account_id
        tokens = self._in_time(account, self._of(account))

        def ask(tokens: Tokens) -> Json:
            token = tokens.access_token.get_secret_value()
            signed = {**self._platform.authorize(token, self._settings), **headers}
            return self._client.call(path, who, signed, params, **request)

        try:
            return ask(tokens)
        except DeadTokenError as dead:
            return ask(self._renewed(account, tokens, dead))

    def close(self) -> None:
        """Close the connections' database, where it was opened."""
        if "_store" in vars(self):
            self._store.close()

    def _of(self, account: Connection) -> Tokens:
        with self._lock:
            known = self._tokens.get(account.connection_id)
        if known is None:
            known = self._store.tokens(account.connection_id)
            if known is None:
                raise AccountError(
                    f"{account.platform}: account {account.handle or account.account_id}: "
                    "no token is kept for it. Reconnect the account.",
                    "token_missing",
                )
            self._keep(account, known)
        return known

    def _in_time(self, account: Connection, tokens: Tokens) -> Tokens:
        """The tokens, renewed where they are about to end; a living one is good enough."""
        refresh, ends, now = self._platform.refresh, tokens.access_expires_at, datetime.now(UTC)
        if refresh is None or ends is None or now < ends - self._platform.renew_ahead:
            return tokens
        if account.connection_id in self._not_renewed and now < ends:
            return tokens
        try:
            return self._refreshed(account, tokens, refresh)
        except ApiError:
            # Tried once in a run: what was refused is refused again.
            self._not_renewed.add(account.connection_id)
            if now < ends:
                return tokens
            raise

    def _renewed(self, account: Connection, dead: Tokens, why: DeadTokenError) -> Tokens:
        refresh = self._platform.refresh
        if refresh is None:
            raise why
        return self._refreshed(account, dead, refresh)

    def _refreshed(self, account: Connection, old: Tokens, refresh: Refresh) -> Tokens:
        renewed = self._store.refresh(
            account.connection_id,
            old.access_token,
            lambda stored: refresh(self._client, stored, self._settings),
        )
        self._keep(account, renewed)
        return renewed

    def _keep(self, account: Connection, tokens: Tokens) -> None:
        with self._lock:
            self._tokens[account.connection_id] = tokens
