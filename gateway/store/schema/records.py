"""The tables of reports and of purges: counts of each day, and what retention deleted. They name no person."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Integer, Table

from gateway.store.schema.messages import TEXT, metadata

counted_days = Table(  # when the messages of a local day were last counted
    "counted_days",
    metadata,
    Column("day", TEXT, primary_key=True),  # ISO 8601
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)
daily_counts = Table(  # messages that were accepted on a day, and what became of them
    "daily_counts",
    metadata,
    Column("day", TEXT, primary_key=True),
    Column("building", TEXT, primary_key=True),  # the sourcedId of an org; empty for the whole district
    Column("kind", TEXT, primary_key=True),  # all, clause, language, channel or direction
    Column("value", TEXT, primary_key=True),
    Column("messages", Integer, nullable=False),
    Column("flagged", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("alerted", Integer, nullable=False),
    Column("decided", Integer, nullable=False),  # of the held ones, by people
    Column("overturned", Integer, nullable=False),  # of these, released
    Column("judged", Integer, nullable=False),  # of the flagged ones, by people
    Column("fine", Integer, nullable=False),  # of these, found to be fine
    sqlite_with_rowid=False,
)
daily_decision_times = Table(  # how long people took to decide, in buckets of gateway.core.review.daily_counts
    "daily_decision_times",
    metadata,
    Column("day", TEXT, primary_key=True),
    Column("building", TEXT, primary_key=True),
    Column("kind", TEXT, primary_key=True),
    Column("value", TEXT, primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)
purge_counts = Table(  # what retention has deleted since its last entry in the audit log
    "purge_counts",
    metadata,
    Column("category", TEXT, primary_key=True),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
