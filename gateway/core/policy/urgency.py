"""Urgency: which decisions tell people at once, and how severe they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.core.policy.clauses import ILLEGAL, INTERFERENCE, SEXUAL

NOW, DUE = "now", "due"
URGENCIES = (NOW, DUE)
"""When people are told of a message held for a clause: at once, or before its due time."""
THREAT_CUES = frozenset({"threat", "direct_threat"})
"""Cues that make any hold urgent, whatever the clause."""
DANGER_CUES = THREAT_CUES | {"weapon"}
"""A threat or a weapon: they make clause 9 urgent."""
SHIPPED_NOW = frozenset({SEXUAL, ILLEGAL, INTERFERENCE})
"""Clauses that are urgent in a policy file that does not say."""
SHIPPED_CUES = {INTERFERENCE: DANGER_CUES}
"""Of these, clauses that are urgent only with one of some cues."""
DISTRESS = "distress"
"""The reason of a flag: a student is overwhelmed, sad, grieving or afraid, without being in danger."""
SCHOOL_DAY = 86400.0
"""When somebody should have looked at a message of distress: seconds of school time."""
_SEVERE = 0.9


class Severity(StrEnum):
    """How severe an urgent message is: with a threat, a weapon or a very high score it is critical."""

    CRITICAL = "critical"
    HIGH = "high"


class AttentionKind(StrEnum):
    """Why a message stands on a list of its own until somebody has taken it."""

    URGENT = "urgent"
    DISTRESS = "distress"


@dataclass(frozen=True, slots=True)
class Attention:
    """A message that asks for attention. `threat`: it threatens, so that recipients among administrators are told.

    `due_at`: when somebody should have looked at a message of distress; an urgent one is due at once.
    """

    kind: AttentionKind
    clauses: tuple[str, ...] = ()
    severity: str = ""
    threat: bool = False
    due_at: float | None = None


@dataclass(frozen=True, slots=True)
class UrgencyRule:
    """Whether a clause tells people at once. With `cues`, only where one of them was found."""

    urgency: str = DUE
    cues: frozenset[str] = frozenset()

    def is_now(self, cues: Iterable[str]) -> bool:
        """Whether a message with these cues, held for the clause, is urgent."""
        return self.urgency == NOW and (not self.cues or has_cue(cues, self.cues))


NOT_URGENT = UrgencyRule()


def has_cue(cues: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether one of some cues is, or begins with, a wanted one: `threat` and `threat:school`."""
    names = frozenset(wanted)
    return any(cue.partition(":")[0] in names for cue in cues if cue)


def severity_of(cues: Sequence[str], score: float) -> Severity:
    """How severe an urgent message is, by its cues and the highest score that led to the decision."""
    return Severity.CRITICAL if score >= _SEVERE or has_cue(cues, DANGER_CUES) else Severity.HIGH
