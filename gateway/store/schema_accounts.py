"""Tables of signing in, and what is noted of the queue: part of the one schema."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Table

from gateway.store.schema import NUMBER, TEXT, metadata

second_steps = Table(  # of signing in: codes by time, and those for when the phone is gone
    "second_steps",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("secret", TEXT, nullable=False),
    Column("since", Double),  # null: not confirmed yet
    Column("last", BigInteger, nullable=False),  # the last step of time whose code was used: none works twice
    Column("recovery", TEXT, nullable=False),  # JSON: hashes of those that are left
)

held_changes = Table(  # written by triggers: whoever changes what is held, its queue is told
    "held_changes",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("message_id", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)
