"""The table of what people say of alerts: that it was a call for help, or none."""

from __future__ import annotations

from sqlalchemy import Column, SmallInteger, Table

from gateway.store.schema import TEXT, metadata

judged_calls = Table(
    "judged_calls",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("was_one", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
