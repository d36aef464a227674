"""Taking a person's decision back while nothing of it has left: what was released or rejected is held again."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Integer, bindparam, delete, null, select, update

from gateway.core.messages.followup import FollowupKind
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.transitions import POLICY
from gateway.store.audit import audit
from gateway.store.engine.columns import fit, read_envelope
from gateway.store.engine.dialects import Each, Run, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_m, _r, _f, _t = schema.messages.c, schema.recipients.c, schema.followups.c, schema.texts.c

_LOCK = Statement(lambda of: select(_m.envelope).where(_m.id == bindparam("key")).with_for_update())
_WAITING = Statement(  # what is to follow and nobody has taken up
    lambda of: (
        select(_f.id, _f.kind, _f.body)
        .where(_f.due_at > bindparam("now"), _f.attempts == schema.lit(0), _f.message_id == bindparam("key"))
        .with_for_update()
    )
)
_BACK = Each(
    lambda of, given: (
        update(schema.recipients)
        .where(
            _r.message_id == given("id"),
            _r.position == given("at"),
            _r.decided_by == given("by"),
            _r.token.is_(None),
            (_r.state == schema.lit("rejected"))
            | (_r.state == schema.lit("discarded"))
            | ((_r.state == schema.lit("queued")) & (_r.next_attempt_at > given("now"))),
        )
        .values(
            state=schema.lit("held"),
            next_attempt_at=null(),
            queued_at=null(),
            changed_at=given("now"),
            decided_by=schema.lit(POLICY),
            decided_at=given("now"),
        )
    ),
    id=schema.TEXT,
    at=Integer(),
    by=schema.TEXT,
    now=_r.changed_at.type,
)
_TURN = Each(
    lambda of, given: (
        update(schema.texts)
        .where(_t.message_id == given("id"), _t.position == given("at"))
        .values(waiting=schema.lit(0))
    ),
    id=schema.TEXT,
    at=Integer(),
)
_DROP = Statement(lambda of: delete(schema.followups).where(of.among(_f.id)))


def _recall(run: Run, items: Sequence[tuple[str, str, AuditEntry]]) -> list[tuple[str, ...]]:
    return [_recall_one(run, *item) for item in items]


def _recall_one(run: Run, id_: str, by: str, act: AuditEntry) -> tuple[str, ...]:
    locked = run.rows(_LOCK, key=id_)
    if not locked:
        return ()
    envelope, _ = read_envelope(locked[0][0])
    waiting = [(row, kind, json.loads(body)) for row, kind, body in run.rows(_WAITING, key=id_, now=run.now)]
    decided = {
        str(address)
        for _, kind, body in waiting
        if kind == FollowupKind.DECISION.value and body.get("by") == by
        for address in body["recipients"]
    }
    back = []
    for position, recipient in enumerate(envelope.recipients):
        row = {"id": id_, "at": position, "by": fit(by), "now": run.now}
        if recipient.address in decided and run.each(_BACK, [row]):
            run.each(_TURN, [{"id": id_, "at": position}])
            back.append(recipient.address)
    if back:
        kinds = (FollowupKind.DECISION.value, FollowupKind.REJECTION.value, FollowupKind.REJECTED_TEXT.value)
        dropped = [row for row, kind, body in waiting if kind in kinds and set(body["recipients"]) <= set(back)]
        run.change(_DROP, ids=dropped)
        audit.write(run, [AuditEntry(act.at, act.actor, act.act, act.subject, {**act.detail, "recipients": back})])
    return tuple(dict.fromkeys(back))


_RECALL_WRITE = Write(_recall, rank=0)


class SqlUndoStore(FeatureStore):
    """See gateway.ports.review.UndoStore."""

    async def hold_again(self, message_id: str, by: str, act: AuditEntry) -> tuple[str, ...]:
        """See gateway.ports.review.UndoStore."""
        return await self._writer.do(_RECALL_WRITE, (fit(message_id), by, act))
