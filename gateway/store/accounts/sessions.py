"""Sessions as their owner sees them, passkeys, and when the sign-in service vouched for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Double, bindparam, delete, func, select, update

from gateway.core.accounts.account import Passkey, Session
from gateway.core.policy.decision import AuditEntry
from gateway.ports.accounts import GroupRole
from gateway.store.accounts.accounts import SESSION, TOKEN_ID, USER, read_session, read_user
from gateway.store.audit import audit
from gateway.store.engine.base import StorePart
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import passkeys, vouchings

_u, _s, _p, _v = schema.users.c, schema.sessions.c, passkeys.c, vouchings.c

_SESSIONS = Statement(
    lambda of: (
        select(*SESSION)
        .join_from(schema.sessions, schema.users, _u.name == _s.user_name)
        .where(_s.user_name == bindparam("key"), _u.disabled_at.is_(None), _s.waits == schema.lit(0))
        .order_by(_s.seen_at.desc(), _s.hash)
    )
)
_END_ONE = Statement(
    lambda of: delete(schema.sessions).where(
        _s.user_name == bindparam("key"),
        func.substr(_s.hash, schema.lit(1), schema.lit(TOKEN_ID)) == bindparam("id"),
        _s.waits == schema.lit(0),
    )
)
_END_OTHERS = Statement(
    lambda of: delete(schema.sessions).where(_s.user_name == bindparam("key"), _s.hash != bindparam("kept"))
)
_END_THOSE_BY = Statement(
    lambda of: delete(schema.sessions).where(
        _s.user_name == bindparam("key"), _s.hash != bindparam("kept"), _s.way == bindparam("by")
    )
)
_PASSKEY = (_p.id, _p.user_name, _p.name, _p.public_key, _p.uses, _p.created_at, _p.used_at)
_PASSKEYS = Statement(
    lambda of: select(*_PASSKEY).where(_p.user_name == bindparam("key")).order_by(_p.created_at, _p.id)
)
_ONE_PASSKEY = Statement(lambda of: select(*_PASSKEY).where(_p.id == bindparam("key")))
_NEVER = 1e18  # a time behind every other
_ADD_PASSKEY = insert_each(passkeys, again=True)
_USE_PASSKEY = Statement(
    lambda of: (
        update(passkeys)
        .where(
            _p.id == bindparam("key"),
            _p.uses == bindparam("was", type_=BigInteger()),
            _p.used_at.is_(None) | (_p.used_at < bindparam("asked", type_=Double())),
        )
        .values(uses=bindparam("are", type_=BigInteger()), used_at=bindparam("at", type_=Double()))
    )
)
_DROP_PASSKEY = Statement(lambda of: delete(passkeys).where(_p.user_name == bindparam("key"), _p.id == bindparam("id")))
_NO_VOUCHING = Statement(lambda of: delete(vouchings).where(_v.user_name == bindparam("key")))
_ADD_VOUCHING = insert_each(vouchings, again=True)
_NOTHING_TO_ASK = Statement(
    lambda of: update(vouchings).where(_v.user_name == bindparam("key")).values(again=schema.lit(""))
)
_TO_ASK = Statement(
    lambda of: (
        select(*USER, _v.vouched_at, _v.again)
        .join_from(vouchings, schema.users, _u.name == _v.user_name)
        .where(
            _v.vouched_at < bindparam("before", type_=Double()),
            _v.asking_until < bindparam("at", type_=Double()),
            _v.again != schema.lit(""),
            _u.disabled_at.is_(None),
            _u.by_groups == schema.lit(1),
        )
        .order_by(_v.vouched_at)
        .limit(bindparam("most", type_=BigInteger()))
    )
)
_CLAIM = Statement(
    lambda of: (
        update(vouchings)
        .where(_v.user_name == bindparam("key"), _v.asking_until < bindparam("at", type_=Double()))
        .values(asking_until=bindparam("until", type_=Double()))
    )
)


def _end_session(run: Run, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, id_, act in items:
        done.append(run.change(_END_ONE, key=name, id=id_) > 0)
        audit.write(run, [act] * done[-1])
    return done


def _end_sessions(run: Run, items: Sequence[tuple[str, str, str, AuditEntry]]) -> list[int]:
    done = []
    for name, keep, way, act in items:
        ended = (
            run.change(_END_THOSE_BY, key=name, kept=keep, by=way)
            if way
            else run.change(_END_OTHERS, key=name, kept=keep)
        )
        audit.write(run, [act] * (ended > 0))
        done.append(ended)
    return done


def _add_passkey(run: Run, items: Sequence[tuple[Passkey, AuditEntry]]) -> list[bool]:
    done = []
    for each, act in items:
        row = {
            "id": each.id, "user_name": each.user, "name": fit(each.name), "public_key": each.public_key,
            "uses": each.count, "created_at": run.now, "used_at": None,
        }  # fmt: skip
        done.append(run.each(_ADD_PASSKEY, [row]) == 1)
        audit.write(run, [act] * done[-1])
    return done


def _use_passkey(run: Run, items: Sequence[tuple[str, int, int, float]]) -> list[bool]:
    return [
        run.change(_USE_PASSKEY, key=id_, was=was, are=count, at=run.now, asked=asked) == 1
        for id_, was, count, asked in items
    ]


def _read_passkey(row: Sequence[Any]) -> Passkey:
    id_, user, called, key, *rest = row
    return Passkey(id_, user, called, bytes(key), *rest)


def _drop_passkey(run: Run, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, id_, act in items:
        done.append(run.change(_DROP_PASSKEY, key=name, id=id_) == 1)
        audit.write(run, [act] * done[-1])
    return done


def _vouched(run: Run, items: Sequence[tuple[str, str]]) -> list[None]:
    for name, again in items:
        run.change(_NO_VOUCHING, key=name)
        row = {"user_name": name, "again": again, "vouched_at": run.now, "asking_until": 0.0}
        run.each(_ADD_VOUCHING, [row])
    return [None] * len(items)


def _nothing_to_ask(run: Run, items: Sequence[str]) -> list[None]:
    for name in items:
        run.change(_NOTHING_TO_ASK, key=name)
    return [None] * len(items)


def _to_ask(run: Run, items: Sequence[tuple[float, float, int]]) -> list[Sequence[GroupRole]]:
    claimed: list[Sequence[GroupRole]] = []
    for before, lasts, limit in items:
        found = run.rows(_TO_ASK, before=before, at=run.now, most=limit)
        claimed.append(
            [
                GroupRole(read_user(row), *row[len(USER) :])
                for row in found
                if run.change(_CLAIM, key=row[0], at=run.now, until=run.now + lasts) == 1
            ]
        )
    return claimed


_END_WRITE, _END_SESSIONS_WRITE, _ADD_WRITE = Write(_end_session), Write(_end_sessions), Write(_add_passkey)
_USE_WRITE, _DROP_WRITE, _VOUCHED_WRITE = Write(_use_passkey), Write(_drop_passkey), Write(_vouched)
_TO_ASK_WRITE, _NOTHING_WRITE = Write(_to_ask), Write(_nothing_to_ask)


class SqlSessions(StorePart):
    """The ports Sessions, Passkeys and Vouchings."""

    async def sessions_of(self, name: str) -> Sequence[Session]:
        """See gateway.ports.accounts.SessionStore."""
        return [read_session(row) for row in await self._readers.read(lambda run: run.rows(_SESSIONS, key=name))]

    async def end_session(self, name: str, id_: str, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.do(_END_WRITE, (name, fit(id_), act))

    async def end_sessions(self, name: str, act: AuditEntry, *, keep: str = "", way: str = "") -> int:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.do(_END_SESSIONS_WRITE, (name, keep, way, act))

    async def passkeys(self, name: str) -> Sequence[Passkey]:
        """See gateway.ports.accounts.PasskeyStore."""
        rows = await self._readers.read(lambda run: run.rows(_PASSKEYS, key=fit(name)))
        return list(map(_read_passkey, rows))

    async def passkey(self, id_: str) -> Passkey | None:
        """See gateway.ports.accounts.PasskeyStore."""
        rows = await self._readers.read(lambda run: run.rows(_ONE_PASSKEY, key=fit(id_)))
        return _read_passkey(rows[0]) if rows else None

    async def add_passkey(self, passkey: Passkey, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.PasskeyStore."""
        return await self._writer.do(_ADD_WRITE, (passkey, act))

    async def use_passkey(self, id_: str, was: int, count: int, *, asked: float | None = None) -> bool:
        """See gateway.ports.accounts.PasskeyStore."""
        return await self._writer.do(_USE_WRITE, (id_, was, count, _NEVER if asked is None else asked))

    async def drop_passkey(self, name: str, id_: str, act: AuditEntry) -> bool:
        """See gateway.ports.accounts.PasskeyStore."""
        return await self._writer.do(_DROP_WRITE, (name, fit(id_), act))

    async def vouched(self, name: str, again: str) -> None:
        """See gateway.ports.accounts.GroupRoleStore."""
        await self._writer.do(_VOUCHED_WRITE, (name, again))

    async def to_ask(self, before: float, lasts: float, limit: int) -> Sequence[GroupRole]:
        """See gateway.ports.accounts.GroupRoleStore."""
        return await self._writer.do(_TO_ASK_WRITE, (before, lasts, limit))

    async def cannot_be_asked(self, name: str) -> None:
        """See gateway.ports.accounts.GroupRoleStore."""
        await self._writer.do(_NOTHING_WRITE, name)
