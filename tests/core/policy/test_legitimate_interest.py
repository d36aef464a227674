"""Legitimate interest: everybody behind a recipient must be authorized."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.messages.verdict import Finding
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action
from gateway.core.policy.legitimate_interest import Relationship, authorized, no_relationships
from gateway.core.policy.policy import PolicyError, parse
from tests.core.samples import NO_VERDICT, S2S, STUDENT, T2S, TEACHER, finding, pair, policy, shipped, verdict

GROUP = "class@riverbend.example"
POLICY, DOWN = policy(), pair()
NONE: frozenset[Relationship] = frozenset()
STAND = {
    (STUDENT, "s1"): [("s1", frozenset({Relationship.SELF}))],
    (STUDENT, "s2"): [("s1", NONE)],
    (TEACHER, "s1"): [("t1", frozenset({Relationship.OWN_TEACHER}))],
    (GROUP, "s1"): [("s1", frozenset({Relationship.SELF})), ("s2", NONE)],
}


def relationships_to(recipient, about):
    return STAND.get((recipient, about), ())


def about(*people: str, clause="8", score=0.9) -> tuple[Finding, ...]:
    return tuple(replace(finding(clause, score), about=each) for each in people)


def action(*findings, pairs=(DOWN,), asked=relationships_to, by=POLICY):
    return decide(pairs, verdict(*findings), {}, by, asked).action


def test_information_about_the_recipient_is_authorized():
    assert action(*about("s1")) is Action.RELEASE
    assert action(*about("s2")) is Action.HOLD
    assert action(*about("s1"), pairs=(pair(TEACHER, direction=S2S),)) is Action.RELEASE


def test_one_unauthorized_person_is_enough():
    assert action(*about("s1", "s2")) is Action.HOLD


def test_finding_without_a_person_counts():
    assert action(*about("s1", "")) is Action.HOLD
    assert action(finding("8", 0.9)) is Action.HOLD


def test_everybody_behind_the_recipient_must_be_authorized():
    assert action(*about("s1"), pairs=(pair(GROUP), pair(GROUP, student="s2"))) is Action.HOLD
    assert action(*about("s1"), pairs=(pair(GROUP),)) is Action.HOLD  # every member counts, with or without a pair


def test_nobody_is_authorized_without_a_directory():
    assert action(*about("s1"), asked=no_relationships) is Action.HOLD
    assert action(*about("gone")) is Action.HOLD


def test_people_recorded_at_acceptance_must_still_be_behind_the_recipient():
    assert not authorized([pair(student="s9")], "s1", frozenset({Relationship.SELF}), relationships_to)
    assert authorized([pair()], "s1", frozenset({Relationship.SELF}), relationships_to)
    assert not authorized([], "s1", frozenset({Relationship.SELF}), relationships_to)


def test_only_relationships_of_the_policy_authorize():
    clause = replace(POLICY.clauses["8"], authorised=frozenset({Relationship.GUARDIAN}))
    other = replace(POLICY, clauses={**POLICY.clauses, "8": clause})
    assert action(*about("s1"), by=other) is Action.HOLD
    assert action(*about("s1", clause="7a")) is Action.HOLD
    assert action(*about("s1"), finding("7a", 0.9)) is Action.HOLD


def test_unknown_relationship_is_refused():
    document = shipped()
    document["clauses"]["8"]["authorised"] = ["self", "neighbour"]
    with pytest.raises(PolicyError, match=r"clauses\.8\.authorised: has 'neighbour'; it lists some of self, guardian"):
        parse(document, no_verdict=NO_VERDICT, source_hash="hash")
    del document["clauses"]["8"]["authorised"]
    assert not parse(document, no_verdict=NO_VERDICT, source_hash="hash").clauses["8"].authorised


def test_help_finding_alone_decides_nothing():
    told = replace(finding("help", 1.0, cue="abuse"), about="s1")
    assert action(told, pairs=(pair(direction=S2S),)) is Action.RELEASE
    assert action(told, pairs=(pair(direction=T2S),)) is Action.RELEASE
