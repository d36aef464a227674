"""Sessions and tokens as their owners see them, passkeys, and when the sign-in service said last whose a role is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the columns and tables. A role of groups that was given before is asked for at the next sign-in."""
    op.add_column("tokens", sa.Column("used_at", sa.Double(), nullable=True))
    op.add_column("sessions", sa.Column("way", TEXT, nullable=False, server_default=""))
    op.add_column("sessions", sa.Column("place", TEXT, nullable=False, server_default=""))
    op.create_table(
        "passkeys",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("used_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_passkeys"),
    )
    op.create_index("ix_passkeys_user", "passkeys", ["user_name"])
    op.create_table(
        "vouchings",
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("again", TEXT, nullable=False),
        sa.Column("vouched_at", sa.Double(), nullable=False),
        sa.Column("asking_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("user_name", name="pk_vouchings"),
    )
