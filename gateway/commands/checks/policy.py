"""Rules of the policy that can never fire, or always do."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gateway.commands.checks.line import Line, warn
from gateway.core.policy.policy import Policy
from gateway.core.policy_versions.rule_checks import note_rules


def check_rules(policy: Policy, mode: str, buildings: Collection[str]) -> Iterator[Line]:
    """Every line that is worth a look. `buildings`: sourcedIds of the roster."""
    for note in note_rules(policy, mode, buildings):
        yield warn(note.what, note.found)
