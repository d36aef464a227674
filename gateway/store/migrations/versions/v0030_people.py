"""Indexes for the pages of people and pairs: counted messages by staff member and by student, accounts by person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes. Class mail is in none of them."""
    counted = sa.text("alone + outside > 0")
    for side in ("staff", "student"):
        op.create_index(
            f"ix_contacts_of_{side}", "contacts", [side, "at"],
            unique=False, sqlite_where=counted, postgresql_where=counted,
        )  # fmt: skip
    op.create_index("ix_directory_accounts_person", "directory_accounts", ["person"], unique=False)
