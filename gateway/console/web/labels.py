"""Words of the gateway as people read them: states, directions, deeds, times."""

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
CHANNELS = {"mail": "mail", "sms": "text"}
ROLES = {
    "technology_director": "Technology director", "building_administrator": "Building administrator",
    "security": "Security", "auditor": "Auditor", "staff": "Staff",
}  # fmt: skip
REASONS = {
    "no_verdict": "no verdict in time", "error": "the classifier failed", "timeout": "reading took too long",
    "crashed": "reading it ended the reader", "unreadable": "a part cannot be read", "encrypted": "it is encrypted",
    "too_large": "it is too large to be read", "language": "an unknown language", "incomplete": "parts are missing",
}  # fmt: skip
FOUND_BY = {
    "lexicon": "known phrases", "linear": "the trained model", "head": "the trained model",
    "encoder": "the trained model", "encoders": "the trained model", "mixing": "the trained model",
    "confidential": "signs of private information", "links": "where it links to",
    "extraction": "what it hides from sight",
}  # fmt: skip
_ACTS = {
    "decided": "The policy decided", "released": "Released", "rejected": "Rejected", "discarded": "Discarded",
    "viewed": "Read", "decision taken back": "Decision taken back", "call for help taken up": "Taken up",
    "call for help given back": "Call for help given back",
    "withheld": "Withheld", "content granted": "Content granted to", "content grant ended": "Grant ended of",
    "call for help confirmed": "Said to be a call for help", "no call for help": "Said to be no call for help",
    "access refused": "Access refused", "names opened": "Names opened",
    "session ended": "Signed out there", "sessions ended": "Signed out everywhere",
    "other sessions ended": "Signed out everywhere else",
    "token created": "Token made", "token revoked": "Token revoked",
    "taken": "Taken", "assigned": "Given", "given back": "Given back",
    "commented": "Comment", "held longer": "Held longer until", "proposed": "Proposed",
    "proposal taken away": "Proposal taken away", "alerted": "Alerted", "reminded": "Reminded",
    "escalated": "Escalated",
    "case opened": "Case opened", "case changed": "Case changed", "case closed": "Case closed",
    "case opened again": "Case opened again", "put into a case": "Put into case",
    "taken out of a case": "Taken out of case", "legal hold placed": "Put under legal hold",
    "legal hold lifted": "Legal hold lifted", "evidence exported": "Evidence exported",
}  # fmt: skip
_ACTIONS = {"release": "deliver", "flag": "deliver and list", "hold": "hold", "alert": "deliver and alert"}


def act_words(act: AuditEntry, zone: ZoneInfo | None = None) -> str:
    """What an entry of the audit log says, in words; times by the clock of a zone, where it is given."""
    told = _ACTS.get(act.act, act.act.capitalize())
    detail = act.detail
    if act.act == "decided":
        clauses = detail.get("clauses")
        behind = f", clause {', '.join(map(str, clauses))}" if isinstance(clauses, list) and clauses else ""
        told = f"{told}: {_ACTIONS.get(str(detail.get('action')), detail.get('action'))}{behind}"
    elif act.act in ("viewed", "access refused") and detail:
        told = f"{told} ({detail.get('what') or detail.get('to')})"
    elif act.act in _TOLD and (more := detail.get(_TOLD[act.act])):
        told = f"{told} {_timed(more, zone) or _listed(more)}"
    return told


_TOLD = {
    "assigned": "to", "alerted": "to", "reminded": "to", "escalated": "to", "proposed": "deed", "held longer": "until",
    "put into a case": "case", "taken out of a case": "case", "case closed": "outcome",
    "content granted": "to", "content grant ended": "to",
}  # fmt: skip


def _timed(value: object, zone: ZoneInfo | None) -> str:
    """A time of the audit log by a clock; "" for anything else."""
    if zone is None or not isinstance(value, str) or not value.endswith("Z"):
        return ""
    try:
        return clock(from_rfc3339(value), zone)
    except ValueError:
        return ""


def _listed(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).replace("_", " ")


def reason_of(act: AuditEntry) -> str:
    """The reason that a person gave; "" for none."""
    reason = act.detail.get("text") or act.detail.get("reason") or act.detail.get("why")
    return reason if isinstance(reason, str) and act.actor != "policy" else ""


def clock(at: float | None, zone: ZoneInfo) -> str:
    """A time as the district's clock shows it."""
    if at is None:
        return "—"
    return f"{datetime.fromtimestamp(at, UTC).astimezone(zone):%a %d %b %Y, %H:%M}"


def moment(at: float | None, zone: ZoneInfo) -> str:
    """The same to the second and with the name of the zone: nobody need know when summer ended there."""
    return "—" if at is None else f"{datetime.fromtimestamp(at, UTC).astimezone(zone):%a %d %b %Y, %H:%M:%S %Z}"


def stamp(at: float) -> str:
    """A time for machines."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(seconds: float) -> str:
    """How long, in one unit."""
    seconds = abs(seconds)
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count > 1)}"
    return "a moment"


def due(at: float | None, now: float) -> str:
    """When somebody should have decided."""
    if at is None:
        return "no due time"
    return f"overdue by {span(now - at)}" if at < now else f"due in {span(at - now)}"


def size(count: int) -> str:
    """A number of bytes."""
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.0f} kB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MB"
