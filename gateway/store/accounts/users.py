"""How accounts are read from their columns; shared by every store of accounts."""

from __future__ import annotations

import json

from gateway.core.accounts.account import AccountRole, User
from gateway.store.engine.dialects import Row
from gateway.store.schema import accounts as account_tables

ID_LENGTH = 12
"""Characters of the hash of a session or token that serve as its id."""

_u = account_tables.users.c
USER = (
    _u.name, _u.role, _u.buildings, _u.person, _u.created_at, _u.disabled_at, _u.subject, _u.by_groups,
)  # fmt: skip


def read_user(row: Row) -> User:
    """An account from a row that begins with the columns `USER`."""
    name, role, buildings, person, created_at, disabled_at, subject, by_groups = row[: len(USER)]
    return User(
        name, AccountRole(role), tuple(json.loads(buildings)), person, created_at, disabled_at, subject, bool(by_groups)
    )
