"""The use of unregistered tools: rows written with the decision about a message. Writing them again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.messages.conversation import conversation_id
from gateway.core.policy.decision import PendingMessage
from gateway.store.engine.columns import storable
from gateway.store.engine.dialects import Database, batch_insert
from gateway.store.schema.tools import tool_uses

MAX_PAIRS = 50
"""Pairs of one message that are counted; more are a mailing."""
_INSERT = batch_insert(tool_uses, ignore_existing=True)


def write(db: Database, used: Iterable[tuple[PendingMessage, tuple[str, ...]]]) -> None:
    """Note the tools of messages, for each pair."""
    rows = {
        (storable(tool), message.id, conversation): message.received_at
        for message, tools in used
        for tool in tools
        for conversation in _conversations(message)
    }
    db.batch(
        _INSERT,
        [
            {"tool": tool, "message_id": id_, "conversation": conversation, "at": float(at)}
            for (tool, id_, conversation), at in sorted(rows.items())
        ],
    )


def _conversations(message: PendingMessage) -> list[str]:
    pairs = [pair for recipient in message.recipients for pair in recipient.pairs]
    return sorted({conversation_id(pair.staff, pair.student) for pair in pairs})[:MAX_PAIRS]
