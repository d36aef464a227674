"""Simulation: what another policy would have done with past messages, by deciding the same verdicts twice.

Nothing is classified again, except messages with a district's own words where the policies differ in these. Nothing
changes. What depends on the policy before the verdict stays as it was: which
messages were in scope, and which were sent at night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decide import NO_VERDICT, decide
from gateway.core.policy.decision import Action, Decision, PendingMessage, strictest
from gateway.core.policy.district_words import with_words
from gateway.core.policy.legitimate_interest import Relationships, no_relationships
from gateway.core.policy.policy import Policy
from gateway.core.policy.thresholds import BuildingsOf, Place, no_buildings
from gateway.core.serialization.json_fields import rfc3339


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

    `skipped`: messages without a verdict, either undecided or with the verdict deleted. `relationships` and `buildings`
    come from the current directory. `read_again`: messages with a word of the district that one policy lacks.
    """

    current: Policy
    other: Policy
    relationships: Relationships = no_relationships
    buildings: BuildingsOf = no_buildings
    before: ActionTally = field(default_factory=ActionTally)
    after: ActionTally = field(default_factory=ActionTally)
    changed: list[ChangedDecision] = field(default_factory=list)
    skipped: int = 0
    read_again: int = 0

    @property
    def messages(self) -> int:
        """The number of messages that were decided twice."""
        return sum(self.before.actions.values())

    @property
    def words_differ(self) -> bool:
        """Whether the policies have different words of the district, so that verdicts differ too."""
        return self.current.district_words != self.other.district_words

    def add(self, message: PendingMessage, read_again: Verdict | None = None) -> None:
        """Decide one message under both policies. `read_again`: its verdict with the words of the other policy."""
        if message.verdict is None and not _decided_without_verdict(message):
            self.skipped += 1
            return
        was, current = _action(message, self.current, self.relationships, self.buildings)
        then = message
        if self.words_differ and message.verdict is not None:
            then = replace(message, verdict=read_again or with_words(message.verdict, self.other.district_words))
            self.read_again += read_again is not None
        would_be, other = _action(then, self.other, self.relationships, self.buildings)
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


def _action(
    message: PendingMessage, policy: Policy, relationships: Relationships, buildings: BuildingsOf
) -> tuple[Action, Decision]:
    """The action and the decision of a message's strictest recipient."""
    place = Place(message.channel, buildings)
    decisions = [
        decide(recipient.pairs, message.verdict, message.contact, policy, relationships, place)
        for recipient in message.recipients
        if recipient.pairs
    ]
    action = strictest(decision.action for decision in decisions)
    return action, next(decision for decision in decisions if decision.action is action)


@dataclass(frozen=True, slots=True)
class SimulationCosts:
    """A reviewer's minutes for a held message. An alert costs the same, a flagged message a quarter."""

    held: float = 2.0

    def per_message(self) -> dict[Action, float]:
        """A reviewer's minutes by action."""
        return {Action.HOLD: self.held, Action.ALERT: self.held, Action.FLAG: self.held / 4}


def simulation_row(simulation: Simulation, costs: SimulationCosts, most: int | None = None) -> dict[str, object]:
    """A simulation as JSON: counts and minutes of both policies, and at most `most` changed messages. No content."""
    sides = {
        name: {
            "policy": policy.hash,
            "actions": {action.value: tally.actions[action] for action in Action},
            "held_for": dict(sorted(tally.held_for.items())),
            "minutes": round(tally.minutes(costs.per_message()), 2),
        }
        for name, policy, tally in (
            ("now", simulation.current, simulation.before), ("then", simulation.other, simulation.after)
        )
    }  # fmt: skip
    return {
        "messages": simulation.messages,
        "left_out": simulation.skipped,
        **({"read_again": simulation.read_again} if simulation.words_differ else {}),
        **sides,
        "more_held": sum(change.would_be is Action.HOLD for change in simulation.changed),
        "fewer_held": sum(change.was is Action.HOLD for change in simulation.changed),
        "changes": len(simulation.changed),
        "changed": [
            {
                "id": change.id,
                "received_at": rfc3339(change.received_at),
                "direction": change.direction,
                "now": change.was,
                "then": change.would_be,
                "clauses": list(change.clauses),
            }
            for change in simulation.changed[:most]
        ],
    }
