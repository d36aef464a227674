"""Taking a person's decision back while nothing of it has left: what was released or rejected is held again."""

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

_m, _r, _f, _t = schema.messages.c, schema.recipients.c, schema.followups.c, schema.texts.c

_LOCK = Statement(lambda sql: select(_m.envelope).where(_m.id == bindparam("key")).with_for_update())
_WAITING = Statement(  # what is to follow and nobody has taken up
    lambda sql: (
        select(_f.id, _f.kind, _f.body)
        .where(_f.due_at > bindparam("now"), _f.attempts == schema.lit(0), _f.message_id == bindparam("key"))
        .with_for_update()
    )
)
_BACK = BatchStatement(
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
_TURN = BatchStatement(
    lambda sql, value: (
        update(schema.texts)
        .where(_t.message_id == value("id"), _t.position == value("at"))
        .values(waiting=schema.lit(0))
    ),
    id=schema.TEXT,
    at=Integer(),
)
_DROP = Statement(lambda sql: delete(schema.followups).where(sql.among(_f.id)))


def _recall(db: Database, items: Sequence[tuple[str, str, AuditEntry]]) -> list[tuple[str, ...]]:
    return [_recall_one(db, *item) for item in items]


def _recall_one(db: Database, id_: str, by: str, entry: AuditEntry) -> tuple[str, ...]:
    locked = db.rows(_LOCK, key=id_)
    if not locked:
        return ()
    envelope, _ = decode_envelope(locked[0][0])
    waiting = [(row, kind, json.loads(body)) for row, kind, body in db.rows(_WAITING, key=id_, now=db.now)]
    decided = {
        str(address)
        for _, kind, body in waiting
        if kind == FollowupKind.DECISION.value and body.get("by") == by
        for address in body["recipients"]
    }
    back = []
    for position, recipient in enumerate(envelope.recipients):
        row = {"id": id_, "at": position, "by": storable(by), "now": db.now}
        if recipient.address in decided and db.batch(_BACK, [row]):
            db.batch(_TURN, [{"id": id_, "at": position}])
            back.append(recipient.address)
    if back:
        kinds = (FollowupKind.DECISION.value, FollowupKind.REJECTION.value, FollowupKind.REJECTED_TEXT.value)
        dropped = [row for row, kind, body in waiting if kind in kinds and set(body["recipients"]) <= set(back)]
        db.change(_DROP, ids=dropped)
        audit.write(
            db, [AuditEntry(entry.at, entry.actor, entry.act, entry.subject, {**entry.detail, "recipients": back})]
        )
    return tuple(dict.fromkeys(back))


_RECALL_WRITE = Write(_recall, rank=0)


class SqlUndoStore(FeatureStore):
    """See gateway.ports.review.UndoStore."""

    async def hold_again(self, message_id: str, by: str, entry: AuditEntry) -> tuple[str, ...]:
        """See gateway.ports.review.UndoStore."""
        return await self._writer.write(_RECALL_WRITE, (storable(message_id), by, entry))
