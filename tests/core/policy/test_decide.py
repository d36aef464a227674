"""The decision about one recipient: thresholds, directions, groups, own children, help, failures, counters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.core.contact.history import EMERGENCY, SenderRates
from gateway.core.messages.conversation import conversation_id
from gateway.core.policy.clauses import BUILT_IN
from gateway.core.policy.decide import decide, unregistered_tools
from gateway.core.policy.decision import STRICTNESS, Action, strictest
from gateway.core.policy.policy import Thresholds
from gateway.core.tools.register import Tool, ToolRegister
from tests.core import samples
from tests.core.samples import S2S, T2S, finding, pair, policy, verdict

POLICY = policy()
GROUP = "class@riverbend.example"
UP, DOWN = pair(direction=S2S), pair(direction=T2S)


def rank(decision) -> int:
    return STRICTNESS.index(decision.action)


def decided(*findings, pairs=(DOWN,), contact=None, policy=POLICY, **more):
    return decide(pairs, verdict(*findings, **more), contact or {}, policy)


def test_clean_message_is_released_without_clauses():
    decision = decided(finding("7a", 0.1), finding("6", 0.2))
    assert (decision.action, decision.clauses, decision.reasons) == (Action.RELEASE, (), ())
    assert (decision.policy, decision.due_in, decision.direction) == ("hash", None, T2S)


@pytest.mark.parametrize(("score", "action"), [(0.29, "release"), (0.3, "flag"), (0.49, "flag"), (0.5, "hold")])
def test_threshold_is_inclusive(score, action):
    assert decided(finding("7a", score)).action == action


def test_hold_lists_clauses_by_score():
    decision = decided(finding("7d", 0.6), finding("7a", 0.9), finding("6", 0.99), finding("7a", 0.7))
    assert decision.action is Action.HOLD
    assert decision.clauses == ("7a", "7d")
    assert decision.due_in == min(POLICY.clauses["7a"].due, POLICY.clauses["7d"].due)


def test_a_quoted_finding_counts_less():
    assert decided(finding("7a", 0.8, quoted=True)).action is Action.FLAG
    assert decided(finding("7a", 0.8)).action is Action.HOLD


def test_evasion_turns_a_flag_into_a_hold():
    assert decided(finding("4", 0.9)).action is Action.FLAG
    assert decided(finding("4", 0.9, cue="evasion")).action is Action.HOLD
    assert decided(finding("4", 0.9, cue="evasion:delete this")).action is Action.HOLD
    assert decided(finding("4", 0.45, cue="evasion")).action is Action.FLAG
    assert decided(finding("6", 0.9, cue="evasion")).action is Action.FLAG  # clause 6 has no hold_evasive


def test_help_wins_over_everything_in_student_messages():
    held = finding("7d", 0.99)
    decision = decided(held, pairs=(UP,), help=0.5)
    assert (decision.action, decision.direction, decision.clauses, decision.due_in) == (Action.ALERT, S2S, (), None)
    assert decided(held, pairs=(UP,), help=0.49).action is Action.FLAG  # it may be one: delivered all the same
    assert decided(held, pairs=(UP,), help=0.05).action is Action.HOLD
    assert decided(held, pairs=(DOWN,), help=1.0).action is Action.HOLD
    assert decided(held, pairs=(DOWN, UP), help=1.0).action is Action.ALERT
    assert decided(held, pairs=(UP,), help=1.0, failed=("crashed",)).action is Action.ALERT


def test_a_claimed_student_cannot_override_a_hold_but_the_notice_goes_out():
    held, claimed = finding("7d", 0.99), replace(UP, claimed=True)
    decision = decided(held, pairs=(claimed,), help=1.0)
    assert (decision.action, decision.help, decision.clauses) == (Action.HOLD, True, ("7d",))
    assert decided(held, pairs=(claimed, UP), help=1.0).action is Action.ALERT
    assert decided(held, pairs=(claimed, DOWN), help=1.0).action is Action.HOLD
    assert decided(pairs=(claimed,), help=1.0).action is Action.ALERT
    assert not decided(held, pairs=(claimed,), help=0.1).help
    assert not decided(held, pairs=(DOWN,), help=1.0).help


def test_the_stricter_direction_applies_and_is_named():
    decision = decided(finding("8", 0.6), pairs=(UP, DOWN))  # 0.6 holds downwards, flags upwards
    assert (decision.action, decision.direction, decision.clauses) == (Action.HOLD, T2S, ("8",))


def test_own_children_are_exempt_from_some_clauses():
    child = pair(own_child=True)
    for clause in ("1", "4", "6"):
        assert decided(finding(clause, 1.0, cue="evasion"), pairs=(child,)).action is Action.RELEASE
        assert decided(finding(clause, 1.0), pairs=(DOWN,)).action is Action.FLAG
    for clause in ("7b", "7c", "7d", "7e", "8", "9"):
        assert decided(finding(clause, 1.0), pairs=(child,)).action is Action.HOLD


def test_own_child_cues_limit_a_clause():
    child = pair(own_child=True)
    assert decided(finding("7a", 1.0), pairs=(child,)).action is Action.RELEASE
    assert decided(finding("7a", 1.0, cue="compliments"), pairs=(child,)).action is Action.RELEASE
    assert decided(finding("7a", 1.0, cue="sexual"), pairs=(child,)).action is Action.HOLD
    assert decided(finding("7a", 1.0), pairs=(child, DOWN)).action is Action.HOLD


def test_own_child_exception_needs_the_whole_group():
    group = (pair(GROUP, own_child=True), pair(GROUP, student="s2"))
    assert decided(finding("6", 1.0), pairs=group).action is Action.FLAG


def test_registered_tool_is_released():
    tools = replace(POLICY, register=ToolRegister.of([Tool("quiz.example", "Quiz", "D", "hs", "R")]))
    assert decided(finding("2", 1.0, cue="www.quiz.example"), policy=tools).action is Action.RELEASE
    assert decided(finding("2", 1.0, cue="invitation:quiz"), policy=tools).action is Action.RELEASE
    assert decided(finding("2", 1.0, cue="invitation:other"), policy=tools).clauses == ("2",)
    assert decided(finding("2", 1.0, cue="other.example"), policy=tools).clauses == ("2",)
    assert decided(finding("2", 1.0), policy=tools).clauses == ("2",)


def test_ordinary_sites_are_no_tools():
    sites = replace(POLICY, ordinary_sites=frozenset({"news.example"}))
    assert decided(finding("2", 1.0, cue="www.news.example"), policy=sites).action is Action.RELEASE
    assert decided(finding("2", 1.0, cue="library.iowa.gov"), policy=sites).action is Action.RELEASE
    assert decided(finding("2", 1.0, cue="fakenews.example"), policy=sites).clauses == ("2",)
    assert decided(finding("2", 1.0, cue="shortener:bit.ly"), policy=sites).clauses == ("2",)


def test_unregistered_tools_are_named_once_and_not_when_only_quoted():
    found = verdict(
        finding("2", 0.6, cue="play.kahoot.it"), finding("2", 0.6, cue="invitation:kahoot"),
        finding("2", 0.6, cue="a.quiz.example"), finding("2", 0.6, cue="old.example", quoted=True),
        finding("2", 0.6, cue="shortener:bit.ly"), finding("7a", 0.6, cue="b.example"),
    )  # fmt: skip
    assert unregistered_tools(found, POLICY) == ("kahoot.com", "quiz.example")


def test_unknown_clause_is_ignored():
    assert decided(finding("12", 1.0)).action is Action.RELEASE


def test_decision_without_a_verdict():
    down, up = decide((DOWN,), None, {}, POLICY), decide((UP,), None, {}, POLICY)
    assert (down.action, down.reasons, down.clauses, down.due_in) == (Action.HOLD, ("no_verdict",), (), POLICY.due)
    assert (up.action, up.reasons, up.due_in) == (Action.FLAG, ("no_verdict",), None)
    assert decide((UP, DOWN), None, {}, POLICY).action is Action.HOLD
    free = replace(POLICY, no_verdict={T2S: Action.RELEASE, S2S: Action.RELEASE})
    assert decide((DOWN,), None, {}, free).reasons == ("no_verdict",)


def test_failures_are_decided_by_word():
    assert (decided(failed=("language",)).action, decided(failed=("language",)).reasons) == (Action.FLAG, ("language",))
    assert decided(failed=("crashed", "language")).reasons == ("crashed",)
    assert decided(failed=("crashed",), pairs=(UP,)).action is Action.FLAG
    assert decided(failed=("a new word",)).action is Action.HOLD
    both = decided(finding("7a", 0.9), failed=("encrypted",))
    assert (both.action, both.clauses, both.reasons) == (Action.HOLD, ("7a",), ("encrypted",))


def wrote(times, gap=60, outside=False, **more):
    """A pair's history: so many one-to-one mails by staff, one a minute."""
    rows = [(gap, True, True, outside, "mail", 0, "")] * times
    return {conversation_id("t1", "s1"): samples.history(rows, **more)}


