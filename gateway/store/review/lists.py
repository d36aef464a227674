"""What the console lists next to the queue. Every query uses an index, whatever the size of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.util import ClauseAdapter

from gateway.core.policy.decision import Action
from gateway.core.policy.work_kinds import WorkKind
from gateway.core.review.views import ListedMessage, Trace
from gateway.ports.review import LATE_CHANGES
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.review.lookups import MAX_TRACES, group_by_message, read_trace, traces
from gateway.store.schema import audit as audit_tables
from gateway.store.schema import messages as schema
from gateway.store.schema import review as review_tables
from gateway.store.schema.accounts import held_changes
from gateway.store.schema.flags import review_work
from gateway.store.schema.help import acknowledgements
from gateway.store.schema.review import LATE

_m, _r, _c, _x, _a = (
    schema.messages.c, schema.recipients.c, schema.contents.c, schema.contacts.c, audit_tables.audit.c,
)  # fmt: skip
_k, _n, _h, _v = acknowledgements.c, review_tables.answers.c, held_changes.c, schema.verdicts.c


def is_shadowed(message_id: object) -> ColumnElement[bool]:
    """Whether a message was delivered in shadow mode although it would have been held."""
    return (
        select(review_work.c.message_id)
        .where(review_work.c.kind == schema.lit(WorkKind.SHADOW.value), review_work.c.message_id == message_id)
        .exists()
    )


_NEWEST_CHANGE = select(func.max(_h.id)).scalar_subquery()
_QUEUE_MARK = Statement(  # a late commit has a number among the last ones, so these are counted as well
    lambda sql: select(func.max(_h.id), func.count()).where(_h.id > _NEWEST_CHANGE - schema.lit(LATE_CHANGES))
)
_QUEUE_CHANGES = Statement(lambda sql: select(_h.id, _h.message_id).where(_h.id > bindparam("after")).order_by(_h.id))


def _newest_first(*listed: ColumnElement[bool]) -> Statement:
    """Messages of a list since a time, the newest first, before a position. A message is as new as its newest copy.

    The conditions must repeat those of an index literally.
    """
    other = schema.recipients.alias("other")
    later = or_(
        other.c.decided_at > _r.decided_at, and_(other.c.decided_at == _r.decided_at, other.c.position < _r.position)
    )
    same = [ClauseAdapter(other).traverse(condition) for condition in listed]
    at: ColumnElement[float] = bindparam("at", type_=_r.decided_at.type)

    def build(sql: object) -> Select[tuple[str, float]]:
        return (
            select(_r.message_id, _r.decided_at)
            .where(
                *listed, _r.decided_at > bindparam("since"), _r.decided_at <= at,
                or_(_r.decided_at < at, _r.message_id < bindparam("behind")),
                ~exists().where(other.c.message_id == _r.message_id, *same, later),
            )
            .order_by(_r.decided_at.desc(), _r.message_id.desc())
            .limit(bindparam("limit"))
        )  # fmt: skip

    return Statement(build)


_DELIVERED = _newest_first(_r.marked == schema.lit(1), _r.action == bindparam("action"))
_LATE = _newest_first(LATE, ~is_shadowed(_r.message_id))
_DECIDED = _newest_first(
    _r.marked == schema.lit(1), _r.action.in_([schema.lit("hold"), schema.lit("alert")]),
    _r.decided_by != schema.lit("policy"),
)  # fmt: skip
_SENT_BY = Statement(
    lambda sql: traces(select(_m.id).where(sql.among(type_coerce(func.lower(_m.sender), Text()), "senders")))
)
_TRACES = Statement(lambda sql: traces(select(_m.id).where(sql.among(_m.id))))
_DETAILS = Statement(
    lambda sql: (
        select(_m.id, _c.subject, func.max(_r.decided_at), _k.user_name, _k.at, _v.at)
        .join_from(schema.messages, schema.recipients, _r.message_id == _m.id)
        .join(schema.contents, _c.message_id == _m.id, isouter=True)
        .join(acknowledgements, _k.message_id == _m.id, isouter=True)
        .join(schema.verdicts, _v.message_id == _m.id, isouter=True)
        .where(sql.among(_m.id))
        .group_by(_m.id, _c.subject, _k.user_name, _k.at, _v.at)
    )
)


def _delivered(db: Database, action: str, since: float, before: tuple[float, str], limit: int) -> list[ListedMessage]:
    return _listed(db, _LATE if action == "hold" else _DELIVERED, since, before, limit, action=action)


def _listed(
    db: Database, which: Statement, since: float, before: tuple[float, str], limit: int, **more: str
) -> list[ListedMessage]:  # fmt: skip
    """A page of a list. A message is as old as what it is listed for, a help alert as old as its verdict."""
    at, behind = before
    rows = db.rows(which, since=since, at=at, behind=behind, limit=limit, **more)
    by_id = {listed.trace.id: listed for listed in read_listed(db, [row[0] for row in rows])}
    is_alert = more.get("action") == Action.ALERT
    return [
        replace(by_id[id_], listed_at=at, decided_at=by_id[id_].decided_at if is_alert else at)
        for id_, at in rows
        if id_ in by_id
    ]


def read_listed(db: Database, ids: list[str]) -> list[ListedMessage]:
    """Messages of a list, the newest first. A help alert is as old as its verdict."""
    ids_once = list(dict.fromkeys(ids))
    found: list[ListedMessage] = []
    for at in range(0, len(ids_once), MAX_TRACES):
        found += _read_some(db, ids_once[at : at + MAX_TRACES])
    return sorted(found, key=lambda listed: -listed.decided_at)


def _read_some(db: Database, ids_once: list[str]) -> list[ListedMessage]:
    details = {row[0]: row[1:] for row in db.rows(_DETAILS, ids=ids_once)}
    found = []
    for group in group_by_message(db.rows(_TRACES, ids=ids_once)):
        subject, decided_at, by, at, read_at = details[group[0][0]]
        trace, since = read_trace(group), decided_at or 0.0
        if trace.action == Action.ALERT.value:
            since = max(since, read_at or 0.0)
        found.append(ListedMessage(trace, subject or "", since, by or "", at))
    return found


class SqlListStore(FeatureStore):
    """See gateway.ports.review.ListStore."""

    async def queue_mark(self) -> tuple[int, int]:
        """See gateway.ports.review.ListStore."""
        ((newest, count),) = await self._readers.read(lambda db: db.rows(_QUEUE_MARK))
        return newest or 0, count

    async def queue_changes(self, after: int) -> Sequence[tuple[int, str]]:
        """See gateway.ports.review.ListStore."""
        return [(row[0], row[1]) for row in await self._readers.read(lambda db: db.rows(_QUEUE_CHANGES, after=after))]

    async def delivered(
        self, action: str, since: float, before: tuple[float, str], limit: int
    ) -> Sequence[ListedMessage]:  # fmt: skip
        """See gateway.ports.review.ListStore."""
        position = (before[0], storable(before[1]))
        return await self._readers.read(lambda db: _delivered(db, action, since, position, limit))

    async def decided(self, since: float, before: tuple[float, str], limit: int) -> Sequence[ListedMessage]:
        """See gateway.ports.review.ListStore."""
        position = (before[0], storable(before[1]))
        return await self._readers.read(lambda db: _listed(db, _DECIDED, since, position, limit))

    async def sent_by(self, addresses: Sequence[str]) -> Sequence[Trace]:
        """See gateway.ports.review.ListStore."""
        senders = sorted({storable(address.lower()) for address in addresses if address})
        rows = await self._readers.read(lambda db: db.rows(_SENT_BY, senders=senders)) if senders else []
        return [read_trace(group) for group in group_by_message(rows)]
