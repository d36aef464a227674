"""Rows of review work that are written with a decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete

from gateway.core.policy.work_kinds import ReviewWork, WorkKind
from gateway.store.engine.dialects import BatchStatement, Database, batch_insert
from gateway.store.schema.flags import OPEN_WORK, review_work
from gateway.store.schema.messages import TEXT

_w = review_work.c
_INSERT = batch_insert(review_work, ignore_existing=True)
_END = BatchStatement(
    lambda sql, value: delete(review_work).where(_w.message_id == value("id"), _w.kind == value("what"), OPEN_WORK),
    id=TEXT,
    what=TEXT,
)


def write(
    db: Database, work: Iterable[tuple[str, ReviewWork]], ended: Sequence[tuple[str, WorkKind]] = ()
) -> None:  # fmt: skip
    """Write the work on messages, given with their ids, and delete what has `ended` and is open.

    What is there already stays.
    """
    if ended:
        db.batch(_END, [{"id": id_, "what": kind.value} for id_, kind in sorted(set(ended))])
    rows = {
        (id_, item.kind.value): {
            "message_id": id_,
            "kind": item.kind.value,
            "at": db.now,
            "due_at": item.due_at,
            "outcome": "",
            "clauses": "[]",
            "by_name": "",
            "reason": "",
            "closed_at": None,
            "chosen": 0,
        }
        for id_, item in work
    }
    db.batch(_INSERT, [rows[key] for key in sorted(rows)])
