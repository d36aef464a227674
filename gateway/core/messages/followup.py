"""What must follow a change of state: rows written in the transaction of the change and carried out until done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FollowupKind(StrEnum):
    """What can have to follow a change of state; each is a row, carried out until done."""

    DECISION = "decision"  # a record on the decisions topic
    HELP_ALERT = "help_alert"  # the district's people are told at once
    LATE = "late"  # what would have been held was delivered before its verdict
    BOUNCE = "bounce"  # the sender is told that it could not be delivered
    REJECTION = "rejection"  # the sender is told that an administrator rejected it; of a text, its application
    REJECTED_TEXT = "rejected_text"  # whoever wrote a text is told the same, at their district account
    DUE = "due"  # somebody is told that held messages are due
    DIGEST = "digest"  # somebody is told once a day how much is undecided
    CASE = "case"  # somebody is told that a case was given to them, or is due
    FREE = "free"  # somebody is told what was left by who decides no more
    HELP_AGAIN = "help_again"  # more people are told of a call for help that nobody has taken up


@dataclass(frozen=True, slots=True)
class Followup:
    """One thing to be done after a commit; `body` holds JSON values only."""

    kind: FollowupKind
    message: str
    body: Mapping[str, object]
    id: str = ""
    attempts: int = 0
