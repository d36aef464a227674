"""Review rules: requirements, due times and urgency, read strictly from the policy file."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import policies
from gateway.core.messages.parties import Direction
from gateway.core.notices.notice import rejection_text
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse
from gateway.core.policy.review_rules import (
    DEFAULT_RULES,
    GeneralReviewRules,
    action_at_due,
    due_level,
    requirements_for,
)

SHIPPED = policies.SHIPPED.read_text(encoding="utf-8")
NO_VERDICT = {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}


def changed(*pairs: tuple[str, str]) -> Policy:
    """The shipped policy with some lines changed."""
    text = SHIPPED
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return parse(tomllib.loads(text), no_verdict=NO_VERDICT, source_hash="x")


def in_7a(line: str) -> tuple[str, str]:
    """A line put into clause 7a."""
    return "[clauses.7a]\n", f"[clauses.7a]\n{line}\n"


def test_shipped_policy_requires_no_second_person_and_keeps_holding() -> None:
    policy = changed()
    assert policy.review == GeneralReviewRules(1800.0, 7200.0, 450, frozenset({"discard"}), 900.0, 14 * 86400.0)
    for clause in policy.clauses.values():
        assert clause.review_rules.two_people == clause.review_rules.reason == frozenset()
        assert clause.review_rules.at_due == "hold"
        assert clause.review_rules.advice


def test_missing_table_has_defaults() -> None:
    text = SHIPPED[: SHIPPED.index("[review]")] + SHIPPED[SHIPPED.index("# Affection, praise") :]
    policy = parse(tomllib.loads(text), no_verdict=NO_VERDICT, source_hash="x")
    assert policy.review == DEFAULT_RULES
    assert policy.review.digest is None


def test_clause_requires_a_reason_and_a_second_person() -> None:
    policy = changed(in_7a('reason = ["release"]\ntwo_people = ["release", "discard"]'))
    assert requirements_for(policy, ["7b"], "release") == requirements_for(policy, [], "reject")
    asked = requirements_for(policy, ["6", "7a"], "release")
    assert (asked.reason, asked.second, asked.clauses) == (True, True, ("7a",))
    asked = requirements_for(policy, ["7a"], "discard")
    assert (asked.reason, asked.second) == (True, True)  # every discard requires a reason
    assert not requirements_for(policy, ["7a"], "reject").second
    assert not requirements_for(policy, ["unknown"], "release").reason


def test_reason_can_be_required_for_holding_and_assigning() -> None:
    policy = changed(in_7a('reason = ["hold", "assign"]'), ('reason = ["discard"]', 'reason = ["discard", "assign"]'))
    assert requirements_for(policy, ["7a"], "hold").reason
    assert not requirements_for(policy, ["7b"], "hold").reason
    assert requirements_for(policy, [], "assign").reason
    assert not requirements_for(changed(), ["7a"], "hold").reason


def test_due_time_decides_only_when_every_clause_agrees() -> None:
    policy = changed(in_7a('at_due = "release"'))
    assert action_at_due(policy, ["7a"], []) == "release"
    assert action_at_due(policy, ["7a", "7b"], []) == "hold"
    assert action_at_due(policy, ["7a"], ["language"]) == "hold"
    assert action_at_due(policy, [], ["no_verdict"]) == action_at_due(policy, [], []) == "hold"


@pytest.mark.parametrize(
    ("pair", "key"),
    [
        (in_7a('at_due = "discard"'), "clauses.7a.at_due"),
        (in_7a('reason = ["delete"]'), "clauses.7a.reason"),
        (in_7a('two_people = "release"'), "clauses.7a.two_people"),
        (in_7a('two_people = ["hold"]'), "clauses.7a.two_people"),  # holding is not a decision
        (in_7a('advise = "x"'), "clauses.7a.advise"),
        (('help_every = "15m"', 'help_every = "10s"'), "review.help_every"),
        (('put_off = "14d"', 'put_off = "0s"'), "review.put_off"),
        (('escalate_every = "2h"', "escalate_every = 2"), "review.escalate_every"),
        (('digest = "07:30"', 'digest = "7:30"'), "review.digest"),
        (('remind_before = "30m"', 'remind = "30m"'), "review.remind"),
    ],
)
def test_error_names_its_key(pair: tuple[str, str], key: str) -> None:
    with pytest.raises(PolicyError) as error:
        changed(pair)
    assert error.value.key == key


def test_levels_rise_after_every_interval() -> None:
    def at(now: float) -> int | None:
        return due_level(1000.0, now, 100.0, 60.0)

    assert [at(each) for each in (0, 899, 900, 999, 1000, 1059, 1060, 1120)] == [None, None, 0, 0, 1, 1, 2, 3]


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e6), st.floats(60, 1e6))
def test_a_level_never_falls(due: float, now: float, before: float, every: float) -> None:
    first, later = due_level(due, now, before, every), due_level(due, now + 1, before, every)
    assert first is None or (later is not None and later >= first)


def test_rejection_text_names_the_clause_and_the_advice() -> None:
    again = "Write it again."
    told = rejection_text("Riverbend", [("7c", "Obscene", again), ("8", "", ""), ("7e", "", again)])
    assert "clause 7c: Obscene; 8; 7e" in told
    assert told.count(again) == 1
    assert "clause" not in rejection_text("Riverbend", [])
