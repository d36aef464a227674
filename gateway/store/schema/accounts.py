"""The tables of signing in, and the changes of the queue."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, LargeBinary, Table

from gateway.store.schema.messages import NUMBER, TEXT, metadata

second_steps = Table(  # time-based codes and recovery codes
    "second_steps",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("secret", TEXT, nullable=False),
    Column("since", Double),  # null: not confirmed yet
    # time step of the last used code, because none works twice; before confirmation, when the setup began
    Column("last", BigInteger, nullable=False),
    Column("recovery", TEXT, nullable=False),  # JSON: hashes of unused recovery codes
)

passkeys = Table(  # WebAuthn credentials of devices and security keys
    "passkeys",
    metadata,
    Column("id", TEXT, primary_key=True),  # credential id in base64url
    Column("user_name", TEXT, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("uses", BigInteger, nullable=False),  # signature counter, if the device has one
    Column("created_at", Double, nullable=False),
    Column("used_at", Double),
)
Index("ix_passkeys_user", passkeys.c.user_name)

group_checks = Table(  # when the service last confirmed the groups of an account
    "vouchings",
    metadata,
    Column("user_name", TEXT, primary_key=True),
    Column("again", TEXT, nullable=False),  # sealed refresh token; empty if there is none
    Column("vouched_at", Double, nullable=False),
    Column("asking_until", Double, nullable=False),  # lease of the process that asks
)

held_changes = Table(  # written by triggers, for every change of held recipients
    "held_changes",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("message_id", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)
