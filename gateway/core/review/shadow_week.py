"""The shadow week: what would have been held, what reviewers said about it, and what other thresholds would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from gateway.core.messages.parties import Pair
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action, PendingMessage, strictest
from gateway.core.policy.legitimate_interest import Relationships
from gateway.core.policy.policy import Policy
from gateway.core.policy.thresholds import BuildingsOf, Place, Thresholds
from gateway.core.policy.work_kinds import ReviewOutcome
from gateway.core.review.intervals import Share, share

SHIFTS = (-0.1, -0.05, 0.0, 0.05, 0.1)
"""How far the hold thresholds are moved in the report."""
USUAL_SECONDS = 120.0
"""A reviewer's time for one held message where too few answers were measured."""
_LONGEST_LOOK = 600.0
"""Seconds between two answers of one person from which on the second one began later."""
_FEWEST_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said about a message that would have been held, or None while nobody has."""

    clauses: tuple[str, ...]
    pairs: tuple[Pair, ...]
    outcome: ReviewOutcome | None = None
    by: str = ""
    closed_at: float | None = None


@dataclass(slots=True)
class WeekLine:
    """Messages that would have been held, those that reviewers decided as practice, and what they would release."""

    held: int = 0
    practiced: int = 0
    released: int = 0

    @property
    def wrong(self) -> Share:
        """The share of the practiced that reviewers would release, with its interval."""
        return share(self.released, self.practiced)

    def add(self, answer: Answer) -> None:
        """Count one message."""
        self.held += 1
        self.practiced += answer.outcome is not None
        self.released += answer.outcome is ReviewOutcome.FINE


@dataclass(slots=True)
class WeekCounts:
    """What would have been held: in all, by clause and by building."""

    total: WeekLine = field(default_factory=WeekLine)
    by_clause: dict[str, WeekLine] = field(default_factory=dict)
    by_building: dict[str, WeekLine] = field(default_factory=dict)
    reviewers: int = 0
    seconds: float = USUAL_SECONDS
    measured: bool = False

    @property
    def minutes(self) -> float:
        """The minutes of reviewers for all of them."""
        return self.total.held * self.seconds / 60


def count_week(
    answers: Sequence[Answer], buildings: Callable[[Sequence[Pair]], Iterable[str]]
) -> WeekCounts:  # fmt: skip
    """Count what would have been held. `buildings` returns the buildings of pairs that are counted."""
    counts = WeekCounts()
    for answer in answers:
        counts.total.add(answer)
        for clause in answer.clauses or ("none",):
            counts.by_clause.setdefault(clause, WeekLine()).add(answer)
        for building in set(buildings(answer.pairs)):
            counts.by_building.setdefault(building, WeekLine()).add(answer)
    counts.reviewers = len({answer.by for answer in answers if answer.outcome is not None})
    looks = look_seconds(answers)
    if len(looks) >= _FEWEST_LOOKS:
        counts.seconds, counts.measured = median(looks), True
    return counts


def look_seconds(answers: Iterable[Answer]) -> list[float]:
    """The seconds that reviewers took for single answers: from one answer of a person to the next, without pauses."""
    times: dict[str, list[float]] = {}
    for answer in answers:
        if answer.outcome is not None and answer.closed_at is not None:
            times.setdefault(answer.by, []).append(answer.closed_at)
    found = []
    for of_one in times.values():
        of_one.sort()
        found += [after - before for before, after in pairwise(of_one)]
    return [seconds for seconds in found if 0 < seconds <= _LONGEST_LOOK]


def shifted(policy: Policy, by: float) -> Policy:
    """A policy whose hold thresholds are moved, never below those of flags and never above 1."""

    def move(levels: Thresholds) -> Thresholds:
        lowest = levels.flag or 0.0
        moved = {
            name: None if value is None else min(max(round(value + by, 4), lowest), 1.0)
            for name, value in (("hold", levels.hold), ("hold_evasive", levels.hold_evasive))
        }
        return replace(levels, **moved)

    clauses = {
        id_: replace(clause, thresholds={way: move(levels) for way, levels in clause.thresholds.items()})
        for id_, clause in policy.clauses.items()
    }
    overrides = tuple(
        replace(override, thresholds={key: move(levels) for key, levels in override.thresholds.items()})
        for override in policy.overrides
    )
    return replace(policy, clauses=clauses, overrides=overrides)


@dataclass(frozen=True, slots=True)
class ShiftedCounts:
    """How many messages would be held with moved thresholds, in all and by clause."""

    shift: float
    held: int
    by_clause: Mapping[str, int]


def try_thresholds(
    messages: Sequence[PendingMessage], policy: Policy, relationships: Relationships, buildings_of: BuildingsOf
) -> list[ShiftedCounts]:  # fmt: skip
    """Decide the same verdicts with each of SHIFTS. Nothing is classified again."""
    found = []
    for shift in SHIFTS:
        other, held, by_clause = shifted(policy, shift), 0, Counter[str]()
        for message in messages:
            place = Place(message.channel, buildings_of)
            decisions = [
                decide(copy.pairs, message.verdict, message.contact, other, relationships, place)
                for copy in message.recipients
                if copy.pairs
            ]
            if strictest(decision.action for decision in decisions) is Action.HOLD:
                held += 1
                holds = [decision for decision in decisions if decision.action is Action.HOLD]
                by_clause.update({clause for decision in holds for clause in decision.clauses})
        found.append(ShiftedCounts(shift, held, by_clause))
    return found
