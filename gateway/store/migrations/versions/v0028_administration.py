"""What the pages of administrators and staff keep: links to sign in by mail, requests of senders, and nudges."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sign_in_links",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("client", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name="pk_sign_in_links"),
    )
    op.create_index("ix_sign_in_links_at", "sign_in_links", ["at"], unique=False)
    op.create_table(
        "sender_requests",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("other", TEXT, nullable=False),
        sa.Column("answered_by", TEXT, nullable=False),
        sa.Column("answered_at", sa.Double(), nullable=True),
        sa.Column("answer", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "kind", name="pk_sender_requests"),
        sqlite_with_rowid=False,
    )
    is_open = sa.text("answered_at IS NULL")
    op.create_index(
        "ix_sender_requests_open", "sender_requests", ["kind", "at"], unique=False, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_table(
        "nudges",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("conversation", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "conversation", name="pk_nudges"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_nudges_at", "nudges", ["at"], unique=False)
