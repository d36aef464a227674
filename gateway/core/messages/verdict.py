"""The verdict of the classifiers on a message: findings with scores. The policy decides what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HELP = "help"
"""The clause of findings that mark words of a call for help; their cue is its kind."""

DISTRESS = "distress"
"""The clause of findings that mark words of a student in distress, without being in danger; their cue is its kind."""

IN_FILE, IN_HIDDEN, IN_CLAIMED = "in_file", "in_hidden", "in_claimed_quote"
PLACES = (IN_FILE, IN_HIDDEN, IN_CLAIMED)
"""Cues of findings outside the visible text: in a file, in hidden text, or in text that claims to be a quote."""

PURPOSES = ("academic", "scheduling", "expectations", "notification", "acknowledgement", "personal", "other")

PICTURED, DISPUTED = "pictured", "disputed"
"""A picture or film whose words nobody read; mail programs show different things, and every reading was classified."""

FAILURES = (
    "error", "timeout", "crashed", "unreadable", "encrypted", "too_large", "language", "incomplete", PICTURED, DISPUTED,
)  # fmt: skip
"""The words of a verdict's `failed`: why a classifier could not read everything, or is not sure what is shown."""


@dataclass(frozen=True, slots=True)
class Span:
    """The position of a finding: `part` is "subject" or a part number; start and end count code points of its text."""

    part: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause with its calibrated score (0 to 1) and the component that found it.

    `about` is the sourcedId of the person whose information it is; there is one finding per person. `people` says how
    many people the words concern, 0 for one or nobody known.
    """

    clause: str
    score: float
    by: str
    spans: tuple[Span, ...] = ()
    cue: str = ""
    quoted: bool = False
    about: str = ""
    people: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings on one content. `help` is the score of a call for help by a student; `took_ms` the time taken.

    `distress`: the score of a student who is overwhelmed without being in danger; None where the model has none.
    `first_look`: a quick look found a call for help before the message was read. Its verdict follows.
    """

    id: str
    sha256: str
    model: str
    language: str = "en"
    findings: tuple[Finding, ...] = ()
    purpose: Mapping[str, float] = field(default_factory=dict)
    help: float = 0.0
    failed: tuple[str, ...] = ()
    took_ms: float = 0.0
    first_look: bool = False
    distress: float | None = None

    def score(self, clause: str) -> float:
        """The highest score among the findings of a clause, 0 if there are none."""
        return max((finding.score for finding in self.findings if finding.clause == clause), default=0.0)
