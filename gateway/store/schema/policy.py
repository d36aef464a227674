"""The tables of the policy's life: versions, proposals and simulations."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table

from gateway.store.schema.messages import TEXT, metadata

policy_versions = Table(  # a version is in force from `since` until the `since` of the next number
    "policy_versions",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", TEXT, nullable=False),
    Column("source", TEXT, nullable=False),
    Column("adopted", TEXT, nullable=False),  # the district's adopted text
    Column("file_hash", TEXT, nullable=False),  # of the policy file when it was last taken over
    Column("author", TEXT, nullable=False),
    Column("seconded_by", TEXT, nullable=False),
    Column("since", Double, nullable=False),
    Column("note", TEXT, nullable=False),
)
policy_proposals = Table(
    "policy_proposals",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("hash", TEXT, nullable=False),
    Column("source", TEXT, nullable=False),
    Column("author", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("note", TEXT, nullable=False),
    Column("base", BigInteger, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("ended_by", TEXT, nullable=False),
    Column("ended_at", Double),
    Column("version", BigInteger),
)
Index("ix_policy_proposals_at", policy_proposals.c.at)
policy_simulations = Table(
    "policy_simulations",
    metadata,
    Column("id", TEXT, primary_key=True),
    Column("hash", TEXT, nullable=False),
    Column("source", TEXT, nullable=False),
    Column("author", TEXT, nullable=False),
    Column("at", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("minutes", Double, nullable=False),
    Column("state", TEXT, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("result", TEXT, nullable=False),  # JSON
    Column("ended_at", Double),
    Column("token", TEXT, nullable=False),  # of the process that works on it
    Column("leased_until", Double, nullable=False),
)
Index("ix_policy_simulations_state", policy_simulations.c.state, policy_simulations.c.at)
