"""Follow-ups: rows written with a change of state, claimed with a lease, and deleted when done."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from sqlalchemy import BigInteger, Double, bindparam, delete, select, update

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.message import Message
from gateway.core.messages.work import Unreadable, WorkItem, WorkStage
from gateway.core.policy.decision import AuditEntry
from gateway.ports.messages import POLL_SECONDS, WakeupSignal
from gateway.ports.urgency import WebhookNotice
from gateway.store.audit import audit
from gateway.store.engine.columns import UNDECODABLE, encode_json
from gateway.store.engine.dialects import FOLLOWUPS, BatchStatement, Database, Row, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import attention, intake, work_failures
from gateway.store.schema import messages as schema

_KNOWN_KINDS = frozenset(FollowupKind)  # a newer version may have written others: they wait for it
_f = schema.followups.c
_INSERT = batch_insert(schema.followups, "kind", "message_id", "body", "due_at", "attempts")
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
_DELETE = Statement(lambda sql: delete(schema.followups).where(sql.among(_f.id)).returning(_f.id, _f.attempts))
_POSTPONE = BatchStatement(
    lambda sql, value: update(schema.followups).where(_f.id == value("at")).values(due_at=value("until")),
    at=BigInteger(),
    until=Double(),
)


def write(db: Database, followups: Sequence[Followup], after: float = 0.0) -> None:
    """Insert follow-ups, due `after` some seconds.

    Records of decisions wake nobody: they are gathered until the next look, a POLL_SECONDS later at most.
    """
    if not after and any(followup.kind is not FollowupKind.DECISION for followup in followups):
        db.made_due.add(FOLLOWUPS)
    db.batch(
        _INSERT,
        [
            {
                "kind": followup.kind.value,
                "message_id": followup.message,
                "body": encode_json(dict(followup.body)),
                "due_at": db.now + after,
                "attempts": 0,
            }
            for followup in followups
        ],
    )


def _claim(db: Database, items: Sequence[tuple[int, float]]) -> list[list[Followup | Unreadable]]:
    return [
        [
            _read(row)
            for row in sorted(db.rows(_CLAIM, now=db.now, limit=limit, until=db.now + lease))
            if row[1] in _KNOWN_KINDS
        ]
        for limit, lease in items
    ]


def _read(row: Row) -> Followup | Unreadable:
    id_, kind, message, body, attempts = row
    try:
        return Followup(FollowupKind(kind), message, json.loads(body), str(id_), attempts)
    except UNDECODABLE as error:
        return Unreadable((WorkItem(WorkStage.NOTIFICATION, str(id_), message),), error)


def _complete(
    db: Database,
    items: Sequence[tuple[Collection[str], Sequence[Message], Sequence[AuditEntry], Sequence[WebhookNotice]]],
) -> list[None]:
    rows = db.rows(_DELETE, ids=sorted({int(id_) for ids, *_ in items for id_ in ids}))
    deleted = {id_ for id_, _ in rows}
    # another process completed the others
    still_ours = [item for item in items if not deleted.isdisjoint(map(int, item[0]))]
    own_messages = [intake.AcceptedMessage(message) for _, messages, *_ in still_ours for message in messages]
    if own_messages:
        intake.insert(db, own_messages)
    audit.write(db, [entry for _, _, entries, _ in still_ours for entry in entries])
    attention.write_notices(db, [notice for *_, notices in still_ours for notice in notices])
    # SQLite uses the number of a deleted row again: its account must not stay
    work_failures.forget(db, WorkStage.NOTIFICATION, [str(id_) for id_, attempts in rows if attempts > 1])
    return [None] * len(items)


def _postpone(db: Database, items: Sequence[tuple[Collection[str], float]]) -> list[None]:
    until = {int(id_): db.now + after for ids, after in items for id_ in ids}
    db.batch(_POSTPONE, [{"at": id_, "until": at} for id_, at in sorted(until.items())])
    return [None] * len(items)


_CLAIM_WRITE = Write(_claim, rank=3)
_COMPLETE_WRITE = Write(_complete, rank=2)
_POSTPONE_WRITE = Write(_postpone, rank=2)


class SqlFollowupStore(FeatureStore):
    """See gateway.ports.messages.FollowupStore."""

    async def claim_due(
        self, limit: int, lease: float, wakeup: WakeupSignal | None = None
    ) -> Sequence[Followup | Unreadable]:
        """See gateway.ports.messages.FollowupStore."""
        if wakeup is not None:
            claimed = await self._writer.claim_with(
                _CLAIM_WRITE, (limit, lease), FOLLOWUPS, FOLLOWUPS, wakeup, POLL_SECONDS
            )
            if claimed is not None or wakeup.stopped:
                return claimed or ()
        return await self._writer.claim_now(_CLAIM_WRITE, (limit, lease), FOLLOWUPS)

    async def complete(
        self, ids: Collection[str], *messages: Message, entries: Sequence[AuditEntry] = (),
        webhooks: Sequence[WebhookNotice] = (),
    ) -> None:  # fmt: skip
        """See gateway.ports.messages.FollowupStore."""
        write = self._writer.write if messages or webhooks else self._writer.write_later
        await write(_COMPLETE_WRITE, (ids, messages, entries, webhooks))

    async def postpone(self, ids: Collection[str], after: float) -> None:
        """See gateway.ports.messages.FollowupStore."""
        await self._writer.write(_POSTPONE_WRITE, (ids, after))
