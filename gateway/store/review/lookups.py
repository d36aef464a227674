"""What people look up: held messages, where a message is, why, and how much waits."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, null, or_, select, union_all

from gateway.core.channels.registry import CHANNELS, capabilities_of
from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction, Relation
from gateway.core.policy.decision import STRICTNESS, Decision
from gateway.core.policy.transitions import POLICY
from gateway.core.policy.work_kinds import WorkKind
from gateway.core.review.views import (
    OVERDUE_AFTER,
    Backlog,
    HeldMessage,
    MessageDetail,
    RecipientTrace,
    Trace,
    queue_time,
)
from gateway.store.engine.columns import decode_decision, decode_envelope, decode_verdict_text, storable
from gateway.store.engine.dialects import Database, Row, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.messages import media
from gateway.store.messages.delivery_queue import in_turn
from gateway.store.schema import audit as audit_tables
from gateway.store.schema import messages as schema
from gateway.store.schema.flags import OPEN_WORK, review_work
from gateway.store.schema.urgency import attention

MAX_TRACES = 200
"""Messages in one answer of a trace by Message-ID or address, at most."""

_m, _r, _c, _v = schema.messages.c, schema.recipients.c, schema.contents.c, schema.verdicts.c
_a = attention.c
_IS_HELD = _r.state == schema.lit("held")


def _held_rows(some: bool) -> Statement:
    """Rows of held recipients: all, or those of `some` messages."""

    def build(sql: SqlDialect) -> Select[tuple[object, ...]]:
        found = (
            select(
                _m.id, _m.channel, _m.received_at, _m.envelope, _c.subject,
                _r.position, _r.due_at, _r.decision, _c.excerpt, _a.severity,
            )
            .join_from(schema.recipients, schema.messages, _m.id == _r.message_id)
            .join(schema.contents, _c.message_id == _m.id, isouter=True)
            .join(attention, and_(_a.message_id == _m.id, _a.kind == schema.lit("urgent")), isouter=True)
            .where(_IS_HELD)
        )  # fmt: skip
        if some:
            found = found.where(sql.among(_m.id))
        return found.order_by(_m.received_at, _m.id, _r.position)

    return Statement(build)


_HELD, HELD_OF = _held_rows(False), _held_rows(True)


def traces(found: Select[tuple[str]], *, further: bool = False) -> Select[tuple[object, ...]]:
    """The rows of traces, the newest message first. `further`: only messages before a position (time and id)."""
    at: ColumnElement[float] = bindparam("at", type_=_m.received_at.type)
    behind = or_(_m.received_at < at, and_(_m.received_at == at, _m.id < bindparam("behind")))
    newest = (
        select(_m.id)
        .where(_m.id.in_(found), *((behind,) if further else ()))
        .order_by(_m.received_at.desc(), _m.id.desc())
        .limit(schema.lit(MAX_TRACES))
    )
    return (
        select(
            _m.id, _m.message_id, _m.channel, _m.received_at, _m.sha256, _m.envelope,
            _r.position, _r.state, _r.changed_at, _r.reply, _r.decided_by, _r.due_at, _r.decided_at, _r.decision,
        )
        .join_from(schema.messages, schema.recipients, _r.message_id == _m.id)
        .where(_m.id.in_(newest))
        .order_by(_m.received_at.desc(), _m.id.desc(), _r.position)
    )  # fmt: skip


_BY_ID = Statement(lambda sql: traces(select(bindparam("key"))))
_BY_MESSAGE_ID = Statement(lambda sql: traces(select(_m.id).where(_m.message_id == bindparam("key"))))


def _by_address(further: bool) -> Select[tuple[object, ...]]:
    key = func.lower(bindparam("key"))
    sent = select(_m.id).where(func.lower(_m.sender) == key)
    return traces(sent.union(select(_r.message_id).where(func.lower(_r.address) == key)), further=further)  # type: ignore[arg-type]


_BY_ADDRESS = Statement(lambda sql: _by_address(False))
_FURTHER_BY_MESSAGE_ID = Statement(
    lambda sql: traces(select(_m.id).where(_m.message_id == bindparam("key")), further=True)
)
_FURTHER_BY_ADDRESS = Statement(lambda sql: _by_address(True))
_DETAIL = Statement(
    lambda sql: (
        select(_c.content, _v.verdict)
        .join_from(schema.messages, schema.contents, _c.message_id == _m.id, isouter=True)
        .join(schema.verdicts, _v.message_id == _m.id, isouter=True)
        .where(_m.id == bindparam("id"))
    )
)
_REVIEWED_IDS = Statement(
    lambda sql: (
        select(_r.message_id)
        .where(
            _r.marked == schema.lit(1),
            _r.decided_by.not_in([schema.lit(""), schema.lit(POLICY)]),
            _r.message_id > bindparam("after"),
        )
        .group_by(_r.message_id)
        .order_by(_r.message_id)
        .limit(bindparam("limit"))
    )
)
_CLASSIFIED_IDS = Statement(
    lambda sql: (
        select(_v.message_id)
        .where(_v.message_id > bindparam("after"))
        .order_by(_v.message_id)
        .limit(bindparam("limit"))
    )
)


@functools.cache
def _count_held(channels: tuple[str, ...]) -> Statement:
    """How many messages are held, and the least id among those of the given channels, whose ids sort by time."""
    names = [schema.lit(channel) for channel in channels]
    return Statement(
        lambda sql: select(
            func.count(_r.message_id.distinct()),
            func.min(case((_r.channel.in_(names), _r.message_id), else_=null())),
        ).where(_IS_HELD)
    )


_RECEIVED = Statement(lambda sql: select(_m.received_at).where(_m.id == bindparam("key")))


@functools.cache
def _oldest_held(channels: tuple[str, ...]) -> Statement:
    names = [schema.lit(channel) for channel in channels]
    return Statement(
        lambda sql: (
            select(func.min(_m.received_at))
            .join_from(schema.recipients, schema.messages, _m.id == _r.message_id)
            .where(_IS_HELD, _r.channel.in_(names))
        )
    )


_BACKLOG = Statement(
    lambda sql: select(
        select(func.count())
        .select_from(schema.recipients)
        .where(_r.next_attempt_at.is_not(None), _r.attempts > schema.lit(0))
        .scalar_subquery(),
        select(func.count())
        .select_from(schema.publications)
        .where(schema.publications.c.publish_at.is_not(None))
        .scalar_subquery(),
        select(func.count(_r.message_id.distinct()))
        .where(
            schema.WAITING,
            _r.state == schema.lit("received"),
            ~exists().where(_v.message_id == _r.message_id),
        )
        .scalar_subquery(),
        select(func.min(audit_tables.audit.c.written_at))
        .where(audit_tables.audit.c.number.is_(None))
        .scalar_subquery(),
        select(func.count())
        .select_from(review_work)
        .where(review_work.c.kind == schema.lit(WorkKind.FLAG.value), OPEN_WORK)
        .scalar_subquery(),
    )
)


def _strictest_first(decisions: Iterable[Decision]) -> list[Decision]:
    """Decisions, the strictest first."""
    return sorted(decisions, key=lambda decision: STRICTNESS.index(decision.action), reverse=True)


def _unique(words: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for group in words for word in group))


def _direction(decisions: Sequence[Decision], relation: Relation) -> Direction | None:
    if decisions:
        return decisions[0].direction
    return relation.pairs[0].direction if relation.pairs else None


def group_by_message(rows: Sequence[Row]) -> Iterable[list[Row]]:
    """The rows of each message. Their first column is its id."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0], []).append(row)
    return groups.values()


