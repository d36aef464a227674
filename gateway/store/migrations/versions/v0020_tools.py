"""The register of classroom tools, and which unregistered tools are used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tools",
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("building", TEXT, nullable=False),
        sa.Column("administrator_access", TEXT, nullable=False),
        sa.Column("access_since", sa.Double(), nullable=True),
        sa.Column("review_at", sa.Double(), nullable=True),
        sa.Column("until", sa.Double(), nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("requested_at", sa.Double(), nullable=True),
        sa.Column("changed_by", TEXT, nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_tools"),
    )
    op.create_table(
        "tool_uses",
        sa.Column("tool", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("conversation", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("tool", "message_id", "conversation", name="pk_tool_uses"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tool_uses_message_id", "tool_uses", ["message_id"], unique=False)
