"""Signed-in browsers. Only the hashes of session secrets are stored."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Double, and_, bindparam, case, delete, exists, func, or_, select, update

from gateway.core.accounts.account import Session
from gateway.core.policy.decision import AuditEntry
from gateway.store.accounts.second_steps import DELETE_EXPIRED_SETUPS, earliest_setup
from gateway.store.accounts.sign_in_failures import DELETE_FAILURES
from gateway.store.accounts.users import ID_LENGTH, USER, read_user
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import accounts as account_tables
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import group_checks, passkeys, second_steps

_u, _s = account_tables.users.c, account_tables.sessions.c
_HAS_STEP = or_(
    exists().where(second_steps.c.user_name == _u.name, second_steps.c.since.is_not(None)),
    exists().where(passkeys.c.user_name == _u.name),
)
_VOUCHED_AT = (
    select(group_checks.c.vouched_at)
    .where(and_(group_checks.c.user_name == _u.name, _u.by_groups == schema.lit(1)))
    .scalar_subquery()
)
_SESSION = (
    *USER, _s.created_at, _s.seen_at, _s.expires_at, _s.waits, _s.hash, _s.way, _s.place,
    case((_HAS_STEP, schema.lit(1)), else_=schema.lit(0)), _VOUCHED_AT,
)  # fmt: skip
_INSERT = batch_insert(account_tables.sessions, ignore_existing=True)
_BY_HASH = Statement(
    lambda sql: (
        select(*_SESSION)
        .join_from(account_tables.sessions, account_tables.users, _u.name == _s.user_name)
        .where(_s.hash == bindparam("key"), _u.disabled_at.is_(None))
    )
)
_OF_USER = Statement(
    lambda sql: (
        select(*_SESSION)
        .join_from(account_tables.sessions, account_tables.users, _u.name == _s.user_name)
        .where(_s.user_name == bindparam("key"), _u.disabled_at.is_(None), _s.waits == schema.lit(0))
        .order_by(_s.seen_at.desc(), _s.hash)
    )
)
_TOUCH = Statement(
    lambda sql: (
        update(account_tables.sessions)
        .where(_s.hash == bindparam("key"))
        .values(seen_at=bindparam("at", type_=Double()))
    )
)
_END = Statement(lambda sql: delete(account_tables.sessions).where(_s.hash == bindparam("key")))
_END_BY_ID = Statement(
    lambda sql: delete(account_tables.sessions).where(
        _s.user_name == bindparam("key"),
        func.substr(_s.hash, schema.lit(1), schema.lit(ID_LENGTH)) == bindparam("id"),
        _s.waits == schema.lit(0),
    )
)
_END_WAITING = Statement(
    lambda sql: delete(account_tables.sessions).where(_s.hash == bindparam("key"), _s.waits == schema.lit(1))
)
END_SESSIONS = Statement(
    lambda sql: delete(account_tables.sessions).where(_s.user_name == bindparam("key"), _s.hash != bindparam("kept"))
)
"""Ends the sessions of an account but one."""
_END_OPENED_BY = Statement(
    lambda sql: delete(account_tables.sessions).where(
        _s.user_name == bindparam("key"), _s.hash != bindparam("kept"), _s.way == bindparam("by")
    )
)
_DELETE_EXPIRED = Statement(lambda sql: delete(account_tables.sessions).where(_s.expires_at < bindparam("at")))


def _read_session(row: Row) -> Session:
    created_at, seen_at, expires_at, waits, session_hash, way, place, has_step, vouched_at = row[len(USER) :]
    return Session(
        read_user(row), created_at, seen_at, expires_at, bool(waits), session_hash[:ID_LENGTH], way, place,
        bool(has_step), vouched_at,
    )  # fmt: skip


def _start(
    db: Database, items: Sequence[tuple[str, str, float, str, str, AuditEntry | None, str, str]]
) -> list[None]:  # fmt: skip
    db.change(_DELETE_EXPIRED, at=db.now)
    db.change(DELETE_EXPIRED_SETUPS, begun=earliest_setup(db))
    for session_hash, name, lifetime, name_hash, client, entry, way, place in items:
        row = {
            "hash": session_hash, "user_name": name, "created_at": db.now, "seen_at": db.now,
            "expires_at": db.now + lifetime, "waits": int(entry is None), "way": way, "place": storable(place),
        }  # fmt: skip
        db.batch(_INSERT, [row])
        if entry is not None:
            db.change(DELETE_FAILURES, key=name_hash, client=client)
            audit.write(db, [entry])
    return [None] * len(items)


def _touch(db: Database, items: Sequence[str]) -> list[None]:
    for session_hash in items:
        db.change(_TOUCH, key=session_hash, at=db.now)
    return [None] * len(items)


def _end(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[None]:
    for session_hash, entry in items:
        audit.write(db, [entry] * db.change(_END, key=session_hash))
    return [None] * len(items)


def _end_by_id(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, id_, entry in items:
        done.append(db.change(_END_BY_ID, key=name, id=id_) > 0)
        audit.write(db, [entry] * done[-1])
    return done


def _end_all(db: Database, items: Sequence[tuple[str, str, str, AuditEntry]]) -> list[int]:
    done = []
    for name, keep, way, entry in items:
        if way:
            ended = db.change(_END_OPENED_BY, key=name, kept=keep, by=way)
        else:
            ended = db.change(END_SESSIONS, key=name, kept=keep)
        audit.write(db, [entry] * (ended > 0))
        done.append(ended)
    return done


def _end_waiting(db: Database, items: Sequence[str]) -> list[bool]:
    return [db.change(_END_WAITING, key=session_hash) == 1 for session_hash in items]


_START_WRITE, _TOUCH_WRITE, _END_WRITE = Write(_start), Write(_touch), Write(_end)
_END_BY_ID_WRITE, _END_ALL_WRITE, _END_WAITING_WRITE = Write(_end_by_id), Write(_end_all), Write(_end_waiting)


class SqlSessionStore(FeatureStore):
    """See gateway.ports.accounts.SessionStore."""

    async def start(
        self, session_hash: str, name: str, lifetime: float, name_hash: str, client: str, entry: AuditEntry | None, *,
        way: str = "", place: str = "",
    ) -> None:  # fmt: skip
        """See gateway.ports.accounts.SessionStore."""
        item = (session_hash, name, lifetime, name_hash, storable(client), entry, way, place)
        await self._writer.write(_START_WRITE, item)

    async def find(self, session_hash: str) -> Session | None:
        """See gateway.ports.accounts.SessionStore."""
        rows = await self._readers.read(lambda db: db.rows(_BY_HASH, key=session_hash))
        return _read_session(rows[0]) if rows else None

    async def touch(self, session_hash: str) -> None:
        """See gateway.ports.accounts.SessionStore."""
        await self._writer.write(_TOUCH_WRITE, session_hash)

    async def end(self, session_hash: str, entry: AuditEntry) -> None:
        """See gateway.ports.accounts.SessionStore."""
        await self._writer.write(_END_WRITE, (session_hash, entry))

    async def of_user(self, name: str) -> Sequence[Session]:
        """See gateway.ports.accounts.SessionStore."""
        return [_read_session(row) for row in await self._readers.read(lambda db: db.rows(_OF_USER, key=name))]

    async def end_by_id(self, name: str, id_: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.write(_END_BY_ID_WRITE, (name, storable(id_), entry))

    async def end_all(self, name: str, entry: AuditEntry, *, keep: str = "", way: str = "") -> int:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.write(_END_ALL_WRITE, (name, keep, way, entry))

    async def end_waiting(self, session_hash: str) -> bool:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.write(_END_WAITING_WRITE, session_hash)
