"""Overrides: other thresholds for some buildings and channels."""

from __future__ import annotations

import pytest

from gateway import policies
from gateway.core.messages.parties import Direction, Pair
from gateway.core.messages.verdict import Finding, Verdict
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy
from gateway.core.policy.thresholds import Place
from gateway.policies import SHIPPED, PolicyFault

DOWN, UP = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF
HOMES = {"t1": ("hs", "district"), "s1": ("hs", "district"), "s2": ("ms", "district")}
OVERRIDES = """
[[overrides]]
buildings = ["ms"]
[overrides.clauses.7b]
staff_to_student = { flag = 0.1, hold = 0.2 }
[[overrides]]
channels = ["sms"]
[overrides.clauses.7b]
staff_to_student = { flag = 0.6 }
"""


def _policy(more: str) -> Policy:
    return policies.read_text(SHIPPED.read_text("utf-8") + more, dict.fromkeys(Direction, Action.FLAG))


def _action(policy: Policy, score: float, channel: str, *students: str, direction: Direction = DOWN) -> Action:
    pairs = [Pair("r", "t1", student, direction) for student in students]
    verdict = Verdict("m", "0" * 64, "x", "en", (Finding("7b", score, "test", ()),), {}, 0.0, (), 1)
    place = Place(channel, lambda person: HOMES[person])
    return decide(pairs, verdict, {}, policy, place=place).action


def test_the_last_override_that_fits_wins() -> None:
    policy, plain = _policy(OVERRIDES), _policy("")
    assert _action(plain, 0.25, "mail", "s2") is Action.RELEASE
    assert _action(policy, 0.25, "mail", "s2") is Action.HOLD
    assert _action(policy, 0.25, "mail", "s1") is Action.RELEASE  # another building
    assert _action(policy, 0.55, "sms", "s2") is Action.RELEASE  # the channel comes later in the file
    assert _action(policy, 0.95, "sms", "s1") is Action.FLAG
    assert _action(policy, 0.55, "mail", "s1") is Action.HOLD
    assert _action(policy, 0.55, "sms", "s2", direction=UP) is not Action.RELEASE  # the other direction stays as it is


def test_a_group_is_decided_by_the_strictest_of_its_members() -> None:
    assert _action(_policy(OVERRIDES), 0.25, "mail", "s1", "s2") is Action.HOLD


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("[[overrides]]\n[overrides.clauses.7b]\nstaff_to_student = { hold = 0.4 }", "overrides[1].buildings"),
        ('[[overrides]]\nchannels = ["fax"]\n', "overrides[1].channels"),
        ('[[overrides]]\nchannels = ["sms"]\n[overrides.clauses.77]\n', "overrides[1].clauses.77"),
        ('[[overrides]]\nchannels = ["sms"]\n[overrides.clauses]\n', "overrides[1].clauses"),
        ('[[overrides]]\nchannels = ["sms"]\n[overrides.clauses.7b]\nstaff_to_student = { hold = 2 }',
         "overrides[1].clauses.7b.staff_to_student.hold"),
        ('[[overrides]]\nchannels = ["sms"]\n[overrides.clauses.7b]\nto_all = { hold = 0.4 }',
         "overrides[1].clauses.7b.to_all"),
    ],
)  # fmt: skip
def test_overrides_that_cannot_be_used_are_refused(table: str, key: str) -> None:
    with pytest.raises(PolicyFault) as fault:
        _policy("\n" + table + "\n")
    assert fault.value.key == key
