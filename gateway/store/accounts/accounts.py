"""Accounts of the console: users, their signed-in browsers, their API tokens, and sign-ins that were refused.

Of sessions and tokens only hashes are kept: who reads the store can use neither.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import BigInteger, Double, and_, bindparam, case, delete, exists, func, or_, select, update

from gateway.core.accounts.account import AccountRole, Session, Token, User
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import SETTING_UP
from gateway.store.audit import audit
from gateway.store.engine.base import StorePart
from gateway.store.engine.columns import fit, json_text
from gateway.store.engine.dialects import Row, Run, Statement, insert_each
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import passkeys, second_steps, vouchings

TOKEN_ID = 12
"""Characters of a token's hash that name it."""

_u, _t, _s, _f = schema.users.c, schema.tokens.c, schema.sessions.c, schema.sign_in_failures.c
USER = (
    _u.name, _u.role, _u.buildings, _u.person, _u.created_at, _u.disabled_at, _u.subject, _u.by_groups,
)  # fmt: skip
_N = len(USER)
_HAS_STEP = or_(
    exists().where(second_steps.c.user_name == _u.name, second_steps.c.since.is_not(None)),
    exists().where(passkeys.c.user_name == _u.name),
)
_VOUCHED_AT = (
    select(vouchings.c.vouched_at)
    .where(and_(vouchings.c.user_name == _u.name, _u.by_groups == schema.lit(1)))
    .scalar_subquery()
)
SESSION = (
    *USER, _s.created_at, _s.seen_at, _s.expires_at, _s.waits, _s.hash, _s.way, _s.place,
    case((_HAS_STEP, schema.lit(1)), else_=schema.lit(0)), _VOUCHED_AT,
)  # fmt: skip
_ADD_USER = insert_each(schema.users, again=True)
_ADD_SESSION = insert_each(schema.sessions, again=True)
_ADD_TOKEN = insert_each(schema.tokens, again=True)
_ADD_FAILURE = insert_each(schema.sign_in_failures, "name", "client", "at")

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
_SESSION = Statement(
    lambda of: (
        select(*SESSION)
        .join_from(schema.sessions, schema.users, _u.name == _s.user_name)
        .where(_s.hash == bindparam("key"), _u.disabled_at.is_(None))
    )
)
_TOUCH = Statement(
    lambda of: (
        update(schema.sessions).where(_s.hash == bindparam("key")).values(seen_at=bindparam("at", type_=Double()))
    )
)
_END_SESSION = Statement(lambda of: delete(schema.sessions).where(_s.hash == bindparam("key")))
_END_SESSIONS = Statement(
    lambda of: delete(schema.sessions).where(_s.user_name == bindparam("key"), _s.hash != bindparam("kept"))
)
_OLD_SESSIONS = Statement(lambda of: delete(schema.sessions).where(_s.expires_at < bindparam("at")))
NEVER_CONFIRMED = Statement(
    lambda of: delete(second_steps).where(
        second_steps.c.since.is_(None), second_steps.c.last < bindparam("begun", type_=BigInteger())
    )
)
_TOKEN = (_t.hash, _t.scope, _t.created_at, _t.expires_at, _t.revoked_at, _t.used_at)
_BY_TOKEN = Statement(
    lambda of: (
        select(*USER, *_TOKEN)
        .join_from(schema.tokens, schema.users, _u.name == _t.user_name)
        .where(_t.hash == bindparam("key"), _u.disabled_at.is_(None))
    )
)
_TOKENS = Statement(lambda of: select(_t.user_name, *_TOKEN).order_by(_t.user_name, _t.created_at))
_TOKEN_USED = Statement(
    lambda of: update(schema.tokens).where(_t.hash == bindparam("key")).values(used_at=bindparam("at", type_=Double()))
)
_REVOKE = Statement(
    lambda of: (
        update(schema.tokens)
        .where(func.substr(_t.hash, schema.lit(1), schema.lit(TOKEN_ID)) == bindparam("key"), _t.revoked_at.is_(None))
        .values(revoked_at=bindparam("at"))
        .returning(_t.user_name)
    )
)
_REVOKE_ALL = Statement(
    lambda of: (
        update(schema.tokens)
        .where(_t.user_name == bindparam("key"), _t.revoked_at.is_(None))
        .values(revoked_at=bindparam("at"))
    )
)
_FAILED_BY_NAME = Statement(
    lambda of: select(func.count()).where(_f.name == bindparam("key"), _f.at > bindparam("since"))
)
_FAILED_BY_CLIENT = Statement(
    lambda of: select(func.count()).where(_f.client == bindparam("key"), _f.at > bindparam("since"))
)
_FAILED_BY_BOTH = Statement(
    lambda of: select(func.count()).where(
        _f.name == bindparam("key"), _f.client == bindparam("there"), _f.at > bindparam("since")
    )
)
_OLD_FAILURES = Statement(lambda of: delete(schema.sign_in_failures).where(_f.at < bindparam("at")))
_FORGIVE = Statement(
    lambda of: delete(schema.sign_in_failures).where(_f.name == bindparam("key"), _f.client == bindparam("client"))
)
_FAILURES_KEPT = 86400.0