def test_counters_flag_unless_a_phrase_ends_outside_contact():
    much = wrote(26)
    assert (decided(contact=much).action, decided(contact=much).clauses) == (Action.FLAG, ("5",))
    assert decided(contact=wrote(25)).action is Action.RELEASE
    assert decided(contact=much, pairs=(pair(own_child=True),)).action is Action.RELEASE
    assert decided(contact=much, pairs=(pair(student="s2"),)).action is Action.RELEASE
    assert decided(finding("5", 0.9, cue="transition"), contact=much).action is Action.RELEASE
    assert decided(finding("5", 0.4, cue="transition"), contact=much).action is Action.FLAG
    assert decided(finding("5", 0.9, cue="transition", quoted=True), contact=much).action is Action.FLAG
    assert decide((UP,), None, much, replace(POLICY, no_verdict={S2S: Action.RELEASE})).clauses == ("5",)


def test_what_is_counted_is_told_in_words_and_stays_beside_a_stricter_clause():
    (note,) = decided(contact=wrote(26)).notes
    assert (note.clause, note.limit, note.flags) == ("5", "day", True)
    assert note.text.startswith("26th one-to-one message in 24 hours, last at ")
    held = decided(finding("7a", 0.9), contact=wrote(26))
    assert (held.action, held.clauses, held.notes) == (Action.HOLD, ("7a", "5"), (note,))
    assert held.due_in == POLICY.clauses["7a"].due
    helped = decide((replace(UP, direction=S2S),), verdict(help=0.99), wrote(26), POLICY)
    assert (helped.action, helped.clauses, len(helped.notes)) == (Action.ALERT, (), 1)


