"""How held messages are reviewed: what a decision needs, what happens at a due time, how urgent it is. Policy.

Read from the policy file: the table [review], and keys of each clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.core.policy.toml_table import TomlTable

DEEDS = ("release", "reject", "discard")
"""What a person can do with a held message for good."""
REASONED = (*DEEDS, "hold", "assign")
"""What can need a reason: these, to hold it longer, and to give it to somebody else or take it from them."""
AT_DUE = ("hold", "release", "reject")
"""What happens when a due time has passed; hold: it stays held and escalates. Nothing is ever dropped silently."""
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class ReviewRules:
    """How messages held for one clause are handled.

    `reason` are those of REASONED that need a reason, `two_people` those of DEEDS that a second person agrees to;
    `advice` tells a sender what to do instead.
    """

    at_due: str = "hold"
    reason: frozenset[str] = frozenset()
    two_people: frozenset[str] = frozenset()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """How all held messages are handled. Seconds; `digest` in minutes of the day by the district's clock, None: none.

    `reason`: deeds that need a reason whatever the clause; `put_off`: how long after it came a message can be due at
    most, however often it is held longer.
    """

    remind_before: float = 30 * MINUTE
    escalate_every: float = 2 * HOUR
    digest: int | None = None
    reason: frozenset[str] = frozenset({"discard"})
    help_every: float = 15 * MINUTE
    put_off: float = 14 * 24 * HOUR


PLAIN, USUAL = ReviewRules(), Review()
"""Where a policy says nothing of it."""


class Reviewed(Protocol):
    """The part of a policy that is asked here."""

    @property
    def review(self) -> Review:
        """What holds for every clause."""

    def handling(self, clause: str) -> ReviewRules:
        """What one clause asks for."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a decision needs beside the person who takes it; `clauses` are those that ask for a second one."""

    reason: bool = False
    second: bool = False
    clauses: tuple[str, ...] = ()


def needs(policy: Reviewed, clauses: Iterable[str], deed: str) -> Needs:
    """What the policy asks of a deed on a message held for these clauses."""
    asked = [(clause, policy.handling(clause)) for clause in clauses]
    two = tuple(clause for clause, each in asked if deed in each.two_people)
    return Needs(deed in policy.review.reason or any(deed in each.reason for _, each in asked), bool(two), two)


def at_due(policy: Reviewed, clauses: Sequence[str], reasons: Sequence[str]) -> str:
    """What happens at the due time: anything but hold only where every clause says the same, and nothing failed."""
    said = {policy.handling(clause).at_due for clause in clauses}
    return said.pop() if len(said) == 1 and not reasons else "hold"


def level(due_at: float, now: float, before: float, every: float) -> int | None:
    """How urgent a due time is: None not yet, 0 it comes near, 1 it has passed, one more after every interval."""
    if now < due_at - before:
        return None
    return 0 if now < due_at else 1 + int((now - due_at) // every)


def read_review(top: TomlTable) -> Review:
    """The table [review]; a key that is left out has its default. Raises PolicyError."""
    default = USUAL
    if not top.has("review"):
        return default
    table = top.table("review")
    found = Review(
        table.duration("remind_before") if table.has("remind_before") else default.remind_before,
        _interval(table, "escalate_every", default.escalate_every),
        table.clock("digest") if table.has("digest") else None,
        _deeds(table, "reason", REASONED, default.reason),
        _interval(table, "help_every", default.help_every),
        _interval(table, "put_off", default.put_off),
    )
    table.done()
    return found


def read_handling(clause: TomlTable) -> ReviewRules:
    """The keys of a clause. Raises PolicyError."""
    return ReviewRules(
        clause.word("at_due", AT_DUE) if clause.has("at_due") else "hold",
        _deeds(clause, "reason", REASONED),
        _deeds(clause, "two_people", DEEDS),
        clause.text("advice") if clause.has("advice") else "",
    )


def _interval(table: TomlTable, name: str, default: float) -> float:
    seconds = table.duration(name) if table.has(name) else default
    if seconds < MINUTE:
        raise table.fault(name, "must be a minute at least")
    return seconds


def _deeds(
    table: TomlTable, name: str, known: Sequence[str], default: frozenset[str] = frozenset()
) -> frozenset[str]:  # fmt: skip
    if not table.has(name):
        return default
    words = table.texts(name)
    for each in words:
        if each not in known:
            raise table.fault(name, f"has {each!r}; it lists some of {', '.join(known)}")
    return frozenset(words)
