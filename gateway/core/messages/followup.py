"""Follow-ups: rows written in the transaction of a state change, and carried out until done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FollowupKind(StrEnum):
    """What can follow a change of state."""

    DECISION = "decision"  # a record on the decisions topic
    HELP_ALERT = "help_alert"  # the notified people get an alert at once
    LATE = "late"  # a notice: a message that would have been held was delivered before its verdict
    BOUNCE = "bounce"  # a report to the sender: the message could not be delivered
    REJECTION = "rejection"  # a notice to the sender, or to its application: an administrator rejected the message
    REJECTED_TEXT = "rejected_text"  # the same notice by mail to the writer of a text, at their district account
    DUE = "due"  # a notice to a reviewer: held messages are due
    DIGEST = "digest"  # a daily notice to a reviewer: how much is undecided
    CASE = "case"  # a notice to a reviewer: a case was assigned to them, or is due
    FREE = "free"  # a notice to a reviewer: work that somebody left who no longer decides
    TOOL = "tool"  # a notice about a classroom tool: it was asked for, or its registration ends or is to be reviewed
    URGENT = "urgent"  # an urgent message: people are told at once, and again until somebody takes it
    HELP_AGAIN = "help_again"  # an alert to more people: nobody has taken up a call for help
    WAITING = "waiting"  # a notice to a staff member: a message of theirs waits for an administrator
    RELEASED = "released"  # a notice to a staff member who was told that a message waits: it is released
    NUDGE = "nudge"  # a question to a staff member: a message of theirs was returned before anybody read it
    LOOK = "look"  # a notice to reviewers: a sender asks them to look at a message once more
    LOOK_ANSWERED = "look_answered"  # a notice to that sender: somebody has answered
    SIGN_IN_LINK = "sign_in_link"  # a link for a staff member to sign in with, to their district address


@dataclass(frozen=True, slots=True)
class Followup:
    """One task to carry out after a commit; `body` holds JSON values only."""

    kind: FollowupKind
    message: str
    body: Mapping[str, object]
    id: str = ""
    attempts: int = 0
