"""Outcomes of deliveries as JSON, kept with a work item until they can be recorded."""

from __future__ import annotations

import json

from gateway.core.messages.delivery import Bounced, Outcome, Sent


def encode_outcome(outcome: Outcome | None) -> str:
    """A final outcome as JSON. "" for none and for a deferral: it is tried again anyway."""
    match outcome:
        case Sent(reply, relayed_dsn):
            return json.dumps(["sent", reply, relayed_dsn])
        case Bounced(reply):
            return json.dumps(["bounced", reply])
    return ""


def decode_outcome(text: str) -> Outcome | None:
    """The inverse of `encode_outcome`; None for a text that is none."""
    try:
        match json.loads(text or "null"):
            case ["sent", str(reply), bool(relayed_dsn)]:
                return Sent(reply, relayed_dsn)
            case ["bounced", str(reply)]:
                return Bounced(reply)
    except ValueError:
        pass
    return None
