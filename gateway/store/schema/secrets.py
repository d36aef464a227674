"""The table of secrets."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from gateway.store.schema.messages import TEXT, metadata

secrets = Table(
    "secrets",
    metadata,
    Column("name", TEXT, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)
