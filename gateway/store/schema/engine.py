"""Tables of the store's engine: the last commit of each writing process, and times that only go forward."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Table

from gateway.store.schema.messages import TEXT, metadata

writers = Table(  # on PostgreSQL, see gateway.store.engine.commit_marks
    "writers",
    metadata,
    Column("id", TEXT, primary_key=True),  # of a process, random
    Column("number", BigInteger, nullable=False),  # of its last committed transaction
    Column("at", Double, nullable=False),
)

clock_marks = Table(
    "clock_marks",
    metadata,
    Column("name", TEXT, primary_key=True),  # "store": the last known time; "retention": what may expire until then
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)