def read_user(row: Row) -> User:
    """An account from the columns `USER`."""
    name, role, buildings, person, created_at, disabled_at, subject, by_groups = row[:_N]
    return User(
        name, AccountRole(role), tuple(json.loads(buildings)), person, created_at, disabled_at, subject, bool(by_groups)
    )


def _token(row: Row) -> Token:
    name, digest, scope, *times = row
    return Token(digest[:TOKEN_ID], name, scope == "read", *times)


def read_session(row: Row) -> Session:
    """A session from the columns `SESSION`."""
    created_at, seen_at, expires_at, waits, digest, way, place, has_step, vouched_at = row[_N:]
    return Session(
        read_user(row), created_at, seen_at, expires_at, bool(waits), digest[:TOKEN_ID], way, place, bool(has_step),
        vouched_at,
    )  # fmt: skip


def begun(run: Run) -> int:
    """When a second step that may be confirmed now was begun at the earliest, in whole seconds."""
    return int(run.now - SETTING_UP)


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
            run.change(_REVOKE_ALL, key=name, at=run.now)
        audit.write(run, [act] * changed[-1])
    return changed


def _disable(run: Run, items: Sequence[tuple[str, AuditEntry]]) -> list[bool]:
    changed = []
    for name, act in items:
        changed.append(run.change(_DISABLE, key=name, at=run.now) == 1)
        run.change(_END_SESSIONS, key=name, kept="")
        run.change(_REVOKE_ALL, key=name, at=run.now)
        audit.write(run, [act] * changed[-1])
    return changed


def _sign_in(run: Run, items: Sequence[tuple[str, str, float, str, str, AuditEntry | None, str, str]]) -> list[None]:
    run.change(_OLD_SESSIONS, at=run.now)
    run.change(NEVER_CONFIRMED, begun=begun(run))
    for digest, name, lasts, failures_of, client, act, way, place in items:
        row = {
            "hash": digest, "user_name": name, "created_at": run.now, "seen_at": run.now,
            "expires_at": run.now + lasts, "waits": int(act is None), "way": way, "place": fit(place),
        }  # fmt: skip
        run.each(_ADD_SESSION, [row])
        if act is not None:
            run.change(_FORGIVE, key=failures_of, client=client)
            audit.write(run, [act])
    return [None] * len(items)


def _touch(run: Run, items: Sequence[str]) -> list[None]:
    for digest in items:
        run.change(_TOUCH, key=digest, at=run.now)
    return [None] * len(items)


def _token_used(run: Run, items: Sequence[str]) -> list[None]:
    for digest in items:
        run.change(_TOKEN_USED, key=digest, at=run.now)
    return [None] * len(items)


def _sign_out(run: Run, items: Sequence[tuple[str, AuditEntry]]) -> list[None]:
    for digest, act in items:
        audit.write(run, [act] * run.change(_END_SESSION, key=digest))
    return [None] * len(items)


def _add_tokens(run: Run, items: Sequence[tuple[str, Token, AuditEntry]]) -> list[None]:
    for digest, token, act in items:
        row = {
            "hash": digest, "user_name": token.user, "scope": "read" if token.reads_only else "all",
            "created_at": run.now, "expires_at": token.expires_at, "revoked_at": None, "used_at": None,
        }  # fmt: skip
        run.each(_ADD_TOKEN, [row])
        audit.write(run, [act])
    return [None] * len(items)


def _revoke(run: Run, items: Sequence[tuple[str, AuditEntry]]) -> list[str | None]:
    found: list[str | None] = []
    for id_, act in items:
        owners = run.rows(_REVOKE, key=id_, at=run.now)
        found.append(owners[0][0] if owners else None)
        audit.write(run, [replace(act, detail={**act.detail, "user": owners[0][0]})] if owners else [])
    return found


