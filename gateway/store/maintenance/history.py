"""Past traffic as it was decided, in order of acceptance: what a changed policy is tried on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from gateway.core.policy.decision import PendingMessage
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.messages.dispositions import read_pending
from gateway.store.schema import messages as schema

_m, _t = schema.messages.c, schema.contacts.c
_FOUND = Statement(  # every message in scope has a contact, at the time of its acceptance
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
_HEADS = Statement(
    lambda sql: (
        select(_m.id, _m.channel, _m.sha256, _m.received_at, _m.envelope)
        .where(sql.among(_m.id))
        .order_by(_m.received_at, _m.id)
    )
)


def _past(db: Database, since: float, behind: str, limit: int) -> list[PendingMessage]:
    ids = [str(row[0]) for row in db.rows(_FOUND, since=since, behind=behind, limit=limit)]
    standing = read_pending(db, db.rows(_HEADS, ids=ids)) if ids else {}
    return [each.pending for each in standing.values()]


class SqlHistoryStore(FeatureStore):
    """See gateway.ports.maintenance.HistoryStore."""

    async def past_messages(self, since: float, behind: str, limit: int) -> Sequence[PendingMessage]:
        """Messages in scope accepted at or after a time, in order; behind the id `behind` among those of that time."""
        return await self._readers.read(lambda db: _past(db, since, behind, limit))
