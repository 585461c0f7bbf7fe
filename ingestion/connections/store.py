"""Reads and writes creators, connections and tokens; safe between threads and processes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection as Sql
from sqlalchemy import Row, Table, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from ingestion.connections import schema
from ingestion.connections.cipher import Cipher, key_file_of
from ingestion.connections.database import Database
from ingestion.connections.model import Connection, Creator, Status, Tokens
from ingestion.errors import AccountError, DeadTokenError, PermissionMissingError
from ingestion.settings import IngestionSettings
from warehouse.errors import UserError

REASON_LENGTH = 500
SECRET_COLUMNS = ("access_token", "refresh_token")


class ConnectionStore:
    """Creators, connections and tokens of the database that the settings name."""

    def __init__(self, settings: IngestionSettings) -> None:
        self._database = Database(settings.database_url)
        file = self._database.file
        self._cipher = Cipher(settings.token_keys, key_file_of(file) if file else None)

    def creators(self) -> list[Creator]:
        """All creators, by id."""
        query = select(schema.creators).order_by(schema.creators.c.creator_id)
        with self._database.reading() as sql:
            return [Creator(**row) for row in sql.execute(query).mappings()]

    def connections(
        self, platform: str | None = None, status: Status | None = "active"
    ) -> list[Connection]:
        """Connections of a platform (None: of all) and status (None: any), by platform, account."""
        table = schema.connections
        query = select(table).order_by(table.c.platform, table.c.account_id, table.c.connection_id)
        if platform is not None:
            query = query.where(table.c.platform == platform)
        if status is not None:
            query = query.where(table.c.status == status)
        with self._database.reading() as sql:
            return [_connection(row) for row in sql.execute(query).mappings()]

    def connection(self, connection_id: str) -> Connection:
        """One connection, whatever its status; raises :class:`UserError` for an unknown id."""
        table = schema.connections
        query = select(table).where(table.c.connection_id == connection_id)
        with self._database.reading() as sql:
            row = sql.execute(query).mappings().first()
        if row is None:
            raise UserError(
                f"connection {connection_id}: not known. "
                "python -m ingestion connections list shows all."
            )
        return _connection(row)

    def add_creator(self, creator: Creator) -> None:
        """Add a creator, or rename one that is known."""
        self.put([creator], [])

    def add(self, connection: Connection, tokens: Tokens | None) -> None:
        """Add a connection of a known creator with its tokens, or connect an account again.

        Raises :class:`UserError` where the account is another creator's or connection's.
        """
        self.put([], [(connection, tokens)])

    def put(
        self,
        creators: Iterable[Creator],
        connections: Iterable[tuple[Connection, Tokens | None]],
        replace: bool = False,
    ) -> None:
        """Add or renew many at once, all or none; with ``replace`` nothing else remains."""
        people, accounts = list(creators), list(connections)
        found = [connection for connection, _ in accounts]
        _refuse_doubled("creator", (creator.creator_id for creator in people))
        _refuse_doubled("connection", (one.connection_id for one in found))
        live = (f"{one.platform} {one.account_id}" for one in found if one.status != "revoked")
        _refuse_doubled("account", live)
        try:
            with self._database.writing() as sql:
                if replace:
                    for table in (schema.tokens, schema.connections, schema.creators):
                        sql.execute(delete(table))
                self._upsert(sql, schema.creators, [one.model_dump() for one in people])
                _refuse_taken(sql, found)
                self._upsert(sql, schema.connections, [_connection_row(one) for one in found])
                self._put_tokens(sql, accounts)
        except IntegrityError:
            raise UserError(
                "connections: another process has connected one of these accounts. Run again."
            ) from None

    def revoke(self, connection_id: str) -> None:
        """End a connection: no run reads it any more, and its tokens are deleted."""
        self.connection(connection_id)
        with self._database.writing() as sql:
            self._set_status(sql, connection_id, "revoked", None)
            sql.execute(delete(schema.tokens).where(schema.tokens.c.connection_id == connection_id))

    def tokens(self, connection_id: str) -> Tokens | None:
        """A connection's tokens; None where it has none.

        Raises :class:`UserError` where no key opens them.
        """
        query = select(schema.tokens).where(schema.tokens.c.connection_id == connection_id)
        with self._database.reading() as sql:
            row = sql.execute(query).first()
        return self._opened(row) if row else None

    def refresh(
        self, connection_id: str, stale: SecretStr, ask: Callable[[Tokens], Tokens]
    ) -> Tokens:
        """Tokens newer than ``stale``, the access token that the platform no longer takes.

        Among all workers one calls ``ask``, with the present tokens, while the others wait for its
        result; what the platform gave is committed before anybody has it. When ``ask`` raises
        :class:`DeadTokenError`, :class:`PermissionMissingError` or an :class:`AccountError` of the
        code ``invalid_grant``, the connection is marked broken; any other error may pass, or is
        ours to mend, and changes nothing. Raises :class:`AccountError` where the connection is not
        active or has no tokens.
        """
        # first of all, since opening the database may take a lock too
        self._renewable(connection_id)
        with self._database.alone(f"refresh {connection_id}"):
            version, present = self._renewable(connection_id)
            if present.access_token != stale:
                return present
            try:
                asked = ask(present)
            except AccountError as refusal:
                if _is_final(refusal):
                    self._mark_broken(connection_id, version, refusal)
                raise
            return self._renew(connection_id, version, _completed(asked, present))

    def rotate(self) -> int:
        """Encrypt all tokens with the first key; gives how many connections' there were."""
        with self._database.writing() as sql:
            query = select(schema.tokens).with_for_update()
            rows = [self._rotated(row._asdict()) for row in sql.execute(query)]
            self._upsert(sql, schema.tokens, rows)
        return len(rows)

    def close(self) -> None:
        """Close the database's connections."""
        self._database.close()

    def _put_tokens(self, sql: Sql, accounts: Sequence[tuple[Connection, Tokens | None]]) -> None:
        table = schema.tokens
        if not accounts:
            return
        known = sql.execute(select(table.c.connection_id, table.c.version))
        versions: dict[str, int] = {row.connection_id: row.version for row in known}
        ended = versions.keys() & {one.connection_id for one, _ in accounts}
        if ended:
            sql.execute(
                delete(table).where(table.c.connection_id == bindparam("ended")),
                [{"ended": connection_id} for connection_id in ended],
            )
        if any(tokens for _, tokens in accounts):
            self._refuse_foreign_key(sql)
        rows = [
            {
                "connection_id": connection.connection_id,
                "version": versions.get(connection.connection_id, 0) + 1,
                **self._sealed(tokens),
            }
            for connection, tokens in accounts
            if tokens
        ]
        self._upsert(sql, table, rows)

    def _refuse_foreign_key(self, sql: Sql) -> None:
        """Tokens under two keys, of which one is lost, would be found too late."""
        stored = sql.scalar(select(schema.tokens.c.access_token).limit(1))
        if stored is None:
            self._cipher.make_key_file()
        else:
            self._cipher.decrypt(stored)

    def _upsert(self, sql: Sql, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        make = sqlite.insert if self._database.file else postgresql.insert
        keys = [column.name for column in table.primary_key]
        statement = make(table)
        renewed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        if table is schema.creators:
            del renewed["created_at"]
        sql.execute(statement.on_conflict_do_update(index_elements=keys, set_=renewed), rows)

    def _sealed(self, tokens: Tokens) -> dict[str, Any]:
        values = tokens.model_dump()
        for name in SECRET_COLUMNS:
            values[name] = self._cipher.encrypt(values[name]) if values[name] else None
        return values

    def _opened(self, row: Row[Any]) -> Tokens:
        values = {name: getattr(row, name) for name in Tokens.model_fields}
        for name in SECRET_COLUMNS:
            values[name] = self._cipher.decrypt(values[name]) if values[name] else None
        return Tokens(**values)

    def _rotated(self, row: dict[str, Any]) -> dict[str, Any]:
        sealed = {name: self._cipher.rotate(row[name]) for name in SECRET_COLUMNS if row[name]}
        return {**row, **sealed}

    def _renewable(self, connection_id: str) -> tuple[int, Tokens]:
        """The tokens of an active connection and their version."""
        connection = self.connection(connection_id)
        who = f"{connection.platform}: account {connection.handle or connection.account_id}"
        if connection.status != "active":
            why = connection.reason or "its connection was revoked"
            raise AccountError(f"{who}: {why.rstrip('.')}. Reconnect the account.", "not_active")
        query = select(schema.tokens).where(schema.tokens.c.connection_id == connection_id)
        with self._database.reading() as sql:
            row = sql.execute(query).first()
        if row is None:
            raise AccountError(f"{who}: has no tokens. Reconnect the account.", "no_tokens")
        return row.version, self._opened(row)

    def _renew(self, connection_id: str, version: int, fresh: Tokens) -> Tokens:
        statement = (
            update(schema.tokens)
            .where(_is_version(connection_id, version))
            .values(version=version + 1, **self._sealed(fresh))
        )
        with self._database.writing() as sql:
            if sql.execute(statement).rowcount:
                return fresh
        # the account was connected anew meanwhile, and those tokens are newer
        return self._renewable(connection_id)[1]

    def _mark_broken(self, connection_id: str, version: int, refusal: AccountError) -> None:
        reason = " ".join(str(refusal).split())[:REASON_LENGTH]
        query = select(schema.tokens.c.version).where(_is_version(connection_id, version))
        with self._database.writing() as sql:
            # tokens of an account that was connected anew meanwhile have not been refused
            if sql.execute(query.with_for_update()).first():
                self._set_status(sql, connection_id, "broken", reason)

    def _set_status(self, sql: Sql, connection_id: str, status: Status, reason: str | None) -> None:
        table = schema.connections
        changed = update(table).where(table.c.connection_id == connection_id)
        sql.execute(changed.values(status=status, reason=reason))


def _connection(row: Mapping[Any, Any]) -> Connection:
    return Connection(**{**row, "scopes": tuple(row["scopes"].split())})


def _connection_row(connection: Connection) -> dict[str, Any]:
    return {**connection.model_dump(), "scopes": " ".join(connection.scopes)}


def _completed(asked: Tokens, present: Tokens) -> Tokens:
    """A platform that gives no new refresh token means the old one to be used again."""
    if asked.refresh_token is not None:
        return asked
    kept = {
        "refresh_token": present.refresh_token,
        "refresh_expires_at": present.refresh_expires_at,
    }
    return asked.model_copy(update=kept)


def _is_final(refusal: AccountError) -> bool:
    """Whether the owner alone can mend it; OAuth's word for that is RFC 6749, section 5.2."""
    dead = isinstance(refusal, (DeadTokenError, PermissionMissingError))
    return dead or refusal.code == "invalid_grant"


def _is_version(connection_id: str, version: int) -> Any:
    table = schema.tokens
    return (table.c.connection_id == connection_id) & (table.c.version == version)


def _refuse_doubled(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise UserError(f"{what} {value}: given twice. Give it once.")
        seen.add(value)


def _refuse_taken(sql: Sql, found: Sequence[Connection]) -> None:
    """Refuse unknown creators, and accounts and ids that live for somebody else."""
    if not found:
        return
    known: set[str] = set(sql.scalars(select(schema.creators.c.creator_id)))
    table = schema.connections
    live = [_connection(row) for row in sql.execute(select(table)).mappings()]
    by_id = {one.connection_id: one for one in live}
    by_account = {(one.platform, one.account_id): one for one in live if one.status != "revoked"}
    for one in found:
        if one.creator_id not in known:
            raise UserError(f"creator {one.creator_id}: not known. Add the creator first.")
        account = (one.platform, one.account_id)
        other = by_account.get(account)
        if other and other.connection_id != one.connection_id and one.status != "revoked":
            raise UserError(
                f"{one.platform} account {one.account_id}: already connected as "
                f"{other.connection_id}. Revoke that connection first."
            )
        before = by_id.get(one.connection_id)
        if before is None:
            continue
        if (before.platform, before.account_id) != account:
            raise UserError(
                f"connection {one.connection_id}: is {before.platform} account "
                f"{before.account_id}. Give another id."
            )
        if before.creator_id != one.creator_id and before.status != "revoked":
            raise UserError(
                f"connection {one.connection_id}: belongs to creator {before.creator_id}. "
                "Revoke it first."
            )
