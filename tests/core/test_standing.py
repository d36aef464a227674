"""Who may have what is told of whom: everybody behind a recipient, by the directory's word, or it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.messages.verdict import Finding
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action
from gateway.core.policy.legitimate_interest import Relationship, authorized, nobody_known
from gateway.core.policy.policy import PolicyError, parse

from .made import NO_VERDICT, S2S, STUDENT, T2S, TEACHER, finding, pair, policy, shipped, verdict

GROUP = "class@riverbend.example"
POLICY, DOWN = policy(), pair()
NONE: frozenset[Relationship] = frozenset()
STAND = {
    (STUDENT, "s1"): [("s1", frozenset({Relationship.SELF}))],
    (STUDENT, "s2"): [("s1", NONE)],
    (TEACHER, "s1"): [("t1", frozenset({Relationship.OWN_TEACHER}))],
    (GROUP, "s1"): [("s1", frozenset({Relationship.SELF})), ("s2", NONE)],
}


def standings(recipient, about):
    return STAND.get((recipient, about), ())


def about(*people: str, clause="8", score=0.9) -> tuple[Finding, ...]:
    return tuple(replace(finding(clause, score), about=each) for each in people)


def action(*findings, pairs=(DOWN,), asked=standings, by=POLICY):
    return decide(pairs, verdict(*findings), {}, by, asked).action


def test_what_is_told_to_whose_it_is_does_not_count():
    assert action(*about("s1")) is Action.RELEASE
    assert action(*about("s2")) is Action.HOLD
    assert action(*about("s1"), pairs=(pair(TEACHER, direction=S2S),)) is Action.RELEASE


def test_one_person_who_is_not_theirs_to_know_of_is_enough():
    assert action(*about("s1", "s2")) is Action.HOLD


def test_what_is_about_nobody_in_particular_counts():
    assert action(*about("s1", "")) is Action.HOLD
    assert action(finding("8", 0.9)) is Action.HOLD


def test_everybody_behind_the_recipient_must_be_authorised():
    assert action(*about("s1"), pairs=(pair(GROUP), pair(GROUP, student="s2"))) is Action.HOLD
    assert action(*about("s1"), pairs=(pair(GROUP),)) is Action.HOLD  # whoever is in the group, of a pair or not


def test_without_the_directory_s_word_nothing_is_excused():
    assert action(*about("s1"), asked=nobody_known) is Action.HOLD
    assert action(*about("gone")) is Action.HOLD


def test_whoever_was_recorded_at_acceptance_must_still_be_meant():
    assert not authorized([pair(student="s9")], "s1", frozenset({Relationship.SELF}), standings)
    assert authorized([pair()], "s1", frozenset({Relationship.SELF}), standings)
    assert not authorized([], "s1", frozenset({Relationship.SELF}), standings)


def test_only_the_standings_and_clauses_that_the_policy_names_excuse():
    clause = replace(POLICY.clauses["8"], authorised=frozenset({Relationship.GUARDIAN}))
    other = replace(POLICY, clauses={**POLICY.clauses, "8": clause})
    assert action(*about("s1"), by=other) is Action.HOLD
    assert action(*about("s1", clause="7a")) is Action.HOLD
    assert action(*about("s1"), finding("7a", 0.9)) is Action.HOLD


def test_a_word_that_is_no_standing_is_refused_with_the_words():
    document = shipped()
    document["clauses"]["8"]["authorised"] = ["self", "neighbour"]
    with pytest.raises(PolicyError, match=r"clauses\.8\.authorised: has 'neighbour'; it lists some of self, guardian"):
        parse(document, no_verdict=NO_VERDICT, source_hash="hash")
    del document["clauses"]["8"]["authorised"]
    assert not parse(document, no_verdict=NO_VERDICT, source_hash="hash").clauses["8"].authorised


def test_a_call_for_help_that_is_pointed_out_decides_nothing_by_itself():
    told = replace(finding("help", 1.0, cue="abuse"), about="s1")
    assert action(told, pairs=(pair(direction=S2S),)) is Action.RELEASE
    assert action(told, pairs=(pair(direction=T2S),)) is Action.RELEASE
