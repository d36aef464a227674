"""The tables of cases and legal holds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Table

from gateway.store.schema.messages import NUMBER, TEXT, metadata

cases = Table(
    "cases",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("title", TEXT, nullable=False),
    Column("severity", TEXT, nullable=False),
    Column("assignee", TEXT, nullable=False),  # empty: nobody
    Column("due_at", Double),
    Column("opened_by", TEXT, nullable=False),
    Column("opened_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("outcome", TEXT, nullable=False),  # empty: open
    Column("closed_by", TEXT, nullable=False),
    Column("closed_at", Double),
)

case_messages = Table(
    "case_messages",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("case_id", BigInteger, primary_key=True),
    Column("added_by", TEXT, nullable=False),
    Column("added_at", Double, nullable=False),
)

Index("ix_case_messages_case", case_messages.c.case_id)

legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("message_id", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    Column("placed_by", TEXT, nullable=False),
    Column("placed_at", Double, nullable=False),
)

Index("ix_legal_holds_message", legal_holds.c.message_id)
