"""The table of work items that failed in an unforeseen way: how often, with which error, and when they run next."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, SmallInteger, Table

from gateway.store.schema.messages import TEXT, lit, metadata

work_failures = Table(
    "work_failures",
    metadata,
    Column("stage", TEXT, primary_key=True),
    Column("item", TEXT, primary_key=True),  # see gateway.core.messages.work.WorkItem
    Column("message_id", TEXT, nullable=False),  # empty if the item belongs to no message
    Column("failures", Integer, nullable=False),
    Column("error", TEXT, nullable=False),  # a type and a place in the code, never content
    Column("at", Double, nullable=False),  # of the last failure
    Column("due_at", Double),  # null: stuck
    Column("stuck", SmallInteger, nullable=False),
    Column("body", TEXT, nullable=False),  # what the next attempt needs and no other table has
    sqlite_with_rowid=False,
)
Index("ix_work_failures_message_id", work_failures.c.message_id)
Index(
    "ix_work_failures_stuck",
    work_failures.c.stage,
    work_failures.c.item,
    sqlite_where=work_failures.c.stuck == lit(1),
    postgresql_where=work_failures.c.stuck == lit(1),
)
