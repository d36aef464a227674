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
    delete,
    exists,
    func,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.sql.util import ClauseAdapter

from gateway.core.audit.chain import ChainedEntry
from gateway.core.messages.delivery import State
from gateway.core.messages.message import Channel
from gateway.core.policy.decision import Action, AuditEntry
from gateway.core.review.views import ConversationMessage, ListedMessage, Trace
from gateway.ports.review import LATE_CHANGES, IdempotentAnswer
from gateway.store.audit import audit
from gateway.store.engine.base import StorePart
from gateway.store.engine.columns import fit, read_envelope
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.group_commit import Write
from gateway.store.review.lookups import MOST_TRACES, by_message, read_trace, traces
from gateway.store.schema import messages as schema
from gateway.store.schema.accounts import held_changes
from gateway.store.schema.help import acknowledgements
from gateway.store.schema.review import LATE

ANSWERS_KEPT = 86400.0
"""Seconds that the answer to a request with an idempotency key is remembered."""
ANSWER_WITHIN = 60.0
"""Seconds after which a request that was never answered may be taken up again."""

_m, _r, _c, _x, _a = (
    schema.messages.c, schema.recipients.c, schema.contents.c, schema.contacts.c, schema.audit.c,
)  # fmt: skip
_k, _n, _h, _v = acknowledgements.c, schema.answers.c, held_changes.c, schema.verdicts.c

_NEWEST_CHANGE = select(func.max(_h.id)).scalar_subquery()
_MARK = Statement(  # what commits late has a number among the last, so they are counted as well
    lambda of: select(func.max(_h.id), func.count()).where(_h.id > _NEWEST_CHANGE - schema.lit(LATE_CHANGES))
)
_CHANGES = Statement(lambda of: select(_h.id, _h.message_id).where(_h.id > bindparam("after")).order_by(_h.id))


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

    def build(of: object) -> Select[tuple[str, float]]:
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
    lambda of: traces(select(_m.id).where(of.among(type_coerce(func.lower(_m.sender), Text()), "senders")))
)
_TRACED = Statement(lambda of: traces(select(_m.id).where(of.among(_m.id))))
_BESIDE = Statement(
    lambda of: (
        select(_m.id, _c.subject, func.max(_r.decided_at), _k.user_name, _k.at, _v.at)
        .join_from(schema.messages, schema.recipients, _r.message_id == _m.id)
        .join(schema.contents, _c.message_id == _m.id, isouter=True)
        .join(acknowledgements, _k.message_id == _m.id, isouter=True)
        .join(schema.verdicts, _v.message_id == _m.id, isouter=True)
        .where(of.among(_m.id))
        .group_by(_m.id, _c.subject, _k.user_name, _k.at, _v.at)
    )
)
_WITH = Statement(lambda of: select(_x.conversation, _x.at).where(_x.message_id == bindparam("key")))
_BEFORE = Statement(
    lambda of: (
        select(_x.message_id)
        .where(_x.conversation == bindparam("conversation"), _x.at <= bindparam("at"))
        .order_by(_x.at.desc(), _x.message_id.desc())
        .limit(bindparam("limit"))
    )
)
_AFTER = Statement(
    lambda of: (
        select(_x.message_id)
        .where(_x.conversation == bindparam("conversation"), _x.at > bindparam("at"))
        .order_by(_x.at, _x.message_id)
        .limit(bindparam("limit"))
    )
)


def _beyond(earlier: bool) -> Statement:
    """The nearest messages of a conversation on one side of a place in it."""
    place: tuple[ColumnElement[object], ...] = (_x.at, _x.message_id)
    way: ColumnElement[float] = bindparam("at", type_=_x.at.type)
    side = _x.at < way if earlier else _x.at > way
    beside = _x.message_id < bindparam("behind") if earlier else _x.message_id > bindparam("behind")
    order = [each.desc() for each in place] if earlier else list(place)
    return Statement(
        lambda of: (
            select(_x.message_id)
            .where(_x.conversation == bindparam("conversation"), or_(side, and_(_x.at == way, beside)))
            .order_by(*order)
            .limit(bindparam("limit"))
        )
    )


_EARLIER, _LATER = _beyond(earlier=True), _beyond(earlier=False)
_NEIGHBOURS = Statement(
    lambda of: (
        select(_m.id, _m.channel, _m.received_at, _m.envelope, _c.subject, _c.excerpt, _r.state)
        .join_from(schema.messages, schema.recipients, _r.message_id == _m.id)
        .join(schema.contents, _c.message_id == _m.id, isouter=True)
        .where(of.among(_m.id))
        .order_by(_m.received_at, _m.id, _r.position)
    )
)


def _about(*which: ColumnElement[bool]) -> Statement:
    return Statement(
        lambda of: (
            select(_a.at, _a.actor, _a.act, _a.subject, _a.detail)
            .where(_a.subject == bindparam("key"), *which)
            .order_by(_a.id.desc())
            .limit(bindparam("limit"))
        )
    )


