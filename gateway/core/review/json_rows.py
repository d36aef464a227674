"""Rows of lists as JSON: the same on the command line and in the API."""

from __future__ import annotations

from gateway.core.review.views import HeldMessage, Trace
from gateway.core.serialization.wire import rfc3339


def held_row(held: HeldMessage) -> dict[str, object]:
    """One held message. `recipients` are the held ones; `reasons` are words of `failed`, or no_verdict."""
    return {
        "id": held.id,
        "channel": held.channel,
        "direction": held.direction,
        "sender": held.sender,
        "recipients": list(held.recipients),
        "received_at": rfc3339(held.received_at),
        "due_at": None if held.due_at is None else rfc3339(held.due_at),
        "clauses": list(held.clauses),
        "reasons": list(held.reasons),
        "subject": held.subject,
    }


def trace_row(trace: Trace) -> dict[str, object]:
    """Where one message is: states and times, no content."""
    return {
        "id": trace.id,
        "message_id": trace.message_id,
        "channel": trace.channel,
        "direction": trace.direction,
        "sender": trace.sender,
        "recipients": [
            {"address": recipient.address, "state": recipient.state, "at": rfc3339(recipient.at)}
            for recipient in trace.recipients
        ],
        "sha256": trace.sha256,
        "action": trace.action,
        "clauses": list(trace.clauses),
    }
