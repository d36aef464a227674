"""The table of review work: delivered messages that people look at, and what they said."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, SmallInteger, Table

from gateway.store.schema.messages import TEXT, metadata

review_work = Table(  # triggers note every change in held_changes, as for held messages
    "review_work",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
    Column("due_at", Double),
    Column("outcome", TEXT, nullable=False),  # empty while nobody has looked at it
    Column("clauses", TEXT, nullable=False),  # JSON: those that the person named, where it is a violation
    Column("by_name", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("closed_at", Double),  # null: open
    Column("chosen", SmallInteger, nullable=False),  # an example for the board's report
    sqlite_with_rowid=False,
)
OPEN_WORK = review_work.c.closed_at.is_(None)
Index("ix_review_work_open", review_work.c.kind, review_work.c.at, sqlite_where=OPEN_WORK, postgresql_where=OPEN_WORK)
Index("ix_review_work_at", review_work.c.kind, review_work.c.at)
Index("ix_review_work_closed", review_work.c.kind, review_work.c.closed_at)
