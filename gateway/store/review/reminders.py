"""Reminders: each step of a message is sent once, by whichever process claims it first."""

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
from gateway.store.schema.review import sent_reminders

REMEMBERED_SECONDS = 400 * 86400.0
"""Seconds that a sent step is remembered."""

_t, _r = sent_reminders.c, schema.recipients.c
_DUE_BEFORE = Statement(
    lambda sql: (
        select(_r.message_id)
        .where(_r.state == schema.lit("held"), _r.due_at < bindparam("before"))
        .order_by(_r.due_at.desc())
        .limit(bindparam("limit"))
    )
)
_SENT = Statement(lambda sql: select(_t.message_id, _t.step).where(sql.among(_t.message_id)))
_ADD = batch_insert(sent_reminders, ignore_existing=True)
_DELETE_OLD = Statement(lambda sql: delete(sent_reminders).where(_t.at < bindparam("before")))


def _remind(
    db: Database, items: Sequence[tuple[Sequence[tuple[str, str]], ReminderNotices]]
) -> list[list[tuple[str, str]]]:
    answers = []
    for steps, notices in items:
        db.change(_DELETE_OLD, before=db.now - REMEMBERED_SECONDS)
        claimed = [
            (id_, step)
            for id_, step in sorted(set(steps))
            if db.batch(_ADD, [{"message_id": id_, "step": step, "at": db.now}]) == 1
        ]
        if claimed:
            new_followups, entries = notices(claimed)
            followups.write(db, new_followups)
            audit.write(db, entries)
        answers.append(claimed)
    return answers


def _due_before(db: Database, before: float, limit: int) -> list[HeldMessage]:
    ids = list(dict.fromkeys(row[0] for row in db.rows(_DUE_BEFORE, before=before, limit=limit)))
    held = [read_held(group) for group in group_by_message(db.rows(HELD_OF, ids=ids))] if ids else []
    return sorted(held, key=lambda message: -(message.due_at or 0.0))


_REMIND_WRITE = Write(_remind)


class SqlReminderStore(FeatureStore):
    """See gateway.ports.review.ReminderStore."""

    async def due_before(self, before: float, limit: int) -> Sequence[HeldMessage]:
        """See gateway.ports.review.ReminderStore."""
        return await self._readers.read(lambda db: _due_before(db, before, limit))

    async def reminded(self, message_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """See gateway.ports.review.ReminderStore."""
        ids = sorted({storable(id_) for id_ in message_ids})
        rows = await self._readers.read(lambda db: db.rows(_SENT, ids=ids)) if ids else []
        return {(row[0], row[1]) for row in rows}

    async def remind(self, steps: Sequence[tuple[str, str]], notices: ReminderNotices) -> Sequence[tuple[str, str]]:
        """See gateway.ports.review.ReminderStore."""
        return await self._writer.write(_REMIND_WRITE, (steps, notices))
