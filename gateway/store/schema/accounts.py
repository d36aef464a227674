"""The tables of signing in, and the changes of the queue."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, LargeBinary, SmallInteger, Table

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

users = Table(
    "users",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("password_hash", TEXT),  # null: signs in with OIDC only
    Column("role", TEXT, nullable=False),
    Column("buildings", TEXT, nullable=False),  # JSON: sourcedIds of orgs
    Column("person", TEXT, nullable=False),  # sourcedId, empty for none
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
    Column("subject", TEXT, nullable=False, server_default=""),  # the `sub` claim of the sign-in service
    Column("by_groups", SmallInteger, nullable=False, server_default="0"),  # its role comes from the service's groups
)

Index("ix_users_subject", users.c.subject)

tokens = Table(
    "tokens",
    metadata,
    Column("hash", TEXT, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("scope", TEXT, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Column("used_at", Double),  # to the minute
)

Index("ix_tokens_user", tokens.c.user_name)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", TEXT, primary_key=True),
    Column("user_name", TEXT, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("waits", SmallInteger, nullable=False, server_default="0"),  # for the second step of signing in
    Column("way", TEXT, nullable=False, server_default=""),  # how the account signed in
    Column("place", TEXT, nullable=False, server_default=""),  # where from, roughly
)

Index("ix_sessions_expires", sessions.c.expires_at)

Index("ix_sessions_user", sessions.c.user_name)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("name", TEXT, nullable=False),  # hash of the name
    Column("client", TEXT, nullable=False),
    Column("at", Double, nullable=False),
)

Index("ix_sign_in_failures_name", sign_in_failures.c.name, sign_in_failures.c.at)

Index("ix_sign_in_failures_client", sign_in_failures.c.client, sign_in_failures.c.at)

Index("ix_sign_in_failures_at", sign_in_failures.c.at)
