"""What people decided, as labelled examples that the classifiers can learn from: the rows of a corpus, pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.core.casework import UNFOUNDED
from gateway.core.decision import Action
from gateway.core.delivery import State
from gateway.core.headers import header_section, subject
from gateway.core.message import Channel
from gateway.core.moderation import Explained
from gateway.core.parties import Direction
from gateway.core.rulings import POLICY

HOLDING = ("7a", "7b", "7c", "7d", "7e", "8", "9")
"""The clauses that a release or a rejection says something about; it says nothing of the others."""

_RELEASED = frozenset({State.QUEUED, State.SENT, State.BOUNCED})


def example_of(explained: Explained) -> Mapping[str, object] | None:
    """The example that a person made by deciding; None where they were not of one mind, or no text is left.

    What was released should not have been held; what was rejected was held rightly, by the clauses it was held for.
    """
    trace = explained.trace
    verdicts = {_rejected(each.state) for each in trace.recipients if each.decided_by not in ("", POLICY)}
    if len(verdicts) != 1 or None in verdicts or trace.direction == "out_of_scope":
        return None
    rejected = bool(verdicts.pop())
    labels = [clause for clause in trace.clauses if clause in HOLDING] if rejected else []
    text = _text(explained)
    if not text or (rejected and not labels):
        return None
    return _row(explained, text, labels, held=rejected, known=[*(labels or HOLDING), "hold"])


def call_of(explained: Explained, outcome: str) -> Mapping[str, object] | None:
    """The example that a person made by closing the case of an alert: a call for help, or none where it was unfounded.

    None for what was no alert, or while the case is open.
    """
    trace = explained.trace
    text = _text(explained)
    if trace.action != Action.ALERT or not outcome or not text:
        return None
    founded = outcome != UNFOUNDED
    return _row(explained, text, [], held=False, known=["help", "hold"] if founded else ["help"], called=founded)


def _text(explained: Explained) -> str:
    return "\n".join(part.text for part in explained.parts() if part.text.strip())


def _row(
    explained: Explained, text: str, labels: Sequence[str], *, held: bool, known: Sequence[str], called: bool = False
) -> Mapping[str, object]:
    trace = explained.trace
    title = subject(header_section(explained.content)) if explained.channel is Channel.MAIL else ""
    return {
        "id": f"feedback-{trace.id}",
        "channel": explained.channel.value,
        "from": "staff" if trace.direction is Direction.STAFF_TO_STUDENT else "student",
        **({"subject": title} if title else {}),
        "text": text,
        "labels": list(labels),
        "purpose": "",
        "help_seeking": called,
        "hold": held,
        "lang": "es" if explained.verdict is not None and explained.verdict.language == "es" else "en",
        "hard": True,
        "known": list(known),
    }


def _rejected(state: State) -> bool | None:
    if state in (State.REJECTED, State.DISCARDED):
        return True
    return False if state in _RELEASED else None
