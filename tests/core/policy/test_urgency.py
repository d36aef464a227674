"""Urgency: which decisions tell people at once, what a policy file may say, and what a transition writes."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.core.messages.followup import FollowupKind
from gateway.core.messages.parties import Direction
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import PolicyError, parse
from gateway.core.policy.transitions import by_verdict
from gateway.core.policy.urgency import AttentionKind, UrgencyRule
from tests.core.policy.test_transitions import LATER, POLICY, pending, waiting
from tests.core.samples import finding, pair, shipped, verdict

S2S = Direction.STUDENT_TO_STAFF


def decided(*found, direction=Direction.STAFF_TO_STUDENT, **scores):
    return decide([pair(direction=direction)], verdict(*found, **scores), {}, POLICY)


@pytest.mark.parametrize(
    ("found", "severity"),
    [
        ([finding("7a", 0.6)], "high"),
        ([finding("7a", 0.95)], "critical"),
        ([finding("7d", 0.6)], "high"),
        ([finding("7d", 0.6, cue="weapon")], "critical"),
        ([finding("7b", 0.99)], ""),
        ([finding("7e", 0.6), finding("7d", 0.35, cue="threat")], "critical"),  # a hold with a threat beside it
        ([finding("7e", 0.6, cue="direct_threat")], "critical"),
        ([finding("9", 0.8)], ""),
        ([finding("9", 0.8, cue="disruption")], ""),
        ([finding("9", 0.8, cue="disruption"), finding("7d", 0.4, cue="weapon")], "critical"),
        ([finding("7a", 0.35)], ""),  # flagged
        ([finding("7d", 0.35, cue="threat")], ""),  # flagged, from staff
    ],
)
def test_what_is_urgent(found, severity) -> None:
    assert decided(*found).urgent == severity


def test_flagged_threat_of_a_student_is_urgent() -> None:
    decision = decided(finding("7d", 0.35, cue="threat"), direction=S2S)
    assert (decision.action, decision.urgent, decision.threat) == (Action.FLAG, "critical", True)


def test_hold_without_a_verdict_is_not_urgent() -> None:
    assert decide([pair()], None, {}, POLICY).urgent == ""


@pytest.mark.parametrize("clause", ["7a", "7d", "9"])
def test_file_without_the_key_has_the_shipped_rule(clause: str) -> None:
    document = copy.deepcopy(shipped())
    before = document["clauses"][clause]
    for name in ("urgency", "urgent_cues"):
        before.pop(name, None)
    parsed = parse(document, no_verdict=POLICY.no_verdict, source_hash="x")
    assert parsed.review_rules(clause).urgency == POLICY.review_rules(clause).urgency


def test_urgency_can_be_switched_off_and_on() -> None:
    document = copy.deepcopy(shipped())
    document["clauses"]["7a"]["urgency"] = "due"
    document["clauses"]["7b"]["urgency"] = "now"
    parsed = parse(document, no_verdict=POLICY.no_verdict, source_hash="x")
    assert parsed.review_rules("7a").urgency == UrgencyRule("due")
    assert parsed.review_rules("7b").urgency == UrgencyRule("now")


@pytest.mark.parametrize(
    "wrong", [{"urgency": "soon"}, {"urgency": "due", "urgent_cues": ["x"]}, {"urgent_cues": ["x"]}]
)
def test_wrong_keys_are_refused(wrong) -> None:
    document = copy.deepcopy(shipped())
    document["clauses"]["7b"].update(wrong)
    with pytest.raises(PolicyError, match=r"clauses\.7b\.urgen"):
        parse(document, no_verdict=POLICY.no_verdict, source_hash="x")


def test_distress_is_flagged_and_never_held() -> None:
    decision = decided(direction=S2S, distress=0.8)
    assert (decision.action, decision.reasons, decision.urgent) == (Action.FLAG, ("distress",), "")
    assert decided(direction=S2S, distress=0.8, help=0.9).action is Action.ALERT, "in doubt it is help"
    assert decided(direction=S2S).action is Action.RELEASE
    assert decided(distress=0.8).action is Action.RELEASE, "of students only"
    without = replace(POLICY, distress_flag=None)
    assert decide([pair(direction=S2S)], verdict(distress=1.0), {}, without).action is Action.RELEASE


def test_transition_writes_what_asks_for_attention() -> None:
    ruling = by_verdict(pending(), verdict(finding("7d", 0.6, cue="threat")), POLICY, LATER)
    (found,) = ruling.attention
    assert (found.kind, found.clauses, found.severity, found.threat) == (
        AttentionKind.URGENT,
        ("7d",),
        "critical",
        True,
    )
    (notice,) = [followup for followup in ruling.followups if followup.kind is FollowupKind.URGENT]
    assert set(notice.body) == {"received_at", "at", "clauses", "titles", "severity", "threat", "level"}


def test_nobody_is_told_in_shadow_mode() -> None:
    ruling = by_verdict(pending(), verdict(finding("7a", 0.97)), POLICY, LATER, shadow=True)
    assert ruling.attention == ()
    assert FollowupKind.URGENT not in {followup.kind for followup in ruling.followups}


def test_due_times_count_school_time_unless_urgent() -> None:
    zone = ZoneInfo("America/Chicago")
    friday = datetime(2026, 11, 27, 16, tzinfo=zone).timestamp()
    ruling = by_verdict(pending(), verdict(finding("7b", 0.8)), POLICY, friday, zone=zone)
    monday = datetime(2026, 11, 30, 10, tzinfo=zone).timestamp()  # four hours; an office closes at 17:00
    assert friday + ruling.changes[0].decision.due_in == monday
    ruling = by_verdict(pending(), verdict(finding("7a", 0.8)), POLICY, friday, zone=zone)
    assert ruling.changes[0].decision.due_in == 2 * 3600


def test_distress_is_due_within_a_school_day() -> None:
    zone = ZoneInfo("America/Chicago")
    friday = datetime(2026, 11, 27, 16, tzinfo=zone).timestamp()
    ruling = by_verdict(pending(waiting(direction=S2S)), verdict(distress=0.9), POLICY, friday, zone=zone)
    (found,) = ruling.attention
    monday = datetime(2026, 11, 30, 16, tzinfo=zone).timestamp()
    assert (found.kind, found.due_at) == (AttentionKind.DISTRESS, monday)
    assert [followup.kind for followup in ruling.followups] == [FollowupKind.DECISION], "nobody is paged"
