"""Past traffic as it was decided, in order of acceptance, for trying out a changed policy."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select

from gateway.core.policy.decision import PendingMessage
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.messages.dispositions import read_messages
from gateway.store.schema import messages as schema

_m, _t = schema.messages.c, schema.contacts.c
_IDS = Statement(  # every message in scope has a contact, at the time of its acceptance
    lambda sql: (
        select(_t.message_id, _t.at)
        .where(
            _t.at >= bindparam("since"),
            (_t.at > bindparam("since")) | (_t.message_id > bindparam("behind")),
        )
        .group_by(_t.at, _t.message_id)
        .order_by(_t.at, _t.message_id)
        .limit(bindparam("limit"))
    )
)
_COUNT = Statement(lambda sql: select(func.count(_t.message_id.distinct())).where(_t.at >= bindparam("since")))
_HEADS = Statement(
    lambda sql: (
        select(_m.id, _m.channel, _m.sha256, _m.received_at, _m.envelope)
        .where(sql.among(_m.id))
        .order_by(_m.received_at, _m.id)
    )
)


def _past_messages(db: Database, since: float, after_id: str, limit: int) -> list[PendingMessage]:
    ids = [str(row[0]) for row in db.rows(_IDS, since=since, behind=after_id, limit=limit)]
    messages = read_messages(db, db.rows(_HEADS, ids=ids)) if ids else {}
    return [message.pending for message in messages.values()]


class SqlHistoryStore(FeatureStore):
    """See gateway.ports.maintenance.HistoryStore."""

    async def count_since(self, since: float) -> int:
        """See gateway.ports.maintenance.HistoryStore."""
        return int((await self._readers.read(lambda db: db.rows(_COUNT, since=since)))[0][0])

    async def past_messages(self, since: float, after_id: str, limit: int) -> Sequence[PendingMessage]:
        """See gateway.ports.maintenance.HistoryStore."""
        return await self._readers.read(lambda db: _past_messages(db, since, after_id, limit))
