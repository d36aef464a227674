"""What a decision needs, what a due time does, how urgent it is: read from the policy file, strictly."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import policies
from gateway.core.messages.parties import Direction
from gateway.core.notices.notice import rejection_words
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy, PolicyError, parse
from gateway.core.policy.review_rules import USUAL, Review, at_due, level, needs

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


def test_the_shipped_policy_wants_nobody_twice_and_lets_nothing_go() -> None:
    policy = changed()
    assert policy.review == Review(1800.0, 7200.0, 450, frozenset({"discard"}), 900.0, 14 * 86400.0)
    for clause in policy.clauses.values():
        assert clause.handling.two_people == clause.handling.reason == frozenset()
        assert clause.handling.at_due == "hold"
        assert clause.handling.advice


def test_a_policy_without_the_table_has_the_usual_one() -> None:
    text = SHIPPED[: SHIPPED.index("[review]")] + SHIPPED[SHIPPED.index("# The tools that the district") :]
    policy = parse(tomllib.loads(text), no_verdict=NO_VERDICT, source_hash="x")
    assert policy.review == USUAL
    assert policy.review.digest is None


def test_a_clause_asks_for_a_reason_and_for_two() -> None:
    policy = changed(in_7a('reason = ["release"]\ntwo_people = ["release", "discard"]'))
    assert needs(policy, ["7b"], "release") == needs(policy, [], "reject")
    asked = needs(policy, ["6", "7a"], "release")
    assert (asked.reason, asked.second, asked.clauses) == (True, True, ("7a",))
    asked = needs(policy, ["7a"], "discard")
    assert (asked.reason, asked.second) == (True, True)  # the reason: of every discard
    assert not needs(policy, ["7a"], "reject").second
    assert not needs(policy, ["unknown"], "release").reason


def test_a_reason_can_be_asked_for_what_puts_a_decision_off() -> None:
    policy = changed(in_7a('reason = ["hold", "assign"]'), ('reason = ["discard"]', 'reason = ["discard", "assign"]'))
    assert needs(policy, ["7a"], "hold").reason
    assert not needs(policy, ["7b"], "hold").reason
    assert needs(policy, [], "assign").reason
    assert not needs(changed(), ["7a"], "hold").reason


def test_a_due_time_decides_only_where_every_clause_says_so() -> None:
    policy = changed(in_7a('at_due = "release"'))
    assert at_due(policy, ["7a"], []) == "release"
    assert at_due(policy, ["7a", "7b"], []) == "hold"
    assert at_due(policy, ["7a"], ["language"]) == "hold"
    assert at_due(policy, [], ["no_verdict"]) == at_due(policy, [], []) == "hold"


@pytest.mark.parametrize(
    ("pair", "key"),
    [
        (in_7a('at_due = "discard"'), "clauses.7a.at_due"),
        (in_7a('reason = ["delete"]'), "clauses.7a.reason"),
        (in_7a('two_people = "release"'), "clauses.7a.two_people"),
        (in_7a('two_people = ["hold"]'), "clauses.7a.two_people"),  # what changes nothing for good needs no second one
        (in_7a('advise = "x"'), "clauses.7a.advise"),
        (('help_every = "15m"', 'help_every = "10s"'), "review.help_every"),
        (('put_off = "14d"', 'put_off = "0s"'), "review.put_off"),
        (('escalate_every = "2h"', "escalate_every = 2"), "review.escalate_every"),
        (('digest = "07:30"', 'digest = "7:30"'), "review.digest"),
        (('remind_before = "30m"', 'remind = "30m"'), "review.remind"),
    ],
)
def test_a_fault_names_its_key(pair: tuple[str, str], key: str) -> None:
    with pytest.raises(PolicyError) as error:
        changed(pair)
    assert error.value.key == key


def test_levels_rise_after_every_interval() -> None:
    def at(now: float) -> int | None:
        return level(1000.0, now, 100.0, 60.0)

    assert [at(each) for each in (0, 899, 900, 999, 1000, 1059, 1060, 1120)] == [None, None, 0, 0, 1, 1, 2, 3]


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.floats(0, 1e6), st.floats(60, 1e6))
def test_a_level_never_falls(due: float, now: float, before: float, every: float) -> None:
    first, later = level(due, now, before, every), level(due, now + 1, before, every)
    assert first is None or (later is not None and later >= first)


def test_words_name_the_clause_and_what_to_do() -> None:
    again = "Write it again."
    told = rejection_words("Riverbend", [("7c", "Obscene", again), ("8", "", ""), ("7e", "", again)])
    assert "clause 7c: Obscene; 8; 7e" in told
    assert told.count(again) == 1
    assert "clause" not in rejection_words("Riverbend", [])
