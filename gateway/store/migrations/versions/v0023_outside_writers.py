"""Which students an outside address wrote to, and when it last did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "outside_writers",
        sa.Column("author", TEXT, nullable=False),
        sa.Column("student", TEXT, nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("author", "student", name="pk_outside_writers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outside_writers_last_at", "outside_writers", ["last_at"], unique=False)
