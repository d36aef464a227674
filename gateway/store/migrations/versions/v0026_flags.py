"""What flags, samples and the shadow week keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_POSTGRESQL = (  # the function is that of assignments
    "CREATE TRIGGER review_work_changed AFTER INSERT OR UPDATE OR DELETE ON review_work FOR EACH ROW "
    "EXECUTE FUNCTION note_handled()",
)
_SQLITE = tuple(
    f"CREATE TRIGGER review_work_{event.lower()} AFTER {event} ON review_work FOR EACH ROW BEGIN "
    f"INSERT INTO held_changes (message_id, at) VALUES ({row}.message_id, {row}.at); END"
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
)


def upgrade() -> None:
    """Make the tables, and the triggers that note every change of the work, whoever makes it."""
    op.create_table(
        "review_work",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("clauses", TEXT, nullable=False),
        sa.Column("by_name", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.Column("chosen", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "kind", name="pk_review_work"),
        sqlite_with_rowid=False,
    )
    is_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_review_work_open", "review_work", ["kind", "at"], unique=False, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip
    op.create_index("ix_review_work_at", "review_work", ["kind", "at"], unique=False)
    op.create_index("ix_review_work_closed", "review_work", ["kind", "closed_at"], unique=False)
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(sa.text(statement))
