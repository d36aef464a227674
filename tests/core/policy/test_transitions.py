"""Transitions: what a verdict, a missing verdict or a reviewer changes about a message."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.messages.delivery import FINAL, State
from gateway.core.messages.followup import FollowupKind
from gateway.core.policy.decision import Action, Decision, PendingMessage, RecipientStatus, Transition
from gateway.core.policy.transitions import by_verdict, discard, reject, release, without_verdict
from gateway.core.serialization.wire import decode_decision
from tests.core import samples
from tests.core.samples import NOW, OTHER, S2S, STUDENT, T2S, TEACHER, finding, pair, policy, verdict

POLICY = policy()
LATER = NOW + 90
GUARDIAN = "ingrid@home.example"
BAD, CLEAN, HELP = verdict(finding("7a", 0.9)), verdict(), verdict(help=0.9)
UNREAD = Decision(Action.HOLD, T2S, "hash", (), ("no_verdict",), 3600.0)
UNREAD_FLAG = Decision(Action.FLAG, S2S, "hash", (), ("no_verdict",))
HELD = Decision(Action.HOLD, T2S, "hash", ("7a",), (), 3600.0)


def waiting(address=STUDENT, state=State.RECEIVED, decision=None, by="", direction=T2S) -> RecipientStatus:
    return RecipientStatus(address, state, (pair(address, direction=direction),), decision, by, NOW if by else None)


def pending(*recipients, sender=TEACHER, verdict=None, channel=MAIL) -> PendingMessage:
    return PendingMessage(
        "01m00000000000000000000000", channel, sender, "ab" * 32, NOW, recipients or (waiting(),), verdict
    )


def kinds(ruling: Transition) -> list[FollowupKind]:
    return [each.kind for each in ruling.followups]


def states(ruling: Transition) -> dict[str, State | None]:
    return {change.recipient: change.state for change in ruling.changes}


def records(ruling: Transition):
    return [
        decode_decision(json.dumps(each.body).encode())
        for each in ruling.followups
        if each.kind is FollowupKind.DECISION
    ]


def body(ruling: Transition, kind: FollowupKind):
    (found,) = [each.body for each in ruling.followups if each.kind is kind]
    return found


@pytest.mark.parametrize(
    ("found", "state", "action"),
    [(CLEAN, State.QUEUED, "release"), (verdict(finding("6", 0.9)), State.QUEUED, "flag"), (BAD, State.HELD, "hold")],
)
def test_verdict_decides_waiting_recipients(found, state, action):
    ruling = by_verdict(pending(), found, POLICY, LATER)
    assert states(ruling) == {STUDENT: state}
    assert ruling.changes[0].by == "policy"
    assert ruling.verdict is found
    urgent = [FollowupKind.URGENT] * (state is State.HELD)  # 7a
    assert kinds(ruling) == [FollowupKind.DECISION, *urgent]
    (record,) = records(ruling)
    assert (record.action, record.by, record.recipients, record.at) == (action, "policy", (STUDENT,), LATER)
    (act,) = ruling.entries
    assert (act.actor, act.act, act.subject, act.at) == ("policy", "decided", "01m00000000000000000000000", LATER)
    assert act.detail["action"] == action


def test_recipients_without_a_pair_are_unchanged():
    guardian = RecipientStatus(GUARDIAN, State.QUEUED)
    assert states(by_verdict(pending(waiting(), guardian), BAD, POLICY, LATER)) == {STUDENT: State.HELD}


def test_repeated_verdict_changes_nothing():
    assert by_verdict(pending(verdict=BAD), BAD, POLICY, LATER) == Transition()
    assert by_verdict(pending(verdict=BAD), HELP, POLICY, LATER) == Transition()


def test_help_is_alerted_once_and_queued():
    ruling = by_verdict(pending(waiting(direction=S2S), waiting(OTHER, direction=S2S)), HELP, POLICY, LATER)
    assert states(ruling) == {STUDENT: State.QUEUED, OTHER: State.QUEUED}
    assert kinds(ruling) == [FollowupKind.HELP_ALERT, FollowupKind.DECISION]
    assert body(ruling, FollowupKind.HELP_ALERT)["recipients"] == [STUDENT, OTHER]


def test_one_record_per_action():
    both = pending(waiting(), waiting(OTHER, direction=S2S))
    found = verdict(finding("8", 0.6))  # holds downwards, flags upwards
    ruling = by_verdict(both, found, POLICY, LATER)
    assert states(ruling) == {STUDENT: State.HELD, OTHER: State.QUEUED}
    assert [(each.action, each.recipients) for each in records(ruling)] == [("hold", (STUDENT,)), ("flag", (OTHER,))]
    assert len(ruling.entries) == 2


def test_decision_without_a_verdict():
    both = pending(waiting(), waiting(OTHER, direction=S2S), waiting("third@x.example", State.SENT))
    ruling = without_verdict(both, POLICY, LATER)
    assert states(ruling) == {STUDENT: State.HELD, OTHER: State.QUEUED}
    assert ruling.verdict is None
    assert {each.reason for each in records(ruling)} == {"no_verdict"}
    assert without_verdict(pending(verdict=CLEAN), POLICY, LATER) == Transition()


def test_late_verdict_decides_what_is_held_without_one():
    held = waiting(state=State.HELD, decision=UNREAD, by="policy")
    assert states(by_verdict(pending(held), CLEAN, POLICY, LATER)) == {STUDENT: State.QUEUED}
    still = by_verdict(pending(held), BAD, POLICY, LATER)
    assert states(still) == {STUDENT: State.HELD}
    assert still.changes[0].decision.clauses == ("7a",)
    assert FollowupKind.LATE not in kinds(still)


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT])
def test_late_verdict_reports_delivered_recipients(state):
    gone = waiting(state=state, decision=UNREAD_FLAG, by="policy", direction=S2S)
    ruling = by_verdict(pending(gone), BAD, POLICY, LATER)
    assert states(ruling) == {STUDENT: None}
    assert ruling.changes[0].decision.action is Action.HOLD
    assert kinds(ruling) == [FollowupKind.LATE, FollowupKind.DECISION, FollowupKind.URGENT]
    assert body(ruling, FollowupKind.LATE)["clauses"] == ["7a"]
    assert body(ruling, FollowupKind.LATE)["recipients"] == [STUDENT]
    assert records(ruling)[0].reason == "late"


def test_a_late_call_for_help_is_alerted():
    gone = waiting(state=State.SENT, decision=UNREAD_FLAG, by="policy", direction=S2S)
    ruling = by_verdict(pending(gone), HELP, POLICY, LATER)
    assert kinds(ruling) == [FollowupKind.HELP_ALERT, FollowupKind.DECISION]
    assert states(ruling) == {STUDENT: None}


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.REJECTED, State.DISCARDED])
def test_reviewer_decision_stands_and_help_is_alerted(state):
    person = waiting(state=state, decision=UNREAD, by="rcastellano", direction=S2S)
    ruling = by_verdict(pending(person), BAD, POLICY, LATER)
    assert (ruling.changes, ruling.followups, ruling.entries, ruling.verdict) == ((), (), (), BAD)
    ruling = by_verdict(pending(person), HELP, POLICY, LATER)
    assert kinds(ruling) == [FollowupKind.HELP_ALERT, FollowupKind.DECISION]
    (change,) = ruling.changes  # it is listed as a help alert; decided_by stays
    assert (change.state, change.decision.action, change.by) == (None, Action.ALERT, "rcastellano")


def test_shadow_mode_holds_nothing():
    due = waiting(state=State.SENT)
    ruling = by_verdict(pending(due), BAD, POLICY, LATER, shadow=True)
    assert states(ruling) == {STUDENT: None}
    assert ruling.changes[0].decision.action is Action.HOLD
    assert kinds(ruling) == [FollowupKind.DECISION]
    assert records(ruling)[0].reason == "shadow"
    for state in (State.RECEIVED, State.HELD):
        decision, by = (UNREAD, "policy") if state is State.HELD else (None, "")
        ruling = by_verdict(pending(waiting(state=state, decision=decision, by=by)), BAD, POLICY, LATER, shadow=True)
        assert states(ruling) == {STUDENT: State.QUEUED}
    assert states(without_verdict(pending(), POLICY, LATER, shadow=True)) == {STUDENT: State.QUEUED}
    assert FollowupKind.HELP_ALERT in kinds(
        by_verdict(pending(waiting(direction=S2S)), HELP, POLICY, LATER, shadow=True)
    )


DEEDS = [(release, State.QUEUED, "release"), (reject, State.REJECTED, "reject"), (discard, State.DISCARDED, "discard")]


@pytest.mark.parametrize(("deed", "state", "word"), DEEDS)
def test_reviewer_decides_held_recipients(deed, state, word):
    held = waiting(state=State.HELD, decision=HELD, by="policy")
    ruling = deed(pending(held, waiting(OTHER, State.SENT)), by="rcastellano", reason="all right", now=LATER)
    assert states(ruling) == {STUDENT: state}
    assert (ruling.changes[0].by, ruling.changes[0].decision) == ("rcastellano", None)
    (record,) = records(ruling)
    assert (record.action, record.by, record.clauses, record.reason) == (word, "rcastellano", ("7a",), "all right")
    assert record.policy == "hash"
    assert ruling.entries[0].actor == "rcastellano"
    assert ruling.verdict is None


def test_only_a_rejection_notifies_the_sender():
    held = waiting(state=State.HELD, decision=HELD, by="policy")
    assert body(reject(pending(held), "a", "", LATER), FollowupKind.REJECTION)["to"] == TEACHER
    text = reject(pending(held, sender="+15155550110", channel=SMS), "a", "", LATER)
    assert body(text, FollowupKind.REJECTION)["channel"] == SMS
    assert body(text, FollowupKind.REJECTED_TEXT)["people"] == [pair().staff]
    answer = pending(waiting(state=State.HELD, decision=HELD, by="policy", direction=S2S), channel=SMS)
    assert body(reject(answer, "a", "", LATER, words="Come in."), FollowupKind.REJECTED_TEXT)["people"] == [
        pair().student
    ]
    assert body(reject(answer, "a", "", LATER, words="Come in."), FollowupKind.REJECTED_TEXT)["words"] == "Come in."
    assert FollowupKind.REJECTED_TEXT not in kinds(reject(pending(held), "a", "", LATER))
    for ruling in (
        reject(pending(held, sender=""), "a", "", LATER),
        discard(pending(held), "a", "", LATER),
        release(pending(held), "a", "", LATER),
    ):
        assert kinds(ruling) == [FollowupKind.DECISION]


@pytest.mark.parametrize(("deed", "state", "word"), DEEDS)
def test_a_second_click_changes_nothing(deed, state, word):
    for stands in State:
        if stands is not State.HELD:
            assert deed(pending(waiting(state=stands, decision=HELD, by="x")), "b", "", LATER) == Transition()


def test_reviewer_decides_allowed_recipients_only():
    held = [waiting(address, State.HELD, HELD, "policy") for address in (STUDENT, OTHER)]
    ruling = release(pending(*held), "a", "", LATER, allowed=lambda each: each.address == OTHER)
    assert states(ruling) == {OTHER: State.QUEUED}
    assert release(pending(*held), "a", "", LATER, allowed=lambda each: False) == Transition()


decisions = st.sampled_from(
    [(None, ""), (UNREAD, "policy"), (UNREAD_FLAG, "policy"), (HELD, "policy"), (UNREAD, "person")]
)
recipients = st.lists(
    st.builds(
        lambda address, state, standing, behind: RecipientStatus(address, state, tuple(behind), *standing),
        st.sampled_from([STUDENT, OTHER, GUARDIAN]), st.sampled_from(State), decisions,
        st.lists(samples.pairs, max_size=2),
    ),
    min_size=1, max_size=3, unique_by=lambda each: each.address,
)  # fmt: skip


@given(recipients, samples.verdicts, st.booleans())
def test_no_verdict_changes_a_final_or_reviewed_state(stand, found, shadow):
    message = pending(*stand)
    before = {each.address: each for each in stand}
    for ruling in (
        by_verdict(message, found, POLICY, LATER, shadow),
        without_verdict(message, POLICY, LATER, shadow),
        release(message, "a", "", LATER),
        reject(message, "a", "", LATER),
    ):
        for change in ruling.changes:
            stood = before[change.recipient]
            assert stood.pairs or stood.state is State.HELD
            if change.state is not None:
                assert stood.state in (State.RECEIVED, State.HELD)
                assert not (shadow and change.by == "policy") or change.state is State.QUEUED
            if stood.state in FINAL:
                assert change.state is None
        told = [address for record in records(ruling) for address in record.recipients]
        assert sorted(told) == sorted(change.recipient for change in ruling.changes)
        assert len(ruling.entries) == len(records(ruling))
        json.dumps([each.body for each in ruling.followups] + [each.detail for each in ruling.entries])


@given(recipients, samples.verdicts)
def test_second_verdict_changes_nothing(stand, found):
    message = pending(*stand)
    ruling = by_verdict(message, found, POLICY, LATER)
    changed = {change.recipient: change for change in ruling.changes}
    after = tuple(
        replace(each, state=changed[each.address].state or each.state, decided_by="policy")
        if each.address in changed else each
        for each in stand
    )  # fmt: skip
    assert by_verdict(replace(message, recipients=after, verdict=found), found, POLICY, LATER) == Transition()
    assert without_verdict(replace(message, recipients=after, verdict=found), POLICY, LATER) == Transition()


def test_a_claimed_students_call_is_told_and_the_hold_stays():
    recipient = replace(waiting(), pairs=(replace(pair(STUDENT, direction=S2S), claimed=True),))
    ruling = by_verdict(pending(recipient), verdict(finding("7a", 0.9), help=0.9), POLICY, LATER)
    assert FollowupKind.HELP_ALERT in kinds(ruling)
    assert states(ruling) == {STUDENT: State.HELD}


LOOK = replace(verdict(help=0.9), first_look=True, failed=("timeout",))


def after(message: PendingMessage, ruling: Transition, found=None) -> PendingMessage:
    """A message as it is after a transition."""
    changed = {change.recipient: change for change in ruling.changes}
    recipients = tuple(
        replace(
            one, state=change.state or one.state, decision=change.decision, decided_by=change.by, decided_at=LATER
        )
        if (change := changed.get(one.address))
        else one
        for one in message.recipients
    )  # fmt: skip
    return replace(message, recipients=recipients, verdict=found)


def test_a_first_look_only_alerts():
    message = pending(waiting(direction=S2S), waiting(OTHER, direction=T2S))
    ruling = by_verdict(message, LOOK, POLICY, LATER)
    assert states(ruling) == {STUDENT: State.QUEUED}
    assert kinds(ruling) == [FollowupKind.HELP_ALERT, FollowupKind.DECISION]
    assert ruling.verdict is None, "its verdict is still to come"
    assert by_verdict(message, replace(LOOK, help=0.1), POLICY, LATER) == Transition()
    assert by_verdict(pending(waiting(direction=T2S)), LOOK, POLICY, LATER) == Transition()
    claimed = replace(waiting(), pairs=(replace(pair(STUDENT, direction=S2S), claimed=True),))
    assert by_verdict(pending(claimed), LOOK, POLICY, LATER) == Transition()


@pytest.mark.parametrize("found", [HELP, CLEAN, BAD, verdict(failed=("timeout",))])
def test_the_verdict_after_a_first_look_is_recorded_and_alerts_once(found):
    message = pending(waiting(direction=S2S))
    alerted = after(message, by_verdict(message, LOOK, POLICY, LATER))
    assert by_verdict(alerted, LOOK, POLICY, LATER) == Transition()
    ruling = by_verdict(alerted, found, POLICY, LATER)
    assert (ruling.changes, kinds(ruling), ruling.verdict) == ((), [], found)
    assert without_verdict(alerted, POLICY, LATER) == Transition()
    assert by_verdict(after(alerted, ruling, found), LOOK, POLICY, LATER) == Transition()


def test_a_first_look_alerts_what_is_held_without_a_verdict():
    message = pending(waiting(direction=S2S, state=State.HELD, decision=UNREAD_FLAG, by="policy"))
    assert states(by_verdict(message, LOOK, POLICY, LATER)) == {STUDENT: State.QUEUED}
    assert by_verdict(pending(waiting(direction=S2S), verdict=CLEAN), LOOK, POLICY, LATER) == Transition()
