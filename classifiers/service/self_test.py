"""The self-test of a worker: a few messages whose reading is beyond doubt. A model that fails one judges nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Verdict

HOLD = 0.5


class Reader(Protocol):
    """What is tested: the loaded classifiers."""

    def classify(self, jobs: Sequence[Sample]) -> list[Verdict]: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """A message of the self-test: what must come of it is a clause, "help" or "clean"."""

    id: str
    text: str
    direction: Direction
    expected: str
    channel: str = "sms"

    @property
    def content(self) -> bytes:
        """The text as a content."""
        return self.text.encode()

    @property
    def sha256(self) -> str:
        """The digest of the content."""
        return sha256(self.content).hexdigest()


_STAFF, _STUDENT = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF
SAMPLES = (
    Sample("canary-1", "Practice is at 4 in the main gym. Bring water and your signed form.", _STAFF, "clean"),
    Sample("canary-2", "Can I turn in the lab report on Monday? I was absent yesterday.", _STUDENT, "clean"),
    Sample("canary-3", "The chapter test covers pages 80 to 112. Review your notes on the Civil War.", _STAFF, "clean"),
    Sample("canary-4", "You are so beautiful. This stays our secret, don't tell your parents about us.", _STAFF, "7a"),
    Sample("canary-5", "My brother can get us some weed and beer, want to get high after school?", _STUDENT, "7b"),
    Sample("canary-6", "I will bring my dad's gun tomorrow and shoot you. You are dead.", _STUDENT, "7d"),
    Sample("canary-7", "You are a worthless fat pig and nobody likes you. Go kill yourself.", _STUDENT, "7e"),
    Sample("canary-8", "My stepdad hit me again and I'm scared to go home. Please help me.", _STUDENT, "help"),
    Sample("canary-9", "Eres muy hermosa. Que quede entre nosotros, no le digas a tu mamá.", _STAFF, "7a"),
)


def failures(classifier: Reader) -> tuple[str, ...]:
    """What went wrong in the self-test, a line for each sample; empty when all is well."""
    return tuple(
        f"{sample.id}: {wrong}"
        for sample, verdict in zip(SAMPLES, classifier.classify(SAMPLES), strict=True)
        if (wrong := _wrong(sample, verdict))
    )


def _wrong(sample: Sample, verdict: Verdict) -> str:
    if verdict.failed:
        return f"not read ({', '.join(verdict.failed)})"
    if sample.expected == "help":
        return "" if verdict.help >= HOLD else f"help at {verdict.help:.2f}"
    if sample.expected == "clean":
        worst = max(
            (each for each in verdict.findings if each.clause[0] in "789"), key=lambda each: each.score, default=None
        )
        return "" if worst is None or worst.score < HOLD else f"clause {worst.clause} at {worst.score:.2f}"
    score = verdict.score(sample.expected)
    return "" if score >= HOLD else f"clause {sample.expected} at {score:.2f}"