def read_held(rows: list[Row]) -> HeldMessage:
    """A held message from its rows."""
    id_, channel, received_at, text, subject, *_ = rows[0]
    envelope, relation = decode_envelope(text)
    decisions = _strictest_first(decode_decision(row[7]) for row in rows if row[7] is not None)
    positions = {row[5] for row in rows}
    return HeldMessage(
        id=id_,
        channel=channel,
        direction=_direction(decisions, relation) or Direction.STAFF_TO_STUDENT,
        sender=envelope.sender,
        recipients=tuple(envelope.recipients[row[5]].address for row in rows),
        received_at=received_at,
        due_at=min((row[6] for row in rows if row[6] is not None), default=None),
        clauses=_unique(decision.clauses for decision in decisions),
        reasons=_unique(decision.reasons for decision in decisions),
        subject=subject or "",
        relation=relation,
        excerpt=rows[0][8] or "",
        others=tuple(other.address for at, other in enumerate(envelope.recipients) if at not in positions),
        urgent=rows[0][9] or "",
    )


def read_trace(rows: list[Row]) -> Trace:
    """A trace from its rows (see `traces`)."""
    id_, message_id, channel, received_at, sha256, text, *_ = rows[0]
    envelope, relation = decode_envelope(text)
    decisions = _strictest_first(decode_decision(row[-1]) for row in rows if row[-1] is not None)
    return Trace(
        id=id_,
        message_id=message_id,
        channel=channel,
        direction=_direction(decisions, relation) or "out_of_scope",
        sender=envelope.sender,
        recipients=tuple(
            RecipientTrace(
                envelope.recipients[position].address, State(state), at, reply, decided_by, due_at, decided_at
            )
            for *_, position, state, at, reply, decided_by, due_at, decided_at, _decision in rows
        ),
        sha256=sha256,
        action=decisions[0].action.value if decisions else "",
        clauses=decisions[0].clauses if decisions else (),
        reasons=decisions[0].reasons if decisions else (),
        received_at=received_at,
        relation=relation,
    )


