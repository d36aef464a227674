"""What people were told of due times and calls for help: each step once, whichever process tells it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, delete, select

from gateway.core.review.views import HeldMessage
from gateway.ports.review import ReminderNotices
from gateway.store.audit import audit
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, Statement, batch_insert
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups
from gateway.store.review.lookups import HELD_OF, group_by_message, read_held
from gateway.store.schema import messages as schema
from gateway.store.schema.review import told

KEPT = 400 * 86400.0
"""Seconds that a step is remembered."""

_t, _r = told.c, schema.recipients.c
_LATEST_DUE = Statement(
    lambda sql: (
        select(_r.message_id)
        .where(_r.state == schema.lit("held"), _r.due_at < bindparam("before"))
        .order_by(_r.due_at.desc())
        .limit(bindparam("limit"))
    )
)
_TOLD = Statement(lambda sql: select(_t.message_id, _t.step).where(sql.among(_t.message_id)))
_ADD = batch_insert(told, ignore_existing=True)
_OLD = Statement(lambda sql: delete(told).where(_t.at < bindparam("before")))


def _tell(
    db: Database, items: Sequence[tuple[Sequence[tuple[str, str]], ReminderNotices]]
) -> list[list[tuple[str, str]]]:
    answers = []
    for steps, letters in items:
        db.change(_OLD, before=db.now - KEPT)
        mine = [
            (id_, step)
            for id_, step in sorted(set(steps))
            if db.batch(_ADD, [{"message_id": id_, "step": step, "at": db.now}]) == 1
        ]
        if mine:
            follow, entries = letters(mine)
            followups.write(db, follow)
            audit.write(db, entries)
        answers.append(mine)
    return answers


def _due_before(db: Database, before: float, limit: int) -> list[HeldMessage]:
    ids = list(dict.fromkeys(row[0] for row in db.rows(_LATEST_DUE, before=before, limit=limit)))
    held = [read_held(group) for group in group_by_message(db.rows(HELD_OF, ids=ids))] if ids else []
    return sorted(held, key=lambda each: -(each.due_at or 0.0))


_TELL_WRITE = Write(_tell)


class SqlReminderStore(FeatureStore):
    """See gateway.ports.review.ReminderStore."""

    async def due_before(self, before: float, limit: int) -> Sequence[HeldMessage]:
        """See gateway.ports.review.ReminderStore."""
        return await self._readers.read(lambda db: _due_before(db, before, limit))

    async def reminded(self, message_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """See gateway.ports.review.ReminderStore."""
        ids = sorted({storable(each) for each in message_ids})
        rows = await self._readers.read(lambda db: db.rows(_TOLD, ids=ids)) if ids else []
        return {(row[0], row[1]) for row in rows}

    async def remind(self, steps: Sequence[tuple[str, str]], letters: ReminderNotices) -> Sequence[tuple[str, str]]:
        """See gateway.ports.review.ReminderStore."""
        return await self._writer.write(_TELL_WRITE, (steps, letters))