def test_a_flag_falls_on_the_pair_that_is_over_its_limit():
    pairs = (pair(), pair(student="s2"), pair(student="s3"))
    found = decided(contact=wrote(26), pairs=pairs)
    assert [note.conversation for note in found.notes] == [conversation_id("t1", "s1")]
    assert not decided(contact={conversation_id("t1", "s1"): samples.history([])}, pairs=pairs).notes


def test_mass_mail_is_clause_9_whatever_the_text():
    mass = wrote(0, rates=SenderRates(401))
    assert decided(contact=mass).clauses == ("9",)
    assert decided(contact=mass).notes[0].text == "401 students written to within an hour; limit 400"
    assert decided(finding("5", 0.9, cue="transition"), contact=mass, pairs=(pair(own_child=True),)).clauses == ("9",)
    students = wrote(0, rates=SenderRates(31, by_staff=False))
    assert decided(contact=students, pairs=(pair(direction=S2S),)).clauses == ("9",)


def test_a_threat_to_several_tells_how_many():
    threat = finding("7d", 0.9, cue="threat")
    rates = SenderRates(6, by_staff=False, copies=6, copy_readers=6, copies_since=samples.NOW - 240)
    found = decided(threat, contact=wrote(0, rates=rates), pairs=(pair(direction=S2S),))
    assert "9" in found.clauses
    assert found.notes[0].text == (
        "a threat or hoax: nearly the same text in 6 messages to 6 staff members within 4 minutes"
    )
    assert not decided(threat, contact=wrote(0, rates=SenderRates(1)), pairs=(pair(direction=S2S),)).notes


def test_an_emergency_on_a_known_personal_account_is_only_told():
    outside = replace(UP, outside=True)

    def exchange(messages, mark=EMERGENCY):
        rows = [(60, True, True, True, "sms", mark, ""), *[(60, True, True, True, "sms", 0, "")] * (messages - 1)]
        return {conversation_id("t1", "s1"): samples.history(rows)}

    found = decided(contact=exchange(2), pairs=(outside,))
    assert (found.action, [note.flags for note in found.notes]) == (Action.RELEASE, [False])
    assert decided(contact=exchange(2, 0), pairs=(outside,)).clauses == ("4",)
    assert decided(contact=exchange(2), pairs=(replace(outside, claimed=True),)).clauses == ("4",)
    assert decided(contact=exchange(13), pairs=(outside,)).clauses == ("4", "5")


