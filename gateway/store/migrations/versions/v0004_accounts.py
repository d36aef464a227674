"""Accounts by the district's sign-in service and with a second step; what changed among the held messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_HELD = "OLD.state = 'held' OR NEW.state = 'held'"
_ROW = "INSERT INTO held_changes (message_id, at) VALUES"
_POSTGRESQL = (
    "CREATE FUNCTION note_held_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"{_ROW} (NEW.message_id, NEW.changed_at); RETURN NULL; END $$",
    "CREATE FUNCTION note_handled() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"{_ROW} (coalesce(NEW.message_id, OLD.message_id), coalesce(NEW.at, OLD.at)); RETURN NULL; END $$",
    "CREATE TRIGGER held_changed AFTER UPDATE OF state, due_at ON recipients FOR EACH ROW "
    f"WHEN ({_HELD}) EXECUTE FUNCTION note_held_change()",
    *(
        f"CREATE TRIGGER {table}_changed AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW "
        "EXECUTE FUNCTION note_handled()"
        for table in ("assignments", "proposals")
    ),
)
_SQLITE = (
    f"CREATE TRIGGER held_changed AFTER UPDATE OF state, due_at ON recipients FOR EACH ROW WHEN {_HELD} BEGIN "
    f"{_ROW} (NEW.message_id, NEW.changed_at); END",
    *(
        f"CREATE TRIGGER {table}_{deed.lower()} AFTER {deed} ON {table} FOR EACH ROW BEGIN "
        f"{_ROW} ({row}.message_id, {row}.at); END"
        for table in ("assignments", "proposals")
        for deed, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD"))
    ),
)


def upgrade() -> None:
    """Make the tables, and the triggers that note every change of the queue, whoever makes it."""
    op.add_column("users", sa.Column("subject", TEXT, nullable=False, server_default=""))
    op.add_column("users", sa.Column("by_groups", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_index("ix_users_subject", "users", ["subject"])
    op.add_column("sessions", sa.Column("waits", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_table(
        "second_steps",
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("secret", TEXT, nullable=False),
        sa.Column("since", sa.Double(), nullable=True),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("recovery", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("user_name", name="pk_second_steps"),
    )
    op.create_table(
        "held_changes",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_held_changes"),
    )
    for statement in _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE:
        op.execute(sa.text(statement))
