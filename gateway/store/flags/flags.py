"""Delivered messages that people look at, and what they said. Every list uses an index."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, null, or_, select, update

from gateway.core.policy.decision import Action, AuditEntry, PendingMessage
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.views import HeldMessage
from gateway.ports.flags import AcknowledgeResult, Acknowledgment, ReviewItem, WorkFact
from gateway.store.audit import audit
from gateway.store.engine.columns import decode_decision, decode_envelope, storable
from gateway.store.engine.dialects import Database, Row, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages.dispositions import read_messages
from gateway.store.review.lookups import group_by_message, read_held
from gateway.store.schema import messages as schema
from gateway.store.schema.flags import OPEN_WORK, review_work
from gateway.store.schema.urgency import attention

_m, _r, _c, _w, _a = schema.messages.c, schema.recipients.c, schema.contents.c, review_work.c, attention.c
_ACTIONS = {WorkKind.FLAG: Action.FLAG, WorkKind.SAMPLE: Action.RELEASE, WorkKind.SHADOW: Action.HOLD}
"""The action of the copies that work is about."""
_ITEM = (
    _w.message_id, _w.kind, _w.at, _w.due_at, _w.outcome, _w.clauses, _w.by_name, _w.reason, _w.closed_at, _w.chosen,
)  # fmt: skip


def _messages(kind: WorkKind, *, some: bool, is_open: bool) -> Statement:
    """The rows of messages with work, in the form of those of held messages."""

    def build(sql: SqlDialect) -> Select[tuple[object, ...]]:
        action = _r.action == schema.lit(_ACTIONS[kind].value) if is_open else _r.decision.is_not(None)
        found = (
            select(
                _m.id, _m.channel, _m.received_at, _m.envelope, _c.subject,
                _r.position, _w.due_at, _r.decision, _c.excerpt, _a.severity,
            )
            .join_from(review_work, schema.messages, _m.id == _w.message_id)
            .join(schema.recipients, and_(_r.message_id == _w.message_id, action))
            .join(schema.contents, _c.message_id == _m.id, isouter=True)
            .join(
                attention,
                and_(_a.message_id == _m.id, _a.kind == schema.lit("urgent"), _a.taken_at.is_(None)),
                isouter=True,
            )
            .where(_w.kind == schema.lit(kind.value))
        )  # fmt: skip
        if is_open:
            found = found.where(OPEN_WORK)
        if some:
            found = found.where(sql.among(_w.message_id))
        return found.order_by(_m.received_at, _m.id, _r.position)

    return Statement(build)


_OPEN = {kind: _messages(kind, some=False, is_open=True) for kind in WorkKind}
_OPEN_OF = {kind: _messages(kind, some=True, is_open=True) for kind in WorkKind}
_CLOSED_OF = {kind: _messages(kind, some=True, is_open=False) for kind in WorkKind}
_before: ColumnElement[float] = bindparam("at", type_=_w.closed_at.type)
_CLOSED = Statement(
    lambda sql: (
        select(*_ITEM)
        .where(
            _w.kind == bindparam("what"), _w.closed_at > bindparam("since"), _w.closed_at <= _before,
            or_(_w.closed_at < _before, _w.message_id < bindparam("behind")),
        )
        .order_by(_w.closed_at.desc(), _w.message_id.desc())
        .limit(bindparam("limit"))
    )
)  # fmt: skip
_OF = Statement(lambda sql: select(*_ITEM).where(sql.among(_w.message_id)).order_by(_w.message_id, _w.kind))
_ACKNOWLEDGE = Statement(
    lambda sql: (
        update(review_work)
        .where(_w.message_id == bindparam("key"), OPEN_WORK)
        .values(
            outcome=bindparam("said"), clauses=bindparam("named"), by_name=bindparam("name"),
            reason=bindparam("why"), closed_at=bindparam("moment"),
        )
        .returning(_w.kind)
    )
)  # fmt: skip
_TAKE = Statement(
    lambda sql: (
        update(attention)
        .where(_a.message_id == bindparam("key"), _a.taken_at.is_(None))
        .values(taken_by=bindparam("name"), taken_at=bindparam("moment"))
    )
)
_REOPEN = Statement(
    lambda sql: (
        update(review_work)
        .where(
            _w.message_id == bindparam("key"), _w.closed_at.is_not(None),
            or_(_w.by_name == bindparam("name"), bindparam("anybody") == schema.lit(1)),
        )
        .values(
            outcome=schema.lit(""), clauses=schema.lit("[]"), by_name=schema.lit(""), reason=schema.lit(""),
            closed_at=null(),
        )
    )
)  # fmt: skip
_CHOOSE = Statement(
    lambda sql: (
        update(review_work)
        .where(_w.message_id == bindparam("key"), _w.kind == schema.lit(WorkKind.SHADOW.value))
        .values(chosen=bindparam("wanted"))
    )
)
_FACTS = Statement(
    lambda sql: (
        select(*_ITEM, _m.channel, _m.envelope, _r.decision)
        .join_from(review_work, schema.messages, _m.id == _w.message_id)
        .join(schema.recipients, and_(_r.message_id == _w.message_id, _r.decision.is_not(None)))
        .where(
            sql.among(_w.message_id),
            _w.kind == bindparam("what"),
        )
        .order_by(_w.at.desc(), _w.message_id, _r.position)
    )
)
_HEADS = Statement(
    lambda sql: select(_m.id, _m.channel, _m.sha256, _m.received_at, _m.envelope).where(sql.among(_m.id))
)
_OF_PERIOD = (_w.kind == bindparam("what"), _w.at >= bindparam("since"), _w.at < bindparam("before"))


def _ids(*more: ColumnElement[bool]) -> Statement:
    return Statement(
        lambda sql: (
            select(_w.message_id)
            .where(*_OF_PERIOD, *more)
            .order_by(_w.at.desc(), _w.message_id)
            .limit(bindparam("limit"))
        )
    )


_FACT_IDS, _ANSWERED_IDS = _ids(), _ids(_w.closed_at.is_not(None))
_OUTCOMES = Statement(lambda sql: select(_w.outcome, func.count()).where(*_OF_PERIOD).group_by(_w.outcome))
_ANSWERED = Statement(
    lambda sql: (
        select(*_ITEM)
        .where(
            _w.closed_at.is_not(None),
            or_(
                _w.message_id > bindparam("after"),
                and_(_w.message_id == bindparam("after_again"), _w.kind > bindparam("what")),
            ),
        )
        .order_by(_w.message_id, _w.kind)
        .limit(bindparam("limit"))
    )
)
_COUNTS = Statement(
    lambda sql: select(
        *(
            select(func.count())
            .select_from(review_work)
            .where(_w.kind == schema.lit(kind.value), OPEN_WORK)
            .scalar_subquery()
            for kind in WorkKind
        )
    )
)


def _item(row: Row) -> ReviewItem:
    _, kind, at, due_at, outcome, clauses, by, reason, closed_at, chosen, *_ = row
    return ReviewItem(
        WorkKind(kind), at, due_at, ReviewOutcome(outcome) if outcome else None, by, closed_at, reason,
        tuple(json.loads(clauses)), bool(chosen),
    )  # fmt: skip


def _acknowledge(db: Database, items: Sequence[tuple[str, Acknowledgment, AuditEntry]]) -> list[AcknowledgeResult]:
    return [_acknowledge_one(db, *item) for item in items]


def _acknowledge_one(db: Database, id_: str, said: Acknowledgment, entry: AuditEntry) -> AcknowledgeResult:
    name = storable(said.by)
    closed = db.rows(
        _ACKNOWLEDGE, key=id_, said=said.outcome.value, named=json.dumps(list(said.clauses)), name=name,
        why=said.reason, moment=db.now,
    )  # fmt: skip
    if closed:
        kinds = tuple(sorted(WorkKind(row[0]) for row in closed))
        db.change(_TAKE, key=id_, name=name, moment=db.now)
        detail = {**entry.detail, "kinds": [kind.value for kind in kinds]}
        audit.write(db, [AuditEntry(entry.at, entry.actor, entry.act, entry.subject, detail)])
        return AcknowledgeResult(kinds)
    known = [_item(row) for row in db.rows(_OF, ids=[id_])]
    return AcknowledgeResult((), min(known, key=lambda item: item.closed_at or 0.0, default=None))


def _reopen(db: Database, items: Sequence[tuple[str, str | None, AuditEntry]]) -> list[bool]:
    answers = []
    for id_, name, entry in items:
        done = db.change(_REOPEN, key=id_, name=name or "", anybody=int(name is None)) > 0
        audit.write(db, [entry] if done else [])
        answers.append(done)
    return answers


def _choose(db: Database, items: Sequence[tuple[str, bool, AuditEntry]]) -> list[bool]:
    answers = []
    for id_, chosen, entry in items:
        done = db.change(_CHOOSE, key=id_, wanted=int(chosen)) > 0
        audit.write(db, [entry] if done else [])
        answers.append(done)
    return answers


def _facts(
    db: Database, which: Statement, kind: WorkKind, since: float, before: float, limit: int
) -> list[WorkFact]:  # fmt: skip
    ids = [row[0] for row in db.rows(which, what=kind.value, since=since, before=before, limit=limit)]
    return [_fact(rows) for rows in group_by_message(db.rows(_FACTS, ids=ids, what=kind.value))] if ids else []


def _fact(rows: Sequence[Row]) -> WorkFact:
    item, (channel, envelope, _) = _item(rows[0]), rows[0][-3:]
    decisions = [decode_decision(row[-1]) for row in rows]
    about = [decision for decision in decisions if decision.action is _ACTIONS[item.kind]] or decisions
    clauses = tuple(dict.fromkeys(clause for decision in about for clause in decision.clauses))
    return WorkFact(
        rows[0][0], item.kind, item.at, about[0].direction.value, channel, clauses, decode_envelope(envelope)[1].pairs,
        item.outcome, item.by, item.closed_at, item.chosen,
    )  # fmt: skip


def _closed(
    db: Database, kind: WorkKind, since: float, before: tuple[float, str], limit: int
) -> list[tuple[HeldMessage, ReviewItem]]:  # fmt: skip
    at, behind = before
    rows = db.rows(_CLOSED, what=kind.value, since=since, at=at, behind=behind, limit=limit)
    found = _held(db.rows(_CLOSED_OF[kind], ids=[row[0] for row in rows])) if rows else {}
    return [(found[row[0]], _item(row)) for row in rows if row[0] in found]


def _pending(db: Database, ids: list[str]) -> list[PendingMessage]:
    return [message.pending for message in read_messages(db, db.rows(_HEADS, ids=ids)).values()]


def _held(rows: Sequence[Row]) -> dict[str, HeldMessage]:
    return {group[0][0]: read_held(group) for group in group_by_message(rows)}


_ACKNOWLEDGE_WRITE, _REOPEN_WRITE, _CHOOSE_WRITE = Write(_acknowledge), Write(_reopen), Write(_choose)


class SqlFlagStore(FeatureStore):
    """See gateway.ports.flags.FlagStore."""

    async def open_messages(self, kind: WorkKind, ids: Sequence[str] | None = None) -> Sequence[HeldMessage]:
        """See gateway.ports.flags.FlagStore."""

        def read(db: Database) -> list[HeldMessage]:  # in a thread: there may be a hundred thousand
            rows = db.rows(_OPEN[kind]) if ids is None else db.rows(_OPEN_OF[kind], ids=list(ids))
            return list(_held(rows).values())

        return await self._readers.read(read)

    async def closed_messages(
        self, kind: WorkKind, since: float, before: tuple[float, str], limit: int
    ) -> Sequence[tuple[HeldMessage, ReviewItem]]:
        """See gateway.ports.flags.FlagStore."""
        position = (before[0], storable(before[1]))
        return await self._readers.read(lambda db: _closed(db, kind, since, position, limit))

    async def of(self, message_id: str) -> Sequence[ReviewItem]:
        """See gateway.ports.flags.FlagStore."""
        return (await self.states_of([message_id])).get(message_id, ())

    async def states_of(self, message_ids: Collection[str]) -> Mapping[str, Sequence[ReviewItem]]:
        """See gateway.ports.flags.FlagStore."""
        ids = sorted({storable(id_) for id_ in message_ids})
        rows = await self._readers.read(lambda db: db.rows(_OF, ids=ids)) if ids else []
        return {group[0][0]: [_item(row) for row in group] for group in group_by_message(rows)}

    async def acknowledge(self, message_id: str, said: Acknowledgment, entry: AuditEntry) -> AcknowledgeResult:
        """See gateway.ports.flags.FlagStore."""
        return await self._writer.write(_ACKNOWLEDGE_WRITE, (storable(message_id), said, entry))

    async def reopen(self, message_id: str, name: str | None, entry: AuditEntry) -> bool:
        """See gateway.ports.flags.FlagStore."""
        by = None if name is None else storable(name)
        return await self._writer.write(_REOPEN_WRITE, (storable(message_id), by, entry))

    async def choose(self, message_id: str, chosen: bool, entry: AuditEntry) -> bool:
        """See gateway.ports.flags.FlagStore."""
        return await self._writer.write(_CHOOSE_WRITE, (storable(message_id), chosen, entry))

    async def facts(
        self, kind: WorkKind, since: float, before: float, limit: int, *, answered: bool = False
    ) -> Sequence[WorkFact]:
        """See gateway.ports.flags.FlagStore."""
        which = _ANSWERED_IDS if answered else _FACT_IDS
        return await self._readers.read(lambda db: _facts(db, which, kind, since, before, limit))

    async def outcomes(self, kind: WorkKind, since: float, before: float) -> Mapping[ReviewOutcome | None, int]:
        """See gateway.ports.flags.FlagStore."""
        rows = await self._readers.read(lambda db: db.rows(_OUTCOMES, what=kind.value, since=since, before=before))
        return {ReviewOutcome(outcome) if outcome else None: count for outcome, count in rows}

    async def pending(self, message_ids: Sequence[str]) -> Sequence[PendingMessage]:
        """See gateway.ports.flags.FlagStore."""
        ids = sorted({storable(id_) for id_ in message_ids})
        return await self._readers.read(lambda db: _pending(db, ids)) if ids else []

    async def answered(self, after: tuple[str, str], limit: int) -> Sequence[tuple[str, ReviewItem]]:
        """See gateway.ports.flags.FlagStore."""
        id_, kind = storable(after[0]), storable(after[1])
        rows = await self._readers.read(
            lambda db: db.rows(_ANSWERED, after=id_, after_again=id_, what=kind, limit=limit)
        )
        return [(row[0], _item(row)) for row in rows]

    async def backlog(self) -> Mapping[WorkKind, int]:
        """See gateway.ports.flags.FlagStore."""
        (counts,) = await self._readers.read(lambda db: db.rows(_COUNTS))
        return dict(zip(WorkKind, counts, strict=True))
