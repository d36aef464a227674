"""Accounts of the console. Each write adds its audit entry in the same transaction, unless nothing changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, null, select, update

from gateway.core.accounts.account import User
from gateway.core.policy.decision import AuditEntry
from gateway.store.accounts.sessions import END_SESSIONS
from gateway.store.accounts.tokens import REVOKE_ALL
from gateway.store.accounts.users import USER, read_user
from gateway.store.audit import audit
from gateway.store.engine.columns import encode_json, storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import accounts as account_tables

_u = account_tables.users.c
_INSERT = batch_insert(account_tables.users, ignore_existing=True)
_BY_NAME = Statement(lambda sql: select(*USER, _u.password_hash).where(_u.name == bindparam("key")))
_ALL = Statement(lambda sql: select(*USER).order_by(_u.name))
_SET_PASSWORD = Statement(
    lambda sql: update(account_tables.users).where(_u.name == bindparam("key")).values(password_hash=bindparam("hash"))
)
_DISABLE = Statement(
    lambda sql: (
        update(account_tables.users)
        .where(_u.name == bindparam("key"), _u.disabled_at.is_(None))
        .values(disabled_at=bindparam("at"))
    )
)


_ENABLE = Statement(
    lambda sql: (
        update(account_tables.users)
        .where(_u.name == bindparam("key"), _u.disabled_at.is_not(None))
        .values(disabled_at=null())
    )
)
_CHANGE = Statement(
    lambda sql: (
        update(account_tables.users)
        .where(_u.name == bindparam("key"))
        .values(role=bindparam("to_role"), buildings=bindparam("to_buildings"), person=bindparam("to_person"))
    )
)


def _add(db: Database, items: Sequence[tuple[User, str, AuditEntry]]) -> list[bool]:
    added = []
    for user, password_hash, entry in items:
        row = {
            "name": user.name, "password_hash": password_hash, "role": user.role.value,
            "buildings": encode_json(user.buildings), "person": storable(user.person), "created_at": db.now,
            "disabled_at": None, "subject": storable(user.subject), "by_groups": int(user.by_groups),
        }  # fmt: skip
        added.append(db.batch(_INSERT, [row]) == 1)
        audit.write(db, [entry] * added[-1])
    return added


def _set_password(db: Database, items: Sequence[tuple[str, str, str, bool, AuditEntry]]) -> list[bool]:
    changed = []
    for name, password_hash, keep, tokens, entry in items:
        changed.append(db.change(_SET_PASSWORD, key=name, hash=password_hash) == 1)
        db.change(END_SESSIONS, key=name, kept=keep)
        if tokens:
            db.change(REVOKE_ALL, key=name, at=db.now)
        audit.write(db, [entry] * changed[-1])
    return changed


def _disable(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    changed = []
    for name, entry in items:
        changed.append(db.change(_DISABLE, key=name, at=db.now) == 1)
        db.change(END_SESSIONS, key=name, kept="")
        db.change(REVOKE_ALL, key=name, at=db.now)
        audit.write(db, [entry] * changed[-1])
    return changed


def _change(db: Database, items: Sequence[tuple[User, AuditEntry]]) -> list[bool]:
    changed = []
    for user, entry in items:
        done = db.change(
            _CHANGE, key=user.name, to_role=user.role.value, to_buildings=encode_json(user.buildings),
            to_person=storable(user.person),
        ) == 1  # fmt: skip
        audit.write(db, [entry] * done)
        changed.append(done)
    return changed


def _enable(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    changed = []
    for name, entry in items:
        changed.append(db.change(_ENABLE, key=name) == 1)
        audit.write(db, [entry] * changed[-1])
    return changed


_ADD_WRITE, _SET_PASSWORD_WRITE, _DISABLE_WRITE = Write(_add), Write(_set_password), Write(_disable)
_CHANGE_WRITE, _ENABLE_WRITE = Write(_change), Write(_enable)


class SqlAccountStore(FeatureStore):
    """See gateway.ports.accounts.AccountStore."""

    async def add(self, user: User, password_hash: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.write(_ADD_WRITE, (user, password_hash, entry))

    async def find(self, name: str) -> tuple[User, str] | None:
        """See gateway.ports.accounts.AccountStore."""
        rows = await self._readers.read(lambda db: db.rows(_BY_NAME, key=storable(name)))
        return (read_user(rows[0]), rows[0][len(USER)] or "") if rows else None

    async def list_all(self) -> Sequence[User]:
        """See gateway.ports.accounts.AccountStore."""
        return [read_user(row) for row in await self._readers.read(lambda db: db.rows(_ALL))]

    async def set_password(
        self, name: str, password_hash: str, entry: AuditEntry, *, keep: str = "", tokens: bool = False
    ) -> bool:  # fmt: skip
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.write(_SET_PASSWORD_WRITE, (name, password_hash, keep, tokens, entry))

    async def change(self, user: User, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.write(_CHANGE_WRITE, (user, entry))

    async def enable(self, name: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.write(_ENABLE_WRITE, (name, entry))

    async def disable(self, name: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.write(_DISABLE_WRITE, (name, entry))
