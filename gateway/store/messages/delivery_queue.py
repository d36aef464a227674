"""Delivery: recipients that are due behind a next hop are claimed with a token; only its holder records outcomes.

The column `next_attempt_at` drives it: a claim moves it past the lease, so that a crash makes the recipient due again.
"""

from __future__ import annotations

import contextlib
import functools
import secrets as entropy
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
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
    null,
    or_,
    select,
    true,
    update,
)

from gateway.core.channels.registry import CHANNELS, capabilities_of
from gateway.core.messages.delivery import Bounced, Claim, Deferred, NextHop, Outcome, Sent, State
from gateway.core.messages.followup import Followup
from gateway.core.messages.work import Unreadable, WorkStage
from gateway.core.policy.decision import AuditEntry
from gateway.ports.messages import NO_LIMIT, POLL_SECONDS, WakeupSignal
from gateway.store.audit import audit
from gateway.store.engine.cache import RecentMessages
from gateway.store.engine.clock_watch import LEASE_SLACK
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import BatchStatement, Database, Row, SqlDialect, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write, Writer
from gateway.store.engine.readers import Readers
from gateway.store.messages import followups as followup_rows
from gateway.store.messages import work_failures
from gateway.store.messages.claimed import ClaimedRows, in_order, load_claims, read_claim
from gateway.store.messages.delivery_journal import DeliveryJournal
from gateway.store.messages.outages import BRING_FORWARD, is_alert, is_late, served
from gateway.store.schema import messages as schema

RENEWAL_SLACK = 0.05
"""Share of the lease within which a claim that was just made or renewed is not written again."""

_m, _r = schema.messages.c, schema.recipients.c
_own, _ahead = schema.text_turns.alias("own"), schema.text_turns.alias("ahead")
_IN_TURN = or_(
    is_alert,
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
"""Of texts: no earlier text of its conversation and direction is received or queued, or it is an alert."""


def in_turn(channel: str) -> ColumnElement[bool]:
    """Whether a due recipient may be claimed: its turn has come, where a channel keeps the order."""
    return _IN_TURN if capabilities_of(channel).keeps_order else true()


@functools.cache
def _claim_statement(channel: str, default: bool, late: bool, alerts: bool) -> Statement:
    def build(sql: SqlDialect):  # type: ignore[no-untyped-def]
        behind = and_(served(sql, default=default), in_turn(channel), is_late if late else true())
        # a lease that seems to have ended has ended only if the clock was steady: see Database.steady_for
        free = or_(_r.token.is_(None), bindparam("takes_over", type_=Integer()) == schema.lit(1))
        behind = and_(behind, free, is_alert if alerts else true())
        due = and_(_r.channel == schema.lit(channel), _r.next_attempt_at <= bindparam("now"), behind)
        # `+ 0` keeps the planner from the index of what is due, which may be long: use the few picked messages
        due_too = and_(_r.next_attempt_at + schema.lit(0) <= bindparam("now"), behind)
        # the row of the message is locked too: two processes never split the recipients of a message
        picked = (
            select(_m.id, _m.size, _r.next_attempt_at)
            .join_from(schema.recipients, schema.messages, _m.id == _r.message_id)
            .where(due)
            .order_by(_r.next_attempt_at)
            .limit(bindparam("limit"))
            .with_for_update(of=schema.messages, skip_locked=True)
            .cte("picked")
        )
        # each message once, in order, with the bytes of those before it
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
            .returning(_r.message_id, _r.position, _r.attempts, _r.queued_at, _r.warned_at, _r.size)
        )

    return Statement(build)


_LOCK_CLAIMED = Statement(
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
_RECORD = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(_r.message_id == value("id"), _r.position == value("at"))
        .values(
            state=value("to_state"),
            next_attempt_at=value("next"),
            token=null(),
            attempts=_r.attempts + value("more"),
            changed_at=func.coalesce(value("since"), _r.changed_at),
            warned_at=func.coalesce(value("warned"), _r.warned_at),
            reply=func.coalesce(value("said"), _r.reply),
        )
    ),
    id=schema.TEXT,
    at=Integer(),
    to_state=schema.TEXT,
    next=Double(),
    more=Integer(),
    since=Double(),
    warned=Double(),
    said=schema.TEXT,
)
_END_TURN = BatchStatement(
    lambda sql, value: (
        update(schema.text_turns)
        .where(schema.text_turns.c.message_id == value("id"), schema.text_turns.c.position == value("at"))
        .values(waiting=schema.lit(0))
    ),
    id=schema.TEXT,
    at=Integer(),
)


