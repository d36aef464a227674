"""What the classifiers say of a message: a verdict with findings. Evidence only; what is done about it is policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CLAUSES = ("1", "2", "4", "5", "6", "7a", "7b", "7c", "7d", "7e", "8", "9")
"""Clause ids a finding can carry; "2" stands for clauses 2 and 3 (classroom tools), "5" for a transition phrase."""

HELP = "help"
"""What a finding has in place of a clause where it says which words ask for help; its cue is the kind."""

IN_FILE, IN_HIDDEN, IN_CLAIMED = "in_file", "in_hidden", "in_claimed_quote"
PLACES = (IN_FILE, IN_HIDDEN, IN_CLAIMED)
"""The cues that say where a finding is, where that is not what is written for everybody to see."""

PURPOSES = ("academic", "scheduling", "expectations", "notification", "acknowledgement", "personal", "other")

FAILURES = ("error", "timeout", "crashed", "unreadable", "encrypted", "too_large", "language", "incomplete")
"""Why a classifier could not do its part: the words of a verdict's `failed`."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a finding was seen: `part` is "subject" or a part's number; start and end count code points of its text."""

    part: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause with its score (0..1, calibrated) and the component that found it.

    `about`: the sourcedId of the person whose information it is; what tells of several is a finding for each.
    """

    clause: str
    score: float
    by: str
    spans: tuple[Span, ...] = ()
    cue: str = ""
    quoted: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings on one content. `help` is the score that a student asks for help; `took_ms` the time it cost."""

    id: str
    sha256: str
    model: str
    language: str = "en"
    findings: tuple[Finding, ...] = ()
    purpose: Mapping[str, float] = field(default_factory=dict)
    help: float = 0.0
    failed: tuple[str, ...] = ()
    took_ms: float = 0.0

    def score(self, clause: str) -> float:
        """The highest score among this clause's findings, 0 where there is none."""
        return max((f.score for f in self.findings if f.clause == clause), default=0.0)
