"""Past traffic as it was decided, in order of acceptance: what a changed policy is tried on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from gateway.core.policy.decision import PendingMessage
from gateway.store.engine.dialects import Run, Statement
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.messages.dispositions import as_they_stand
from gateway.store.schema import messages as schema

_m, _t = schema.messages.c, schema.contacts.c
_FOUND = Statement(  # every message in scope has a contact, at the time of its acceptance
    lambda of: (
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
    lambda of: (
        select(_m.id, _m.channel, _m.sha256, _m.received_at, _m.envelope)
        .where(of.among(_m.id))
        .order_by(_m.received_at, _m.id)
    )
)


def _past(run: Run, since: float, behind: str, limit: int) -> list[PendingMessage]:
    ids = [str(row[0]) for row in run.rows(_FOUND, since=since, behind=behind, limit=limit)]
    standing = as_they_stand(run, run.rows(_HEADS, ids=ids)) if ids else {}
    return [each.pending for each in standing.values()]


class SqlHistoryStore(FeatureStore):
    """See gateway.ports.maintenance.HistoryStore."""

    async def past_messages(self, since: float, behind: str, limit: int) -> Sequence[PendingMessage]:
        """Messages in scope accepted at or after a time, in order; behind the id `behind` among those of that time."""
        return await self._readers.read(lambda run: _past(run, since, behind, limit))
