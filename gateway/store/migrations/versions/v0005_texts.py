"""Texts over SMPP: their PDUs as they came, and the ids by which the SMSC knows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "text_parts",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("waiting", sa.SmallInteger(), nullable=False),
        sa.Column("command", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "number", name="pk_text_parts"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_text_parts_waiting", "text_parts", ["at"],
        sqlite_where=sa.text("waiting = 1"), postgresql_where=sa.text("waiting = 1"),
    )  # fmt: skip
    op.create_index(
        "ix_text_parts_key", "text_parts", ["key", "at"],
        sqlite_where=sa.text("key != ''"), postgresql_where=sa.text("key != ''"),
    )  # fmt: skip
    op.create_table(
        "text_ids",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("given", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position", "number", name="pk_text_ids"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_text_ids_name", "text_ids", ["name"])
    op.create_index("ix_text_ids_at", "text_ids", ["at"])
