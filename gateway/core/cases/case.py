"""Cases: what grows out of messages that a release or a rejection does not settle. Values, and how they may change."""

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
"""How a case ends."""
_CASE = "case-"
MOST_MESSAGES = 200
"""Messages of one case: so many fit on a page and in an evidence pack."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case. `assignee` is an account, "" for nobody; `outcome` a word of OUTCOMES, "" while it is open.

    Its notes and its timeline are entries of the audit log: `subject_of` names it there.
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
        """The name of the case in the audit log."""
        return subject_of(self.id)


def subject_of(case_id: int) -> str:
    """The name of a case in the audit log, which no message can have."""
    return f"{_CASE}{case_id}"


def number_of(subject: str) -> int | None:
    """The number of the case that a subject of the audit log names; None where it names none."""
    number = subject.removeprefix(_CASE)
    named = subject.startswith(_CASE) and number.isascii() and number.isdigit() and len(number) < 18
    return int(number) if named else None


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """What a case is opened with, or changed to."""

    title: str
    severity: str = "medium"
    assignee: str = ""
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Keeps a message above every period of retention until it is lifted."""

    message: str
    reason: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who is to decide on a message, by whose word; `user` is "" where it was given back."""

    user: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision that waits for a second person; `words` are those to the sender, "" for the usual ones."""

    deed: str
    by: str
    at: float
    reason: str
    words: str = ""


def changes(before: CaseFile, after: CaseDraft) -> dict[str, object]:
    """What a draft changes of a case, for its audit entry; empty where nothing."""
    pairs: Sequence[tuple[str, object, object]] = (
        ("title", before.title, after.title),
        ("severity", before.severity, after.severity),
        ("assignee", before.assignee, after.assignee),
        ("due_at", before.due_at, after.due_at),
    )
    return {name: new for name, old, new in pairs if old != new}


def note(at: float, by: str, subject: str, text: str) -> AuditEntry:
    """What somebody notes about a message or a case: an entry of the audit log, so that no note is ever changed."""
    return AuditEntry(at, by, "commented", subject, {"text": text})
