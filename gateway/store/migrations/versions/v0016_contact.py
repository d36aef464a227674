"""The log of contact gets the local time, channel, author, marks and purpose of a message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns and indexes. An older version writes rows with their defaults."""
    op.add_column("contacts", sa.Column("local", sa.Integer(), nullable=True))
    for name in ("channel", "author", "purpose"):
        op.add_column("contacts", sa.Column(name, TEXT, nullable=False, server_default=""))
    op.add_column("contacts", sa.Column("marks", sa.SmallInteger(), nullable=False, server_default="0"))
    counted, authored = sa.text("alone + outside > 0"), sa.text("author != ''")
    op.create_index(
        "ix_contacts_counted", "contacts", ["conversation", "at", "message_id"],
        unique=False, sqlite_where=counted, postgresql_where=counted,
    )  # fmt: skip
    op.create_index(
        "ix_contacts_author", "contacts", ["author", "at", "conversation"],
        unique=False, sqlite_where=authored, postgresql_where=authored,
    )  # fmt: skip