def _detail(db: Database, id_: str) -> MessageDetail | None:
    rows = db.rows(_BY_ID, key=id_)
    if not rows:
        return None
    content, verdict = db.rows(_DETAIL, id=id_)[0]
    decisions = _strictest_first(decode_decision(row[-1]) for row in rows if row[-1] is not None)
    trace = read_trace(rows)
    return MessageDetail(
        trace,
        b"" if content is None else bytes(content),
        trace.channel,
        None if verdict is None else decode_verdict_text(verdict),
        decisions[0].policy if decisions else "",
        media.with_contents(db, id_) if capabilities_of(trace.channel).has_media else (),
    )


@functools.cache
def _overdue(channels: tuple[str, ...]) -> Statement:
    """Of each channel: how many recipients are overdue, and since when the first one is due."""
    return Statement(
        lambda sql: union_all(
            *(
                select(func.count(), func.min(_r.next_attempt_at)).where(
                    _r.channel == schema.lit(channel),
                    _r.next_attempt_at < bindparam("before"),
                    in_turn(channel),
                )
                for channel in channels
            )
        )
    )


def _backlog(db: Database) -> Backlog:
    sorted_by_time = tuple(channel.name for channel in CHANNELS.values() if channel.ids_sort_by_time)
    others = tuple(name for name in CHANNELS if name not in sorted_by_time)
    ((held, first),) = db.rows(_count_held(sorted_by_time))
    times = [*db.rows(_RECEIVED, key=first), *db.rows(_oldest_held(others))] if held else []
    oldest = min((row[0] for row in times if row[0] is not None), default=None)
    deferred, unpublished, unanswered, unlinked, flagged = db.rows(_BACKLOG)[0]
    now = db.now
    overdue = [row for row in db.rows(_overdue(tuple(CHANNELS)), before=now - OVERDUE_AFTER) if row[0]]
    return Backlog(
        held=held,
        oldest_held=0.0 if oldest is None else max(now - oldest, 0.0),
        deferred=deferred,
        unpublished=unpublished,
        unanswered=unanswered,
        unlinked_for=0.0 if unlinked is None else max(now - unlinked, 0.0),
        overdue=sum(count for count, _ in overdue),
        oldest_overdue=max((now - since for _, since in overdue), default=0.0),
        flagged=flagged,
    )


class SqlLookupStore(FeatureStore):
    """See gateway.ports.review.LookupStore."""

    async def held(self, ids: Sequence[str] | None = None) -> Sequence[HeldMessage]:
        """See gateway.ports.review.LookupStore."""
        if ids is None:
            rows = await self._readers.read(lambda db: db.rows(_HELD))
        else:
            rows = await self._readers.read(lambda db: db.rows(HELD_OF, ids=list(ids)))
        messages = map(read_held, group_by_message(rows))
        return sorted(messages, key=lambda message: queue_time(message.due_at, message.urgent))

    async def trace(self, *, id: str = "", message_id: str = "", address: str = "") -> Sequence[Trace]:
        """See gateway.ports.review.LookupStore."""
        statement, key = (_BY_ID, id) if id else (_BY_MESSAGE_ID, message_id) if message_id else (_BY_ADDRESS, address)
        rows = await self._readers.read(lambda db: db.rows(statement, key=storable(key))) if key else []
        return [read_trace(group) for group in group_by_message(rows)]

    async def trace_further(
        self, before: tuple[float, str], *, message_id: str = "", address: str = ""
    ) -> Sequence[Trace]:  # fmt: skip
        """See gateway.ports.review.LookupStore."""
        statement, key = (_FURTHER_BY_MESSAGE_ID, message_id) if message_id else (_FURTHER_BY_ADDRESS, address)
        position = {"at": before[0], "behind": storable(before[1])}
        rows = await self._readers.read(lambda db: db.rows(statement, key=storable(key), **position)) if key else []
        return [read_trace(group) for group in group_by_message(rows)]

    async def detail(self, id: str) -> MessageDetail | None:
        """See gateway.ports.review.LookupStore."""
        return await self._readers.read(lambda db: _detail(db, storable(id)))

    async def reviewed_ids(self, after: str, limit: int) -> Sequence[str]:
        """See gateway.ports.review.LookupStore."""
        rows = await self._readers.read(lambda db: db.rows(_REVIEWED_IDS, after=storable(after), limit=limit))
        return [id_ for (id_,) in rows]

    async def classified_ids(self, after: str, limit: int) -> Sequence[str]:
        """See gateway.ports.review.LookupStore."""
        rows = await self._readers.read(lambda db: db.rows(_CLASSIFIED_IDS, after=storable(after), limit=limit))
        return [id_ for (id_,) in rows]

    async def backlog(self) -> Backlog:
        """See gateway.ports.review.LookupStore."""
        return await self._readers.read(_backlog)