@dataclass(frozen=True, slots=True)
class _DeliveryClaim:
    hop: NextHop
    limit: int
    lease: float
    room: int
    late: tuple[float, float] | None = None  # seconds since a recipient was queued: see claim_late
    alerts: bool = False


@dataclass(frozen=True, slots=True)
class _Outcomes:
    claim: Claim
    outcomes: Mapping[str, tuple[Outcome, float | None]]
    followups: Sequence[Followup]
    warned: Collection[str]
    entries: Sequence[AuditEntry]


def _claim(db: Database, items: Sequence[_DeliveryClaim]) -> list[Sequence[ClaimedRows]]:
    return [_claim_one(db, request) for request in items]


def _claim_one(db: Database, request: _DeliveryClaim) -> list[ClaimedRows]:
    statement = _claim_statement(request.hop.channel, request.hop.default, request.late is not None, request.alerts)
    late = () if request.late is None else zip(("ended", "untold"), (db.now - age for age in request.late), strict=True)
    more = dict(late)
    domains = sorted(request.hop.others if request.hop.default else request.hop.domains)
    mark = entropy.token_hex(8)
    rows: list[Row] = []
    takes_over = int(db.steady_for(request.lease))
    left, room = request.limit, request.room
    while left > 0 and room > 0:  # `limit` counts recipients in SQL, which may belong to fewer messages
        claimed = db.rows(
            statement, now=db.now, until=db.now + request.lease, mark=mark, limit=left, room=room, domains=domains,
            takes_over=takes_over, **more,
        )  # fmt: skip
        rows += claimed
        sizes = {row[0]: row[-1] for row in claimed}
        left -= len(sizes)
        room -= sum(sizes.values())
        if len(claimed) < left:
            break
    return [
        ClaimedRows(id_, f"{id_}/{mark}", db.now, tuple(row[1:-1] for row in group))
        for id_, group in groupby(sorted(rows), key=lambda row: str(row[0]))
    ]


def _lock_claimed(db: Database, tokens: Iterable[str]) -> dict[str, list[Row]]:
    """Lock the recipients that still have their tokens. Returns position and end of the lease, by token."""
    wanted = {token: token.rpartition("/") for token in tokens}
    ids, marks = (sorted({parts[at] for parts in wanted.values()}) for at in (0, 2))
    found: dict[str, list[Row]] = {}
    for id_, mark, position, until in db.rows(_LOCK_CLAIMED, ids=ids, marks=marks):
        if (token := f"{id_}/{mark}") in wanted:
            found.setdefault(token, []).append((position, until))
    return found


def _renew(db: Database, items: Sequence[tuple[str, float]]) -> list[bool]:
    ours = _lock_claimed(db, (token for token, _ in items))
    expiring: dict[str, float] = {}
    for token, lease in items:
        if token not in ours:
            continue
        left = min(until for _, until in ours[token]) - db.now  # more than a lease: the clock was set back
        if not lease * (1 - RENEWAL_SLACK) <= left <= lease + LEASE_SLACK:
            expiring[token] = max(db.now + lease, expiring.get(token, 0.0))
    renewals = [(token.rpartition("/"), until) for token, until in sorted(expiring.items())]
    db.batch(_RENEW, [{"id": id_, "mark": mark, "until": until} for (id_, _, mark), until in renewals])
    return [token in ours for token, _ in items]


def _record(db: Database, items: Sequence[_Outcomes]) -> list[bool]:
    ours = _lock_claimed(db, (item.claim.token for item in items))
    changed: list[dict[str, object]] = []
    passed_on: list[dict[str, object]] = []
    followups: list[Followup] = []
    entries: list[AuditEntry] = []
    retried: list[str] = []
    answers = []
    for item in items:
        rows = ours.pop(item.claim.token, None)  # popped: a second item with this token finds the claim lost
        answers.append(rows is not None)
        if rows is None:
            continue
        message = item.claim.message
        for position, _ in rows:
            address = message.envelope.recipients[position].address
            change = {"id": message.id, "at": position, **_outcome_values(item.outcomes.get(address), db.now)}
            changed.append({**change, "warned": db.now if address in item.warned else None})
            if capabilities_of(message.channel).keeps_order and change["to_state"] != State.QUEUED:
                passed_on.append({"id": message.id, "at": position})
        followups += item.followups
        entries += item.entries
        retried += [
            f"{message.id}/{claimed.position}"
            for claimed in item.claim.recipients
            if claimed.attempts and claimed.recipient.address in item.outcomes
        ]
    db.batch(_RECORD, changed)
    db.batch(_END_TURN, passed_on)
    followup_rows.write(db, followups)
    audit.write(db, entries)
    work_failures.forget(db, WorkStage.DELIVERY, retried)
    return answers


