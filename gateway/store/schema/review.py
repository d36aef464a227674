"""The tables of reviewing: claims, proposals, saved views, sent reminders, policies and grants."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, Table, and_

from gateway.store.schema.messages import NUMBER, TEXT, lit, metadata, recipients

assignments = Table(  # who claimed a message, or was assigned to it
    "assignments",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("by_name", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)
proposals = Table(  # a decision that waits for a second person
    "proposals",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("deed", TEXT, nullable=False),
    Column("user_name", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("words", TEXT, nullable=False),
)
views = Table(  # saved filters of the queue
    "views",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("name", TEXT, primary_key=True),
    Column("query", TEXT, nullable=False),
)
sent_reminders = Table(  # steps that were sent: a due time, a help alert, the digest of a day
    "told",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("step", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
)
Index("ix_told_at", sent_reminders.c.at)
policies = Table(  # every policy that is or was in force
    "policies",
    metadata,
    Column("hash", TEXT, primary_key=True),
    Column("source", TEXT, nullable=False),  # the policy file
    Column("adopted", TEXT, nullable=False),  # the district's adopted text at that time
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
)

grants = Table(  # content that is granted to auditors
    "grants",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("subject", TEXT, nullable=False),  # a message or a case; empty for everything
    Column("by_name", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("ended_at", Double),
    Column("ended_by", TEXT, nullable=False),
)
Index("ix_grants_user_name", grants.c.user_name)

_r = recipients.c
LATE = and_(
    _r.marked == lit(1), _r.action == lit("hold"), _r.decided_by == lit("policy"),
    _r.state.in_([lit("queued"), lit("sent")]),
)  # fmt: skip
"""Delivered although it would have been held, because the verdict came too late."""
Index("ix_recipients_late", _r.action, _r.decided_at, sqlite_where=LATE, postgresql_where=LATE)
answers = Table(  # answers to requests with an idempotency key
    "answers",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("key", TEXT, primary_key=True),
    Column("request", TEXT, nullable=False),  # hash of the request
    Column("at", Double, nullable=False),
    Column("status", Integer),  # null: at work
    Column("body", TEXT),  # JSON
)

Index("ix_answers_at", answers.c.at)
