"""The table of media of texts: a row for each from acceptance on, with its content once it is fetched."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table

from gateway.store.schema.messages import TEXT, lit, metadata

media = Table(
    "media",
    metadata,
    Column("message_id", TEXT, primary_key=True),
    Column("number", Integer, primary_key=True),  # in the text, from 1
    Column("url", TEXT, nullable=False),
    Column("fetch_at", Double),  # null: fetched, or failed for good
    Column("attempts", Integer, nullable=False),
    Column("at", Double, nullable=False),  # when its text was accepted
    Column("media_type", TEXT, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", TEXT, nullable=False),
    Column("failed", TEXT, nullable=False),  # a word for the verdict; empty once it is fetched
    Column("content", LargeBinary, nullable=False),
)
Index(
    "ix_media_fetch_at",
    media.c.fetch_at,
    sqlite_where=media.c.fetch_at.is_not(None),
    postgresql_where=media.c.fetch_at.is_not(None),
)
Index(  # for the sum of waiting bytes
    "ix_media_size",
    media.c.message_id,
    media.c.size,
    sqlite_where=media.c.size > lit(0),
    postgresql_where=media.c.size > lit(0),
)