def _outcome_values(ended: tuple[Outcome, float | None] | None, now: float) -> dict[str, object]:
    if ended is None:  # not tried, so due again
        return {"to_state": State.QUEUED.value, "next": now, "more": 0, "since": None, "said": None}
    outcome, next_attempt = ended
    match outcome:
        case Sent():
            state = State.SENT
        case Deferred() if next_attempt is not None:
            state = State.QUEUED
        case Deferred() | Bounced():
            state = State.BOUNCED
    queued = state is State.QUEUED
    return {
        "to_state": state.value,
        "next": float(next_attempt) if next_attempt is not None and queued else None,
        "more": 1,
        "since": None if queued else now,
        "said": storable(outcome.reply),
    }


_RECORD_WRITE = Write(_record, rank=1, urgent=True)
_RENEW_WRITE = Write(_renew, rank=1)
_CLAIM_WRITE = Write(_claim, rank=4)


@functools.cache
def _next_due_statement(channels: tuple[str, ...]) -> Statement:
    return Statement(
        lambda sql: select(
            *(
                select(func.min(_r.next_attempt_at))
                .where(_r.channel == schema.lit(channel), _r.next_attempt_at.is_not(None), in_turn(channel))
                .scalar_subquery()
                for channel in channels
            )
        )
    )


class SqlDeliveryQueueStore(FeatureStore):
    """See gateway.ports.messages.DeliveryQueueStore. `journal`: of a process that alone delivers from the store."""

    def __init__(
        self, writer: Writer, readers: Readers, recent: RecentMessages, journal: DeliveryJournal | None = None
    ) -> None:
        super().__init__(writer, readers, recent)
        self._journal = journal

    async def claim(
        self, hop: NextHop, limit: int, lease: float, wakeup: WakeupSignal | None = None, *, room: int = NO_LIMIT,
        alerts: bool = False,
    ) -> Sequence[Claim | Unreadable]:  # fmt: skip
        """See gateway.ports.messages.DeliveryQueueStore."""
        request, name = _DeliveryClaim(hop, limit, lease, room, alerts=alerts), ("due", hop)
        if wakeup is None:
            claimed = await self._writer.claim_now(_CLAIM_WRITE, request, name)
        else:
            claimed = (
                await self._writer.claim_with(_CLAIM_WRITE, request, name, hop.channel, wakeup, POLL_SECONDS) or []
            )
        return await self._read(claimed)

    async def claim_late(
        self, hop: NextHop, limit: int, lease: float, *, ended: float, warn: float
    ) -> Sequence[Claim | Unreadable]:
        """See gateway.ports.messages.DeliveryQueueStore."""
        request = _DeliveryClaim(hop, limit, lease, NO_LIMIT, (ended, warn))
        return await self._read(await self._writer.write(_CLAIM_WRITE, request))

    async def bring_forward(self, hop: NextHop, within: float) -> None:
        """See gateway.ports.messages.DeliveryQueueStore."""
        await self._writer.write(BRING_FORWARD, (hop, within))

    async def _read(self, claimed: Sequence[ClaimedRows]) -> Sequence[Claim | Unreadable]:
        if not claimed:
            return ()
        by_id = {rows.message_id: rows for rows in claimed}
        cached = {id_: message for id_ in by_id if (message := self._recent.take(id_)) is not None}
        retried = any(row[1] for rows in claimed for row in rows.rows)
        if not retried and len(cached) == len(by_id):
            return in_order(read_claim(rows, partial(cached.__getitem__, rows.message_id), {}) for rows in claimed)
        return await self._readers.read(lambda db: load_claims(db, claimed, cached))

    async def renew(self, token: str, lease: float) -> bool:
        """See gateway.ports.messages.DeliveryQueueStore."""
        return await self._writer.write(_RENEW_WRITE, (token, lease))

    async def record_outcomes(
        self, claim: Claim, outcomes: Mapping[str, tuple[Outcome, float | None]], followups: Sequence[Followup],
        *, warned: Collection[str] = (), entries: Sequence[AuditEntry] = (),
    ) -> bool:  # fmt: skip
        """See gateway.ports.messages.DeliveryQueueStore."""
        ended = {address: outcome for address, (outcome, _) in outcomes.items()}
        with contextlib.nullcontext() if self._journal is None else self._journal.noted(claim, ended):
            return await self._writer.write(_RECORD_WRITE, _Outcomes(claim, outcomes, followups, warned, entries))

    async def next_due(self) -> float | None:
        """See gateway.ports.messages.DeliveryQueueStore."""
        times = (await self._readers.read(lambda db: db.rows(_next_due_statement(tuple(CHANNELS)))))[0]
        return min((at for at in times if at is not None), default=None)
