"""The tables of help alerts: who acknowledged them, and whether they were right."""

from __future__ import annotations

from sqlalchemy import Column, Double, SmallInteger, Table

from gateway.store.schema.messages import TEXT, metadata

acknowledgements = Table(  # who acknowledged an alert
    "acknowledgements",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)
alert_judgments = Table(  # whether an alert was right
    "judged_calls",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("was_one", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
