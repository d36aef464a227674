"""Which messages people look at: what is flagged, sampled, or would have been held in shadow mode."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import Action, Decision, PendingMessage, RecipientStatus, Transition
from gateway.core.policy.policy import parse
from gateway.core.policy.review_rules import Sampling
from gateway.core.policy.review_work import is_sampled
from gateway.core.policy.toml_table import PolicyError
from gateway.core.policy.transitions import by_verdict, without_verdict
from gateway.core.policy.work_kinds import WorkKind
from tests.core.samples import (
    NO_VERDICT,
    NOW,
    OTHER,
    S2S,
    STUDENT,
    T2S,
    TEACHER,
    finding,
    pair,
    policy,
    shipped,
    verdict,
)

POLICY = policy()
SAMPLING = replace(POLICY, review=replace(POLICY.review, sampling=Sampling(True, 1)))
KEY = b"a key of the store"
FLAGGED, BAD, CLEAN, HELP = (
    verdict(finding("6", 0.9)), verdict(finding("7a", 0.9)), verdict(), verdict(help=0.9)
)  # fmt: skip


def waiting(address=STUDENT, state=State.RECEIVED, decision=None, direction=T2S) -> RecipientStatus:
    by = "policy" if decision else ""
    return RecipientStatus(address, state, (pair(address, direction=direction),), decision, by, NOW if by else None)


def pending(*recipients) -> PendingMessage:
    return PendingMessage(
        "01m00000000000000000000000", "mail", TEACHER, "ab" * 32, NOW, recipients or (waiting(),), None
    )  # fmt: skip


def kinds(transition: Transition) -> list[WorkKind]:
    return [item.kind for item in transition.work]


@pytest.mark.parametrize(
    ("found", "shadow", "wanted"),
    [
        (FLAGGED, False, [WorkKind.FLAG]), (BAD, False, []), (CLEAN, False, [WorkKind.SAMPLE]),
        (FLAGGED, True, [WorkKind.FLAG]), (BAD, True, [WorkKind.SHADOW]), (CLEAN, True, [WorkKind.SAMPLE]),
    ],
)  # fmt: skip
def test_decision_makes_work(found, shadow, wanted):
    assert kinds(by_verdict(pending(), found, SAMPLING, NOW, shadow, sampling_key=KEY)) == wanted


def test_call_for_help_is_no_flag():
    assert kinds(by_verdict(pending(waiting(direction=S2S)), HELP, SAMPLING, NOW, sampling_key=KEY)) == []


def test_only_a_whole_clean_message_is_sampled():
    kept = waiting(OTHER, State.QUEUED, Decision(Action.HOLD, T2S, "hash", ("7a",)))
    reviewed = replace(kept, decided_by="ann")
    assert kinds(by_verdict(pending(waiting(), reviewed), CLEAN, SAMPLING, NOW, sampling_key=KEY)) == []
    assert kinds(by_verdict(pending(), CLEAN, POLICY, NOW, sampling_key=KEY)) == [], "it ships off"
    assert kinds(by_verdict(pending(), CLEAN, SAMPLING, NOW)) == [], "no key"
    assert kinds(without_verdict(pending(waiting(direction=S2S)), SAMPLING, NOW)) == [WorkKind.FLAG]


def test_late_verdict_ends_what_its_absence_flagged():
    flag = Decision(Action.FLAG, S2S, "hash", (), ("no_verdict",))
    flagged = waiting(state=State.SENT, decision=flag, direction=S2S)
    released = by_verdict(pending(flagged), CLEAN, POLICY, NOW)
    assert (kinds(released), released.ended) == ([], (WorkKind.FLAG,))
    again = by_verdict(pending(flagged), verdict(finding("6", 0.95)), POLICY, NOW)
    assert (kinds(again), again.ended) == ([WorkKind.FLAG], ())
    hold = replace(flag, action=Action.HOLD, due_in=60.0)
    shadowed = by_verdict(pending(waiting(state=State.SENT, decision=hold)), CLEAN, POLICY, NOW, True)
    assert (kinds(shadowed), shadowed.ended) == ([], (WorkKind.SHADOW,))


def test_due_times_count_school_time():
    friday = 1_900_000_000.0  # a Friday evening in UTC
    zone = ZoneInfo("UTC")
    (flag,) = by_verdict(pending(), FLAGGED, POLICY, friday, zone=zone).work
    assert flag.due_at > friday + 5 * 86400, "five school days are a week"
    distressed = verdict(finding("6", 0.1))
    student = pending(waiting(direction=S2S))
    distress = replace(POLICY, distress_flag=0.5)
    (soon,) = by_verdict(student, replace(distressed, distress=0.9), distress, friday, zone=zone).work
    assert (soon.kind, soon.due_at < flag.due_at) == (WorkKind.FLAG, True)


def test_sample_is_the_wanted_share_and_cannot_be_foreseen():
    sampling, ids = Sampling(True, 10), [f"{number:026d}" for number in range(5000)]
    chosen = {id_ for id_ in ids if is_sampled(id_, KEY, sampling)}
    assert 400 < len(chosen) < 600
    assert chosen == {id_ for id_ in ids if is_sampled(id_, KEY, sampling)}, "it does not depend on the process"
    assert chosen != {id_ for id_ in ids if is_sampled(id_, b"another", sampling)}
    assert not any(is_sampled(id_, KEY, Sampling(False, 1)) for id_ in ids[:10])
    assert Sampling().one_in == 500


def from_file(**sampling: object) -> Sampling:
    return parse({**shipped(), "sampling": sampling}, no_verdict=NO_VERDICT, source_hash="hash").review.sampling


def test_file_says_the_share():
    assert not POLICY.review.sampling.on
    assert from_file(on=True) == Sampling(True, 500)
    assert from_file(on=True, one_in=20, due="2d") == Sampling(True, 20, 172800.0)
    with pytest.raises(PolicyError, match="at least 1"):
        from_file(on=True, one_in=0)
