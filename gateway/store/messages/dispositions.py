"""Decisions, by the policy or by a person: a rule sees its message locked, and one transaction does what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Integer, SmallInteger, delete, select, update
from sqlalchemy.types import TypeEngine

from gateway.core.channels.registry import capabilities_of
from gateway.core.messages.delivery import State
from gateway.core.policy.contact import ContactCounters
from gateway.core.policy.decision import Action, PendingMessage, RecipientStatus, StateChange, TransitionRule
from gateway.core.policy.transitions import POLICY
from gateway.ports.messages import AppliedTransition
from gateway.store.audit import audit
from gateway.store.engine.columns import (
    decode_decision,
    decode_envelope,
    decode_verdict_text,
    encode_decision,
    encode_verdict_text,
    storable,
)
from gateway.store.engine.dialects import BatchStatement, Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups
from gateway.store.messages.contact_counters import counters
from gateway.store.schema import messages as schema

_m, _r, _v = schema.messages.c, schema.recipients.c, schema.verdicts.c

# The row of the message is the lock: nothing else ever changes it, and recipients are looked at once it is ours.
_LOCK = Statement(
    lambda sql: (
        select(_m.id, _m.channel, _m.sha256, _m.received_at, _m.envelope)
        .where(sql.among(_m.id))
        .order_by(_m.id)
        .with_for_update()
    )
)
_RECIPIENTS = Statement(
    lambda sql: select(
        _r.message_id, _r.position, _r.state, _r.decision, _r.decided_by, _r.decided_at,
        _r.action, _r.marked, _r.due_at, _r.queued_at, _v.verdict,
    )
    .join_from(
        schema.recipients,
        schema.verdicts,
        (_v.message_id == _r.message_id) & (_r.position == schema.lit(0)),  # once a message is enough
        isouter=True,
    )
    .where(sql.among(_r.message_id))
    .order_by(_r.message_id, _r.position)
)  # fmt: skip
_DECIDED = ("action", "marked", "decided_by", "decided_at", "decision")
_MOVED = ("state", "next_attempt_at", "queued_at", "changed_at", "due_at", *_DECIDED)


def _to(*names: str) -> dict[str, TypeEngine[Any]]:
    return {"id": schema.TEXT, "at": Integer(), **{f"to_{name}": _r[name].type for name in names}}


_CHANGE = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(_r.message_id == value("id"), _r.position == value("at"), _r.state == value("was"))
        .values({name: value(f"to_{name}") for name in _MOVED})
    ),
    was=schema.TEXT,
    **_to(*_MOVED),
)
_NOTE = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(_r.message_id == value("id"), _r.position == value("at"))
        .values({name: value(f"to_{name}") for name in _DECIDED})
    ),
    **_to(*_DECIDED),
)
_TURN = BatchStatement(
    lambda sql, value: (
        update(schema.texts)
        .where(schema.texts.c.message_id == value("id"), schema.texts.c.position == value("at"))
        .values(waiting=value("waits"))
    ),
    id=schema.TEXT,
    at=Integer(),
    waits=SmallInteger(),
)
_FORGET_VERDICT = Statement(lambda sql: delete(schema.verdicts).where(sql.among(_v.message_id)))
_VERDICT = batch_insert(schema.verdicts)
_READ = Statement(lambda sql: delete(schema.publications).where(sql.among(schema.publications.c.message_id)))
_OPEN = frozenset({State.RECEIVED, State.HELD})
_MARKING = frozenset({Action.FLAG, Action.HOLD, Action.ALERT})


@dataclass(slots=True)
class LockedMessage:
    """A message as it stands in the transaction, with what is kept beside each recipient and a rule does not see."""

    pending: PendingMessage
    rows: dict[str, list[Row]]  # by address, which an envelope may name twice


def _settle(db: Database, items: Sequence[tuple[str, TransitionRule]]) -> list[AppliedTransition | None]:
    answers: list[AppliedTransition | None] = [None] * len(items)
    for places in _rounds(items):
        standing = _read(db, sorted(items[at][0] for at in places))
        settled = []
        for at in places:
            id_, rule = items[at]
            if id_ in standing:
                answer = answers[at] = _carried_out(standing[id_].pending, rule)
                settled.append((standing[id_], answer))
        _write(db, settled)
    return answers


def _rounds(items: Sequence[tuple[str, TransitionRule]]) -> Iterator[list[int]]:
    """Places of items so that a message comes once in each round: the second rule sees what the first one did."""
    waiting = list(range(len(items)))
    while waiting:
        now: dict[str, int] = {}
        for at in waiting:
            now.setdefault(items[at][0], at)
        taken = set(now.values())
        waiting = [at for at in waiting if at not in taken]
        yield sorted(taken)


def _read(db: Database, ids: Sequence[str]) -> dict[str, LockedMessage]:
    return read_pending(db, db.rows(_LOCK, ids=list(ids)))


def read_pending(db: Database, heads: Sequence[Row]) -> dict[str, LockedMessage]:
    """Messages from their heads (id, channel, sha256, received_at, envelope), in that order."""
    ids = [str(head[0]) for head in heads]
    recipients: dict[str, list[Row]] = {}
    for row in db.rows(_RECIPIENTS, ids=ids):
        recipients.setdefault(row[0], []).append(row)
    counted = counters(db, ids)
    return {head[0]: _standing(head, recipients.get(head[0], []), counted.get(head[0], {})) for head in heads}


def _standing(head: Row, rows: Sequence[Row], contact: Mapping[str, ContactCounters]) -> LockedMessage:
    id_, channel, sha256, received_at, text = head
    envelope, relation = decode_envelope(text)
    by_address: dict[str, list[Row]] = {}
    waiting = []
    for row in rows:
        _, position, state, decision, decided_by, decided_at, *_ = row
        address = envelope.recipients[position].address
        by_address.setdefault(address, []).append(row)
        waiting.append(
            RecipientStatus(
                address,
                State(state),
                relation.pairs_of(address),
                None if decision is None else decode_decision(decision),
                decided_by,
                decided_at,
                row[8],
            )
        )
    verdict = next((row[-1] for row in rows if row[-1] is not None), None)
    pending = PendingMessage(
        id_,
        channel,
        envelope.sender,
        sha256,
        received_at,
        tuple(waiting),
        None if verdict is None else decode_verdict_text(verdict),
        contact,
    )
    return LockedMessage(pending, by_address)


def _carried_out(pending: PendingMessage, rule: TransitionRule) -> AppliedTransition:
    """The transition, once a recipient, and without changes of what is no longer received or held: no state goes back."""
    transition = rule(pending)
    still = {each.address for each in pending.recipients if each.state in _OPEN}
    known = {each.address for each in pending.recipients}
    changes = {
        (each.recipient, each.state is None): each
        for each in transition.changes
        if each.recipient in (known if each.state is None else still)
    }
    kept = tuple(changes.values())
    return AppliedTransition(
        pending, transition if len(kept) == len(transition.changes) else replace(transition, changes=kept)
    )


def _write(db: Database, settled: Sequence[tuple[LockedMessage, AppliedTransition]]) -> None:
    changed, noted, turned, kept, again = [], [], [], [], []
    transitions = [each.transition for _, each in settled]
    for standing, each in settled:
        pending = standing.pending
        for change in each.transition.changes:
            for row in standing.rows[change.recipient]:
                if change.state is None:
                    noted.append({"id": pending.id, "at": row[1], **_decided(change, row, db.now)})
                elif State(row[2]) in _OPEN:
                    changed.append(
                        {
                            "id": pending.id,
                            "at": row[1],
                            "was": row[2],
                            **_moved(change, row, db.now, each.transition.delay),
                        }
                    )
                    if capabilities_of(pending.channel).keeps_order:
                        waits = int(change.state in (State.QUEUED, State.RECEIVED))
                        turned.append({"id": pending.id, "at": row[1], "waits": waits})
        if each.transition.verdict is not None:
            if pending.verdict is not None:
                again.append(pending.id)
            kept.append(
                {"message_id": pending.id, "at": db.now, "verdict": encode_verdict_text(each.transition.verdict)}
            )
    if db.batch(_CHANGE, changed) != len(changed):
        raise RuntimeError("a recipient changed although its message was locked")
    db.made_due.update(
        standing.pending.channel
        for standing, each in settled
        if not each.transition.delay and any(change.state is State.QUEUED for change in each.transition.changes)
    )
    db.batch(_NOTE, noted)
    db.batch(_TURN, turned)
    if again:
        db.change(_FORGET_VERDICT, ids=again)
    db.batch(_VERDICT, kept)
    if kept:
        db.change(_READ, ids=sorted(str(row["message_id"]) for row in kept))
    for transition in transitions:
        if transition.delay:
            followups.write(db, transition.followups, transition.delay)
    followups.write(
        db, [followup for transition in transitions if not transition.delay for followup in transition.followups]
    )
    audit.write(db, [entry for transition in transitions for entry in transition.entries])


def _decided(change: StateChange, row: Row, now: float) -> dict[str, object]:
    decision = change.decision
    late = change.state is None and decision is not None and change.by == row[4]  # what a person decided stays theirs
    marks = change.state is State.HELD or (decision is not None and decision.action in _MARKING)
    return {
        "to_action": row[6] if decision is None else decision.action.value,
        "to_marked": 1 if marks else row[7],
        "to_decided_by": storable(change.by),
        "to_decided_at": row[5] if late and change.by != POLICY else now,
        "to_decision": row[3] if decision is None else encode_decision(decision),
    }


def _moved(change: StateChange, row: Row, now: float, after: float) -> dict[str, object]:
    assert change.state is not None
    due_at = row[8] if after else None  # it may be held again
    if change.state is State.HELD:
        due_in = None if change.decision is None else change.decision.due_in
        due_at = row[8] if due_in is None else now + due_in
    queued = change.state is State.QUEUED
    return {
        "to_state": change.state.value,
        "to_next_attempt_at": now + after if queued else None,
        "to_queued_at": now + after if queued else row[9],
        "to_changed_at": now,
        "to_due_at": due_at,
        **_decided(change, row, now),
    }


SETTLE = Write(_settle, rank=0)


class SqlDispositionStore(FeatureStore):
    """See gateway.ports.messages.DispositionStore."""

    async def apply(self, cases: Sequence[tuple[str, TransitionRule]]) -> Sequence[AppliedTransition | None]:
        """See gateway.ports.messages.DispositionStore."""
        return await self._writer.write_all(SETTLE, cases)
