"""Work items that failed in an unforeseen way, and when a sender was told of a delay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table, and add the column."""
    op.create_table(
        "work_failures",
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("item", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("stuck", sa.SmallInteger(), nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("stage", "item", name="pk_work_failures"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_work_failures_message_id", "work_failures", ["message_id"])
    op.create_index(
        "ix_work_failures_stuck", "work_failures", ["stage", "item"],
        sqlite_where=sa.text("stuck = 1"), postgresql_where=sa.text("stuck = 1"),
    )  # fmt: skip
    op.add_column("recipients", sa.Column("warned_at", sa.Double(), nullable=True))
