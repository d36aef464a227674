"""Who speaks for a number, and at which process an application is bound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "lines",
        sa.Column("line", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("line", name="pk_lines"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bound",
        sa.Column("process", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("process", "account", name="pk_bound"),
        sqlite_with_rowid=False,
    )
