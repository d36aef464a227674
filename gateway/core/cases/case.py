"""Cases: messages that need more than a release or a rejection. Also legal holds, assignments and proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.core.policy.decision import AuditEntry

SEVERITIES: Mapping[str, str] = {"low": "low", "medium": "medium", "high": "high", "critical": "critical"}
OUTCOMES: Mapping[str, str] = {
    "internal_discipline": "Internal discipline",
    "law_enforcement": "Referred to law enforcement",
    "board_of_educational_examiners": "Referred to the Board of Educational Examiners",
    "unfounded": "Unfounded",
}
"""The outcomes of a case, with their labels."""
_CASE = "case-"
MAX_MESSAGES = 200
"""Messages of one case, at most: as many as fit on a page and in an evidence pack."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case. `assignee` is an account, "" for none; `outcome` is one of OUTCOMES, "" while it is open.

    Notes and timeline are audit entries with the subject `case_subject`.
    """

    id: int
    title: str
    severity: str
    assignee: str
    due_at: float | None
    opened_by: str
    opened_at: float
    changed_at: float
    outcome: str = ""
    closed_by: str = ""
    closed_at: float | None = None
    messages: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The subject of the case in the audit log."""
        return case_subject(self.id)


def case_subject(case_id: int) -> str:
    """The subject of a case in the audit log. No message has such an id."""
    return f"{_CASE}{case_id}"


def case_number(subject: str) -> int | None:
    """The number of the case with a subject of the audit log; None for other subjects."""
    number = subject.removeprefix(_CASE)
    is_case = subject.startswith(_CASE) and number.isascii() and number.isdigit() and len(number) < 18
    return int(number) if is_case else None


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """The values to open a case with, or to change it to."""

    title: str
    severity: str = "medium"
    assignee: str = ""
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Keeps a message beyond every retention period until it is lifted."""

    message: str
    reason: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who should decide on a message, and who assigned it. `user` is "" after it was returned."""

    user: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that waits for a second person. `words` is the text for the sender, "" for the default."""

    action: str
    by: str
    at: float
    reason: str
    words: str = ""


def case_changes(before: CaseFile, after: CaseDraft) -> dict[str, object]:
    """The fields that a draft changes, for the audit entry."""
    pairs: Sequence[tuple[str, object, object]] = (
        ("title", before.title, after.title),
        ("severity", before.severity, after.severity),
        ("assignee", before.assignee, after.assignee),
        ("due_at", before.due_at, after.due_at),
    )
    return {name: new for name, old, new in pairs if old != new}


def note_entry(at: float, by: str, subject: str, text: str) -> AuditEntry:
    """A note about a message or a case. It is an audit entry, so it can never be changed."""
    return AuditEntry(at, by, "commented", subject, {"text": text})
