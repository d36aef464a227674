"""Rules that can never fire, or make no difference, are named."""

from __future__ import annotations

import pytest

from gateway import policies
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy_versions.rule_checks import RuleNote, note_rules
from gateway.policies import SHIPPED

SHIPPED_TEXT = SHIPPED.read_text("utf-8")


def _notes(text: str, *buildings: str) -> list[RuleNote]:
    policy = policies.read_text(text, dict.fromkeys(Direction, Action.FLAG))
    return list(note_rules(policy, "enforce", buildings))


def _override(table: str, clause: str = "7a", levels: str = "hold = 0.45") -> str:
    return f"\n[[overrides]]\n{table}\n[overrides.clauses.{clause}]\nstaff_to_student = {{ {levels} }}\n"


SMS = 'channels = ["sms"]'


@pytest.mark.parametrize(
    ("text", "key", "word"),
    [
        (SHIPPED_TEXT, "", ""),
        (SHIPPED_TEXT + _override(SMS), "", ""),
        (SHIPPED_TEXT + _override('buildings = ["hs"]'), "", ""),
        (SHIPPED_TEXT + _override('buildings = ["gone"]'), "overrides[1].buildings", "no building gone"),
        (SHIPPED_TEXT + _override('buildings = ["hs"]\n' + SMS) + _override(SMS),
         "overrides[1].clauses.7a.staff_to_student", "override 2 comes later"),
        (SHIPPED_TEXT + _override(SMS) + _override('buildings = ["hs"]\n' + SMS), "", ""),
        (SHIPPED_TEXT + _override(SMS, levels="flag = 0.3, hold = 0.5"),
         "overrides[1].clauses.7a.staff_to_student", "makes no difference"),
        (SHIPPED_TEXT + _override(SMS, levels="flag = 0.5, hold = 0.5"),
         "overrides[1].clauses.7a.staff_to_student.flag", "flag is not below hold"),
        (SHIPPED_TEXT + _override(SMS, levels="flag = 1.0"), "overrides[1].clauses.7a.staff_to_student", "above 1"),
        (SHIPPED_TEXT.replace("day = 25 ", "day = 90 "), "contact.day", "can never fire first"),
        (SHIPPED_TEXT.replace("[clauses.6]\n", "[clauses.6]\ntwo_people = ['release']\n"), "clauses.6.two_people",
         "nothing is ever held"),
        (SHIPPED_TEXT.replace("alert = 0.5", "alert = 1.0"), "help.alert", "no call for help"),
    ],
)  # fmt: skip
def test_rules_without_effect(text: str, key: str, word: str) -> None:
    notes = _notes(text, "hs")
    assert any(note.key == key and word in note.found for note in notes) if key else not notes, notes
