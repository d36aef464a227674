"""Notices of urgent messages: by mail, as a text, over the webhook. They have no content, no names, no addresses."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.serialization.json_fields import to_json

SIGNATURE_HEADER, TIMESTAMP_HEADER, ID_HEADER = "X-Chaperone-Signature", "X-Chaperone-Timestamp", "X-Chaperone-Notice"
"""The headers of a request to the webhook."""
OVER_WEBHOOK: Mapping[FollowupKind, str] = {
    FollowupKind.URGENT: "urgent",
    FollowupKind.HELP_ALERT: "help",
    FollowupKind.HELP_AGAIN: "help",
}
"""The notices that go over the webhook too, and how they are named there."""


def urgent_mail(followup: Followup, url: str) -> tuple[str, Sequence[str]]:
    """Subject and paragraphs of the notice by mail."""
    clauses, buildings = _clauses(followup.body), _texts(followup.body.get("buildings"))
    severity, level = str(followup.body.get("severity", "")), _level(followup.body)
    again = "Still untaken: urgent" if level else "Urgent"
    where = f" at {', '.join(buildings)}" if buildings else ""
    lines = [
        f"  Clause    {', '.join(clauses)}",
        f"  Severity  {severity}",
        *([f"  Building  {', '.join(buildings)}"] if buildings else []),
    ]
    return f"{again} message{where} ({severity})", (
        "A message between a staff member and a student needs somebody now."
        + (
            " It has a threat or a weapon in it: follow your district's emergency procedure first."
            if _threat(followup)
            else ""
        ),
        "\n".join(lines),
        f"  {url}/messages/{followup.message}",
        "Open the page and take it: claim it, assign it to somebody, or decide. "
        + (
            "Nobody has done so since the first notice, so more people get this one."
            if level
            else "Until somebody does, this notice is repeated to more people."
        ),
        "This notice intentionally contains no content and no names: the page asks you to sign in.",
    )


def urgent_text(followup: Followup, url: str) -> str:
    """The notice as one short text message."""
    ids = ", ".join(_texts(followup.body.get("clauses")))
    buildings = ", ".join(_texts(followup.body.get("buildings")))
    where = f" at {buildings}" if buildings else ""
    severity = str(followup.body.get("severity", ""))
    return f"Chaperone: urgent message{where}, clause {ids}, {severity}. {url}/messages/{followup.message}"


def webhook_body(followup: Followup, *, name: str, url: str, district: str) -> str:
    """The JSON for the webhook. `name` is the id by which the receiver knows a repeated request."""
    body = followup.body
    fields: dict[str, object] = {
        "v": 1, "id": name, "kind": OVER_WEBHOOK[followup.kind], "message": followup.message, "at": body.get("at", ""),
        "clauses": _texts(body.get("clauses")), "severity": str(body.get("severity", "critical")),
        "threat": _threat(followup), "level": _level(body), "buildings": _texts(body.get("buildings")),
        "district": district, "url": f"{url}/messages/{followup.message}",
    }  # fmt: skip
    return to_json(fields).decode()


def webhook_signature(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a request: HMAC-SHA256 over the timestamp, a point and the body."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return "sha256=" + signed.hexdigest()


def _clauses(body: Mapping[str, object]) -> list[str]:
    ids, titles = _texts(body.get("clauses")), _texts(body.get("titles"))
    return [f"{id_} {title}".strip() for id_, title in zip(ids, [*titles, *[""] * len(ids)], strict=False)]


def _texts(value: object) -> list[str]:
    return [" ".join(str(item).split()) for item in value] if isinstance(value, list | tuple) else []


def _level(body: Mapping[str, object]) -> int:
    level = body.get("level", 0)
    return level if isinstance(level, int) else 0


def _threat(followup: Followup) -> bool:
    return bool(followup.body.get("threat"))
