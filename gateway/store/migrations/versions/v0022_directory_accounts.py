"""Personal accounts that were guessed, confirmed or refused; organizations; unknown district addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "directory_accounts",
        sa.Column("address", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("basis", TEXT, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("decided_by", TEXT, nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("address", "person", name="pk_directory_accounts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_directory_accounts_status", "directory_accounts", ["status", "last_at"], unique=False)
    op.create_index("ix_directory_accounts_decided_at", "directory_accounts", ["decided_at"], unique=False)
    op.create_table(
        "directory_organizations",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("removed", sa.SmallInteger(), nullable=False),
        sa.Column("decided_by", TEXT, nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_directory_organizations"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "directory_unknown",
        sa.Column("address", TEXT, nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("address", name="pk_directory_unknown"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_directory_unknown_messages", "directory_unknown", ["messages"], unique=False)
    op.create_index("ix_directory_unknown_last_at", "directory_unknown", ["last_at"], unique=False)
