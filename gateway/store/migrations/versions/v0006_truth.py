"""The end of the audit chain is known, and contacts and verdicts are found by their time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table and the indexes; a chain that is there ends where it ends now."""
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.execute(
        "INSERT INTO audit_head (id, number, hash) "
        "SELECT 1, number, hash FROM audit WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1"
    )
    op.create_index("ix_contacts_at", "contacts", ["at"])
    op.create_index("ix_verdicts_at", "verdicts", ["at"])
