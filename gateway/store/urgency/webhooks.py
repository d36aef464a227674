"""Notices for the webhook: claimed with a lease, and deleted when the receiver has taken them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Double, bindparam, delete, select, update

from gateway.ports.urgency import WebhookNotice
from gateway.store.engine.dialects import BatchStatement, Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.urgency import webhook_notices

_w = webhook_notices.c
_ANY_DUE = Statement(lambda sql: select(_w.id).where(_w.due_at <= bindparam("now")).limit(schema.lit(1)))
_due = (
    select(_w.id)
    .where(_w.due_at <= bindparam("now"))
    .order_by(_w.due_at, _w.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_CLAIM = Statement(
    lambda sql: (
        update(webhook_notices)
        .where(_w.id.in_(select(_due.c.id)))
        .values(due_at=bindparam("until"), attempts=_w.attempts + schema.lit(1))
        .returning(_w.at, _w.id, _w.message_id, _w.body, _w.attempts)
    )
)
_DELETE = Statement(lambda sql: delete(webhook_notices).where(sql.among(_w.id)))
_POSTPONE = BatchStatement(
    lambda sql, value: update(webhook_notices).where(_w.id == value("key")).values(due_at=value("until")),
    key=schema.TEXT,
    until=Double(),
)


def _claim(db: Database, items: Sequence[tuple[int, float]]) -> list[list[WebhookNotice]]:
    return [
        [
            WebhookNotice(id_, message, body, attempts)
            for _, id_, message, body, attempts in sorted(
                db.rows(_CLAIM, now=db.now, limit=limit, until=db.now + lease)
            )
        ]
        for limit, lease in items
    ]


def _taken(db: Database, items: Sequence[Collection[str]]) -> list[None]:
    db.change(_DELETE, ids=sorted({id_ for ids in items for id_ in ids}))
    return [None] * len(items)


def _postpone(db: Database, items: Sequence[Mapping[str, float]]) -> list[None]:
    until = {id_: db.now + after for item in items for id_, after in item.items()}
    db.batch(_POSTPONE, [{"key": id_, "until": at} for id_, at in sorted(until.items())])
    return [None] * len(items)


_CLAIM_WRITE, _TAKEN_WRITE = Write(_claim, rank=3), Write(_taken, rank=2)
_POSTPONE_WRITE = Write(_postpone, rank=2)


class SqlWebhookStore(FeatureStore):
    """See gateway.ports.urgency.WebhookStore."""

    async def claim_due(self, limit: int, lease: float) -> Sequence[WebhookNotice]:
        """See gateway.ports.urgency.WebhookStore."""
        if not await self._readers.read(lambda db: db.rows(_ANY_DUE, now=db.now)):
            return ()  # a look is cheaper than a transaction that writes nothing
        return await self._writer.write(_CLAIM_WRITE, (limit, lease))

    async def taken(self, ids: Collection[str]) -> None:
        """See gateway.ports.urgency.WebhookStore."""
        await self._writer.write(_TAKEN_WRITE, list(ids))

    async def postpone(self, after: Mapping[str, float]) -> None:
        """See gateway.ports.urgency.WebhookStore."""
        await self._writer.write(_POSTPONE_WRITE, dict(after))
