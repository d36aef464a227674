"""The tables of senders: links to sign in by mail, what they ask about messages, nudges, and notices that one waits."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Table

from gateway.store.schema.messages import TEXT, metadata

sign_in_links = Table(  # asked for by mail; also those that nobody got, because they count against the limits
    "sign_in_links",
    metadata,
    Column("hash", TEXT, primary_key=True),
    Column("person", TEXT, nullable=False),  # sourcedId; empty: the address was nobody's
    Column("client", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("used_at", Double),
)
Index("ix_sign_in_links_at", sign_in_links.c.at)

sender_requests = Table(  # what a sender asked, or did, about a message of theirs: once for each kind
    "sender_requests",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("person", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    Column("words", TEXT, nullable=False),
    Column("other", TEXT, nullable=False),  # the id of the message that was sent instead
    Column("answered_by", TEXT, nullable=False),
    Column("answered_at", Double),
    Column("answer", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
OPEN_REQUEST = sender_requests.c.answered_at.is_(None)
Index(
    "ix_sender_requests_open", sender_requests.c.kind, sender_requests.c.at, sqlite_where=OPEN_REQUEST,
    postgresql_where=OPEN_REQUEST,
)  # fmt: skip

nudges = Table(  # messages that were returned to their author with a question
    "nudges",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("conversation", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_nudges_at", nudges.c.at)

waiting_notices = Table(  # messages whose author was told that they wait, and hears how it ends
    "waiting_notices",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)
