"""Delivery: what is due behind a next hop is claimed under a token, and only its holder says how it ended.

`next_attempt_at` is the one column that drives it: a claim moves it past the lease, so that a crash makes it due again.
"""

from __future__ import annotations

import functools
import secrets as entropy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    and_,
    bindparam,
    exists,
    func,
    not_,
    null,
    or_,
    select,
    true,
    update,
)

from gateway.core.channels.registry import CHANNELS, capabilities_of
from gateway.core.messages.delivery import Bounced, Claim, Claimed, Deferred, NextHop, Outcome, Sent, State
from gateway.core.messages.followup import Followup
from gateway.ports.messages import NO_LIMIT, POLL_SECONDS, WakeupSignal
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import BatchStatement, Database, Row, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups as rows_to_follow
from gateway.store.messages import outbox
from gateway.store.schema import messages as schema

KEPT = 0.05
"""A claim that was made or renewed within this share of its lease is not written again to be renewed."""

_m, _r = schema.messages.c, schema.recipients.c
_own, _ahead = schema.texts.alias("own"), schema.texts.alias("ahead")
_IN_TURN = or_(
    func.coalesce(_r.action, schema.lit("")) == schema.lit("alert"),
    ~exists()
    .where(
        _own.c.message_id == _r.message_id,
        _own.c.position == _r.position,
        _ahead.c.lane == _own.c.lane,
        _ahead.c.waiting == schema.lit(1),
        _ahead.c.at <= _own.c.at,
        (_ahead.c.at < _own.c.at) | (_ahead.c.message_id < _own.c.message_id),
    )
    .correlate(schema.recipients),
)
"""Of texts: none before it in its conversation and direction is received or queued, or it is an alert."""


def _waits_for(channel: str) -> ColumnElement[bool]:
    return _IN_TURN if capabilities_of(channel).keeps_order else true()


@functools.cache
def _claim_statement(channel: str, default: bool) -> Statement:
    def build(sql: SqlDialect):  # type: ignore[no-untyped-def]
        named = sql.among(_r.domain, "domains")
        behind = and_(not_(named) if default else named, _waits_for(channel))
        due = and_(_r.channel == schema.lit(channel), _r.next_attempt_at <= bindparam("now"), behind)
        # not by the index of what is due, which may be long: by the few messages that were picked
        due_too = and_(_r.next_attempt_at + schema.lit(0) <= bindparam("now"), behind)
        # the row of the message is locked too: two processes never part the recipients of a message between them
        picked = (
            select(_m.id, _m.size, _r.next_attempt_at)
            .join_from(schema.recipients, schema.messages, _m.id == _r.message_id)
            .where(due)
            .order_by(_r.next_attempt_at)
            .limit(bindparam("limit"))
            .with_for_update(of=schema.messages, skip_locked=True)
            .cte("picked")
        )
        # each message once, in turn, with the bytes of those before it
        first = func.min(picked.c.next_attempt_at)
        size = func.max(picked.c.size)
        weighed = (
            select(picked.c.id, (func.sum(size).over(order_by=(first, picked.c.id)) - size).label("before"))
            .group_by(picked.c.id)
            .cte("weighed")
        )
        taken = select(weighed.c.id).where(weighed.c.before < bindparam("room", type_=BigInteger()))
        return (
            update(schema.recipients)
            .where(_r.message_id.in_(taken), due_too)
            .values(next_attempt_at=bindparam("until"), token=bindparam("mark"))
            .returning(_r.message_id, _r.position, _r.attempts, _r.queued_at, _r.size)
        )

    return Statement(build)


