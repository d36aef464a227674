"""What the author of a message hears before anybody decides, and when a message is returned with a question."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from gateway.core.messages.conversation import conversation_id
from gateway.core.messages.delivery import State
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.notices.sender_notices import sender_notice
from gateway.core.notices.sender_rules import NUDGE, with_release_notice, with_sender_notices
from gateway.core.policy.decision import Action, Decision, PendingMessage, RecipientStatus, Transition
from gateway.core.policy.policy import Policy
from gateway.core.policy.review_rules import NEVER_TOLD
from gateway.core.policy.transitions import by_verdict, discard, reject, release, without_verdict
from gateway.policies import SHIPPED, PolicyFault, read_text
from tests.console.district import policy as shipped

POLICY = shipped()
PAIR = Pair("maya@students", "s-06", "k-04", Direction.STAFF_TO_STUDENT)
BACK = replace(PAIR, recipient="peter@staff", direction=Direction.STUDENT_TO_STAFF)
NUDGING = replace(POLICY, review=replace(POLICY.review, nudge=True))
OFF_PURPOSE = (("6", 0.9),)


def _pending(*pairs: Pair, channel: str = "mail", state: State = State.RECEIVED) -> PendingMessage:
    recipients = tuple(RecipientStatus(pair.recipient, state, (pair,)) for pair in pairs or (PAIR,))
    return PendingMessage("m1", channel, "peter@staff", "0" * 64, 1000.0, recipients)


def _decided(
    pending: PendingMessage, found: tuple[tuple[str, float], ...], policy: Policy = POLICY, *, cue: str = "",
    nudged: frozenset[str] | None = frozenset(), shadow: bool = False,
) -> Transition:  # fmt: skip
    findings = tuple(Finding(clause, score, "lexicon", (), cue=cue) for clause, score in found)
    verdict = Verdict("m1", "0" * 64, "1", "en", findings, {"personal": 0.9}, 0.0, (), 1.0)
    transition = by_verdict(pending, verdict, policy, 1001.0, shadow=shadow)
    return with_sender_notices(transition, pending, policy, 1001.0, nudged, shadow=shadow)


def _kinds(transition: Transition) -> set[FollowupKind]:
    return {followup.kind for followup in transition.followups}


def _waiting(transition: Transition) -> list[Followup]:
    return [followup for followup in transition.followups if followup.kind is FollowupKind.WAITING]


@pytest.mark.parametrize("clause", ["7b", "7c", "7e", "8"])
def test_a_staff_member_is_told_that_a_message_waits(clause: str) -> None:
    (notice,) = _waiting(_decided(_pending(), ((clause, 0.95),)))
    assert notice.body["people"] == ["s-06"]
    assert set(notice.body) == {"people", "received_at", "at", "channel"}  # neither clause nor content nor addresses


@pytest.mark.parametrize(
    ("grave", "leading", "score"), list(product(sorted(NEVER_TOLD), ["7b", "7e", ""], [0.35, 0.95]))
)
def test_nobody_is_warned_of_a_grave_finding(grave: str, leading: str, score: float) -> None:
    """Whatever the policy file says, and also where it is only flagged beside what leads."""
    clauses = {
        id_: replace(clause, review_rules=replace(clause.review_rules, waiting_notice=True))
        for id_, clause in POLICY.clauses.items()
    }
    everything = replace(POLICY, clauses=clauses, review=replace(POLICY.review, waiting_notice=True))
    found = ((grave, score), *(((leading, 0.9),) if leading else ()))
    assert not _waiting(_decided(_pending(), found, everything))


@pytest.mark.parametrize("pair", [BACK, replace(PAIR, claimed=True)])
def test_students_and_claimed_senders_hear_nothing(pair: Pair) -> None:
    assert not _waiting(_decided(_pending(pair), (("7b", 0.99),)))


def test_threats_shadow_and_second_holds_say_nothing() -> None:
    assert not _waiting(_decided(_pending(), (("7e", 0.95),), cue="threat"))
    assert not _waiting(_decided(_pending(), (("7e", 0.95),), shadow=True))
    assert not _waiting(_decided(_pending(state=State.HELD), (("7e", 0.95),)))


def test_holds_without_a_verdict_follow_their_own_setting() -> None:
    pending = _pending()
    told = replace(POLICY, review=replace(POLICY.review, waiting_notice=True))
    for policy, count in ((POLICY, 0), (told, 1)):
        transition = with_sender_notices(without_verdict(pending, policy, 1001.0), pending, policy, 1001.0)
        assert len(_waiting(transition)) == count


def _held(clause: str, *pairs: Pair) -> PendingMessage:
    pending = _pending(*pairs, state=State.HELD)
    decision = Decision(Action.HOLD, Direction.STAFF_TO_STUDENT, "p", (clause,))
    return replace(pending, recipients=tuple(replace(item, decision=decision) for item in pending.recipients))


def test_a_release_has_a_notice_for_those_who_were_told() -> None:
    pending = _held("7b")
    (notice,) = with_release_notice(release(pending, "ann", "fine", 1002.0), pending, 1002.0).if_told
    assert (notice.kind, notice.body["people"]) == (FollowupKind.RELEASED, ["s-06"])
    by_late_verdict = _decided(pending, ())
    assert [item.kind for item in by_late_verdict.if_told] == [FollowupKind.RELEASED]


def test_the_notice_of_a_release_has_both_languages_and_no_addresses() -> None:
    pending = _held("7b")
    (notice,) = with_release_notice(release(pending, "ann", "fine", 1002.0), pending, 1002.0).if_told
    subject, paragraphs = sender_notice(notice, "https://chaperone.example", ZoneInfo("America/Chicago"))
    text = "\n".join((subject, *paragraphs))
    assert "released" in text
    assert "está en camino" in text
    assert not any(word in text for word in ("maya", "ann", "fine", "7b"))


@pytest.mark.parametrize("clause", sorted(NEVER_TOLD))
def test_a_release_says_nothing_of_grave_clauses_and_to_students(clause: str) -> None:
    for pending in (_held(clause), _held("7b", BACK), _held("7b", replace(PAIR, claimed=True))):
        assert not with_release_notice(release(pending, "ann", "fine", 1002.0), pending, 1002.0).if_told
    pending = _held("7b")
    for action in (reject, discard):
        assert not with_release_notice(action(pending, "ann", "no", 1002.0), pending, 1002.0).if_told


def test_an_off_purpose_message_is_returned_once() -> None:
    asked = _decided(_pending(), OFF_PURPOSE, NUDGING)
    assert _kinds(asked) == {FollowupKind.NUDGE, FollowupKind.DECISION}
    (change,) = asked.changes
    assert change.state is State.REJECTED
    assert change.decision is not None
    assert change.decision.reasons == (NUDGE,)
    assert asked.nudged == (conversation_id("s-06", "k-04"),)
    (record,) = [item.body for item in asked.followups if item.kind is FollowupKind.DECISION]
    assert (record["action"], record["by"]) == ("reject", "policy")
    again = _decided(_pending(), OFF_PURPOSE, NUDGING, nudged=frozenset(asked.nudged))
    assert [item.state for item in again.changes] == [State.QUEUED]


@pytest.mark.parametrize(
    ("pairs", "found", "channel"),
    [
        ((BACK,), OFF_PURPOSE, "mail"),  # a student's message is never delayed
        ((PAIR, BACK), OFF_PURPOSE, "mail"),
        ((replace(PAIR, claimed=True),), OFF_PURPOSE, "mail"),
        ((replace(PAIR, own_child=True),), OFF_PURPOSE, "mail"),
        ((replace(PAIR, outside=True),), OFF_PURPOSE, "mail"),
        ((PAIR,), OFF_PURPOSE, "sms"),  # an app cannot show a question
        ((PAIR,), (("6", 0.3),), "mail"),
        ((PAIR,), (("6", 0.9), ("4", 0.9)), "mail"),
        ((PAIR,), (("6", 0.9), ("7a", 0.35)), "mail"),
        ((PAIR,), (("6", 0.9), ("7e", 0.9)), "mail"),
    ],
)
def test_nothing_else_is_returned(pairs: tuple[Pair, ...], found: tuple[tuple[str, float], ...], channel: str) -> None:
    transition = _decided(_pending(*pairs, channel=channel), found, NUDGING)
    assert FollowupKind.NUDGE not in _kinds(transition)
    assert not transition.nudged


def test_the_shipped_policy_returns_nothing_and_shadow_neither() -> None:
    assert FollowupKind.NUDGE not in _kinds(_decided(_pending(), OFF_PURPOSE))
    assert FollowupKind.NUDGE not in _kinds(_decided(_pending(), OFF_PURPOSE, NUDGING, nudged=None))
    assert FollowupKind.NUDGE not in _kinds(_decided(_pending(), OFF_PURPOSE, NUDGING, shadow=True))


def test_a_copy_that_has_gone_out_is_not_returned() -> None:
    pending = _pending()
    pending = replace(pending, recipients=(*pending.recipients, RecipientStatus("parent@home", State.SENT)))
    assert FollowupKind.NUDGE not in _kinds(_decided(pending, OFF_PURPOSE, NUDGING))


@pytest.mark.parametrize("clause", sorted(NEVER_TOLD))
def test_a_policy_file_cannot_warn_of_them(clause: str) -> None:
    text = SHIPPED.read_text().replace(f"[clauses.{clause}]\n", f"[clauses.{clause}]\nwaiting_notice = true\n")
    with pytest.raises(PolicyFault, match="nobody is warned"):
        read_text(text, dict.fromkeys(Direction, Action.HOLD))
