"""Where a key stands in a policy file."""

from __future__ import annotations

import tomllib

import pytest

from gateway import policies
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy_versions.source_lines import line_of
from gateway.policies import SHIPPED, PolicyFault

SHIPPED_TEXT = SHIPPED.read_text("utf-8")
NO_VERDICT = dict.fromkeys(Direction, Action.FLAG)


def _keys(values: object, path: str = "") -> list[str]:
    if isinstance(values, dict):
        return [key for name, value in values.items() for key in (f"{path}{name}", *_keys(value, f"{path}{name}."))]
    return []


def test_every_key_of_the_shipped_file_is_found_where_it_stands() -> None:
    lines = SHIPPED_TEXT.split("\n")
    for key in _keys(tomllib.loads(SHIPPED_TEXT)):
        number = line_of(SHIPPED_TEXT, key)
        line = lines[number - 1].replace(" ", "")
        last = key.split(".")[-1]
        assert number, key
        assert last in line or f"[{key}]" in line or f"[{key}." in line, (key, line)


@pytest.mark.parametrize(
    ("old", "new", "line_has", "key"),
    [
        ("staff_to_student = { flag = 0.3, hold = 0.5 }", "staff_to_student = { flag = 0.3, hold = 1.5 }",
         "hold = 1.5", "staff_to_student.hold"),
        ("quoted_weight = 0.6", "quoted_weigth = 0.6", "", "quoted_weight"),
        ("[clauses.7b]", "[clauses.7b]\nurgent = 1", "urgent = 1", "clauses.7b.urgent"),
        ("[clauses.7b]", "[[tools]]\ndomain = 'x'\n[clauses.7b]", "domain = 'x'", "tools[1].domain"),
        ('due = "4h"', "due = 4h", "due = 4h", ""),
    ],
)  # fmt: skip
def test_errors_name_the_line_the_key_and_what_to_do(old: str, new: str, line_has: str, key: str) -> None:
    text = SHIPPED_TEXT.replace(old, new, 1)
    with pytest.raises(PolicyFault) as fault:
        policies.read_text(text, NO_VERDICT)
    assert fault.value.key.endswith(key)
    assert fault.value.hint
    if line_has:
        assert line_has in text.split("\n")[fault.value.line - 1]
        assert f"line {fault.value.line}" in str(fault.value)
