"""TODO."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from gateway.core.cases.case import LegalHold
from gateway.core.policy.decision import AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema

_h = schema.legal_holds.c

_HOLDS = Statement(
    lambda of: select(_h.message_id, _h.reason, _h.placed_by, _h.placed_at).where(of.among(_h.message_id))
)
_KNOWN = Statement(
    lambda of: (
        select(schema.messages.c.id)
        .where(of.among(schema.messages.c.id))
        .order_by(schema.messages.c.id)
        .with_for_update()
    )
)
_PLACE = insert_each(schema.legal_holds, "message_id", "reason", "placed_by", "placed_at")
_LIFT = Statement(lambda of: delete(schema.legal_holds).where(of.among(_h.message_id)).returning(_h.message_id))


def _place(run: Run, items: Sequence[tuple[Sequence[LegalHold], Sequence[AuditEntry]]]) -> list[tuple[str, ...]]:
    placed = []
    for holds, acts in items:
        ids = sorted({each.message for each in holds})
        known = {row[0] for row in run.rows(_KNOWN, ids=ids)}
        there = {row[0] for row in run.rows(_HOLDS, ids=ids)}
        new = {each.message: each for each in holds if each.message in known - there}
        rows = [
            {"message_id": id_, "reason": fit(each.reason), "placed_by": each.by, "placed_at": run.now}
            for id_, each in new.items()
        ]
        run.each(_PLACE, rows)
        audit.write(run, [act for act in acts if act.subject in new])
        placed.append(tuple(new))
    return placed


def _lift(run: Run, items: Sequence[tuple[Sequence[str], Sequence[AuditEntry]]]) -> list[tuple[str, ...]]:
    lifted = []
    for messages, acts in items:
        gone = tuple(dict.fromkeys(row[0] for row in run.rows(_LIFT, ids=sorted(set(messages)))))
        audit.write(run, [act for act in acts if act.subject in gone])
        lifted.append(gone)
    return lifted


_PLACE_WRITE, _LIFT_WRITE = Write(_place, rank=0), Write(_lift)


class SqlLegalHoldStore(FeatureStore):
    """See gateway.ports.cases.LegalHoldStore."""

    async def place(self, holds: Sequence[LegalHold], acts: Sequence[AuditEntry]) -> tuple[str, ...]:
        """See gateway.ports.cases.LegalHoldStore."""
        return await self._writer.do(_PLACE_WRITE, (holds, acts))

    async def lift(self, messages: Sequence[str], acts: Sequence[AuditEntry]) -> tuple[str, ...]:
        """See gateway.ports.cases.LegalHoldStore."""
        return await self._writer.do(_LIFT_WRITE, ([fit(each) for each in messages], acts))

    async def of_messages(self, messages: Sequence[str]) -> Mapping[str, LegalHold]:
        """See gateway.ports.cases.LegalHoldStore."""
        ids = sorted({fit(each) for each in messages})
        rows = await self._readers.read(lambda run: run.rows(_HOLDS, ids=ids)) if ids else []
        return {row[0]: LegalHold(*row) for row in rows}
