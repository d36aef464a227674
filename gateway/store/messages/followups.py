"""What must follow a change of state: rows written with the change, claimed with a lease, and gone when done."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message
from gateway.core.policy.decision import AuditEntry
from gateway.ports.messages import POLL_SECONDS, WakeupSignal
from gateway.store.audit import audit
from gateway.store.engine.columns import encode_json
from gateway.store.engine.dialects import FOLLOWUPS, BatchStatement, Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import intake
from gateway.store.schema import messages as schema

_f = schema.followups.c
_WRITE = batch_insert(schema.followups, "kind", "message_id", "body", "due_at", "attempts")
_due = (
    select(_f.id)
    .where(_f.due_at <= bindparam("now"))
    .order_by(_f.due_at, _f.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = Statement(
    lambda sql: (
        update(schema.followups)
        .where(_f.id.in_(select(_due.c.id)))
        .values(due_at=bindparam("until"), attempts=_f.attempts + schema.lit(1))
        .returning(_f.id, _f.kind, _f.message_id, _f.body, _f.attempts)
    )
)
_DONE = Statement(lambda sql: delete(schema.followups).where(sql.among(_f.id)).returning(_f.id))
_LATER = BatchStatement(
    lambda sql, value: update(schema.followups).where(_f.id == value("at")).values(due_at=value("until")),
    at=BigInteger(),
    until=Double(),
)


def write(db: Database, followups: Sequence[Followup], after: float = 0.0) -> None:
    """Write what is to follow, due at once or after so many seconds."""
    if followups and not after:
        db.made_due.add(FOLLOWUPS)
    db.batch(
        _WRITE,
        [
            {
                "kind": each.kind.value,
                "message_id": each.message,
                "body": encode_json(dict(each.body)),
                "due_at": db.now + after,
                "attempts": 0,
            }
            for each in followups
        ],
    )


def _claim(db: Database, items: Sequence[tuple[int, float]]) -> list[list[Followup]]:
    return [
        [
            Followup(FollowupKind(kind), message, json.loads(body), str(id_), attempts)
            for id_, kind, message, body, attempts in sorted(
                db.rows(_CLAIM, now=db.now, limit=limit, until=db.now + lease)
            )
        ]
        for limit, lease in items
    ]


def _done(db: Database, items: Sequence[tuple[Collection[str], Message | None, Sequence[AuditEntry]]]) -> list[None]:
    gone = {row[0] for row in db.rows(_DONE, ids=sorted({int(id_) for ids, *_ in items for id_ in ids}))}
    mine = [item for item in items if not gone.isdisjoint(map(int, item[0]))]  # else another did it: one is enough
    ours = [intake.AcceptedMessage(message) for _, message, _ in mine if message is not None]
    if ours:
        intake.insert(db, ours)
    audit.write(db, [entry for *_, entries in mine for entry in entries])
    return [None] * len(items)


def _later(db: Database, items: Sequence[tuple[Collection[str], float]]) -> list[None]:
    until = {int(id_): db.now + after for ids, after in items for id_ in ids}
    db.batch(_LATER, [{"at": id_, "until": at} for id_, at in sorted(until.items())])
    return [None] * len(items)


_CLAIM_WRITE = Write(_claim, rank=3)
_DONE_WRITE = Write(_done, rank=2)
_LATER_WRITE = Write(_later, rank=2)


class SqlFollowupStore(FeatureStore):
    """See gateway.ports.messages.FollowupStore."""

    async def claim_due(self, limit: int, lease: float, wakeup: WakeupSignal | None = None) -> Sequence[Followup]:
        """See gateway.ports.messages.FollowupStore."""
        if wakeup is not None:
            found = await self._writer.claim_with(
                _CLAIM_WRITE, (limit, lease), FOLLOWUPS, FOLLOWUPS, wakeup, POLL_SECONDS
            )
            if found is not None or wakeup.stopped:
                return found or ()
        return await self._writer.claim_now(_CLAIM_WRITE, (limit, lease), FOLLOWUPS)

    async def complete(
        self, ids: Collection[str], message: Message | None = None, entries: Sequence[AuditEntry] = ()
    ) -> None:
        """See gateway.ports.messages.FollowupStore."""
        write = self._writer.write_later if message is None else self._writer.write
        await write(_DONE_WRITE, (ids, message, entries))

    async def postpone(self, ids: Collection[str], after: float) -> None:
        """See gateway.ports.messages.FollowupStore."""
        await self._writer.write(_LATER_WRITE, (ids, after))
