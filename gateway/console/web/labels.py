"""Text for people: states, directions, reasons, entries of the audit log, times and sizes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gateway.core.policy.decision import AuditEntry
from gateway.core.serialization.json_fields import from_rfc3339

STATES = {
    "received": "being read", "held": "held", "queued": "on its way", "sent": "delivered", "bounced": "returned",
    "rejected": "rejected", "discarded": "discarded",
}  # fmt: skip
DIRECTIONS = {"staff_to_student": "staff → student", "student_to_staff": "student → staff", "out_of_scope": "notice"}
ROLES = {
    "technology_director": "Technology director", "building_administrator": "Building administrator",
    "security": "Security", "auditor": "Auditor", "staff": "Staff",
}  # fmt: skip
REASONS = {
    "no_verdict": "no verdict in time", "error": "the classifier failed", "timeout": "reading took too long",
    "crashed": "the parser crashed", "unreadable": "a part cannot be read", "encrypted": "it is encrypted",
    "too_large": "it is too large to be read", "language": "an unknown language", "incomplete": "parts are missing",
    "pictured": "a picture with unread words", "disputed": "mail programs show different things",
    "distress": "a student in distress",
}  # fmt: skip
FINDING_SOURCES = {
    "lexicon": "known phrases", "linear": "the trained model", "head": "the trained model",
    "encoder": "the trained model", "encoders": "the trained model", "mixing": "the trained model",
    "confidential": "signs of private information", "links": "where it links to",
    "extraction": "hidden content",
}  # fmt: skip
_ENTRIES = {
    "decided": "The policy decided", "released": "Released", "rejected": "Rejected", "discarded": "Discarded",
    "viewed": "Read", "decision taken back": "Decision undone", "call for help taken up": "Taken up",
    "call for help given back": "Call for help given back", "withheld": "Withheld",
    "content granted": "Content granted to", "content grant ended": "Grant ended for",
    "call for help confirmed": "Confirmed as a call for help", "no call for help": "Marked as no call for help",
    "access refused": "Access refused", "names opened": "Names revealed",
    "session ended": "Signed out one browser", "sessions ended": "Signed out everywhere",
    "other sessions ended": "Signed out everywhere else", "token created": "Token created",
    "token revoked": "Token revoked", "taken": "Taken", "assigned": "Assigned to", "given back": "Given back",
    "commented": "Comment", "held longer": "Held longer until", "proposed": "Proposed",
    "proposal taken away": "Proposal withdrawn", "alerted": "Alerted", "urgent notice": "Urgent notice to",
    "attention taken": "Taken", "attention given back": "Given back", "reminded": "Reminded", "escalated": "Escalated",
    "case opened": "Case opened", "case changed": "Case changed",
    "case closed": "Case closed", "case opened again": "Case opened again", "put into a case": "Added to case",
    "taken out of a case": "Removed from case", "legal hold placed": "Put under legal hold",
    "legal hold lifted": "Legal hold lifted", "evidence exported": "Evidence exported",
    "acknowledged": "Marked as", "practice decision": "Decided as practice:",
    "acknowledgment taken back": "Answer taken back", "chosen for the report": "Chosen for the board's report",
    "left out of the report": "Left out of the board's report",
    "policy proposed": "Policy proposed", "policy seconded": "Policy agreed with",
    "policy published": "Policy published",
    "policy proposal withdrawn": "Proposal for the policy withdrawn", "policy simulated": "Policy simulated",
    "account recognised": "Account recognized", "tool imported": "Tool imported from the policy file",
    "tool registered": "Tool registered", "tool requested": "Tool requested", "tool changed": "Tool changed",
    "tool removed": "Tool removed", "tool request declined": "Request for a tool declined",
}  # fmt: skip
"""Texts for the acts that the audit log stores."""
_DETAILS = {
    "acknowledged": "outcome", "practice decision": "outcome",
    "assigned": "to", "alerted": "to", "urgent notice": "to", "reminded": "to", "escalated": "to", "proposed": "deed",
    "held longer": "until", "put into a case": "case", "taken out of a case": "case", "case closed": "outcome",
    "content granted": "to", "content grant ended": "to",
}  # fmt: skip
"""The detail that follows the text of an act."""
_ACTIONS = {"release": "deliver", "flag": "deliver and list", "hold": "hold", "alert": "deliver and alert"}


def describe_entry(entry: AuditEntry, zone: ZoneInfo | None = None) -> str:
    """An entry of the audit log as text. With a zone, times are local."""
    text = _ENTRIES.get(entry.act, entry.act.capitalize())
    detail = entry.detail
    if entry.act == "decided":
        clauses = detail.get("clauses")
        because = f", clause {', '.join(map(str, clauses))}" if isinstance(clauses, list) and clauses else ""
        return f"{text}: {_ACTIONS.get(str(detail.get('action')), detail.get('action'))}{because}"
    if entry.act in ("viewed", "access refused") and detail:
        return f"{text} ({detail.get('what') or detail.get('to')})"
    if entry.act in _DETAILS and (value := detail.get(_DETAILS[entry.act])):
        return f"{text} {_local_time_of(value, zone) or _value_text(value)}"
    return text


def _local_time_of(value: object, zone: ZoneInfo | None) -> str:
    """A time of the audit log in local time; "" for any other value."""
    if zone is None or not isinstance(value, str) or not value.endswith("Z"):
        return ""
    try:
        return local_time(from_rfc3339(value), zone)
    except ValueError:
        return ""


def _value_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).replace("_", " ")


def entry_reason(entry: AuditEntry) -> str:
    """The reason that a person gave; "" for none."""
    reason = entry.detail.get("text") or entry.detail.get("reason") or entry.detail.get("why")
    return reason if isinstance(reason, str) and entry.actor != "policy" else ""


def local_time(at: float | None, zone: ZoneInfo) -> str:
    """A time in the district's time zone, to the minute."""
    if at is None:
        return "—"
    return f"{datetime.fromtimestamp(at, UTC).astimezone(zone):%a %d %b %Y, %H:%M}"


def exact_local_time(at: float | None, zone: ZoneInfo) -> str:
    """A time in the district's time zone, to the second and with the name of the zone."""
    return "—" if at is None else f"{datetime.fromtimestamp(at, UTC).astimezone(zone):%a %d %b %Y, %H:%M:%S %Z}"


def utc_timestamp(at: float) -> str:
    """A time in UTC for machines."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(seconds: float) -> str:
    """A duration in its largest unit."""
    seconds = abs(seconds)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' * (count > 1)}"
    return "a moment"


def due_text(at: float | None, now: float) -> str:
    """When a decision is due."""
    if at is None:
        return "no due time"
    return f"overdue by {duration(now - at)}" if at < now else f"due in {duration(at - now)}"


def size_text(count: int) -> str:
    """A number of bytes."""
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.0f} kB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"
