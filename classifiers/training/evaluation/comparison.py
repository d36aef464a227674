"""Compares two models: what a candidate does better and worse than the model in force, on the same messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifiers.training.evaluation.false_alarms import is_ordinary
from classifiers.training.evaluation.results import ExampleResult
from gateway.core.policy.clauses import LEARNED
from gateway.core.policy.decision import Action

SIGNIFICANCE = 0.05
"""A loss counts as real if its probability by chance is below this."""
ROUNDS = 1000
HELP = "calls for help: recognized"

_Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
_Measure = Callable[[_Bools, _Bools], float]


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """One figure of both models; higher is better. `chance` is the probability of such a loss by chance."""

    name: str
    before: float
    after: float
    chance: float = 1.0
    lost: int = 0
    """Calls for help that the model in force recognizes and the candidate does not."""

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is significantly worse. Losing a single call for help is worse, too."""
        return self.lost > 0 or (self.after < self.before and self.chance < SIGNIFICANCE)

    def __str__(self) -> str:
        lost = f"  {self.lost} lost" if self.lost else ""
        return f"{self.name:28} {self.before:.3f} -> {self.after:.3f}{lost}{'  worse' if self.is_worse else ''}"


def compare(before: Sequence[ExampleResult], after: Sequence[ExampleResult]) -> list[ComparedFigure]:
    """F1 of every clause, messages that should be held, clean messages, ordinary talk, and calls for help."""
    figures = []
    for clause in LEARNED:
        true = np.array([clause in result.example.labels for result in before])
        if true.any():
            old, new = (
                np.array([result.verdict.score(clause) >= 0.5 for result in results]) for results in (before, after)
            )
            figures.append(_figure(f"clause {clause}, F1", old, new, true, _f1))
    for name, chosen, good in (
        ("should be held: held", lambda result: result.example.hold, lambda result: result.held),
        ("clean: not held", lambda result: not result.example.labels, lambda result: not result.held),
        ("ordinary talk: not held", is_ordinary, lambda result: not result.held),
        ("ordinary talk: no alarm", is_ordinary, lambda result: result.action is Action.RELEASE),
        (HELP, lambda result: result.example.help, lambda result: result.action is Action.ALERT),
    ):
        numbers = [at for at, result in enumerate(before) if chosen(result)]
        if numbers:
            old, new = (np.array([good(results[at]) for at in numbers], bool) for results in (before, after))
            figure = _figure(name, old, new, np.ones(len(numbers), bool), _share)
            lost = int((old & ~new).sum()) if name == HELP else 0
            figures.append(replace(figure, lost=lost))
    return figures


def _figure(name: str, old: _Bools, new: _Bools, true: _Bools, measure: _Measure) -> ComparedFigure:
    """A figure, and the probability of its loss by chance: the share of bootstrap samples without a loss."""
    random = np.random.default_rng(0)
    size, not_lost = len(true), 0
    if (old == new).all():
        not_lost = ROUNDS
    else:
        for _ in range(ROUNDS):
            drawn = random.integers(0, size, size)
            not_lost += measure(new[drawn], true[drawn]) >= measure(old[drawn], true[drawn])
    return ComparedFigure(name, measure(old, true), measure(new, true), not_lost / ROUNDS)


def _f1(predicted: _Bools, true: _Bools) -> float:
    return 2 * float((predicted & true).sum()) / max(float(predicted.sum() + true.sum()), 1.0)


def _share(good: _Bools, _: _Bools) -> float:
    return float(good.mean())
