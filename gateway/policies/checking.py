"""Checks the text of a policy: what is wrong with it, and which rules can never fire, each with its line."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.differences import PolicyDifference, policy_differences
from gateway.core.policy_versions.rule_checks import note_rules
from gateway.core.policy_versions.source_lines import line_of
from gateway.core.policy_versions.version import MAX_SOURCE
from gateway.policies import PolicyFault


@dataclass(frozen=True, slots=True)
class PolicyNote:
    """What a check found at a line (from 1, 0 for unknown) and a key. An error prevents publishing."""

    line: int
    key: str
    text: str
    is_error: bool = False

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.key}: {self.text}" if self.key else f"{place}{self.text}"


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """A checked text: its policy, None if it cannot be used, and what was found."""

    policy: Policy | None
    notes: tuple[PolicyNote, ...]

    @property
    def error(self) -> PolicyNote | None:
        """What prevents publishing."""
        return next((note for note in self.notes if note.is_error), None)


def check_text(
    source: str, read: Callable[[str], Policy], mode: str, buildings: Collection[str] = ()
) -> PolicyCheck:  # fmt: skip
    """Check a text. `read` reads it and raises PolicyFault; `mode` and `buildings`: see note_rules."""
    if len(source) > MAX_SOURCE:
        return _refused(0, "", f"it is longer than {MAX_SOURCE} characters; shorten it")
    try:
        policy = read(source)
    except PolicyFault as fault:
        return _refused(fault.line, fault.key, fault.hint)
    notes = [
        PolicyNote(line_of(source, note.key), note.key, f"{note.what}: {note.found}")
        for note in note_rules(policy, mode, buildings)
    ]
    return PolicyCheck(policy, tuple(sorted(notes, key=lambda note: note.line)))


def _refused(line: int, key: str, text: str) -> PolicyCheck:
    return PolicyCheck(None, (PolicyNote(line, key, text, True),))


def text_differences(before: str, after: str) -> list[PolicyDifference]:
    """What changes between two texts that have been read."""
    return policy_differences(tomllib.loads(before), tomllib.loads(after))