def test_a_personal_account_is_clause_4_whatever_the_text():
    outside = replace(UP, outside=True)
    assert (decided(pairs=(outside,)).action, decided(pairs=(outside,)).clauses) == (Action.FLAG, ("4",))
    assert decided(finding("5", 0.9, cue="transition"), pairs=(outside,)).action is Action.RELEASE
    assert decided(pairs=(replace(outside, own_child=True),)).action is Action.RELEASE


def test_strictest():
    assert strictest([Action.FLAG, Action.HOLD, Action.RELEASE]) is Action.HOLD
    assert strictest([]) is Action.RELEASE


some_pairs = st.lists(samples.pairs, min_size=1, max_size=4)
contacts = st.dictionaries(
    st.builds(conversation_id, st.sampled_from(["t1", "t2"]), st.sampled_from(["s1", "s2", "s3"])),
    samples.histories,
    max_size=3,
)
thresholds = st.builds(
    lambda flag, more: Thresholds(flag, min(flag + more, 1.0), flag), st.floats(0.1, 0.6), st.floats(0, 0.5)
)
policies = st.builds(
    lambda each: replace(
        POLICY, clauses={i: replace(c, thresholds={T2S: each[0], S2S: each[1]}) for i, c in POLICY.clauses.items()}
    ),
    st.tuples(thresholds, thresholds),
)


@given(some_pairs, samples.verdicts, contacts, policies, st.data())
def test_a_higher_score_is_never_less_strict(behind, found, contact, rules, data):
    before = decide(behind, found, contact, rules)
    # Only a transition phrase may make a decision milder, and that a student may be in need.
    raised = tuple(
        each if each.cue == "transition" else replace(each, score=data.draw(st.floats(each.score, 1)))
        for each in found.findings
    )
    other = replace(found, findings=raised, help=data.draw(st.floats(found.help, 1)))
    assume(rules.may_be_in_need(other) == rules.may_be_in_need(found))
    assert rank(decide(behind, other, contact, rules)) >= rank(before)


@given(some_pairs, samples.verdicts, contacts, st.sampled_from(BUILT_IN))
def test_one_more_finding_is_never_less_strict(behind, found, contact, clause):
    more = replace(found, findings=(*found.findings, finding(clause, 0.9)))
    assert rank(decide(behind, more, contact, POLICY)) >= rank(decide(behind, found, contact, POLICY))


@given(some_pairs, samples.verdicts, contacts)
def test_an_alert_wins_and_comes_only_from_a_student(behind, found, contact):
    decision = decide(behind, replace(found, help=1.0), contact, POLICY)
    assert (decision.action is Action.ALERT) == any(each.direction is S2S for each in behind)
    assert decide(behind, replace(found, help=0.0), contact, POLICY).action is not Action.ALERT


@given(some_pairs, samples.verdicts, contacts)
def test_a_group_is_as_strict_as_its_strictest_member_and_in_any_order(behind, found, contact):
    whole = decide(behind, found, contact, POLICY)
    assert rank(whole) == max(rank(decide([each], found, contact, POLICY)) for each in behind)
    back = decide(behind[::-1], found, contact, POLICY)
    assert (back.action, set(back.clauses), back.due_in) == (whole.action, set(whole.clauses), whole.due_in)


@given(some_pairs, samples.verdicts, contacts)
def test_own_children_are_never_decided_more_strictly(behind, found, contact):
    def of(own_child):
        return rank(decide([replace(each, own_child=own_child) for each in behind], found, contact, POLICY))

    assert of(True) <= of(False)


@given(some_pairs, samples.verdicts | st.none(), contacts)
def test_a_decision_explains_itself(behind, found, contact):
    decision = decide(behind, found, contact, POLICY)
    assert (decision.due_in is not None) == (decision.action is Action.HOLD)
    assert decision.direction in {each.direction for each in behind}
    assert len(set(decision.clauses)) == len(decision.clauses)
    if decision.action in (Action.FLAG, Action.HOLD):
        assert decision.clauses or decision.reasons
    else:
        assert decision.clauses == ()
