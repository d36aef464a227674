"""Decisions by the policy or by a person: a rule sees its locked message, and one transaction applies its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Integer, SmallInteger, delete, select, update
from sqlalchemy.types import TypeEngine

from gateway.core.channels.registry import capabilities_of
from gateway.core.contact.history import PairHistory
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import (
    Action,
    ContactNote,
    PendingMessage,
    RecipientStatus,
    StateChange,
    TransitionRule,
)
from gateway.core.policy.transitions import POLICY
from gateway.ports.messages import AppliedTransition
from gateway.store.audit import audit
from gateway.store.contact import findings as contact_findings
from gateway.store.contact import log as contact_log
from gateway.store.contact.histories import histories
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
from gateway.store.messages import attention, followups, nudges, review_work, waiting_notices
from gateway.store.schema import messages as schema
from gateway.store.tools import uses as tool_uses

_m, _r, _v = schema.messages.c, schema.recipients.c, schema.verdicts.c

# The row of the message is the lock. Nothing else changes it; recipients are read once it is locked.
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
        (_v.message_id == _r.message_id) & (_r.position == schema.lit(0)),  # once for each message is enough
        isouter=True,
    )
    .where(sql.among(_r.message_id))
    .order_by(_r.message_id, _r.position)
)  # fmt: skip
# the columns of a row of _RECIPIENTS after the id of the message
_POSITION, _STATE, _DECISION, _DECIDED_BY, _DECIDED_AT, _ACTION, _MARKED, _DUE_AT, _QUEUED_AT, _VERDICT = range(1, 11)
_DECISION_COLUMNS = ("action", "marked", "decided_by", "decided_at", "decision")
_STATE_COLUMNS = ("state", "next_attempt_at", "queued_at", "changed_at", "due_at", *_DECISION_COLUMNS)


def _new_values(*names: str) -> dict[str, TypeEngine[Any]]:
    return {"id": schema.TEXT, "at": Integer(), **{f"to_{name}": _r[name].type for name in names}}


_CHANGE = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(_r.message_id == value("id"), _r.position == value("at"), _r.state == value("was"))
        .values({name: value(f"to_{name}") for name in _STATE_COLUMNS})
    ),
    was=schema.TEXT,
    **_new_values(*_STATE_COLUMNS),
)
_NOTE = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(_r.message_id == value("id"), _r.position == value("at"))
        .values({name: value(f"to_{name}") for name in _DECISION_COLUMNS})
    ),
    **_new_values(*_DECISION_COLUMNS),
)
_SET_TURN = BatchStatement(
    lambda sql, value: (
        update(schema.text_turns)
        .where(schema.text_turns.c.message_id == value("id"), schema.text_turns.c.position == value("at"))
        .values(waiting=value("waits"))
    ),
    id=schema.TEXT,
    at=Integer(),
    waits=SmallInteger(),
)
_DELETE_VERDICTS = Statement(lambda sql: delete(schema.verdicts).where(sql.among(_v.message_id)))
_INSERT_VERDICT = batch_insert(schema.verdicts)
_DELETE_PUBLICATIONS = Statement(
    lambda sql: delete(schema.publications).where(sql.among(schema.publications.c.message_id))
)
_UNDECIDED = frozenset({State.RECEIVED, State.HELD})
_MARKING = frozenset({Action.FLAG, Action.HOLD, Action.ALERT})


@dataclass(slots=True)
class StoredMessage:
    """A message as a rule sees it, with the rows of its recipients, which hold more than the rule sees."""

    pending: PendingMessage
    rows: dict[str, list[Row]]  # by address; an envelope may name an address twice


def _apply(db: Database, items: Sequence[tuple[str, TransitionRule]]) -> list[AppliedTransition | None]:
    answers: list[AppliedTransition | None] = [None] * len(items)
    for places in _rounds(items):
        stored = _lock(db, sorted(items[at][0] for at in places))
        applied = []
        for at in places:
            id_, rule = items[at]
            if id_ in stored:
                answer = answers[at] = _apply_rule(stored[id_].pending, rule)
                applied.append((stored[id_], answer))
        _write(db, applied)
    return answers


def _rounds(items: Sequence[tuple[str, TransitionRule]]) -> Iterator[list[int]]:
    """Groups of items (their places) with each message once, so that a second rule sees what the first one changed."""
    waiting = list(range(len(items)))
    while waiting:
        first: dict[str, int] = {}
        for at in waiting:
            first.setdefault(items[at][0], at)
        taken = set(first.values())
        waiting = [at for at in waiting if at not in taken]
        yield sorted(taken)


def _lock(db: Database, ids: Sequence[str]) -> dict[str, StoredMessage]:
    return read_messages(db, db.rows(_LOCK, ids=list(ids)))


def read_messages(db: Database, heads: Sequence[Row]) -> dict[str, StoredMessage]:
    """Messages from their heads (id, channel, sha256, received_at, envelope), by id, in the same order."""
    ids = [str(head[0]) for head in heads]
    recipients: dict[str, list[Row]] = {}
    for row in db.rows(_RECIPIENTS, ids=ids):
        recipients.setdefault(row[0], []).append(row)
    counted = histories(db, ids)
    return {head[0]: _read_message(head, recipients.get(head[0], []), counted.get(head[0], {})) for head in heads}


def _read_message(head: Row, rows: Sequence[Row], contact: Mapping[str, PairHistory]) -> StoredMessage:
    id_, channel, sha256, received_at, text = head
    envelope, relation = decode_envelope(text)
    by_address: dict[str, list[Row]] = {}
    recipients = []
    for row in rows:
        _, position, state, decision, decided_by, decided_at, *_ = row
        address = envelope.recipients[position].address
        by_address.setdefault(address, []).append(row)
        recipients.append(
            RecipientStatus(
                address,
                State(state),
                relation.pairs_of(address),
                None if decision is None else decode_decision(decision),
                decided_by,
                decided_at,
                row[_DUE_AT],
            )
        )
    verdict = next((row[_VERDICT] for row in rows if row[_VERDICT] is not None), None)
    pending = PendingMessage(
        id_,
        channel,
        envelope.sender,
        sha256,
        received_at,
        tuple(recipients),
        None if verdict is None else decode_verdict_text(verdict),
        contact,
    )
    return StoredMessage(pending, by_address)


def _apply_rule(pending: PendingMessage, rule: TransitionRule) -> AppliedTransition:
    """The transition of a rule, with one change per recipient, and none of states that are no longer undecided."""
    transition = rule(pending)
    undecided = {recipient.address for recipient in pending.recipients if recipient.state in _UNDECIDED}
    known = {recipient.address for recipient in pending.recipients}
    changes = {
        (change.recipient, change.state is None): change
        for change in transition.changes
        if change.recipient in (known if change.state is None else undecided)
    }
    kept = tuple(changes.values())
    return AppliedTransition(
        pending, transition if len(kept) == len(transition.changes) else replace(transition, changes=kept)
    )


def _write(db: Database, applied: Sequence[tuple[StoredMessage, AppliedTransition]]) -> None:
    changed, noted, turns, verdicts, replaced = [], [], [], [], []
    notes: list[tuple[str, float, ContactNote]] = []
    purposes: dict[tuple[str, str], str] = {}
    transitions = [item.transition for _, item in applied]
    for message, item in applied:
        pending, transition = message.pending, item.transition
        keeps_order = capabilities_of(pending.channel).keeps_order
        for change in transition.changes:
            if change.decision is not None:
                notes += [(pending.id, pending.received_at, note) for note in change.decision.notes]
            for row in message.rows[change.recipient]:
                key = {"id": pending.id, "at": row[_POSITION]}
                if change.state is None:
                    noted.append({**key, **_decision_values(change, row, db.now)})
                elif State(row[_STATE]) in _UNDECIDED:
                    changed.append({**key, "was": row[_STATE], **_state_values(change, row, db.now, transition.delay)})
                    if keeps_order:
                        waits = int(change.state in (State.QUEUED, State.RECEIVED))
                        turns.append({**key, "waits": waits})
        if transition.verdict is not None:
            if pending.verdict is not None:
                replaced.append(pending.id)
            verdict = encode_verdict_text(transition.verdict)
            if purpose := contact_log.likely_purpose(transition.verdict):
                purposes |= {(pending.id, pair): purpose for pair, known in pending.contact.items() if known.rows}
            verdicts.append({"message_id": pending.id, "at": db.now, "verdict": verdict})
    if db.batch(_CHANGE, changed) != len(changed):
        raise RuntimeError("a recipient changed although its message was locked")
    db.made_due.update(
        message.pending.channel
        for message, item in applied
        if not item.transition.delay and any(change.state is State.QUEUED for change in item.transition.changes)
    )
    db.batch(_NOTE, noted)
    contact_findings.write(db, notes)
    tool_uses.write(db, [(item.pending, item.transition.tools) for _, item in applied if item.transition.tools])
    attention.write(db, [(item.pending.id, found) for _, item in applied for found in item.transition.attention])
    nudges.write(db, [(item.pending.id, item.transition.nudged) for _, item in applied if item.transition.nudged])
    review_work.write(
        db, [(item.pending.id, work) for _, item in applied for work in item.transition.work],
        [(item.pending.id, kind) for _, item in applied for kind in item.transition.ended],
    )  # fmt: skip
    contact_log.set_purposes(db, purposes)
    db.batch(_SET_TURN, turns)
    if replaced:
        db.change(_DELETE_VERDICTS, ids=replaced)
    db.batch(_INSERT_VERDICT, verdicts)
    if verdicts:
        db.change(_DELETE_PUBLICATIONS, ids=sorted(str(row["message_id"]) for row in verdicts))
    for transition in transitions:
        if transition.delay:
            followups.write(db, transition.followups, transition.delay)
    followups.write(
        db, [followup for transition in transitions if not transition.delay for followup in transition.followups]
    )
    waiting_notices.write(db, transitions)
    audit.write(db, [entry for transition in transitions for entry in transition.entries])


def _decision_values(change: StateChange, row: Row, now: float) -> dict[str, object]:
    decision = change.decision
    # a verdict that comes after a person decided leaves who decided, and when
    late = change.state is None and decision is not None and change.by == row[_DECIDED_BY]
    marks = change.state is State.HELD or (decision is not None and decision.action in _MARKING)
    return {
        "to_action": row[_ACTION] if decision is None else decision.action.value,
        "to_marked": 1 if marks else row[_MARKED],
        "to_decided_by": storable(change.by),
        "to_decided_at": row[_DECIDED_AT] if late and change.by != POLICY else now,
        "to_decision": row[_DECISION] if decision is None else encode_decision(decision),
    }


def _state_values(change: StateChange, row: Row, now: float, delay: float) -> dict[str, object]:
    assert change.state is not None
    due_at = row[_DUE_AT] if delay else None  # an undo may hold it again
    if change.state is State.HELD:
        due_in = None if change.decision is None else change.decision.due_in
        due_at = row[_DUE_AT] if due_in is None else now + due_in
    queued = change.state is State.QUEUED
    return {
        "to_state": change.state.value,
        "to_next_attempt_at": now + delay if queued else None,
        "to_queued_at": now + delay if queued else row[_QUEUED_AT],
        "to_changed_at": now,
        "to_due_at": due_at,
        **_decision_values(change, row, now),
    }


_APPLY_WRITE = Write(_apply, rank=0)


class SqlDispositionStore(FeatureStore):
    """See gateway.ports.messages.DispositionStore."""

    async def apply(self, rules: Sequence[tuple[str, TransitionRule]]) -> Sequence[AppliedTransition | None]:
        """See gateway.ports.messages.DispositionStore."""
        return await self._writer.write_all(_APPLY_WRITE, rules)
