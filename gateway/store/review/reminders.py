"""What people were told of due times and calls for help: each step once, whichever process tells it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, delete, select

from gateway.core.review.views import HeldMessage
from gateway.ports.review import Letters
from gateway.store.audit import audit
from gateway.store.engine.columns import fit
from gateway.store.engine.dialects import Run, Statement, insert_each
from gateway.store.engine.feature_store import FeatureStore
from gateway.store.engine.group_commit import Write
from gateway.store.messages import followups
from gateway.store.review.lookups import HELD_OF, by_message, read_held
from gateway.store.schema import messages as schema
from gateway.store.schema.review import told

KEPT = 400 * 86400.0
"""Seconds that a step is remembered."""

_t, _r = told.c, schema.recipients.c
_LATEST_DUE = Statement(
    lambda of: (
        select(_r.message_id)
        .where(_r.state == schema.lit("held"), _r.due_at < bindparam("before"))
        .order_by(_r.due_at.desc())
        .limit(bindparam("limit"))
    )
)
_TOLD = Statement(lambda of: select(_t.message_id, _t.step).where(of.among(_t.message_id)))
_ADD = insert_each(told, again=True)
_OLD = Statement(lambda of: delete(told).where(_t.at < bindparam("before")))


def _tell(run: Run, items: Sequence[tuple[Sequence[tuple[str, str]], Letters]]) -> list[list[tuple[str, str]]]:
    answers = []
    for steps, letters in items:
        run.change(_OLD, before=run.now - KEPT)
        mine = [
            (id_, step)
            for id_, step in sorted(set(steps))
            if run.each(_ADD, [{"message_id": id_, "step": step, "at": run.now}]) == 1
        ]
        if mine:
            follow, acts = letters(mine)
            followups.write(run, follow)
            audit.write(run, acts)
        answers.append(mine)
    return answers


def _due_before(run: Run, before: float, limit: int) -> list[HeldMessage]:
    ids = list(dict.fromkeys(row[0] for row in run.rows(_LATEST_DUE, before=before, limit=limit)))
    held = [read_held(group) for group in by_message(run.rows(HELD_OF, ids=ids))] if ids else []
    return sorted(held, key=lambda each: -(each.due_at or 0.0))


_TELL_WRITE = Write(_tell)


class SqlReminderStore(FeatureStore):
    """See gateway.ports.review.ReminderStore."""

    async def due_before(self, before: float, limit: int) -> Sequence[HeldMessage]:
        """See gateway.ports.review.ReminderStore."""
        return await self._readers.read(lambda run: _due_before(run, before, limit))

    async def reminded(self, message_ids: Collection[str]) -> Collection[tuple[str, str]]:
        """See gateway.ports.review.ReminderStore."""
        ids = sorted({fit(each) for each in message_ids})
        rows = await self._readers.read(lambda run: run.rows(_TOLD, ids=ids)) if ids else []
        return {(row[0], row[1]) for row in rows}

    async def remind(self, steps: Sequence[tuple[str, str]], letters: Letters) -> Sequence[tuple[str, str]]:
        """See gateway.ports.review.ReminderStore."""
        return await self._writer.do(_TELL_WRITE, (steps, letters))
