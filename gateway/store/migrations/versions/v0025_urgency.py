"""Messages that ask for attention, and notices that wait for the webhook."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "attention",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("clauses", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("threat", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("taken_by", TEXT, nullable=False),
        sa.Column("taken_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "kind", name="pk_attention"),
        sqlite_with_rowid=False,
    )
    is_open = sa.text("taken_at IS NULL")
    op.create_index(
        "ix_attention_open", "attention", ["kind", "at"], unique=False, sqlite_where=is_open, postgresql_where=is_open
    )
    op.create_index("ix_attention_at", "attention", ["kind", "at"], unique=False)
    op.create_table(
        "webhook_notices",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_notices"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_webhook_notices_due_at", "webhook_notices", ["due_at"], unique=False)
