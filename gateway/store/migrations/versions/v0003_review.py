"""What reviewing needs: cases with their course, who has taken what, second opinions, saved views, who was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables. Cases could not be opened before: their table is made anew."""
    op.drop_table("cases")
    op.create_table(
        "cases",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("assignee", TEXT, nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("opened_by", TEXT, nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("closed_by", TEXT, nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_table(
        "assignments",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("by_name", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_assignments"),
    )
    op.create_table(
        "proposals",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("deed", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_proposals"),
    )
    op.create_table(
        "views",
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("query", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("user_name", "name", name="pk_views"),
    )
    op.create_table(
        "told",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("step", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "step", name="pk_told"),
    )
    op.create_index("ix_told_at", "told", ["at"])
    op.create_table(
        "policies",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("adopted", TEXT, nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_policies"),
    )
