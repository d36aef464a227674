"""Tables of signing in, and what is noted of the queue: part of the one schema."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, LargeBinary, Table

from gateway.store.schema.messages import NUMBER, TEXT, metadata

second_steps = Table(  # of signing in: codes by time, and those for when the phone is gone
    "second_steps",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("secret", TEXT, nullable=False),
    Column("since", Double),  # null: not confirmed yet
    # the last step of time whose code was used, for none works twice; until it is confirmed, when it was begun
    Column("last", BigInteger, nullable=False),
    Column("recovery", TEXT, nullable=False),  # JSON: hashes of those that are left
)

passkeys = Table(  # of signing in as well: keys that a device or a security key keeps
    "passkeys",
    metadata,
    Column("id", TEXT, primary_key=True),  # the device's own, in base64url
    Column("user_name", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),  # how often it was used, where the device counts
    Column("created_at", Double, nullable=False),
    Column("used_at", Double),
)
Index("ix_passkeys_user", passkeys.c.user_name)

vouchings = Table(  # accounts whose role is that of the service's groups: when it said so last
    "vouchings",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("again", TEXT, nullable=False),  # with what it can be asked again, sealed; empty for nothing
    Column("vouched_at", Double, nullable=False),
    Column("asking_until", Double, nullable=False),  # somebody asks it until then
)

held_changes = Table(  # written by triggers: whoever changes what is held, its queue is told
    "held_changes",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("message_id", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)
