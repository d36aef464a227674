"""What a student in danger or distress writes is not held for what else it says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway import policies
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action

POLICY = policies.read(None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})
CERTAIN = 0.999


def _action(direction: Direction, help: float = 0.0, distress: float = 0.0, score: float = CERTAIN) -> Action:
    verdict = Verdict("m", "s", "model", findings=(Finding("7d", score, "made"),), help=help, distress=distress)
    return decide((Pair("x", "staff", "student", direction),), verdict, {}, POLICY).action


def test_a_sure_threat_without_need_is_held() -> None:
    assert _action(Direction.STUDENT_TO_STAFF) is Action.HOLD


@pytest.mark.parametrize(("help", "distress"), [(0.3, 0.0), (0.49, 0.0), (0.0, 0.5), (0.0, 0.99), (0.3, 0.9)])
def test_likely_need_turns_a_hold_into_a_flag(help: float, distress: float) -> None:
    assert _action(Direction.STUDENT_TO_STAFF, help, distress) is Action.FLAG


def test_a_call_for_help_wins_over_everything() -> None:
    assert _action(Direction.STUDENT_TO_STAFF, help=0.5) is Action.ALERT


def test_need_says_nothing_about_messages_of_staff() -> None:
    assert _action(Direction.STAFF_TO_STUDENT, help=0.9, distress=0.9) is Action.HOLD


def test_a_student_is_held_only_far_above_the_point() -> None:
    assert _action(Direction.STUDENT_TO_STAFF, score=0.55) is Action.FLAG
    assert _action(Direction.STAFF_TO_STUDENT, score=0.55) is Action.HOLD


def test_a_file_without_the_keys_knows_no_need() -> None:
    plain = replace(POLICY, help_no_hold=None, distress_no_hold=None)
    assert not plain.may_be_in_need(Verdict("m", "s", "model", help=0.4, distress=0.9))
