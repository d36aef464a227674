"""Rules of the policy that can never fire, or always do."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gateway.commands.checks.line import Line, warn
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Clause, Policy

_COUNTED = frozenset({"5", "9"})  # counters and rates act by tables of their own


def check_rules(policy: Policy, mode: str, buildings: Collection[str]) -> Iterator[Line]:
    """Every line that is worth a look. `buildings`: sourcedIds of the roster."""
    held = False
    for clause in policy.clauses.values():
        held = held or _holds(clause)
        if not _acts(clause) and clause.id not in _COUNTED:
            yield warn(
                f"policy clause {clause.id}",
                "it has no threshold in either direction and can never fire; set flag or hold, or remove the clause",
            )
        for direction, levels in clause.thresholds.items():
            where = f"policy clause {clause.id}, {direction}"
            scores = [score for score in (levels.flag, levels.hold, levels.hold_evasive) if score is not None]
            if levels.hold is not None and levels.hold_evasive is not None and levels.hold <= levels.hold_evasive:
                yield warn(where, "hold_evasive is not below hold and never makes a difference; lower or remove it")
            if 0.0 in scores:
                yield warn(where, "a threshold of 0 acts on every finding, however weak; write one such as 0.5")
            if scores and min(scores) >= 1.0:
                yield warn(where, "no score is above 1: the rule can never fire; write a threshold such as 0.5")
        unread = clause.id in policy.own_child_exempt and clause.id in policy.own_child_cues
        if unread:
            yield warn(
                f"policy clause {clause.id}",
                "it is in own_child_exempt and in own_child_cues; the cues can never fire: remove it from one",
            )
    if not held and mode == "enforce":
        yield warn("policy", "no clause ever holds a message, although policy.mode is enforce; set hold thresholds")
    if policy.help_alert >= 1.0:
        yield warn("policy help", "alert = 1 is never reached: no call for help would be noticed; lower it")
    for tool in policy.tools:
        if tool.building and buildings and tool.building not in buildings:
            yield warn(
                "policy tools", f"{tool.domain} names the building {tool.building}, which the roster does not have"
                "; write its sourcedId, or leave it empty",
            )  # fmt: skip


def _acts(clause: Clause) -> bool:
    return any(
        level is not None
        for levels in clause.thresholds.values()
        for level in (levels.flag, levels.hold, levels.hold_evasive)
    ) or any(action is not Action.RELEASE for action in clause.outside.values())


def _holds(clause: Clause) -> bool:
    return (
        any(
            levels.hold is not None or levels.hold_evasive is not None
            for direction, levels in clause.thresholds.items()
            if direction in Direction
        )
        or Action.HOLD in clause.outside.values()
    )
