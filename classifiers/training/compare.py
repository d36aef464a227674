"""Two models side by side: what a candidate does better and worse than the one in force, on the same messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.training.evaluate import CLAUSES
from classifiers.training.metrics import quality
from classifiers.training.results import Result
from gateway.core.decision import Action

TOLERATED = 0.01
"""What a figure may lose without being worse: less than the chance of a few messages."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both models; higher is better."""

    what: str
    before: float
    after: float

    @property
    def worse(self) -> bool:
        """Whether the candidate loses more than is tolerated."""
        return self.after < self.before - TOLERATED

    def __str__(self) -> str:
        return f"{self.what:28} {self.before:.3f} -> {self.after:.3f}{'  worse' if self.worse else ''}"


def compared(before: Sequence[Result], after: Sequence[Result]) -> list[Compared]:
    """F1 of every clause, what should be held, what should not, and the calls for help."""
    found = []
    for clause in CLAUSES:
        true = np.array([clause in each.example.labels for each in before])
        if true.any():
            old, new = (
                quality(np.array([each.verdict.score(clause) >= 0.5 for each in results]), true).f1.value
                for results in (before, after)
            )
            found.append(Compared(f"clause {clause}, F1", old, new))
    for what, chosen, good in (
        ("should be held: held", lambda each: each.example.hold, lambda each: each.held),
        ("clean: not held", lambda each: not each.example.labels, lambda each: not each.held),
        ("calls for help: recognised", lambda each: each.example.help, lambda each: each.action is Action.ALERT),
    ):
        numbers = [at for at, each in enumerate(before) if chosen(each)]
        if numbers:
            old, new = (float(np.mean([good(results[at]) for at in numbers])) for results in (before, after))
            found.append(Compared(what, old, new))
    return found
