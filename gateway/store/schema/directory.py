"""The tables of addresses beside the roster: personal accounts, organizations, unknown addresses."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, SmallInteger, Table

from gateway.store.schema.messages import TEXT, metadata

directory_accounts = Table(
    "directory_accounts",
    metadata,
    Column("address", TEXT, primary_key=True),  # in canonical form
    Column("person", TEXT, primary_key=True),  # the sourcedId
    Column("status", TEXT, nullable=False),  # guessed, confirmed or refused
    Column("basis", TEXT, nullable=False),  # name, local_part, reply; known when an administrator entered it
    Column("confidence", Double, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("decided_by", TEXT, nullable=False),  # "" while guessed
    Column("decided_at", Double, nullable=False),  # 0 while guessed
    Column("reason", TEXT, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_directory_accounts_status", directory_accounts.c.status, directory_accounts.c.last_at)
Index("ix_directory_accounts_person", directory_accounts.c.person)
Index("ix_directory_accounts_decided_at", directory_accounts.c.decided_at)
directory_organizations = Table(  # who may write to many students
    "directory_organizations",
    metadata,
    Column("name", TEXT, primary_key=True),  # an address or a domain
    Column("label", TEXT, nullable=False),
    Column("removed", SmallInteger, nullable=False),
    Column("decided_by", TEXT, nullable=False),
    Column("decided_at", Double, nullable=False),
    sqlite_with_rowid=False,
)
directory_unknown = Table(  # district addresses that neither roster nor groups know
    "directory_unknown",
    metadata,
    Column("address", TEXT, primary_key=True),
    Column("messages", Integer, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_directory_unknown_messages", directory_unknown.c.messages)
Index("ix_directory_unknown_last_at", directory_unknown.c.last_at)
outside_writers = Table(  # no content and no names: an address, and the sourcedIds of students
    "outside_writers",
    metadata,
    Column("author", TEXT, primary_key=True),
    Column("student", TEXT, primary_key=True),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_outside_writers_last_at", outside_writers.c.last_at)