def _refused(run: Run, items: Sequence[tuple[str, str, AuditEntry]]) -> list[None]:
    run.change(_OLD_FAILURES, at=run.now - _FAILURES_KEPT)
    for failures_of, client, act in items:
        run.each(_ADD_FAILURE, [{"name": failures_of, "client": fit(client), "at": run.now}])
        audit.write(run, [act])
    return [None] * len(items)


_ADD_USER_WRITE, _SET_PASSWORD_WRITE, _DISABLE_WRITE = Write(_add_users), Write(_set_passwords), Write(_disable)
_SIGN_IN_WRITE, _TOUCH_WRITE, _SIGN_OUT_WRITE = Write(_sign_in), Write(_touch), Write(_sign_out)
_ADD_TOKEN_WRITE, _REVOKE_WRITE, _REFUSED_WRITE = Write(_add_tokens), Write(_revoke), Write(_refused)
_TOKEN_USED_WRITE = Write(_token_used)


class SqlAccounts(StorePart):
    """The port Accounts."""

    async def add_user(self, user: User, password_hash: str, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.do(_ADD_USER_WRITE, (user, password_hash, act))

    async def user(self, name: str) -> tuple[User, str] | None:
        """See gateway.ports.accounts.AccountStore."""
        rows = await self._readers.read(lambda run: run.rows(_BY_NAME, key=fit(name)))
        return (read_user(rows[0]), rows[0][_N] or "") if rows else None

    async def users(self) -> Sequence[User]:
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

    async def sign_in(
        self, digest: str, name: str, lasts: float, failures_of: str, client: str, act: AuditEntry | None, *,
        way: str = "", place: str = "",
    ) -> None:  # fmt: skip
        """See gateway.ports.accounts.AccountStore."""
        await self._writer.do(_SIGN_IN_WRITE, (digest, name, lasts, failures_of, fit(client), act, way, place))

    async def session(self, digest: str) -> Session | None:
        """See gateway.ports.accounts.AccountStore."""
        rows = await self._readers.read(lambda run: run.rows(_SESSION, key=digest))
        return read_session(rows[0]) if rows else None

    async def touch(self, digest: str) -> None:
        """See gateway.ports.accounts.AccountStore."""
        await self._writer.do(_TOUCH_WRITE, digest)

    async def sign_out(self, digest: str, act: AuditEntry) -> None:
        """See gateway.ports.accounts.AccountStore."""
        await self._writer.do(_SIGN_OUT_WRITE, (digest, act))

    async def refused_sign_in(self, failures_of: str, client: str, act: AuditEntry) -> None:
        """See gateway.ports.accounts.AccountStore."""
        await self._writer.do(_REFUSED_WRITE, (failures_of, client, act))

    async def failures(self, failures_of: str, client: str, since: float) -> tuple[int, int, int]:
        """See gateway.ports.accounts.AccountStore."""

        def count(run: Run) -> tuple[int, int, int]:
            (both,) = run.rows(_FAILED_BY_BOTH, key=failures_of, there=fit(client), since=since)
            (name,) = run.rows(_FAILED_BY_NAME, key=failures_of, since=since)
            (there,) = run.rows(_FAILED_BY_CLIENT, key=fit(client), since=since)
            return both[0], name[0], there[0]

        return await self._readers.read(count)

    async def add_token(self, digest: str, token: Token, act: AuditEntry) -> None:
        """See gateway.ports.accounts.AccountStore."""
        await self._writer.do(_ADD_TOKEN_WRITE, (digest, token, act))

    async def token(self, digest: str) -> tuple[User, Token] | None:
        """See gateway.ports.accounts.AccountStore."""
        rows = await self._readers.read(lambda run: run.rows(_BY_TOKEN, key=digest))
        return (read_user(rows[0]), _token((rows[0][0], *rows[0][_N:]))) if rows else None

    async def token_used(self, digest: str) -> None:
        """See gateway.ports.accounts.AccountStore."""
        await self._writer.do(_TOKEN_USED_WRITE, digest)

    async def tokens(self) -> Sequence[Token]:
        """See gateway.ports.accounts.AccountStore."""
        return [_token(row) for row in await self._readers.read(lambda run: run.rows(_TOKENS))]

    async def revoke_token(self, id_: str, act: AuditEntry) -> str | None:
        """See gateway.ports.accounts.AccountStore."""
        return await self._writer.do(_REVOKE_WRITE, (fit(id_), act))
