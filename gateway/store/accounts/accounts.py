"""Accounts of the console: users, their signed-in browsers, their API tokens, and sign-ins that were refused.

Of sessions and tokens only hashes are kept: who reads the store can use neither.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select, update

from gateway.core.accounts.account import User
from gateway.core.policy.decision import AuditEntry
from gateway.store.accounts.tokens import REVOKE_ALL
from gateway.store.accounts.users import USER, read_user
from gateway.store.audit import audit
from gateway.store.engine.columns import fit, json_text
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_u, _s = schema.users.c, schema.sessions.c
_ADD_USER = insert_each(schema.users, again=True)

_BY_NAME = Statement(lambda of: select(*USER, _u.password_hash).where(_u.name == bindparam("key")))
_USERS = Statement(lambda of: select(*USER).order_by(_u.name))
_SET_PASSWORD = Statement(
    lambda of: update(schema.users).where(_u.name == bindparam("key")).values(password_hash=bindparam("hash"))
)
_DISABLE = Statement(
    lambda of: (
        update(schema.users)
        .where(_u.name == bindparam("key"), _u.disabled_at.is_(None))
        .values(disabled_at=bindparam("at"))
    )
)
_END_SESSIONS = Statement(
    lambda of: delete(schema.sessions).where(_s.user_name == bindparam("key"), _s.hash != bindparam("kept"))
)


# Each write comes with its entry of the audit log, in the same transaction; it is left out where nothing changed.


def _add_users(run: Run, items: Sequence[tuple[User, str, AuditEntry]]) -> list[bool]:
    added = []
    for user, password_hash, act in items:
        row = {
            "name": user.name, "password_hash": password_hash, "role": user.role.value,
            "buildings": json_text(user.buildings), "person": fit(user.person), "created_at": run.now,
            "disabled_at": None, "subject": fit(user.subject), "by_groups": int(user.by_groups),
        }  # fmt: skip
        added.append(run.each(_ADD_USER, [row]) == 1)
        audit.write(run, [act] * added[-1])
    return added


def _set_passwords(run: Run, items: Sequence[tuple[str, str, str, bool, AuditEntry]]) -> list[bool]:
    changed = []
    for name, password_hash, keep, tokens, act in items:
        changed.append(run.change(_SET_PASSWORD, key=name, hash=password_hash) == 1)
        run.change(_END_SESSIONS, key=name, kept=keep)
        if tokens:
            run.change(REVOKE_ALL, key=name, at=run.now)
        audit.write(run, [act] * changed[-1])
    return changed


def _disable(run: Run, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    changed = []
    for name, act in items:
        changed.append(run.change(_DISABLE, key=name, at=run.now) == 1)
        run.change(_END_SESSIONS, key=name, kept="")
        run.change(REVOKE_ALL, key=name, at=run.now)
        audit.write(run, [act] * changed[-1])
    return changed


_ADD_USER_WRITE, _SET_PASSWORD_WRITE, _DISABLE_WRITE = Write(_add_users), Write(_set_passwords), Write(_disable)


class SqlAccountStore(FeatureStore):
    """See gateway.ports.accounts.AccountStore."""

    async def add(self, user: User, password_hash: str, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.do(_ADD_USER_WRITE, (user, password_hash, act))

    async def find(self, name: str) -> tuple[User, str] | None:
        """See gateway.ports.accounts.AccountStore."""
        rows = await self._readers.read(lambda run: run.rows(_BY_NAME, key=fit(name)))
        return (read_user(rows[0]), rows[0][len(USER)] or "") if rows else None

    async def list_all(self) -> Sequence[User]:
        """See gateway.ports.accounts.AccountStore."""
        return [read_user(row) for row in await self._readers.read(lambda run: run.rows(_USERS))]

    async def set_password(
        self, name: str, password_hash: str, act: AuditEntry, *, keep: str = "", tokens: bool = False
    ) -> bool:  # fmt: skip
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.do(_SET_PASSWORD_WRITE, (name, password_hash, keep, tokens, act))

    async def disable(self, name: str, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.do(_DISABLE_WRITE, (name, act))