_TOKENS = Statement(
    lambda sql: (
        select(_r.message_id, _r.token, _r.position, _r.next_attempt_at)
        .where(sql.among(_r.message_id), sql.among(_r.token, "marks"))
        .order_by(_r.message_id, _r.position)
        .with_for_update()
    )
)
_RENEW = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(_r.message_id == value("id"), _r.token == value("mark"))
        .values(next_attempt_at=value("until"))
    ),
    id=schema.TEXT,
    mark=schema.TEXT,
    until=Double(),
)
_CONCLUDE = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(_r.message_id == value("id"), _r.position == value("at"))
        .values(
            state=value("to_state"),
            next_attempt_at=value("next"),
            token=null(),
            attempts=_r.attempts + value("more"),
            changed_at=func.coalesce(value("since"), _r.changed_at),
            reply=func.coalesce(value("said"), _r.reply),
        )
    ),
    id=schema.TEXT,
    at=Integer(),
    to_state=schema.TEXT,
    next=Double(),
    more=Integer(),
    since=Double(),
    said=schema.TEXT,
)
_TURN_OVER = BatchStatement(
    lambda sql, value: (
        update(schema.texts)
        .where(schema.texts.c.message_id == value("id"), schema.texts.c.position == value("at"))
        .values(waiting=schema.lit(0))
    ),
    id=schema.TEXT,
    at=Integer(),
)


@dataclass(frozen=True, slots=True)
class _Ask:
    hop: NextHop
    limit: int
    lease: float
    room: int


@dataclass(frozen=True, slots=True)
class _Ending:
    claim: Claim
    outcomes: Mapping[str, tuple[Outcome, float | None]]
    followups: Sequence[Followup]


@dataclass(frozen=True, slots=True)
class _Taken:
    """Recipients of one message: position, attempts and the beginning of its delivery lifetime."""

    message_id: str
    token: str
    rows: tuple[Row, ...]


def _claim(db: Database, items: Sequence[_Ask]) -> list[list[_Taken]]:
    return [_take(db, ask) for ask in items]


def _take(db: Database, ask: _Ask) -> list[_Taken]:
    statement = _claim_statement(ask.hop.channel, ask.hop.default)
    domains = sorted(ask.hop.others if ask.hop.default else ask.hop.domains)
    mark = entropy.token_hex(8)
    rows: list[Row] = []
    left, room = ask.limit, ask.room
    while left > 0 and room > 0:  # `limit` recipients may be those of fewer messages
        found = db.rows(
            statement, now=db.now, until=db.now + ask.lease, mark=mark, limit=left, room=room, domains=domains
        )
        rows += found
        sizes = {row[0]: row[-1] for row in found}
        left -= len(sizes)
        room -= sum(sizes.values())
        if len(found) < left:
            break
    return [
        _Taken(id_, f"{id_}/{mark}", tuple(row[1:-1] for row in group))
        for id_, group in groupby(sorted(rows), key=lambda row: str(row[0]))
    ]


def _marked(db: Database, tokens: Iterable[str]) -> dict[str, list[Row]]:
    """The recipients that are still under their tokens: position and end of the lease, locked."""
    wanted = {token: token.rpartition("/") for token in tokens}
    ids, marks = (sorted({parts[at] for parts in wanted.values()}) for at in (0, 2))
    found: dict[str, list[Row]] = {}
    for id_, mark, position, until in db.rows(_TOKENS, ids=ids, marks=marks):
        if (token := f"{id_}/{mark}") in wanted:
            found.setdefault(token, []).append((position, until))
    return found


def _renew(db: Database, items: Sequence[tuple[str, float]]) -> list[bool]:
    ours = _marked(db, (token for token, _ in items))
    short: dict[str, float] = {}
    for token, lease in items:
        if token in ours and min(until for _, until in ours[token]) - db.now < lease * (1 - KEPT):
            short[token] = max(db.now + lease, short.get(token, 0.0))
    parted = [(token.rpartition("/"), until) for token, until in sorted(short.items())]
    db.batch(_RENEW, [{"id": id_, "mark": mark, "until": until} for (id_, _, mark), until in parted])
    return [token in ours for token, _ in items]


