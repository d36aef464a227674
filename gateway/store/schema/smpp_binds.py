"""The tables that the processes of the role sms share: who last sent from a number, and which application is bound."""

from __future__ import annotations

from sqlalchemy import Column, Double, Table

from gateway.store.schema.messages import TEXT, metadata

line_senders = Table(  # the application that last sent from a number
    "lines",
    metadata,
    Column("line", TEXT, primary_key=True),
    Column("account", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)
bound_accounts = Table(  # the applications that are bound at a process, reported every few seconds
    "bound",
    metadata,
    Column("process", TEXT, primary_key=True),
    Column("account", TEXT, primary_key=True),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)
