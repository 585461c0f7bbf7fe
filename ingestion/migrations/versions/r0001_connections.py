"""Creators, connections and their tokens."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LIVE = sa.text("status <> 'revoked'")


def upgrade() -> None:
    op.create_table(
        "creators",
        sa.Column("creator_id", sa.String(), primary_key=True),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "connections",
        sa.Column("connection_id", sa.String(), primary_key=True),
        sa.Column("creator_id", sa.String(), sa.ForeignKey("creators.creator_id"), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("connected_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("reason", sa.String()),
        sa.CheckConstraint("status IN ('active', 'revoked', 'broken')", name="status_is_known"),
    )
    op.create_index("ix_connections_creator_id", "connections", ["creator_id"])
    op.create_index(
        "one_live_connection_per_account",
        "connections",
        ["platform", "account_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_table(
        "tokens",
        sa.Column(
            "connection_id",
            sa.String(),
            sa.ForeignKey("connections.connection_id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("access_token", sa.String(), nullable=False),
        sa.Column("refresh_token", sa.String()),
        sa.Column("access_expires_at", MOMENT),
        sa.Column("refresh_expires_at", MOMENT),
    )


def downgrade() -> None:
    op.drop_table("tokens")
    op.drop_table("connections")
    op.drop_table("creators")
