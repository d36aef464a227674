"""The health of the gateway in plain words, for people who do not read metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.console.web.labels import duration
from gateway.core.review.views import Backlog
from gateway.ports.reports import Delayed, Health

ROSTER_OLD = 8 * 86400.0
"""Seconds from which on a roster is said to be old: most districts write one each night."""
DELAY_TOLD = 900.0
"""Seconds from which on a delay is worth a word: a refusal for a few minutes is ordinary."""
MANY_UNREAD = 100
"""Unread messages from which on that is said to be wrong: some are always on their way."""
UNLINKED = 60.0


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One sentence. `good`: nothing needs to be done; `hint` says what to do."""

    good: bool
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """What is measured. `roster_at` is 0 if it is not known; `stuck` counts items by stage."""

    now: float
    backlog: Backlog
    stuck: Mapping[str, int]
    health: Health
    roster_at: float
    shadow: bool
    policy: str


def health_lines(facts: HealthFacts) -> list[HealthLine]:
    """Everything that is checked, what is not in order first."""
    return sorted(_lines(facts), key=lambda line: line.good)


def _lines(facts: HealthFacts) -> Iterator[HealthLine]:
    backlog = facts.backlog
    stuck = sum(facts.stuck.values())
    if stuck:
        where = ", ".join(f"{count} in {stage.replace('_', ' ')}" for stage, count in facts.stuck.items() if count)
        yield HealthLine(
            False, f"{stuck} {'thing is' if stuck == 1 else 'things are'} stuck: {where}.",
            "`chaperone queue list --stuck` says why, and `chaperone queue retry` tries again.",
        )  # fmt: skip
    else:
        yield HealthLine(True, "Nothing is stuck.")
    late = [delayed for delayed in facts.health.delayed if facts.now - delayed.since >= DELAY_TOLD]
    for delayed in late:
        yield HealthLine(
            False, _delay_text(delayed, facts.now), "It is tried again by itself; see `chaperone queue list`."
        )
    if not late:
        yield HealthLine(True, "Every next hop takes messages.")
    if backlog.overdue:
        yield HealthLine(
            False, f"{backlog.overdue} copies are due for {duration(backlog.oldest_overdue)}, and nobody sends them.",
            "Check that a process with the role deliver runs.",
        )  # fmt: skip
    if backlog.unpublished or backlog.unanswered:
        few = max(backlog.unpublished, backlog.unanswered) < MANY_UNREAD
        yield HealthLine(
            few, f"{backlog.unanswered} messages wait for the classifiers, {backlog.unpublished} for the bus.",
            "" if few else "Check the bus, and the processes with the role classify.",
        )  # fmt: skip
    else:
        yield HealthLine(True, "Every message was read.")
    if facts.roster_at:
        yield _roster_line(facts)
    model = facts.health.model
    yield HealthLine(True, f"The model {model} reads messages." if model else "No message was read yet.")
    if facts.shadow:
        yield HealthLine(True, "The policy is tried out (shadow mode): nothing is held.")
    else:
        yield HealthLine(True, f"The policy is enforced (version {facts.policy[:12]}).")
    if backlog.unlinked_for >= UNLINKED:
        yield HealthLine(
            False, f"The audit log has not been sealed for {duration(backlog.unlinked_for)}.",
            "Check that a process with the role decide runs, then run `chaperone audit verify`.",
        )  # fmt: skip


def _roster_line(facts: HealthFacts) -> HealthLine:
    age = max(facts.now - facts.roster_at, 0.0)
    text = f"The roster was changed {duration(age)} ago."
    return HealthLine(
        age < ROSTER_OLD, text, "" if age < ROSTER_OLD else "Check the export from the student information system."
    )


def _delay_text(delayed: Delayed, now: float) -> str:
    copies = f"{delayed.count} {'copy waits' if delayed.count == 1 else 'copies wait'}"
    where = f"mail server of {delayed.domain}" if delayed.domain else "provider of text messages"
    return f"{copies} for the {where}, the first since {duration(now - delayed.since)}."
