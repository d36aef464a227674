"""What another policy would have done with past traffic: the same evidence, decided twice.

Nothing is read again and nothing is redecided. What a policy settles before a verdict stays as it was: who was in
scope, and which messages counted as sent at night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.core.messages.parties import Direction
from gateway.core.policy.decide import NO_VERDICT, decide
from gateway.core.policy.decision import Action, Decision, PendingMessage, strictest
from gateway.core.policy.legitimate_interest import Relationships, nobody_known
from gateway.core.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Changed:
    """A message that the other policy would have treated otherwise; the clauses are those of the stricter action."""

    id: str
    received_at: float
    direction: Direction
    was: Action
    would_be: Action
    clauses: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """How many messages a policy gives each action, and for which clauses it holds them."""

    actions: Counter[Action] = field(default_factory=Counter)
    held_for: Counter[str] = field(default_factory=Counter)

    def add(self, action: Action, clauses: Iterable[str]) -> None:
        """Count one message."""
        self.actions[action] += 1
        if action is Action.HOLD:
            self.held_for.update(clauses)

    def minutes(self, each: Mapping[Action, float]) -> float:
        """What reviewing costs, at so many minutes for a message of each action."""
        return sum(each.get(action, 0.0) * count for action, count in self.actions.items())


@dataclass(slots=True)
class Simulation:
    """Two policies over the same messages; `left_out` are those without evidence: undecided yet, or forgotten.

    `standings`: the answers of the directory as it is now.
    """

    now: Policy
    then: Policy
    standings: Relationships = nobody_known
    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    changed: list[Changed] = field(default_factory=list)
    left_out: int = 0

    @property
    def messages(self) -> int:
        """How many messages were decided twice."""
        return sum(self.before.actions.values())

    def add(self, past: PendingMessage) -> None:
        """Decide one message by both."""
        if past.verdict is None and not _given_up(past):
            self.left_out += 1
            return
        was, by_now = _action(past, self.now, self.standings)
        would_be, by_then = _action(past, self.then, self.standings)
        self.before.add(was, by_now.clauses)
        self.after.add(would_be, by_then.clauses)
        if was is not would_be:
            stricter = by_then if strictest((was, would_be)) is would_be else by_now
            self.changed.append(Changed(past.id, past.received_at, stricter.direction, was, would_be, stricter.clauses))


def _given_up(past: PendingMessage) -> bool:
    """Whether it was decided for want of a verdict; without one otherwise, it is undecided, or its verdict is gone."""
    return any(each.decision is not None and NO_VERDICT in each.decision.reasons for each in past.recipients)


def _action(past: PendingMessage, policy: Policy, standings: Relationships) -> tuple[Action, Decision]:
    """The action of a message's strictest recipient, which is what somebody has to look at, and that decision."""
    decisions = [
        decide(each.pairs, past.verdict, past.contact, policy, standings) for each in past.recipients if each.pairs
    ]
    action = strictest(each.action for each in decisions)
    return action, next(each for each in decisions if each.action is action)
