"""Which tables keep something about a person, and how their rows name the person.

Every table is either one of messages (it has a column `message_id`), or named here; a test holds new tables to this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Column, LargeBinary, Table

from gateway.store.schema.messages import messages, metadata

IDS, ADDRESSES, ACCOUNTS = "ids", "addresses", "accounts"

OF_PERSON: Mapping[str, Mapping[str, str]] = {
    "users": {"name": ACCOUNTS, "person": IDS},
    "tokens": {"user_name": ACCOUNTS},
    "sessions": {"user_name": ACCOUNTS},
    "passkeys": {"user_name": ACCOUNTS},
    "second_steps": {"user_name": ACCOUNTS},
    "vouchings": {"user_name": ACCOUNTS},
    "grants": {"user_name": ACCOUNTS, "by_name": ACCOUNTS},
    "views": {"user_name": ACCOUNTS},
    "answers": {"user_name": ACCOUNTS},
    "cases": {"assignee": ACCOUNTS, "opened_by": ACCOUNTS, "closed_by": ACCOUNTS},
    "directory_accounts": {"address": ADDRESSES, "person": IDS, "decided_by": ACCOUNTS},
    "directory_organizations": {"name": ADDRESSES, "decided_by": ACCOUNTS},
    "directory_unknown": {"address": ADDRESSES},
    "outside_writers": {"author": ADDRESSES, "student": IDS},
    "contact_usual": {"staff": IDS},
    "policy_versions": {"author": ACCOUNTS, "seconded_by": ACCOUNTS},
    "policy_proposals": {"author": ACCOUNTS, "ended_by": ACCOUNTS},
    "policy_simulations": {"author": ACCOUNTS},
    "sign_in_links": {"person": IDS},
    "tools": {"owner": IDS, "requested_by": ACCOUNTS, "changed_by": ACCOUNTS},
}
"""Tables beside those of messages and the audit log: columns, and what they are compared with."""
WITHOUT_PEOPLE: Mapping[str, str] = {
    "audit": "read as a log, entry by entry",
    "audit_head": "the end of the hash chain",
    "bound": "sessions of applications",
    "clock_marks": "times of the gateway",
    "counted_days": "counts without names",
    "daily_counts": "counts without names",
    "daily_decision_times": "counts without names",
    "lines": "sessions of applications",
    "policies": "texts of the policy",
    "purge_counts": "counts without names",
    "secrets": "keys of the gateway",
    "sign_in_failures": "names are kept as hashes, for minutes",
    "writers": "technical marks of commits",
}
_SECRET = frozenset("password_hash hash secret recovery public_key again subject token key request body".split())
"""Columns that are never part of a record: passwords, keys, codes, and technical values."""
_SECRET_IN = {
    "users", "tokens", "sessions", "passkeys", "second_steps", "vouchings", "answers", "recipients", "sign_in_links",
    "policy_simulations",
}  # fmt: skip
_OF_POLICY = {"source", "adopted", "result"}
"""The texts of policies: published, and no record about who wrote them."""


def of_messages() -> Iterator[tuple[Table, Column[str]]]:
    """The tables of messages, each with the column of the message's id."""
    yield messages, messages.c.id
    for name in sorted(metadata.tables):
        table = metadata.tables[name]
        if "message_id" in table.c and table is not messages:
            yield table, table.c.message_id


def columns(table: Table) -> list[Column[object]]:
    """The columns of a table that belong in a record: no content, no secret."""
    return [
        column
        for column in table.c
        if not isinstance(column.type, LargeBinary)
        and not (table.name.startswith("policy_") and column.name in _OF_POLICY)
        and not (table.name == "text_parts" and column.name == "key")
        and not (table.name in _SECRET_IN and column.name in _SECRET)
    ]
