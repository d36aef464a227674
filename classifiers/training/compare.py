"""Two models side by side: what a candidate does better and worse than the one in force, on the same messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from classifiers.training.evaluate import CLAUSES
from classifiers.training.results import Result
from gateway.core.policy.decision import Action

CHANCE = 0.05
"""The chance that a loss is none, below which it is one."""
ROUNDS = 1000
HELP = "calls for help: recognised"

_Bools = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
_Measure = Callable[[_Bools, _Bools], float]


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both models; higher is better. `chance` is how often a loss like this one comes by itself."""

    what: str
    before: float
    after: float
    chance: float = 1.0
    lost: int = 0
    """Calls for help that the model in force recognises and the candidate does not."""

    @property
    def worse(self) -> bool:
        """Whether the candidate loses more than chance takes; of calls for help not one may be lost."""
        return self.lost > 0 or (self.after < self.before and self.chance < CHANCE)

    def __str__(self) -> str:
        lost = f"  {self.lost} lost" if self.lost else ""
        return f"{self.what:28} {self.before:.3f} -> {self.after:.3f}{lost}{'  worse' if self.worse else ''}"


def compared(before: Sequence[Result], after: Sequence[Result]) -> list[Compared]:
    """F1 of every clause, what should be held, what should not, and the calls for help."""
    found = []
    for clause in CLAUSES:
        true = np.array([clause in each.example.labels for each in before])
        if true.any():
            old, new = (
                np.array([each.verdict.score(clause) >= 0.5 for each in results]) for results in (before, after)
            )
            found.append(_figure(f"clause {clause}, F1", old, new, true, _f1))
    for what, chosen, good in (
        ("should be held: held", lambda each: each.example.hold, lambda each: each.held),
        ("clean: not held", lambda each: not each.example.labels, lambda each: not each.held),
        (HELP, lambda each: each.example.help, lambda each: each.action is Action.ALERT),
    ):
        numbers = [at for at, each in enumerate(before) if chosen(each)]
        if numbers:
            old, new = (np.array([good(results[at]) for at in numbers], bool) for results in (before, after))
            figure = _figure(what, old, new, np.ones(len(numbers), bool), _share)
            lost = int((old & ~new).sum()) if what == HELP else 0
            found.append(replace(figure, lost=lost))
    return found


def _figure(what: str, old: _Bools, new: _Bools, true: _Bools, measure: _Measure) -> Compared:
    """A figure, and the chance of its loss: how often there is none where messages are drawn anew."""
    random = np.random.default_rng(0)
    size, kept = len(true), 0
    if (old == new).all():
        kept = ROUNDS
    else:
        for _ in range(ROUNDS):
            drawn = random.integers(0, size, size)
            kept += measure(new[drawn], true[drawn]) >= measure(old[drawn], true[drawn])
    return Compared(what, measure(old, true), measure(new, true), kept / ROUNDS)


def _f1(said: _Bools, true: _Bools) -> float:
    return 2 * float((said & true).sum()) / max(float(said.sum() + true.sum()), 1.0)


def _share(good: _Bools, _: _Bools) -> float:
    return float(good.mean())
