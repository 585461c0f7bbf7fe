"""Ingestion's tables in the operational database; :mod:`ingestion.migrations` makes them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    text,
)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no offset, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

creators = Table(
    "creators",
    metadata,
    Column("creator_id", String, primary_key=True),
    Column("display_name", String, nullable=False),
    Column("created_at", Moment, nullable=False),
)

connections = Table(
    "connections",
    metadata,
    Column("connection_id", String, primary_key=True),
    Column("creator_id", String, ForeignKey("creators.creator_id"), nullable=False, index=True),
    Column("platform", String, nullable=False),
    Column("account_id", String, nullable=False),
    Column("handle", String, nullable=False),
    Column("connected_at", Moment, nullable=False),
    Column("status", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("reason", String),
    CheckConstraint("status IN ('active', 'revoked', 'broken')", name="status_is_known"),
)

# An account has one live connection; what was revoked may be connected anew, to another creator.
Index(
    "one_live_connection_per_account",
    connections.c.platform,
    connections.c.account_id,
    unique=True,
    sqlite_where=text("status <> 'revoked'"),
    postgresql_where=text("status <> 'revoked'"),
)

tokens = Table(
    "tokens",
    metadata,
    Column(
        "connection_id",
        String,
        ForeignKey("connections.connection_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    # counts the tokens that the connection has had: who writes new ones says which they replace
    Column("version", Integer, nullable=False),
    Column("access_token", String, nullable=False),
    Column("refresh_token", String),
    Column("access_expires_at", Moment),
    Column("refresh_expires_at", Moment),
)

# what each project has spent of a day's quota: see ingestion.quota
quota_use = Table(
    "quota_use",
    metadata,
    Column("platform", String, primary_key=True),
    Column("project", String, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("bucket", String, primary_key=True),
    Column("units", BigInteger, nullable=False),
)
