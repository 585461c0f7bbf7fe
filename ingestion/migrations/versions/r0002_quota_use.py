"""What each project has spent of a day's quota."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota_use",
        sa.Column("platform", sa.String(), primary_key=True),
        sa.Column("project", sa.String(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("bucket", sa.String(), primary_key=True),
        sa.Column("units", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("quota_use")
