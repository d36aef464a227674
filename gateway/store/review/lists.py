"""What the console lists: messages to be looked at, conversations, the audit log, and answers to requests.

Everything here reads by an index, however much there is.
"""

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
from gateway.core.review.views import ListedMessage, Trace
from gateway.ports.review import LATE_CHANGES
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.review.lookups import MAX_TRACES, group_by_message, read_trace, traces
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import held_changes
from gateway.store.schema.help import acknowledgements
from gateway.store.schema.review import LATE

_m, _r, _c, _x, _a = (
    schema.messages.c, schema.recipients.c, schema.contents.c, schema.contacts.c, schema.audit.c,
)  # fmt: skip
_k, _n, _h, _v = acknowledgements.c, schema.answers.c, held_changes.c, schema.verdicts.c

_NEWEST_CHANGE = select(func.max(_h.id)).scalar_subquery()
_MARK = Statement(  # what commits late has a number among the last, so they are counted as well
    lambda sql: select(func.max(_h.id), func.count()).where(_h.id > _NEWEST_CHANGE - schema.lit(LATE_CHANGES))
)
_CHANGES = Statement(lambda sql: select(_h.id, _h.message_id).where(_h.id > bindparam("after")).order_by(_h.id))


def _newest(*listed: ColumnElement[bool]) -> Statement:
    """Messages of a list since a time, the newest first and from a place on; each where its latest copy stands.

    The conditions are those of an index each, word for word.
    """
    other = schema.recipients.alias("other")
    later = or_(
        other.c.decided_at > _r.decided_at, and_(other.c.decided_at == _r.decided_at, other.c.position < _r.position)
    )
    same = [ClauseAdapter(other).traverse(each) for each in listed]
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


_NOTICED, _LATE = _newest(_r.marked == schema.lit(1), _r.action == bindparam("action")), _newest(LATE)
_BY_PEOPLE = _newest(
    _r.marked == schema.lit(1), _r.action.in_([schema.lit("hold"), schema.lit("alert")]),
    _r.decided_by != schema.lit("policy"),
)  # fmt: skip
_SENT_BY = Statement(
    lambda sql: traces(select(_m.id).where(sql.among(type_coerce(func.lower(_m.sender), Text()), "senders")))
)
_TRACED = Statement(lambda sql: traces(select(_m.id).where(sql.among(_m.id))))
_BESIDE = Statement(
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


def _noticed_rows(
    db: Database, action: str, since: float, before: tuple[float, str], limit: int
) -> list[ListedMessage]:
    return _listed(db, _LATE if action == "hold" else _NOTICED, since, before, limit, action=action)


def _listed(
    db: Database, which: Statement, since: float, before: tuple[float, str], limit: int, **more: str
) -> list[ListedMessage]:  # fmt: skip
    """A part of a list in its own order: a message is as old as what it is listed for, a call as its verdict."""
    at, behind = before
    rows = db.rows(which, since=since, at=at, behind=behind, limit=limit, **more)
    known = {each.trace.id: each for each in read_listed(db, [row[0] for row in rows])}
    calls = more.get("action") == Action.ALERT
    return [
        replace(known[id_], listed_at=at, decided_at=known[id_].decided_at if calls else at)
        for id_, at in rows
        if id_ in known
    ]


def read_listed(db: Database, ids: list[str]) -> list[ListedMessage]:
    """Messages of a list, the newest first. A call for help is as old as the verdict that says so."""
    unique = list(dict.fromkeys(ids))
    found: list[ListedMessage] = []
    for at in range(0, len(unique), MAX_TRACES):
        found += _noticed_of(db, unique[at : at + MAX_TRACES])
    return sorted(found, key=lambda each: -each.decided_at)


def _noticed_of(db: Database, unique: list[str]) -> list[ListedMessage]:
    beside = {row[0]: row[1:] for row in db.rows(_BESIDE, ids=unique)}
    found = []
    for group in group_by_message(db.rows(_TRACED, ids=unique)):
        subject, decided_at, by, at, read_at = beside[group[0][0]]
        trace, since = read_trace(group), decided_at or 0.0
        if trace.action == Action.ALERT.value:
            since = max(since, read_at or 0.0)
        found.append(ListedMessage(trace, subject or "", since, by or "", at))
    return found


class SqlListStore(FeatureStore):
    """See gateway.ports.review.ListStore."""

    async def queue_mark(self) -> tuple[int, int]:
        """See gateway.ports.review.ListStore."""
        ((newest, count),) = await self._readers.read(lambda db: db.rows(_MARK))
        return newest or 0, count

    async def queue_changes(self, after: int) -> Sequence[tuple[int, str]]:
        """See gateway.ports.review.ListStore."""
        return [(row[0], row[1]) for row in await self._readers.read(lambda db: db.rows(_CHANGES, after=after))]

    async def delivered(
        self, action: str, since: float, before: tuple[float, str], limit: int
    ) -> Sequence[ListedMessage]:  # fmt: skip
        """See gateway.ports.review.ListStore."""
        place = (before[0], storable(before[1]))
        return await self._readers.read(lambda db: _noticed_rows(db, action, since, place, limit))

    async def decided(self, since: float, before: tuple[float, str], limit: int) -> Sequence[ListedMessage]:
        """See gateway.ports.review.ListStore."""
        place = (before[0], storable(before[1]))
        return await self._readers.read(lambda db: _listed(db, _BY_PEOPLE, since, place, limit))

    async def sent_by(self, addresses: Sequence[str]) -> Sequence[Trace]:
        """See gateway.ports.review.ListStore."""
        senders = sorted({storable(each.lower()) for each in addresses if each})
        rows = await self._readers.read(lambda db: db.rows(_SENT_BY, senders=senders)) if senders else []
        return [read_trace(group) for group in group_by_message(rows)]