_HISTORY = Statement(
    lambda of: (
        select(_a.id, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.subject == bindparam("key"), _a.id > bindparam("after"))
        .order_by(_a.id)
        .limit(bindparam("limit"))
    )
)
_VIEWED = schema.lit("viewed")
_ABOUT, _DONE, _VIEWS_OF = _about(), _about(_a.act != _VIEWED), _about(_a.act == _VIEWED)
_NEWEST = Statement(
    lambda of: (
        select(_a.number, _a.previous, _a.hash, _a.at, _a.actor, _a.act, _a.subject, _a.detail)
        .where(_a.number < bindparam("before"))
        .order_by(_a.number.desc())
        .limit(bindparam("limit"))
    )
)
_ASK = insert_each(schema.answers, again=True)
_KNOWN = Statement(
    lambda of: select(_n.request, _n.at, _n.status, _n.body).where(
        _n.user_name == bindparam("user"), _n.key == bindparam("key")
    )
)
_ANSWER = Statement(
    lambda of: (
        update(schema.answers)
        .where(_n.user_name == bindparam("user"), _n.key == bindparam("mark"))
        .values(status=bindparam("to_status"), body=bindparam("to_body"))
    )
)
_OLD = Statement(
    lambda of: delete(schema.answers).where(
        or_(
            _n.at < bindparam("before"),
            (_n.user_name == bindparam("user")) & _n.status.is_(None) & (_n.at < bindparam("stale")),
        )
    )
)
_FORGET = Statement(
    lambda of: delete(schema.answers).where(_n.user_name == bindparam("user"), _n.key == bindparam("mark"))
)


def _noticed_rows(run: Run, action: str, since: float, before: tuple[float, str], limit: int) -> list[ListedMessage]:
    return _listed(run, _LATE if action == "hold" else _NOTICED, since, before, limit, action=action)


def _listed(
    run: Run, which: Statement, since: float, before: tuple[float, str], limit: int, **more: str
) -> list[ListedMessage]:  # fmt: skip
    """A part of a list in its own order: a message is as old as what it is listed for, a call as its verdict."""
    at, behind = before
    rows = run.rows(which, since=since, at=at, behind=behind, limit=limit, **more)
    known = {each.trace.id: each for each in read_noticed(run, [row[0] for row in rows])}
    calls = more.get("action") == Action.ALERT
    return [
        replace(known[id_], listed_at=at, decided_at=known[id_].decided_at if calls else at)
        for id_, at in rows
        if id_ in known
    ]


def read_noticed(run: Run, ids: list[str]) -> list[ListedMessage]:
    """Messages of a list, the newest first. A call for help is as old as the verdict that says so."""
    unique = list(dict.fromkeys(ids))
    found: list[ListedMessage] = []
    for at in range(0, len(unique), MOST_TRACES):
        found += _noticed_of(run, unique[at : at + MOST_TRACES])
    return sorted(found, key=lambda each: -each.decided_at)


def _noticed_of(run: Run, unique: list[str]) -> list[ListedMessage]:
    beside = {row[0]: row[1:] for row in run.rows(_BESIDE, ids=unique)}
    found = []
    for group in by_message(run.rows(_TRACED, ids=unique)):
        subject, decided_at, by, at, read_at = beside[group[0][0]]
        trace, since = read_trace(group), decided_at or 0.0
        if trace.action == Action.ALERT.value:
            since = max(since, read_at or 0.0)
        found.append(ListedMessage(trace, subject or "", since, by or "", at))
    return found


def _around(run: Run, id_: str, each_side: int) -> list[ConversationMessage]:
    ids = {id_}
    for conversation, at in run.rows(_WITH, key=id_):
        for statement in (_BEFORE, _AFTER):
            ids |= {row[0] for row in run.rows(statement, conversation=conversation, at=at, limit=each_side + 1)}
    found = _neighbours(run, ids)
    here = next((number for number, each in enumerate(found) if each.id == id_), 0)
    return found[max(here - each_side, 0) : here + each_side + 1]


def _further(run: Run, id_: str, beyond: tuple[float, str], limit: int, earlier: bool) -> list[ConversationMessage]:
    at, behind = beyond
    ids: set[str] = set()
    for conversation, _ in run.rows(_WITH, key=id_):
        rows = run.rows(
            _EARLIER if earlier else _LATER, conversation=conversation, at=at, behind=behind, limit=limit
        )  # fmt: skip
        ids |= {row[0] for row in rows}
    found = _neighbours(run, ids)
    return found[-limit:] if earlier else found[:limit]


def _neighbours(run: Run, ids: set[str]) -> list[ConversationMessage]:
    found = []
    for group in by_message(run.rows(_NEIGHBOURS, ids=sorted(ids)) if ids else ()):
        other, channel, received_at, text, subject, excerpt, _ = group[0]
        envelope, relation = read_envelope(text)
        recipients = tuple(recipient.address for recipient in envelope.recipients)
        states = tuple(dict.fromkeys(State(row[6]) for row in group))
        found.append(
            ConversationMessage(
                other, Channel(channel), envelope.sender, recipients, received_at, subject or "", excerpt or "", states,
                relation,
            )
        )  # fmt: skip
    return found


