"""Pictures and files of texts, fetched for reading."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table. What was accepted before stays as it is: said to be unreadable."""
    op.create_table(
        "media",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("fetch_at", sa.Double(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("failed", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "number", name="pk_media"),
    )
    op.create_index(
        "ix_media_fetch_at", "media", ["fetch_at"],
        sqlite_where=sa.text("fetch_at IS NOT NULL"), postgresql_where=sa.text("fetch_at IS NOT NULL"),
    )  # fmt: skip
    op.create_index(
        "ix_media_size", "media", ["message_id", "size"],
        sqlite_where=sa.text("size > 0"), postgresql_where=sa.text("size > 0"),
    )  # fmt: skip
