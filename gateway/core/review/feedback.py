"""Feedback: reviewers' decisions as labeled examples for training, in the form of corpus rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction
from gateway.core.policy.clauses import HELD, LEARNED, holds_messages
from gateway.core.policy.transitions import POLICY
from gateway.core.policy.work_kinds import ReviewOutcome, WorkKind
from gateway.core.review.views import MessageDetail

_DELIVERED_STATES = frozenset({State.QUEUED, State.SENT, State.BOUNCED})


def decision_example(detail: MessageDetail) -> Mapping[str, object] | None:
    """The example that a reviewer's decision gives; None when decisions differ or no text is left.

    A released message should not have been held. A rejected one was held rightly, for the clauses it was held for.
    """
    trace = detail.trace
    verdicts = {
        _is_rejected(recipient.state) for recipient in trace.recipients if recipient.decided_by not in ("", POLICY)
    }
    if len(verdicts) != 1 or None in verdicts or trace.direction == "out_of_scope":
        return None
    rejected = bool(verdicts.pop())
    labels = [clause for clause in trace.clauses if holds_messages(clause)] if rejected else []
    row = _unlabeled_row(detail)
    if row is None or (rejected and not labels):
        return None
    return {**row, "labels": labels, "hold": rejected, "known": [*(labels or HELD), "hold"]}


def work_example(
    detail: MessageDetail, work: WorkKind, outcome: ReviewOutcome, named: Sequence[str] = ()
) -> Mapping[str, object] | None:  # fmt: skip
    """The example of a delivered message that a person looked at; None when no text is left, or nothing follows.

    What is fine has none of the clauses that it was found for. A violation has those that the person named, or else
    those it was found for; only where it would have been held, this says that it should be.
    """
    row, trace = _unlabeled_row(detail), detail.trace
    if row is None or trace.direction == "out_of_scope":
        return None
    row["id"] = f"feedback-{work.value}-{trace.id}"
    found = [clause for clause in trace.clauses if clause in LEARNED]
    if outcome is ReviewOutcome.VIOLATION:
        labels = [clause for clause in named or found if clause in LEARNED]
        if not labels:
            return None
        holds = work is WorkKind.SHADOW and any(map(holds_messages, labels))
        return {**row, "labels": labels, "hold": holds, "known": [*labels, *["hold"] * holds]}
    known = list(LEARNED) if work is WorkKind.SAMPLE else found
    return {**row, "known": [*known, "hold"]} if known else None


def help_example(detail: MessageDetail, right: bool) -> Mapping[str, object] | None:
    """The example of a help alert that a reviewer called right or wrong; None when no text is left."""
    row = _unlabeled_row(detail)
    if row is None or detail.trace.direction is not Direction.STUDENT_TO_STAFF:
        return None
    in_danger = {"distress": False} if right else {}  # who is not may still be in distress
    return {**row, "id": f"feedback-help-{detail.trace.id}", "help_seeking": right, **in_danger, "known": ["help"]}


def _unlabeled_row(detail: MessageDetail) -> dict[str, object] | None:
    """A message as a corpus row without labels; None when no text is left."""
    trace = detail.trace
    text = "\n".join(part.text for part in detail.parts() if part.text.strip())
    if not text.strip():
        return None
    title = detail.header.subject
    return {
        "id": f"feedback-{trace.id}",
        "channel": detail.channel,
        "from": "staff" if trace.direction is Direction.STAFF_TO_STUDENT else "student",
        **({"subject": title} if title else {}),
        "text": text,
        "labels": [],
        "purpose": "",
        "help_seeking": False,
        "hold": False,
        "lang": "es" if detail.verdict is not None and detail.verdict.language == "es" else "en",
        "hard": True,
        "known": [],
    }


def _is_rejected(state: State) -> bool | None:
    if state in (State.REJECTED, State.DISCARDED):
        return True
    return False if state in _DELIVERED_STATES else None
