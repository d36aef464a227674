"""Legal holds of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from gateway.core.cases.case import LegalHold
from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import cases as case_tables
from gateway.store.schema import messages as schema

_h = case_tables.legal_holds.c

_OF_MESSAGES = Statement(
    lambda sql: select(_h.message_id, _h.reason, _h.placed_by, _h.placed_at).where(sql.among(_h.message_id))
)
_LOCK_MESSAGES = Statement(
    lambda sql: (
        select(schema.messages.c.id)
        .where(sql.among(schema.messages.c.id))
        .order_by(schema.messages.c.id)
        .with_for_update()
    )
)
_PLACE = batch_insert(case_tables.legal_holds, "message_id", "reason", "placed_by", "placed_at")
_LIFT = Statement(lambda sql: delete(case_tables.legal_holds).where(sql.among(_h.message_id)).returning(_h.message_id))


def _place(db: Database, items: Sequence[tuple[Sequence[LegalHold], Sequence[AuditEntry]]]) -> list[tuple[str, ...]]:
    placed = []
    for holds, entries in items:
        ids = sorted({hold.message for hold in holds})
        known = {row[0] for row in db.rows(_LOCK_MESSAGES, ids=ids)}
        held = {row[0] for row in db.rows(_OF_MESSAGES, ids=ids)}
        new = {hold.message: hold for hold in holds if hold.message in known - held}
        rows = [
            {"message_id": id_, "reason": storable(hold.reason), "placed_by": hold.by, "placed_at": db.now}
            for id_, hold in new.items()
        ]
        db.batch(_PLACE, rows)
        audit.write(db, [entry for entry in entries if entry.subject in new])
        placed.append(tuple(new))
    return placed


def _lift(db: Database, items: Sequence[tuple[Sequence[str], Sequence[AuditEntry]]]) -> list[tuple[str, ...]]:
    lifted = []
    for messages, entries in items:
        ids = tuple(dict.fromkeys(row[0] for row in db.rows(_LIFT, ids=sorted(set(messages)))))
        audit.write(db, [entry for entry in entries if entry.subject in ids])
        lifted.append(ids)
    return lifted


_PLACE_WRITE, _LIFT_WRITE = Write(_place, rank=0), Write(_lift)


class SqlLegalHoldStore(FeatureStore):
    """See gateway.ports.cases.LegalHoldStore."""

    async def place(self, holds: Sequence[LegalHold], entries: Sequence[AuditEntry]) -> tuple[str, ...]:
        """See gateway.ports.cases.LegalHoldStore."""
        return await self._writer.write(_PLACE_WRITE, (holds, entries))

    async def lift(self, messages: Sequence[str], entries: Sequence[AuditEntry]) -> tuple[str, ...]:
        """See gateway.ports.cases.LegalHoldStore."""
        return await self._writer.write(_LIFT_WRITE, ([storable(id_) for id_ in messages], entries))

    async def of_messages(self, messages: Sequence[str]) -> Mapping[str, LegalHold]:
        """See gateway.ports.cases.LegalHoldStore."""
        ids = sorted({storable(id_) for id_ in messages})
        rows = await self._readers.read(lambda db: db.rows(_OF_MESSAGES, ids=ids)) if ids else []
        return {row[0]: LegalHold(*row) for row in rows}
