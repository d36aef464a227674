"""What is usual for staff, and findings of contact in words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "contact_usual",
        sa.Column("staff", TEXT, nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("median", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("school_weeks", sa.Integer(), nullable=False),
        sa.Column("school_median", sa.Double(), nullable=False),
        sa.Column("school_high", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("staff", "week", name="pk_contact_usual"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "contact_findings",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("conversation", TEXT, nullable=False),
        sa.Column("clause", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "conversation", "clause", "rule", name="pk_contact_findings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_contact_findings_conversation", "contact_findings", ["conversation", "at"], unique=False)
    op.create_index("ix_contact_findings_at", "contact_findings", ["at"], unique=False)
