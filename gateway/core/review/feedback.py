"""What people decided, as labelled examples that the classifiers can learn from: the rows of a corpus, pure."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import Direction
from gateway.core.mime.headers import header_section, subject
from gateway.core.policy.transitions import POLICY
from gateway.core.review.views import MessageDetail

HOLDING = ("7a", "7b", "7c", "7d", "7e", "8", "9")
"""The clauses that a release or a rejection says something about; it says nothing of the others."""

_RELEASED = frozenset({State.QUEUED, State.SENT, State.BOUNCED})


def example_of(explained: MessageDetail) -> Mapping[str, object] | None:
    """The example that a person made by deciding; None where they were not of one mind, or no text is left.

    What was released should not have been held; what was rejected was held rightly, by the clauses it was held for.
    """
    trace = explained.trace
    verdicts = {_rejected(each.state) for each in trace.recipients if each.decided_by not in ("", POLICY)}
    if len(verdicts) != 1 or None in verdicts or trace.direction == "out_of_scope":
        return None
    rejected = bool(verdicts.pop())
    labels = [clause for clause in trace.clauses if clause in HOLDING] if rejected else []
    row = _row(explained)
    if row is None or (rejected and not labels):
        return None
    return {**row, "labels": labels, "hold": rejected, "known": [*(labels or HOLDING), "hold"]}


def call_example_of(explained: MessageDetail, right: bool) -> Mapping[str, object] | None:
    """The example that a person made by saying that an alert was right or wrong; None where no text is left."""
    row = _row(explained)
    if row is None or explained.trace.direction is not Direction.STUDENT_TO_STAFF:
        return None
    return {**row, "id": f"feedback-help-{explained.trace.id}", "help_seeking": right, "known": ["help"]}


def _row(explained: MessageDetail) -> dict[str, object] | None:
    """A message as a row without labels; None where no text is left."""
    trace = explained.trace
    text = "\n".join(part.text for part in explained.parts() if part.text.strip())
    if not text.strip():
        return None
    title = subject(header_section(explained.content)) if explained.channel is Channel.MAIL else ""
    return {
        "id": f"feedback-{trace.id}",
        "channel": explained.channel.value,
        "from": "staff" if trace.direction is Direction.STAFF_TO_STUDENT else "student",
        **({"subject": title} if title else {}),
        "text": text,
        "labels": [],
        "purpose": "",
        "help_seeking": False,
        "hold": False,
        "lang": "es" if explained.verdict is not None and explained.verdict.language == "es" else "en",
        "hard": True,
        "known": [],
    }


def _rejected(state: State) -> bool | None:
    if state in (State.REJECTED, State.DISCARDED):
        return True
    return False if state in _RELEASED else None
