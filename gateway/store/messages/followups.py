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
from gateway.store.engine.columns import json_text
from gateway.store.engine.dialects import FOLLOWUPS, Each, Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import intake
from gateway.store.schema import messages as schema

_f = schema.followups.c
_WRITE = insert_each(schema.followups, "kind", "message_id", "body", "due_at", "attempts")
_due = (
    select(_f.id)
    .where(_f.due_at <= bindparam("now"))
    .order_by(_f.due_at, _f.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = Statement(
    lambda of: (
        update(schema.followups)
        .where(_f.id.in_(select(_due.c.id)))
        .values(due_at=bindparam("until"), attempts=_f.attempts + schema.lit(1))
        .returning(_f.id, _f.kind, _f.message_id, _f.body, _f.attempts)
    )
)
_DONE = Statement(lambda of: delete(schema.followups).where(of.among(_f.id)).returning(_f.id))
_LATER = Each(
    lambda of, given: update(schema.followups).where(_f.id == given("at")).values(due_at=given("until")),
    at=BigInteger(),
    until=Double(),
)


def write(run: Run, followups: Sequence[Followup], after: float = 0.0) -> None:
    """Write what is to follow, due at once or after so many seconds."""
    if followups and not after:
        run.news.add(FOLLOWUPS)
    run.each(
        _WRITE,
        [
            {
                "kind": each.kind.value,
                "message_id": each.message,
                "body": json_text(dict(each.body)),
                "due_at": run.now + after,
                "attempts": 0,
            }
            for each in followups
        ],
    )


def _claim(run: Run, items: Sequence[tuple[int, float]]) -> list[list[Followup]]:
    return [
        [
            Followup(FollowupKind(kind), message, json.loads(body), str(id_), attempts)
            for id_, kind, message, body, attempts in sorted(
                run.rows(_CLAIM, now=run.now, limit=limit, until=run.now + lease)
            )
        ]
        for limit, lease in items
    ]


def _done(run: Run, items: Sequence[tuple[Collection[str], Message | None, Sequence[AuditEntry]]]) -> list[None]:
    gone = {row[0] for row in run.rows(_DONE, ids=sorted({int(id_) for ids, *_ in items for id_ in ids}))}
    mine = [item for item in items if not gone.isdisjoint(map(int, item[0]))]  # else another did it: one is enough
    ours = [intake.Accepted(message) for _, message, _ in mine if message is not None]
    if ours:
        intake.insert(run, ours)
    audit.write(run, [act for *_, acts in mine for act in acts])
    return [None] * len(items)


def _later(run: Run, items: Sequence[tuple[Collection[str], float]]) -> list[None]:
    until = {int(id_): run.now + after for ids, after in items for id_ in ids}
    run.each(_LATER, [{"at": id_, "until": at} for id_, at in sorted(until.items())])
    return [None] * len(items)


_CLAIM_WRITE = Write(_claim, rank=3)
_DONE_WRITE = Write(_done, rank=2)
_LATER_WRITE = Write(_later, rank=2)


class SqlFollowupStore(FeatureStore):
    """See gateway.ports.messages.FollowupStore."""

    async def claim_due(self, limit: int, lease: float, alarm: WakeupSignal | None = None) -> Sequence[Followup]:
        """See gateway.ports.messages.FollowupStore."""
        if alarm is not None:
            found = await self._writer.ride(_CLAIM_WRITE, (limit, lease), FOLLOWUPS, FOLLOWUPS, alarm, POLL_SECONDS)
            if found is not None or alarm.stopped:
                return found or ()
        return await self._writer.look(_CLAIM_WRITE, (limit, lease), FOLLOWUPS)

    async def complete(
        self, ids: Collection[str], message: Message | None = None, acts: Sequence[AuditEntry] = ()
    ) -> None:
        """See gateway.ports.messages.FollowupStore."""
        write = self._writer.later if message is None else self._writer.do
        await write(_DONE_WRITE, (ids, message, acts))

    async def postpone(self, ids: Collection[str], after: float) -> None:
        """See gateway.ports.messages.FollowupStore."""
        await self._writer.do(_LATER_WRITE, (ids, after))
