"""The policy file: the shipped one, and errors that name their key."""

from __future__ import annotations

import copy

import pytest

from gateway.core.messages.verdict import FAILURES
from gateway.core.policy.clauses import BUILT_IN
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import PolicyError, Thresholds, parse
from tests.core.samples import NO_VERDICT, S2S, T2S, policy, shipped


def test_shipped_policy_has_every_clause():
    parsed = policy()
    assert tuple(parsed.clauses) == BUILT_IN
    assert all(clause.title and clause.text and clause.due > 0 for clause in parsed.clauses.values())
    assert parsed.hash == "hash"
    assert parsed.own_child_exempt == {"1", "4", "5", "6"}


def test_shipped_counters_and_rates_flag_only():
    parsed = policy()
    assert set(parsed.contact.values()) == set(parsed.rate.values()) == {Action.FLAG}
    assert parsed.clauses["5"].thresholds == {T2S: Thresholds(), S2S: Thresholds()}


def test_shipped_policy_holds_for_prohibited_content_only():
    parsed = policy()
    holding = {clause.id for clause in parsed.clauses.values() for each in clause.thresholds.values() if each.hold}
    assert holding == {"7a", "7b", "7c", "7d", "7e", "8", "9"}


def test_failures_take_the_configured_action():
    parsed = policy()
    assert set(parsed.failed) == set(FAILURES)
    assert parsed.failed["language"] == {T2S: Action.FLAG, S2S: Action.FLAG}
    flagged = ("language", "pictured", "disputed")
    assert all(parsed.failed[word] == {T2S: Action.FLAG, S2S: Action.FLAG} for word in flagged)
    assert all(parsed.failed[word] == NO_VERDICT for word in FAILURES if word not in flagged)


def test_policy_without_the_newer_words_flags_them():
    document = shipped()
    failed = {word: actions for word, actions in document["failed"].items() if word not in ("pictured", "disputed")}
    parsed = parse(document | {"failed": failed}, no_verdict=NO_VERDICT, source_hash="")
    assert parsed.failed["disputed"] == parsed.failed["pictured"] == {T2S: Action.FLAG, S2S: Action.FLAG}


def test_networks_and_tools_include_subdomains():
    names = {"name": "Quiz", "owner": "D", "building": "hs", "administrator_access": "R"}
    document = shipped() | {"tools": [{"domain": "Quiz.example.com", **names}]}
    parsed = parse(document, no_verdict=NO_VERDICT, source_hash="")
    assert parsed.register.tool("www.quiz.example.com") is parsed.tools[0]
    assert parsed.register.tool("QUIZ.EXAMPLE.COM") is parsed.tools[0]
    assert parsed.register.tool("example.com") is None
    assert parsed.register.tool("notquiz.example.com") is None
    assert parsed.is_social_network("mail.instagram.com")
    assert not parsed.is_social_network("myinstagram.com")
    assert not parsed.is_social_network("")


REMOVED = object()


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("clauses.seven", {}, "clauses.seven: is not a clause id"),
        ("clauses.7a", REMOVED, "clauses.7a: is missing"),
        ("clauses.7a.title", REMOVED, "clauses.7a.title: is missing"),
        ("clauses.7a.text", "", "clauses.7a.text: must be a text"),
        ("clauses.7a.due", "soon", "clauses.7a.due: must be a duration"),
        ("clauses.7a.due", 30, "clauses.7a.due: must be a duration"),
        ("clauses.7a.staff_to_student", REMOVED, "clauses.7a.staff_to_student: is missing"),
        ("clauses.7a.student_to_staff.hold", 1.5, "clauses.7a.student_to_staff.hold: must be a number from 0 to 1"),
        ("clauses.7a.student_to_staff.hold", -0.1, "clauses.7a.student_to_staff.hold: must be a number from 0 to 1"),
        ("clauses.7a.student_to_staff.hold", True, "clauses.7a.student_to_staff.hold: must be a number"),
        ("clauses.7a.student_to_staff.hold", float("nan"), "clauses.7a.student_to_staff.hold: must be a number"),
        ("clauses.7a.student_to_staff.hold", 0.1, "clauses.7a.student_to_staff.hold: must not be below flag"),
        ("clauses.7a.student_to_staff.hodl", 0.5,
         "clauses.7a.student_to_staff.hodl: is not a key of a policy; did you mean"),
        ("clauses.7a.both", {}, "clauses.7a.both: is not a key"),
        ("clauses.4.outside.student_to_staff", REMOVED, "clauses.4.outside.student_to_staff: is missing"),
        ("clauses.4.outside.student_to_staff", "alert", "clauses.4.outside.student_to_staff: must be one of release"),
        ("clauses", 7, "clauses: must be a table"),
        ("help.alert", REMOVED, "help.alert: is missing"),
        ("help.alert", "often", "help.alert: must be a number"),
        ("failed.gone", {}, "failed.gone: is not a word of a verdict"),
        ("failed.error", REMOVED, "failed.error: is missing"),
        ("failed.error.staff_to_student", REMOVED, "failed.error.staff_to_student: is missing"),
        ("failed.error.staff_to_student", "quarantine", "failed.error.staff_to_student: must be one of"),
        ("contact.day", -1, "contact.day: must be a whole number"),
        ("contact.night_share", 30, "contact.night_share: must be a number from 0 to 1"),
        ("contact.action", "flag", "contact.action: must be a table"),
        ("rate.students_per_hour", 1, "rate.students_per_hour: is not a key of a policy; did you mean students_hour?"),
        ("night.from", "25:00", "night.from: must be a time of day"),
        ("night.to", 6, "night.to: must be a time of day"),
        ("own_child_exempt", ["10"], "own_child_exempt: has the unknown clause '10'"),
        ("social_networks", ["instagram"], "social_networks: has 'instagram', which is not a domain"),
        ("social_networks", "x.com", "social_networks: must be a list of texts"),
        ("tools", {}, "tools: must be a list of tables"),
        ("tools", [{"domain": "a.example"}], "tools[1].name: is missing"),
        ("tools", [{"domain": "https://a.example/"}], "tools[1].domain: is 'https://a.example/', which is not"),
        ("quoted_weight", REMOVED, "quoted_weight: is missing"),
        ("quoted_wieght", 1, "quoted_wieght: is not a key of a policy; did you mean quoted_weight?"),
        ("title", 4, "title: must be a text"),
    ],
)  # fmt: skip
def test_error_names_its_key(path, value, says):
    document = copy.deepcopy(shipped())
    inner = document
    *above, last = path.split(".")
    for name in above:
        inner = inner[name]
    if value is REMOVED:
        del inner[last]
    else:
        inner[last] = value
    with pytest.raises(PolicyError) as refused:
        parse(document, no_verdict=NO_VERDICT, source_hash="")
    assert str(refused.value).startswith(says)
    assert refused.value.key == says.partition(":")[0]


def test_policy_must_be_a_table():
    with pytest.raises(PolicyError, match="must be a table"):
        parse([], no_verdict=NO_VERDICT, source_hash="")


def test_policy_can_have_clauses_of_its_own():
    document = shipped()
    document["clauses"] |= {"10": dict(document["clauses"]["7a"]), "7f": dict(document["clauses"]["7a"])}
    document |= {"own_child_exempt": ["10"], "own_child_cues": {"7f": ["sexual"]}}
    parsed = parse(document, no_verdict=NO_VERDICT, source_hash="")
    assert tuple(parsed.clauses)[5:] == ("7a", "7b", "7c", "7d", "7e", "7f", "8", "9", "10")
    assert parsed.own_child_exempt == {"10"}
