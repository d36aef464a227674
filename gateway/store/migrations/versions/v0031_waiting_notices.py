"""Of which held messages the author was told that they wait: they hear how it ends."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "waiting_notices",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_waiting_notices"),
        sqlite_with_rowid=False,
    )
