"""Simulation: what another policy would have done with past messages, by deciding the same verdicts twice.

Nothing is classified again and nothing changes. What depends on the policy before the verdict stays as it was: which
messages were in scope, and which were sent at night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.core.messages.parties import Direction
from gateway.core.policy.decide import NO_VERDICT, decide
from gateway.core.policy.decision import Action, Decision, PendingMessage, strictest
from gateway.core.policy.legitimate_interest import Relationships, no_relationships
from gateway.core.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class ChangedDecision:
    """A message with another action under the other policy; `clauses` are those of the stricter action."""

    id: str
    received_at: float
    direction: Direction
    was: Action
    would_be: Action
    clauses: tuple[str, ...]


@dataclass(slots=True)
class ActionTally:
    """Counts messages by action, and held messages by clause."""

    actions: Counter[Action] = field(default_factory=Counter)
    held_for: Counter[str] = field(default_factory=Counter)

    def add(self, action: Action, clauses: Iterable[str]) -> None:
        """Count one message."""
        self.actions[action] += 1
        if action is Action.HOLD:
            self.held_for.update(clauses)

    def minutes(self, per_message: Mapping[Action, float]) -> float:
        """The time for reviews, given the minutes per message for each action."""
        return sum(per_message.get(action, 0.0) * count for action, count in self.actions.items())


@dataclass(slots=True)
class Simulation:
    """Two policies applied to the same messages.

    `skipped`: messages without a verdict, either undecided or with the verdict deleted. `relationships` come from the
    current directory.
    """

    current: Policy
    other: Policy
    relationships: Relationships = no_relationships
    before: ActionTally = field(default_factory=ActionTally)
    after: ActionTally = field(default_factory=ActionTally)
    changed: list[ChangedDecision] = field(default_factory=list)
    skipped: int = 0

    @property
    def messages(self) -> int:
        """The number of messages that were decided twice."""
        return sum(self.before.actions.values())

    def add(self, message: PendingMessage) -> None:
        """Decide one message under both policies."""
        if message.verdict is None and not _decided_without_verdict(message):
            self.skipped += 1
            return
        was, current = _action(message, self.current, self.relationships)
        would_be, other = _action(message, self.other, self.relationships)
        self.before.add(was, current.clauses)
        self.after.add(would_be, other.clauses)
        if was is not would_be:
            stricter = other if strictest((was, would_be)) is would_be else current
            self.changed.append(
                ChangedDecision(message.id, message.received_at, stricter.direction, was, would_be, stricter.clauses)
            )


def _decided_without_verdict(message: PendingMessage) -> bool:
    """Whether it was decided without a verdict. Otherwise it is undecided, or its verdict was deleted."""
    return any(
        recipient.decision is not None and NO_VERDICT in recipient.decision.reasons for recipient in message.recipients
    )


def _action(message: PendingMessage, policy: Policy, relationships: Relationships) -> tuple[Action, Decision]:
    """The action and the decision of a message's strictest recipient."""
    decisions = [
        decide(recipient.pairs, message.verdict, message.contact, policy, relationships)
        for recipient in message.recipients
        if recipient.pairs
    ]
    action = strictest(decision.action for decision in decisions)
    return action, next(decision for decision in decisions if decision.action is action)
