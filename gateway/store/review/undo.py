"""Undoes a person's decision before it takes effect: what was released, rejected or discarded is held again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Integer, bindparam, delete, null, select, update

from gateway.core.messages.followup import FollowupKind
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.transitions import POLICY
from gateway.store.audit import audit
from gateway.store.engine.columns import decode_envelope, storable
from gateway.store.engine.dialects import BatchStatement, Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_m, _r, _f, _t = schema.messages.c, schema.recipients.c, schema.followups.c, schema.text_turns.c

_LOCK = Statement(lambda sql: select(_m.envelope).where(_m.id == bindparam("key")).with_for_update())
_FOLLOWUPS = Statement(  # follow-ups of the delayed decision, not claimed yet
    lambda sql: (
        select(_f.id, _f.kind, _f.body)
        .where(_f.due_at > bindparam("now"), _f.attempts == schema.lit(0), _f.message_id == bindparam("key"))
        .with_for_update()
    )
)
_HOLD_AGAIN = BatchStatement(
    lambda sql, value: (
        update(schema.recipients)
        .where(
            _r.message_id == value("id"),
            _r.position == value("at"),
            _r.decided_by == value("by"),
            _r.token.is_(None),
            (_r.state == schema.lit("rejected"))
            | (_r.state == schema.lit("discarded"))
            | ((_r.state == schema.lit("queued")) & (_r.next_attempt_at > value("now"))),
        )
        .values(
            state=schema.lit("held"),
            next_attempt_at=null(),
            queued_at=null(),
            changed_at=value("now"),
            decided_by=schema.lit(POLICY),
            decided_at=value("now"),
        )
    ),
    id=schema.TEXT,
    at=Integer(),
    by=schema.TEXT,
    now=_r.changed_at.type,
)
_END_TURN = BatchStatement(
    lambda sql, value: (
        update(schema.text_turns)
        .where(_t.message_id == value("id"), _t.position == value("at"))
        .values(waiting=schema.lit(0))
    ),
    id=schema.TEXT,
    at=Integer(),
)
_DELETE_FOLLOWUPS = Statement(lambda sql: delete(schema.followups).where(sql.among(_f.id)))


def _undo(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[tuple[str, ...]]:
    return [_undo_one(db, *item) for item in items]


def _undo_one(db: Database, id_: str, by: str, entry: AuditEntry) -> tuple[str, ...]:
    rows = db.rows(_LOCK, key=id_)
    if not rows:
        return ()
    envelope, _ = decode_envelope(rows[0][0])
    followups = [(row, kind, json.loads(body)) for row, kind, body in db.rows(_FOLLOWUPS, key=id_, now=db.now)]
    decided = {
        str(address)
        for _, kind, body in followups
        if kind == FollowupKind.DECISION.value and body.get("by") == by
        for address in body["recipients"]
    }
    held_again = []
    for position, recipient in enumerate(envelope.recipients):
        row = {"id": id_, "at": position, "by": storable(by), "now": db.now}
        if recipient.address in decided and db.batch(_HOLD_AGAIN, [row]):
            db.batch(_END_TURN, [{"id": id_, "at": position}])
            held_again.append(recipient.address)
    if held_again:
        kinds = {
            FollowupKind.DECISION.value, FollowupKind.REJECTION.value, FollowupKind.REJECTED_TEXT.value,
            FollowupKind.RELEASED.value,
        }  # fmt: skip
        obsolete = [
            row for row, kind, body in followups if kind in kinds and set(body["recipients"]) <= set(held_again)
        ]
        db.change(_DELETE_FOLLOWUPS, ids=obsolete)
        audit.write(
            db,
            [AuditEntry(entry.at, entry.actor, entry.act, entry.subject, {**entry.detail, "recipients": held_again})],
        )
    return tuple(dict.fromkeys(held_again))


_UNDO_WRITE = Write(_undo, rank=0)


class SqlUndoStore(FeatureStore):
    """See gateway.ports.review.UndoStore."""

    async def hold_again(self, message_id: str, by: str, entry: AuditEntry) -> tuple[str, ...]:
        """See gateway.ports.review.UndoStore."""
        return await self._writer.write(_UNDO_WRITE, (storable(message_id), by, entry))
