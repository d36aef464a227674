"""The tables of classroom tools: the register, and which unregistered tools are used."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Table

from gateway.store.schema.messages import TEXT, metadata

tools = Table(  # one row for each domain; a removed tool keeps its row, so that a policy file does not import it again
    "tools",
    metadata,
    Column("domain", TEXT, primary_key=True),
    Column("name", TEXT, nullable=False),
    Column("owner", TEXT, nullable=False),
    Column("building", TEXT, nullable=False),  # the sourcedId of an org; empty for the whole district
    Column("administrator_access", TEXT, nullable=False),
    Column("access_since", Double),
    Column("review_at", Double),
    Column("until", Double),
    Column("state", TEXT, nullable=False),
    Column("requested_by", TEXT, nullable=False),
    Column("requested_at", Double),
    Column("changed_by", TEXT, nullable=False),
    Column("changed_at", Double, nullable=False),
)
tool_uses = Table(  # a message that shows a tool that was not registered, once for each pair
    "tool_uses",
    metadata,
    Column("tool", TEXT, primary_key=True),  # a domain, or the slug of a name
    Column("message_id", TEXT, primary_key=True),
    Column("conversation", TEXT, primary_key=True),
    Column("at", Double, nullable=False),  # when the message was accepted
    sqlite_with_rowid=False,
)
Index("ix_tool_uses_message_id", tool_uses.c.message_id)
