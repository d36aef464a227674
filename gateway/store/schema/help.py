"""The tables of calls for help: who took one up, and what people say of the alert."""

from __future__ import annotations

from sqlalchemy import Column, Double, SmallInteger, Table

from gateway.store.schema.messages import TEXT, metadata

acknowledgements = Table(  # who took a call for help up
    "acknowledgements",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)
judged_calls = Table(  # that it was a call for help, or none
    "judged_calls",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("was_one", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
