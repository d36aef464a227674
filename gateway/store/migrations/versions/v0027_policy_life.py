"""Versions of the policy with their authors, proposals, and simulations.

Earlier versions are taken from the audit log, which has the time of every start and reload with the hash.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables, and fill in the versions that were in force."""
    versions = op.create_table(
        "policy_versions",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("adopted", TEXT, nullable=False),
        sa.Column("file_hash", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("seconded_by", TEXT, nullable=False),
        sa.Column("since", sa.Double(), nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_policy_versions"),
    )
    op.create_table(
        "policy_proposals",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("ended_by", TEXT, nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_policy_proposals"),
    )
    op.create_index("ix_policy_proposals_at", "policy_proposals", ["at"], unique=False)
    op.create_table(
        "policy_simulations",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("result", TEXT, nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("token", TEXT, nullable=False),
        sa.Column("leased_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_simulations"),
    )
    op.create_index("ix_policy_simulations_state", "policy_simulations", ["state", "at"], unique=False)
    connection = op.get_bind()
    texts = {
        row[0]: (row[1], row[2])
        for row in connection.execute(sa.text("SELECT hash, source, adopted FROM policies ORDER BY first_at"))
    }
    entries = connection.execute(sa.text("SELECT at, subject FROM audit WHERE act = 'policy in force' ORDER BY at, id"))
    rows: list[dict[str, object]] = []
    for at, hash_ in entries:
        if hash_ in texts and (not rows or rows[-1]["hash"] != hash_):
            source, adopted = texts[hash_]
            rows.append({
                "number": len(rows) + 1, "hash": hash_, "source": source, "adopted": adopted, "file_hash": hash_,
                "author": "file", "seconded_by": "", "since": at, "note": "",
            })  # fmt: skip
    op.bulk_insert(versions, rows)
