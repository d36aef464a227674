"""Counts of each day for reports, and counts of what retention deleted until they are in the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_KEY = ("day", "building", "kind", "value")
_MEASURES = ("messages", "flagged", "held", "alerted", "decided", "overturned", "judged", "fine")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "counted_days",
        sa.Column("day", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_counted_days"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "daily_counts",
        *(sa.Column(name, TEXT, nullable=False) for name in _KEY),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _MEASURES),
        sa.PrimaryKeyConstraint(*_KEY, name="pk_daily_counts"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "daily_decision_times",
        *(sa.Column(name, TEXT, nullable=False) for name in _KEY),
        sa.Column("bucket", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEY, "bucket", name="pk_daily_decision_times"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "purge_counts",
        sa.Column("category", TEXT, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("category", name="pk_purge_counts"),
        sqlite_with_rowid=False,
    )
