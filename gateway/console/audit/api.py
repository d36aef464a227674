"""The API of the audit log: all of it, and the history of one message."""

from __future__ import annotations

from gateway.console.audit import schemas
from gateway.console.web.api_deps import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Reader,
    api_router,
    decode_cursor,
    encode_cursor,
    problems,
)
from gateway.console.web.deps import AuditDep, MessageId
from gateway.console.web.schemas import audit_entry_row

audit_api = api_router()


@audit_api.get("/audit", response_model=schemas.AuditLogPage, summary="The audit log, from its beginning")
async def audit(
    audit_log: AuditDep, user: Reader, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:  # fmt: skip
    after = decode_cursor(cursor, int)[0] if cursor is not None else 0
    entries = await audit_log.entries(user, after, limit)
    return {
        "items": [{**entry.document(), "whole": whole} for entry, whole in entries],
        "next": encode_cursor(entries[-1][0].number) if len(entries) == limit else None,
    }


@audit_api.get(
    "/messages/{id}/history", response_model=schemas.MessageHistory, responses=problems(404),
    summary="What happened to a message",
)  # fmt: skip
async def history(
    audit_log: AuditDep, user: Reader, id: MessageId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> dict[str, object]:
    """From its beginning, and who read it too."""
    after = decode_cursor(cursor, int)[0] if cursor is not None else 0
    entries = await audit_log.history(user, id, after, limit + 1)
    return {
        "items": [audit_entry_row(entry) for _, entry in entries[:limit]],
        "next": encode_cursor(entries[limit - 1][0]) if len(entries) > limit else None,
    }
