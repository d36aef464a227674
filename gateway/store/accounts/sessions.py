"""Sessions as their owner sees them, passkeys, and when the sign-in service vouched for whom."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Double, and_, bindparam, case, delete, exists, func, or_, select, update

from gateway.core.accounts.account import Session
from gateway.core.policy.decision import AuditEntry
from gateway.store.accounts.second_steps import NEVER_CONFIRMED, begun
from gateway.store.accounts.sign_in_failures import FORGIVE
from gateway.store.accounts.users import TOKEN_ID, USER, read_user
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import passkeys, second_steps, vouchings

_u, _s = schema.users.c, schema.sessions.c


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
_SESSIONS = Statement(
    lambda sql: (
        select(*SESSION)
        .join_from(schema.sessions, schema.users, _u.name == _s.user_name)
        .where(_s.user_name == bindparam("key"), _u.disabled_at.is_(None), _s.waits == schema.lit(0))
        .order_by(_s.seen_at.desc(), _s.hash)
    )
)
_END_ONE = Statement(
    lambda sql: delete(schema.sessions).where(
        _s.user_name == bindparam("key"),
        func.substr(_s.hash, schema.lit(1), schema.lit(TOKEN_ID)) == bindparam("id"),
        _s.waits == schema.lit(0),
    )
)
_END_OTHERS = Statement(
    lambda sql: delete(schema.sessions).where(_s.user_name == bindparam("key"), _s.hash != bindparam("kept"))
)
_END_THOSE_BY = Statement(
    lambda sql: delete(schema.sessions).where(
        _s.user_name == bindparam("key"), _s.hash != bindparam("kept"), _s.way == bindparam("by")
    )
)


def _end_session(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[bool]:
    done = []
    for name, id_, entry in items:
        done.append(db.change(_END_ONE, key=name, id=id_) > 0)
        audit.write(db, [entry] * done[-1])
    return done


def _end_sessions(db: Database, items: Sequence[tuple[str, str, str, AuditEntry]]) -> list[int]:
    done = []
    for name, keep, way, entry in items:
        ended = (
            db.change(_END_THOSE_BY, key=name, kept=keep, by=way)
            if way
            else db.change(_END_OTHERS, key=name, kept=keep)
        )
        audit.write(db, [entry] * (ended > 0))
        done.append(ended)
    return done


_ADD_SESSION = batch_insert(schema.sessions, ignore_existing=True)
_SESSION = Statement(
    lambda sql: (
        select(*SESSION)
        .join_from(schema.sessions, schema.users, _u.name == _s.user_name)
        .where(_s.hash == bindparam("key"), _u.disabled_at.is_(None))
    )
)
_TOUCH = Statement(
    lambda sql: (
        update(schema.sessions).where(_s.hash == bindparam("key")).values(seen_at=bindparam("at", type_=Double()))
    )
)
_END_SESSION = Statement(lambda sql: delete(schema.sessions).where(_s.hash == bindparam("key")))
_OLD_SESSIONS = Statement(lambda sql: delete(schema.sessions).where(_s.expires_at < bindparam("at")))


def read_session(row: Row) -> Session:
    """A session from the columns `SESSION`."""
    created_at, seen_at, expires_at, waits, digest, way, place, has_step, vouched_at = row[len(USER) :]
    return Session(
        read_user(row), created_at, seen_at, expires_at, bool(waits), digest[:TOKEN_ID], way, place, bool(has_step),
        vouched_at,
    )  # fmt: skip


def _sign_in(
    db: Database, items: Sequence[tuple[str, str, float, str, str, AuditEntry | None, str, str]]
) -> list[None]:
    db.change(_OLD_SESSIONS, at=db.now)
    db.change(NEVER_CONFIRMED, begun=begun(db))
    for digest, name, lasts, failures_of, client, entry, way, place in items:
        row = {
            "hash": digest, "user_name": name, "created_at": db.now, "seen_at": db.now,
            "expires_at": db.now + lasts, "waits": int(entry is None), "way": way, "place": storable(place),
        }  # fmt: skip
        db.batch(_ADD_SESSION, [row])
        if entry is not None:
            db.change(FORGIVE, key=failures_of, client=client)
            audit.write(db, [entry])
    return [None] * len(items)


def _touch(db: Database, items: Sequence[str]) -> list[None]:
    for digest in items:
        db.change(_TOUCH, key=digest, at=db.now)
    return [None] * len(items)


def _sign_out(db: Database, items: Sequence[tuple[str, AuditEntry]]) -> list[None]:
    for digest, entry in items:
        audit.write(db, [entry] * db.change(_END_SESSION, key=digest))
    return [None] * len(items)


_END_WAITING = Statement(
    lambda sql: delete(schema.sessions).where(_s.hash == bindparam("key"), _s.waits == schema.lit(1))
)


def _end_waiting(db: Database, items: Sequence[str]) -> list[bool]:
    return [db.change(_END_WAITING, key=digest) == 1 for digest in items]


_SIGN_IN_WRITE, _TOUCH_WRITE, _SIGN_OUT_WRITE = Write(_sign_in), Write(_touch), Write(_sign_out)
_END_WRITE, _END_SESSIONS_WRITE, _END_WAITING_WRITE = Write(_end_session), Write(_end_sessions), Write(_end_waiting)


class SqlSessionStore(FeatureStore):
    """See gateway.ports.accounts.SessionStore."""

    async def start(
        self, digest: str, name: str, lasts: float, failures_of: str, client: str, entry: AuditEntry | None, *,
        way: str = "", place: str = "",
    ) -> None:  # fmt: skip
        """See gateway.ports.accounts.SessionStore."""
        await self._writer.write(
            _SIGN_IN_WRITE, (digest, name, lasts, failures_of, storable(client), entry, way, place)
        )

    async def find(self, digest: str) -> Session | None:
        """See gateway.ports.accounts.SessionStore."""
        rows = await self._readers.read(lambda db: db.rows(_SESSION, key=digest))
        return read_session(rows[0]) if rows else None

    async def touch(self, digest: str) -> None:
        """See gateway.ports.accounts.SessionStore."""
        await self._writer.write(_TOUCH_WRITE, digest)

    async def end(self, digest: str, entry: AuditEntry) -> None:
        """See gateway.ports.accounts.SessionStore."""
        await self._writer.write(_SIGN_OUT_WRITE, (digest, entry))

    async def of_user(self, name: str) -> Sequence[Session]:
        """See gateway.ports.accounts.SessionStore."""
        return [read_session(row) for row in await self._readers.read(lambda db: db.rows(_SESSIONS, key=name))]

    async def end_by_id(self, name: str, id_: str, entry: AuditEntry) -> bool:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.write(_END_WRITE, (name, storable(id_), entry))

    async def end_all(self, name: str, entry: AuditEntry, *, keep: str = "", way: str = "") -> int:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.write(_END_SESSIONS_WRITE, (name, keep, way, entry))

    async def end_waiting(self, digest: str) -> bool:
        """See gateway.ports.accounts.SessionStore."""
        return await self._writer.write(_END_WAITING_WRITE, digest)
