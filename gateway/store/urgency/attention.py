"""Messages that ask for attention, until somebody has taken them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, null, or_, select, update

from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.transitions import POLICY
from gateway.core.policy.urgency import Attention, AttentionKind
from gateway.ports.urgency import AttentionMessage, UrgentBacklog
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Row, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.review.lists import read_listed
from gateway.store.schema import messages as schema
from gateway.store.schema.review import assignments
from gateway.store.schema.urgency import OPEN, attention

_a, _r, _g = attention.c, schema.recipients.c, assignments.c
_COLUMNS = (
    _a.message_id, _a.kind, _a.at, _a.clauses, _a.severity, _a.threat, _a.due_at, _a.taken_by, _a.taken_at,
)  # fmt: skip
_WAITS: ColumnElement[bool] = and_(  # nobody claimed it, was assigned to it, or decided it
    ~exists().where(_g.message_id == _a.message_id, _g.user_name != schema.lit("")),
    exists().where(
        _r.message_id == _a.message_id,
        or_(_r.state == schema.lit("held"), _r.decided_by == schema.lit(POLICY)),
    ),
)


_KINDS = [schema.lit(kind.value) for kind in AttentionKind]


def _open(kind: AttentionKind) -> Statement:
    waits = (_WAITS,) if kind is AttentionKind.URGENT else ()
    return Statement(
        lambda sql: (
            select(*_COLUMNS)
            .where(_a.kind == schema.lit(kind.value), OPEN, *waits)
            .order_by(_a.at, _a.message_id)
            .limit(bindparam("limit"))
        )
    )


_OPEN = {kind: _open(kind) for kind in AttentionKind}
_TAKEN = Statement(
    lambda sql: (
        select(*_COLUMNS)
        .where(_a.kind == bindparam("kind"), _a.at > bindparam("since"), _a.taken_at.is_not(None))
        .order_by(_a.at.desc(), _a.message_id)
        .limit(bindparam("limit"))
    )
)
_OF = Statement(lambda sql: select(*_COLUMNS).where(sql.among(_a.message_id), _a.kind == bindparam("kind")))
_TAKE = Statement(
    lambda sql: (
        update(attention)
        .where(_a.message_id == bindparam("key"), _a.kind == bindparam("which"), _a.taken_at.is_(None))
        .values(taken_by=bindparam("name"), taken_at=bindparam("moment"))
    )
)
_GIVE_BACK = Statement(
    lambda sql: (
        update(attention)
        .where(
            _a.message_id == bindparam("key"), _a.kind == bindparam("which"), _a.taken_at.is_not(None),
            or_(_a.taken_by == bindparam("name"), bindparam("anybody") == schema.lit(1)),
        )
        .values(taken_by=schema.lit(""), taken_at=null())
    )
)  # fmt: skip
_MARK = Statement(
    lambda sql: select(
        select(func.max(_a.at)).where(_a.kind == schema.lit("urgent")).scalar_subquery(),
        select(func.max(_a.at)).where(_a.kind == schema.lit("distress")).scalar_subquery(),
        select(func.count()).select_from(attention).where(_a.kind.in_(_KINDS), OPEN).scalar_subquery(),
    )
)
_BACKLOG = Statement(
    lambda sql: select(func.count(), func.min(_a.at)).where(
        _a.kind == schema.lit(AttentionKind.URGENT.value), OPEN, _WAITS
    )
)


def _attention(row: Row) -> Attention:
    _, kind, _, clauses, severity, threat, due_at, *_ = row
    return Attention(AttentionKind(kind), tuple(json.loads(clauses)), severity, bool(threat), due_at)


def _messages(db: Database, rows: Sequence[Row]) -> list[AttentionMessage]:
    listed = {message.trace.id: message for message in read_listed(db, [row[0] for row in rows])}
    return [
        AttentionMessage(listed[row[0]], _attention(row), row[2], row[7], row[8]) for row in rows if row[0] in listed
    ]


def _take(db: Database, items: Sequence[tuple[str, AttentionKind, str, AuditEntry]]) -> list[str | None]:
    answers: list[str | None] = []
    for id_, kind, name, entry in items:
        if db.change(_TAKE, key=id_, which=kind.value, name=name, moment=db.now):
            audit.write(db, [entry])
            answers.append(None)
        else:
            rows = db.rows(_OF, ids=[id_], kind=kind.value)
            answers.append(rows[0][7] if rows else "")
    return answers


def _give_back(db: Database, items: Sequence[tuple[str, AttentionKind, str | None, AuditEntry]]) -> list[bool]:
    answers = []
    for id_, kind, name, entry in items:
        done = db.change(_GIVE_BACK, key=id_, which=kind.value, name=name or "", anybody=int(name is None)) > 0
        if done:
            audit.write(db, [entry])
        answers.append(done)
    return answers


def urgent_backlog(db: Database) -> UrgentBacklog:
    """What nobody has taken."""
    ((count, since),) = db.rows(_BACKLOG)
    return UrgentBacklog(count, 0.0 if since is None else max(db.now - since, 0.0))


_TAKE_WRITE, _GIVE_BACK_WRITE = Write(_take), Write(_give_back)


class SqlUrgencyStore(FeatureStore):
    """See gateway.ports.urgency.UrgencyStore."""

    async def mark(self) -> object:
        """See gateway.ports.urgency.UrgencyStore."""
        (found,) = await self._readers.read(lambda db: db.rows(_MARK))
        return found

    async def open(self, kind: AttentionKind, limit: int) -> Sequence[AttentionMessage]:
        """See gateway.ports.urgency.UrgencyStore."""
        return await self._readers.read(lambda db: _messages(db, db.rows(_OPEN[kind], limit=limit)))

    async def taken(self, kind: AttentionKind, since: float, limit: int) -> Sequence[AttentionMessage]:
        """See gateway.ports.urgency.UrgencyStore."""
        return await self._readers.read(
            lambda db: _messages(db, db.rows(_TAKEN, kind=kind.value, since=since, limit=limit))
        )

    async def of(self, message_ids: Collection[str], kind: AttentionKind) -> Mapping[str, Attention]:
        """See gateway.ports.urgency.UrgencyStore."""
        ids = sorted({storable(id_) for id_ in message_ids})
        rows = await self._readers.read(lambda db: db.rows(_OF, ids=ids, kind=kind.value)) if ids else []
        return {row[0]: _attention(row) for row in rows}

    async def take(self, message_id: str, kind: AttentionKind, name: str, entry: AuditEntry) -> str | None:
        """See gateway.ports.urgency.UrgencyStore."""
        return await self._writer.write(_TAKE_WRITE, (storable(message_id), kind, storable(name), entry))

    async def give_back(self, message_id: str, kind: AttentionKind, name: str | None, entry: AuditEntry) -> bool:
        """See gateway.ports.urgency.UrgencyStore."""
        by = None if name is None else storable(name)
        return await self._writer.write(_GIVE_BACK_WRITE, (storable(message_id), kind, by, entry))

    async def backlog(self) -> UrgentBacklog:
        """See gateway.ports.urgency.UrgencyStore."""
        return await self._readers.read(urgent_backlog)
