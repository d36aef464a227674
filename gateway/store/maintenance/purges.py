"""What retention deletes, counted by category in the same transaction, and put on record at the end of a look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, delete, select

from gateway.core.policy.decision import STRICTNESS, Action, AuditEntry
from gateway.store.audit import audit
from gateway.store.engine.columns import decode_decision
from gateway.store.engine.dialects import Database, SqlDialect, Statement
from gateway.store.engine.group_commit import Write
from gateway.store.schema import messages as schema
from gateway.store.schema.records import purge_counts

DELETED = "content deleted"
"""The act in the audit log. Its detail has counts by category, and no person."""
_CATEGORIES = {Action.RELEASE: "delivered", Action.FLAG: "flagged", Action.HOLD: "held", Action.ALERT: "alerted"}
_r, _p = schema.recipients.c, purge_counts.c

_DECISIONS = Statement(
    lambda sql: select(_r.message_id, _r.action, _r.decision).where(
        sql.among(_r.message_id), _r.marked == schema.lit(1), _r.decision.is_not(None)
    )
)
_COUNTS = Statement(lambda sql: select(_p.category, _p.count).with_for_update())
_CLEAR = Statement(lambda sql: delete(purge_counts))


def _add(sql: SqlDialect) -> object:
    insert = sql.insert(purge_counts).values(category=bindparam("category"), count=bindparam("added"))
    return insert.on_conflict_do_update(index_elements=["category"], set_={"count": _p.count + insert.excluded.count})


_ADD = Statement(_add)  # type: ignore[arg-type]  # an insert of a dialect, which SQLAlchemy types as Any


def count(db: Database, counts: Mapping[str, int]) -> None:
    """Add to what was deleted since the last entry."""
    for category, added in sorted(counts.items()):
        if added:
            db.change(_ADD, category=category, added=added)


def count_contents(db: Database, ids: Sequence[str]) -> None:
    """Count deleted contents by the strictest action on their copies, and by the clauses of those that were marked."""
    if not ids:
        return
    actions, clauses = defaultdict[str, set[Action]](set), defaultdict[str, set[str]](set)
    for id_, action, decision in db.rows(_DECISIONS, ids=list(ids)):
        actions[id_].add(Action(action))
        clauses[id_] |= set(decode_decision(decision).clauses)
    counts = Counter(
        f"contents {_CATEGORIES[max(actions[id_], key=STRICTNESS.index, default=Action.RELEASE)]}" for id_ in ids
    )
    counts.update(f"clauses {clause}" for of_one in clauses.values() for clause in of_one)
    count(db, counts)


def _record(db: Database, items: Sequence[None]) -> list[None]:
    rows = db.rows(_COUNTS)
    if rows:
        detail: dict[str, dict[str, int]] = {}
        for category, number in sorted(rows):
            group, _, name = category.partition(" ")
            detail.setdefault(group, {})[name] = int(number)
        audit.write(db, [AuditEntry(db.now, "gateway", DELETED, "", detail)])
        db.change(_CLEAR)
    return [None] * len(items)


RECORD = Write(_record, rank=2)
