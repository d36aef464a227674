"""The audit log: its entries, and the end of its hash chain."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, SmallInteger, Table

from gateway.store.schema.messages import NUMBER, TEXT, metadata

audit = Table(  # not linked while `number` is null
    "audit",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("at", Double, nullable=False),
    Column("actor", TEXT, nullable=False),
    Column("act", TEXT, nullable=False),
    Column("subject", TEXT, nullable=False),
    Column("detail", TEXT, nullable=False),  # JSON
    Column("written_at", Double, nullable=False),  # by the store's clock
    Column("number", BigInteger),
    Column("previous", TEXT),
    Column("hash", TEXT),
)

Index("ix_audit_number", audit.c.number, unique=True)

Index("ix_audit_subject", audit.c.subject, audit.c.id)

Index(
    "ix_audit_unlinked",
    audit.c.id,
    sqlite_where=audit.c.number.is_(None),
    postgresql_where=audit.c.number.is_(None),
)


audit_head = Table(  # one row: the last linked entry, so that entries missing at the end are noticed
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", TEXT, nullable=False),
)
