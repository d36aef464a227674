"""The first tables: messages, their recipients, and what follows from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("act", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("written_at", sa.Double(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("previous", TEXT, nullable=True),
        sa.Column("hash", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_number", "audit", ["number"], unique=True)
    op.create_index(
        "ix_audit_unlinked",
        "audit",
        ["id"],
        unique=False,
        sqlite_where=sa.text("number IS NULL"),
        postgresql_where=sa.text("number IS NULL"),
    )
    op.create_table(
        "case_messages",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("added_by", TEXT, nullable=False),
        sa.Column("added_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "case_id", name="pk_case_messages"),
    )
    op.create_index("ix_case_messages_case", "case_messages", ["case_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("opened_by", TEXT, nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("closed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
    )
    op.create_table(
        "contacts",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("conversation", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("staff", TEXT, nullable=False),
        sa.Column("student", TEXT, nullable=False),
        sa.Column("by_staff", sa.SmallInteger(), nullable=False),
        sa.Column("night", sa.SmallInteger(), nullable=False),
        sa.Column("alone", sa.SmallInteger(), nullable=False),
        sa.Column("outside", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "conversation", name="pk_contacts"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_contacts_conversation",
        "contacts",
        ["conversation", "at", "message_id", "night", "alone", "outside"],
        unique=False,
    )
    op.create_index(
        "ix_contacts_staff",
        "contacts",
        ["staff", "at", "student"],
        unique=False,
        sqlite_where=sa.text("by_staff = 1"),
        postgresql_where=sa.text("by_staff = 1"),
    )
    op.create_table(
        "contents",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("excerpt", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_contents"),
    )
    op.create_table(
        "followups",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_followups"),
    )
    op.create_index("ix_followups_due", "followups", ["due_at", "id"], unique=False)
    op.create_table(
        "legal_holds",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("placed_by", TEXT, nullable=False),
        sa.Column("placed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_legal_holds"),
    )
    op.create_index("ix_legal_holds_message", "legal_holds", ["message_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("sender", TEXT, nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("tls", sa.SmallInteger(), nullable=False),
        sa.Column("prefix", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_messages_message_id", "messages", ["message_id"], unique=False)
    op.create_table(
        "publications",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("publish_at", sa.Double(), nullable=True),
        sa.Column("place", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("message_id", name="pk_publications"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_publications_due",
        "publications",
        ["received_at", "message_id", "publish_at"],
        unique=False,
        sqlite_where=sa.text("publish_at IS NOT NULL"),
        postgresql_where=sa.text("publish_at IS NOT NULL"),
    )
    op.create_table(
        "recipients",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("next_attempt_at", sa.Double(), nullable=True),
        sa.Column("token", TEXT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("queued_at", sa.Double(), nullable=True),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=True),
        sa.Column("action", TEXT, nullable=True),
        sa.Column("marked", sa.SmallInteger(), nullable=False),
        sa.Column("decided_by", TEXT, nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=True),
        sa.Column("decision", TEXT, nullable=True),
        sa.Column("reply", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position", name="pk_recipients"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_recipients_due",
        "recipients",
        ["channel", "next_attempt_at", "domain"],
        unique=False,
        sqlite_where=sa.text("next_attempt_at IS NOT NULL"),
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_index(
        "ix_recipients_held",
        "recipients",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "ix_recipients_waiting",
        "recipients",
        ["message_id", "state", "size"],
        unique=False,
        sqlite_where=sa.text("state IN ('received', 'queued')"),
        postgresql_where=sa.text("state IN ('received', 'queued')"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secrets"),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("data", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires", "sessions", ["expires_at"], unique=False)
    op.create_table(
        "texts",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("lane", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("waiting", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "position", "lane", name="pk_texts"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_texts_lane",
        "texts",
        ["lane", "at"],
        unique=False,
        sqlite_where=sa.text("waiting = 1"),
        postgresql_where=sa.text("waiting = 1"),
    )
    op.create_table(
        "tokens",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("user_name", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("revoked_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name="pk_tokens"),
    )
    op.create_index("ix_tokens_user", "tokens", ["user_name"], unique=False)
    op.create_table(
        "users",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=True),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("building", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("disabled_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_users"),
    )
    op.create_table(
        "verdicts",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("verdict", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_verdicts"),
        sqlite_with_rowid=False,
    )

    op.create_index("ix_messages_sender", "messages", [sa.text("lower(sender)")])
    op.create_index("ix_recipients_address", "recipients", [sa.text("lower(address)")])
    if op.get_bind().dialect.name == "postgresql":
        # contents are written once and read twice: compressing them would cost more than all else that is done to them
        op.execute("ALTER TABLE contents ALTER COLUMN content SET STORAGE EXTERNAL")
