"""The tables of urgency: messages that ask for attention, and notices for the webhook until it has taken them."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, SmallInteger, Table

from gateway.store.schema.messages import TEXT, metadata

attention = Table(  # urgent messages, and messages of distress
    "attention",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
    Column("clauses", TEXT, nullable=False),  # JSON
    Column("severity", TEXT, nullable=False),
    Column("threat", SmallInteger, nullable=False),
    Column("due_at", Double),
    Column("taken_by", TEXT, nullable=False),
    Column("taken_at", Double),  # null: nobody has taken it, or it was given back
    sqlite_with_rowid=False,
)
OPEN = attention.c.taken_at.is_(None)
Index("ix_attention_open", attention.c.kind, attention.c.at, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_attention_at", attention.c.kind, attention.c.at)

webhook_notices = Table(
    "webhook_notices",
    metadata,
    Column("id", TEXT, primary_key=True),  # the receiver knows a repeated notice by it
    Column("message_id", TEXT, nullable=False),
    Column("body", TEXT, nullable=False),  # JSON
    Column("at", Double, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_webhook_notices_due_at", webhook_notices.c.due_at)
