"""Deletes the rows of messages whose content is gone and whose own period has passed. Every deletion is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BindParameter, Double, bindparam, delete, exists, select

from gateway.core.messages.delivery import FINAL
from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.json_fields import rfc3339
from gateway.store.audit import audit
from gateway.store.engine.dialects import Database, Statement
from gateway.store.engine.group_commit import Write
from gateway.store.schema import cases as case_tables
from gateway.store.schema import messages as schema
from gateway.store.schema.flags import review_work
from gateway.store.schema.media import media
from gateway.store.schema.review import assignments, proposals, sent_reminders
from gateway.store.schema.senders import nudges, sender_requests, waiting_notices
from gateway.store.schema.tools import tool_uses
from gateway.store.schema.urgency import attention
from gateway.store.schema.work import work_failures

BATCH_SIZE = 200
"""Messages that one transaction deletes, at most."""

_m, _r = schema.messages.c, schema.recipients.c
_before: BindParameter[float] = bindparam("before", type_=Double())
_final = _r.state.in_([schema.lit(state.value) for state in sorted(FINAL)])
_NEEDING = (  # a message that one of these names is kept: it has content, is in a case, or is not finished
    schema.contents, schema.publications, schema.verdicts, schema.followups, case_tables.case_messages,
    case_tables.legal_holds,
)  # fmt: skip
_DELETED_WITH = (
    schema.recipients, schema.text_turns, schema.text_parts, schema.text_ids, media, assignments, proposals,
    sent_reminders, work_failures, tool_uses, attention, sender_requests, nudges, review_work,
    waiting_notices,
)  # fmt: skip
_IDS = Statement(lambda sql: select(_m.id).where(_m.id > bindparam("after")).order_by(_m.id).limit(bindparam("limit")))
_OLD = Statement(
    lambda sql: (
        select(_m.id)
        .where(
            sql.among(_m.id),
            _m.received_at <= _before,
            ~exists().where(_r.message_id == _m.id, ~_final | (_r.changed_at > _before)),
            *(~exists().where(table.c.message_id == _m.id) for table in _NEEDING),
        )
        .with_for_update()
    )
)
_DELETE = tuple(
    Statement(lambda sql, table=table: delete(table).where(sql.among(table.c.message_id)))  # type: ignore[misc]
    for table in _DELETED_WITH
)
_DELETE_MESSAGES = Statement(lambda sql: delete(schema.messages).where(sql.among(_m.id)))


@dataclass(frozen=True, slots=True)
class OldRows:
    """Messages to look at, and the time before which they must have ended."""

    ids: Sequence[str]
    before: float


def ids_after(db: Database, after: str) -> list[str]:
    """The next ids of messages, in their order, which is that of acceptance for most."""
    return [str(row[0]) for row in db.rows(_IDS, after=after, limit=BATCH_SIZE)]


def old_ids(db: Database, rows: OldRows) -> list[str]:
    """Those that can be deleted."""
    return [str(row[0]) for row in db.rows(_OLD, ids=list(rows.ids), before=rows.before)]


def _delete_rows(db: Database, items: Sequence[OldRows]) -> list[int]:
    return [_delete_old(db, item) for item in items]


def _delete_old(db: Database, rows: OldRows) -> int:
    ids = old_ids(db, rows)
    if not ids:
        return 0
    for statement in (*_DELETE, _DELETE_MESSAGES):
        db.change(statement, ids=ids)
    detail = {"messages": len(ids), "before": rfc3339(rows.before), "from": min(ids), "to": max(ids)}
    audit.write(db, [AuditEntry(db.now, "gateway", "metadata deleted", "", detail)])
    return len(ids)


DELETE_ROWS = Write(_delete_rows, rank=2)
