"""The tables of contact over time: what is usual, and what was found. The log of contact is in the messages' schema."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, SmallInteger, Table

from gateway.store.schema.messages import TEXT, metadata

contact_usual = Table(  # what is usual for each staff member, computed once a week; staff "" marks a week as done
    "contact_usual",
    metadata,
    Column("staff", TEXT, primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("weeks", Integer, nullable=False),
    Column("median", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("school_weeks", Integer, nullable=False),
    Column("school_median", Double, nullable=False),
    Column("school_high", Double, nullable=False),
    sqlite_with_rowid=False,
)
contact_findings = Table(  # in words, with the message at which they arose
    "contact_findings",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("conversation", TEXT, primary_key=True),
    Column("clause", TEXT, primary_key=True),
    Column("rule", TEXT, primary_key=True),  # the key of the limit in the policy file
    Column("at", Double, nullable=False),  # when the message was accepted
    Column("flags", SmallInteger, nullable=False),
    Column("text", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_contact_findings_conversation", contact_findings.c.conversation, contact_findings.c.at)
Index("ix_contact_findings_at", contact_findings.c.at)
