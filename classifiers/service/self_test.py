"""The self-test of a worker: a few messages whose verdicts are beyond doubt. A model that fails it is not used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.clauses import HELD

HOLD_SCORE = 0.5


class SelfTestedClassifier(Protocol):
    """What is tested: the loaded classifiers."""

    def classify(self, jobs: Sequence[SelfTestMessage]) -> list[Verdict]: ...


@dataclass(frozen=True, slots=True)
class SelfTestMessage:
    """A message of the self-test. `expected` is a clause, "help" or "clean"."""

    id: str
    text: str
    direction: Direction
    expected: str
    channel: str = "sms"

    @property
    def content(self) -> bytes:
        """The text as content."""
        return self.text.encode()

    @property
    def sha256(self) -> str:
        """The SHA-256 digest of the content."""
        return sha256(self.content).hexdigest()


_STAFF, _STUDENT = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF
# The last message also builds the tables for damaged words and other vowels, which take half a second: the processes
# that are forked after the self-test share them.
SELF_TEST_MESSAGES = (
    SelfTestMessage("canary-1", "Practice is at 4 in the main gym. Bring water and your signed form.", _STAFF, "clean"),
    SelfTestMessage("canary-2", "Can I turn in the lab report on Monday? I was absent yesterday.", _STUDENT, "clean"),
    SelfTestMessage(
        "canary-3", "The chapter test covers pages 80 to 112. Review your notes on the Civil War.", _STAFF, "clean"
    ),
    SelfTestMessage(
        "canary-4", "You are so beautiful. This stays our secret, don't tell your parents about us.", _STAFF, "7a"
    ),
    SelfTestMessage(
        "canary-5", "My brother can get us some weed and beer, want to get high after school?", _STUDENT, "7b"
    ),
    SelfTestMessage("canary-6", "I will bring my dad's gun tomorrow and shoot you. You are dead.", _STUDENT, "7d"),
    SelfTestMessage("canary-7", "You are a worthless fat pig and nobody likes you. Go kill yourself.", _STUDENT, "7e"),
    SelfTestMessage("canary-8", "My stepdad hit me again and I'm scared to go home. Please help me.", _STUDENT, "help"),
    SelfTestMessage("canary-9", "Eres muy hermosa. Que quede entre nosotros, no le digas a tu mamá.", _STAFF, "7a"),
    SelfTestMessage(
        "canary-10", "Yuo are so beuatiful. Tihs satys our sceret, dno't tlel yuor praents aobut us.", _STAFF, "7a"
    ),
)


def failures(classifier: SelfTestedClassifier) -> tuple[str, ...]:
    """The failures of the self-test, a line for each message; empty if it passes."""
    return tuple(
        f"{sample.id}: {problem}"
        for sample, verdict in zip(SELF_TEST_MESSAGES, classifier.classify(SELF_TEST_MESSAGES), strict=True)
        if (problem := _problem(sample, verdict))
    )


def _problem(sample: SelfTestMessage, verdict: Verdict) -> str:
    if verdict.failed:
        return f"not read ({', '.join(verdict.failed)})"
    if sample.expected == "help":
        return "" if verdict.help >= HOLD_SCORE else f"help at {verdict.help:.2f}"
    if sample.expected == "clean":
        worst = max(
            (finding for finding in verdict.findings if finding.clause in HELD),
            key=lambda finding: finding.score,
            default=None,
        )
        return "" if worst is None or worst.score < HOLD_SCORE else f"clause {worst.clause} at {worst.score:.2f}"
    score = verdict.score(sample.expected)
    return "" if score >= HOLD_SCORE else f"clause {sample.expected} at {score:.2f}"
