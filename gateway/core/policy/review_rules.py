"""Review rules: what a reviewer's decision requires, what happens at a due time, how urgent it is.

Read from the policy file: the tables [review] and [sampling], and keys of each clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.core.policy.clauses import ILLEGAL, SEXUAL
from gateway.core.policy.toml_table import TomlTable
from gateway.core.policy.urgency import DUE, NOT_URGENT, NOW, SHIPPED_CUES, SHIPPED_NOW, URGENCIES, UrgencyRule

REVIEWER_ACTIONS = ("release", "reject", "discard")
"""The decisions that a reviewer can make about a held message."""
ACTIONS_WITH_REASON = (*REVIEWER_ACTIONS, "hold", "assign")
"""What may require a reason: a decision, holding longer, and assigning to somebody else."""
ACTIONS_AT_DUE = ("hold", "release", "reject")
"""What can happen at a due time. hold: the message stays held and escalates. Nothing is ever dropped silently."""
NEVER_TOLD = frozenset({SEXUAL, ILLEGAL})
"""Clauses of which no sender is told before a decision, whatever the policy file says."""
MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class ClauseReviewRules:
    """How messages held for one clause are reviewed.

    `at_due` is one of ACTIONS_AT_DUE. `reason`: those of ACTIONS_WITH_REASON that require a reason. `two_people`: those
    of REVIEWER_ACTIONS that require a second person. `advice` tells a sender what to do instead. `urgency`: whether
    people are told at once. `waiting_notice`: whether a staff member is told that a message of theirs waits.
    """

    at_due: str = "hold"
    reason: frozenset[str] = frozenset()
    two_people: frozenset[str] = frozenset()
    advice: str = ""
    urgency: UrgencyRule = NOT_URGENT
    waiting_notice: bool = False


@dataclass(frozen=True, slots=True)
class Sampling:
    """A random sample of clean messages for review: one `one_in` of them, each due after `due` seconds."""

    on: bool = False
    one_in: int = 500
    due: float = 5 * 24 * HOUR


NO_SAMPLING = Sampling()


@dataclass(frozen=True, slots=True)
class GeneralReviewRules:
    """How all held messages are reviewed. Times are in seconds.

    `remind_before` a due time a reminder is sent, and after it one every `escalate_every`. `digest` is a time in
    minutes of the local day, None for no digest. `reason`: what requires a reason for every clause. An unclaimed
    help alert is repeated every `help_every`, an urgent message that nobody has taken every `urgent_every`. `put_off`:
    the latest due time after acceptance, however often it is extended. `school_time`: due times count school hours;
    those of urgent messages never do. `flag_due`: when somebody should have looked at a flagged message. `sampling`:
    the share of clean messages that people look at.
    """

    remind_before: float = 30 * MINUTE
    escalate_every: float = 2 * HOUR
    digest: int | None = None
    reason: frozenset[str] = frozenset({"discard"})
    help_every: float = 15 * MINUTE
    put_off: float = 14 * 24 * HOUR
    urgent_every: float = 5 * MINUTE
    school_time: bool = True
    waiting_notice: bool = False
    nudge: bool = False
    flag_due: float = 5 * 24 * HOUR
    sampling: Sampling = NO_SAMPLING


DEFAULT_CLAUSE_RULES, DEFAULT_RULES = ClauseReviewRules(), GeneralReviewRules()


class HasReviewRules(Protocol):
    """The part of a policy that is used here."""

    @property
    def review(self) -> GeneralReviewRules:
        """The rules for every clause."""

    def review_rules(self, clause: str) -> ClauseReviewRules:
        """The rules of one clause."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What an action requires beside the person who takes it. `clauses`: those that require a second person."""

    reason: bool = False
    second: bool = False
    clauses: tuple[str, ...] = ()


def requirements_for(policy: HasReviewRules, clauses: Iterable[str], action: str) -> Requirements:
    """What the policy requires for an action on a message held for these clauses."""
    rules = {clause: policy.review_rules(clause) for clause in clauses}
    two_people = tuple(clause for clause, rule in rules.items() if action in rule.two_people)
    reason = action in policy.review.reason or any(action in rule.reason for rule in rules.values())
    return Requirements(reason, bool(two_people), two_people)