def _conclude(db: Database, items: Sequence[_Ending]) -> list[bool]:
    ours = _marked(db, (each.claim.token for each in items))
    changed: list[dict[str, object]] = []
    turned: list[dict[str, object]] = []
    follow: list[Followup] = []
    answers = []
    for each in items:
        rows = ours.pop(each.claim.token, None)  # popped: a second conclusion in the same transaction finds it lost
        answers.append(rows is not None)
        if rows is None:
            continue
        message = each.claim.message
        for position, _ in rows:
            ended = each.outcomes.get(message.envelope.recipients[position].address)
            change = {"id": message.id, "at": position, **_ended(ended, db.now)}
            changed.append(change)
            if capabilities_of(message.channel).keeps_order and change["to_state"] != State.QUEUED:
                turned.append({"id": message.id, "at": position})
        follow += each.followups
    db.batch(_CONCLUDE, changed)
    db.batch(_TURN_OVER, turned)
    rows_to_follow.write(db, follow)
    return answers


def _ended(ended: tuple[Outcome, float | None] | None, now: float) -> dict[str, object]:
    if ended is None:  # not tried: due again
        return {"to_state": State.QUEUED.value, "next": now, "more": 0, "since": None, "said": None}
    outcome, again = ended
    match outcome:
        case Sent():
            state = State.SENT
        case Deferred() if again is not None:
            state = State.QUEUED
        case Deferred() | Bounced():
            state = State.BOUNCED
    queued = state is State.QUEUED
    return {
        "to_state": state.value,
        "next": float(again) if again is not None and queued else None,
        "more": 1,
        "since": None if queued else now,
        "said": storable(outcome.reply),
    }


_CONCLUDE_WRITE = Write(_conclude, rank=1)
_RENEW_WRITE = Write(_renew, rank=1)
_CLAIM_WRITE = Write(_claim, rank=4)


@functools.cache
def _next_due_statement(channels: tuple[str, ...]) -> Statement:
    return Statement(
        lambda sql: select(
            *(
                select(func.min(_r.next_attempt_at))
                .where(_r.channel == schema.lit(channel), _r.next_attempt_at.is_not(None), _waits_for(channel))
                .scalar_subquery()
                for channel in channels
            )
        )
    )


class SqlDeliveryQueueStore(FeatureStore):
    """See gateway.ports.messages.DeliveryQueueStore."""

    async def claim(
        self, hop: NextHop, limit: int, lease: float, wakeup: WakeupSignal | None = None, *, room: int = NO_LIMIT
    ) -> Sequence[Claim]:
        """See gateway.ports.messages.DeliveryQueueStore."""
        ask, of = _Ask(hop, limit, lease, room), ("due", hop)
        if wakeup is None:
            taken = await self._writer.claim_now(_CLAIM_WRITE, ask, of)
        else:
            taken = await self._writer.claim_with(_CLAIM_WRITE, ask, of, hop.channel, wakeup, POLL_SECONDS) or []
        if not taken:
            return ()
        messages = [kept for each in taken if (kept := self._recent.take(each.message_id)) is not None]
        if len(messages) < len(taken):
            others = sorted({each.message_id for each in taken} - {message.id for message in messages})
            messages += await self._readers.read(lambda db: outbox.load(db, others))
        by_id = {each.message_id: each for each in taken}
        claims = []
        for message in sorted(messages, key=lambda message: (message.received_at, message.id)):
            each = by_id[message.id]
            recipients = message.envelope.recipients
            claimed = tuple(Claimed(recipients[at], attempts, queued_at) for at, attempts, queued_at in each.rows)
            claims.append(Claim(each.token, message, claimed))
        return claims

    async def renew(self, token: str, lease: float) -> bool:
        """See gateway.ports.messages.DeliveryQueueStore."""
        return await self._writer.write(_RENEW_WRITE, (token, lease))

    async def record_outcomes(
        self, claim: Claim, outcomes: Mapping[str, tuple[Outcome, float | None]], followups: Sequence[Followup]
    ) -> bool:
        """See gateway.ports.messages.DeliveryQueueStore."""
        return await self._writer.write(_CONCLUDE_WRITE, _Ending(claim, outcomes, followups))

    async def next_due(self) -> float | None:
        """See gateway.ports.messages.DeliveryQueueStore."""
        times = (await self._readers.read(lambda db: db.rows(_next_due_statement(tuple(CHANNELS)))))[0]
        return min((at for at in times if at is not None), default=None)
