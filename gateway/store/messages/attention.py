"""Rows of urgency that are written with a decision, or with the notice that follows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from gateway.core.policy.urgency import Attention
from gateway.ports.urgency import WebhookNotice
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, batch_insert
from gateway.store.schema.urgency import attention, webhook_notices

_INSERT = batch_insert(attention, ignore_existing=True)
_INSERT_NOTICE = batch_insert(webhook_notices, ignore_existing=True)


def write(db: Database, items: Iterable[tuple[str, Attention]]) -> None:
    """Write what asks for attention, with the ids of the messages. What is there already stays."""
    rows = {
        (id_, found.kind.value): {
            "message_id": id_,
            "kind": found.kind.value,
            "at": db.now,
            "clauses": json.dumps([storable(clause) for clause in found.clauses]),
            "severity": storable(found.severity),
            "threat": int(found.threat),
            "due_at": found.due_at,
            "taken_by": "",
            "taken_at": None,
        }
        for id_, found in items
    }
    db.batch(_INSERT, [rows[key] for key in sorted(rows)])


def write_notices(db: Database, notices: Sequence[WebhookNotice]) -> None:
    """Write notices for the webhook, due now. One with the id of an earlier one is not written again."""
    rows = {
        notice.id: {
            "id": notice.id,
            "message_id": notice.message,
            "body": storable(notice.body),
            "at": db.now,
            "attempts": 0,
            "due_at": db.now,
        }
        for notice in notices
    }
    db.batch(_INSERT_NOTICE, [rows[id_] for id_ in sorted(rows)])