def action_at_due(policy: HasReviewRules, clauses: Sequence[str], reasons: Sequence[str]) -> str:
    """What happens at the due time: hold, unless every clause agrees on something else and there is no other reason."""
    actions = {policy.review_rules(clause).at_due for clause in clauses}
    return actions.pop() if len(actions) == 1 and not reasons else "hold"


def due_level(due_at: float, now: float, before: float, every: float) -> int | None:
    """How urgent a due time is: None not yet, 0 due soon, 1 overdue, and one more after every interval."""
    if now < due_at - before:
        return None
    return 0 if now < due_at else 1 + int((now - due_at) // every)


def read_review(top: TomlTable) -> GeneralReviewRules:
    """Read the table [review]; missing keys have defaults. Raises PolicyError."""
    default, sampling = DEFAULT_RULES, _sampling(top)
    if not top.has("review"):
        return replace(default, sampling=sampling)
    table = top.table("review")
    rules = GeneralReviewRules(
        table.duration("remind_before") if table.has("remind_before") else default.remind_before,
        _interval(table, "escalate_every", default.escalate_every),
        table.clock("digest") if table.has("digest") else None,
        table.words("reason", ACTIONS_WITH_REASON) if table.has("reason") else default.reason,
        _interval(table, "help_every", default.help_every),
        _interval(table, "put_off", default.put_off),
        _interval(table, "urgent_every", default.urgent_every),
        table.flag("school_time") if table.has("school_time") else default.school_time,
        table.flag("waiting_notice") if table.has("waiting_notice") else default.waiting_notice,
        table.flag("nudge") if table.has("nudge") else default.nudge,
        _interval(table, "flag_due", default.flag_due),
        sampling,
    )
    table.done()
    return rules


def _sampling(top: TomlTable) -> Sampling:
    """The table [sampling]. Without it, no clean message is shown to reviewers."""
    if not top.has("sampling"):
        return NO_SAMPLING
    table = top.table("sampling")
    one_in = table.count("one_in") if table.has("one_in") else NO_SAMPLING.one_in
    if not one_in:
        raise table.error("one_in", "must be at least 1; to show no clean messages, write on = false")
    sampling = Sampling(
        table.flag("on") if table.has("on") else False, one_in, _interval(table, "due", NO_SAMPLING.due)
    )
    table.done()
    return sampling


def read_clause_rules(clause: TomlTable, id_: str = "") -> ClauseReviewRules:
    """Read the review keys of the clause with an id. Raises PolicyError."""
    return ClauseReviewRules(
        clause.word("at_due", ACTIONS_AT_DUE) if clause.has("at_due") else "hold",
        clause.words("reason", ACTIONS_WITH_REASON),
        clause.words("two_people", REVIEWER_ACTIONS),
        clause.text("advice") if clause.has("advice") else "",
        _urgency(clause, id_),
        _waiting_notice(clause, id_),
    )


def _waiting_notice(clause: TomlTable, id_: str) -> bool:
    if not clause.has("waiting_notice"):
        return False
    told = clause.flag("waiting_notice")
    if told and id_ in NEVER_TOLD:
        raise clause.error("waiting_notice", "must be false: nobody is warned that a message of this clause was found")
    return told


def _urgency(clause: TomlTable, id_: str) -> UrgencyRule:
    """When people are told. A file without the key, written before there was one, has the shipped rule."""
    cues = frozenset(clause.texts("urgent_cues")) if clause.has("urgent_cues") else None
    if clause.has("urgency"):
        urgency = clause.word("urgency", URGENCIES)
        if cues and urgency != NOW:
            raise clause.error("urgent_cues", f'needs urgency = "{NOW}"; remove one of the two')
        return UrgencyRule(urgency, cues or frozenset())
    if cues is not None:
        raise clause.error("urgent_cues", f'needs urgency = "{NOW}"')
    return UrgencyRule(NOW, SHIPPED_CUES.get(id_, frozenset())) if id_ in SHIPPED_NOW else UrgencyRule(DUE)


def _interval(table: TomlTable, name: str, default: float) -> float:
    seconds = table.duration(name) if table.has(name) else default
    if seconds < MINUTE:
        raise table.error(name, "must be at least a minute")
    return seconds
