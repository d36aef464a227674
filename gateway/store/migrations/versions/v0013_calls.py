"""What people say of alerts: that it was a call for help, or none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "judged_calls",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("was_one", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_judged_calls"),
        sqlite_with_rowid=False,
    )