def _ask(run: Run, items: Sequence[tuple[str, str, str]]) -> list[IdempotentAnswer | None]:
    known: list[IdempotentAnswer | None] = []
    for user, key, request in items:
        run.change(_OLD, before=run.now - ANSWERS_KEPT, user=user, stale=run.now - ANSWER_WITHIN)
        row = {"user_name": user, "key": key, "request": request, "at": run.now, "status": None, "body": None}
        if run.each(_ASK, [row]):
            known.append(None)
        else:
            ((of, _, status, body),) = run.rows(_KNOWN, user=user, key=key)
            known.append(IdempotentAnswer(of, status, body or ""))
    return known


def _answer(run: Run, items: Sequence[tuple[str, str, int | None, str]]) -> list[None]:
    for user, key, status, body in items:
        if status is None:
            run.change(_FORGET, user=user, mark=key)
        else:
            run.change(_ANSWER, user=user, mark=key, to_status=status, to_body=body)
    return [None] * len(items)


_ASK_WRITE, _ANSWER_WRITE = Write(_ask), Write(_answer)


class SqlLists(StorePart):
    """The port Lists."""

    async def held_mark(self) -> tuple[int, int]:
        """See gateway.ports.review.ListStore."""
        ((newest, count),) = await self._readers.read(lambda run: run.rows(_MARK))
        return newest or 0, count

    async def held_changes(self, after: int) -> Sequence[tuple[int, str]]:
        """See gateway.ports.review.ListStore."""
        return [(row[0], row[1]) for row in await self._readers.read(lambda run: run.rows(_CHANGES, after=after))]

    async def noticed(
        self, action: str, since: float, before: tuple[float, str], limit: int
    ) -> Sequence[ListedMessage]:  # fmt: skip
        """See gateway.ports.review.ListStore."""
        place = (before[0], fit(before[1]))
        return await self._readers.read(lambda run: _noticed_rows(run, action, since, place, limit))

    async def decided(self, since: float, before: tuple[float, str], limit: int) -> Sequence[ListedMessage]:
        """See gateway.ports.review.ListStore."""
        place = (before[0], fit(before[1]))
        return await self._readers.read(lambda run: _listed(run, _BY_PEOPLE, since, place, limit))

    async def sent_by(self, addresses: Sequence[str]) -> Sequence[Trace]:
        """See gateway.ports.review.ListStore."""
        senders = sorted({fit(each.lower()) for each in addresses if each})
        rows = await self._readers.read(lambda run: run.rows(_SENT_BY, senders=senders)) if senders else []
        return [read_trace(group) for group in by_message(rows)]

    async def around(self, message_id: str, each_side: int) -> Sequence[ConversationMessage]:
        """See gateway.ports.review.ListStore."""
        return await self._readers.read(lambda run: _around(run, fit(message_id), each_side))

    async def further(
        self, message_id: str, beyond: tuple[float, str], limit: int, *, earlier: bool
    ) -> Sequence[ConversationMessage]:
        """See gateway.ports.review.ListStore."""
        at = (beyond[0], fit(beyond[1]))
        return await self._readers.read(lambda run: _further(run, fit(message_id), at, limit, earlier))

    async def acts_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.review.ListStore."""
        return await self._acts(_ABOUT, subject, limit)

    async def done_about(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.review.ListStore."""
        return await self._acts(_DONE, subject, limit)

    async def views_of(self, subject: str, limit: int) -> Sequence[AuditEntry]:
        """See gateway.ports.review.ListStore."""
        return await self._acts(_VIEWS_OF, subject, limit)

    async def history(self, subject: str, after: int, limit: int) -> Sequence[tuple[int, AuditEntry]]:
        """See gateway.ports.review.ListStore."""
        rows = await self._readers.read(lambda run: run.rows(_HISTORY, key=fit(subject), after=after, limit=limit))
        return [(row[0], audit.read_act(row[1:])) for row in rows]

    async def _acts(self, which: Statement, subject: str, limit: int) -> Sequence[AuditEntry]:
        rows = await self._readers.read(lambda run: run.rows(which, key=fit(subject), limit=limit))
        return [audit.read_act(row) for row in rows]

    async def newest_acts(self, before: int, limit: int) -> Sequence[ChainedEntry]:
        """See gateway.ports.review.ListStore."""
        rows = await self._readers.read(lambda run: run.rows(_NEWEST, before=before, limit=limit))
        return [audit.read_linked(row) for row in rows]

    async def ask(self, user: str, key: str, request: str) -> IdempotentAnswer | None:
        """See gateway.ports.review.ListStore."""
        return await self._writer.do(_ASK_WRITE, (user, fit(key), request))

    async def answer(self, user: str, key: str, status: int | None, body: str) -> None:
        """See gateway.ports.review.ListStore."""
        await self._writer.do(_ANSWER_WRITE, (user, fit(key), status, body))
