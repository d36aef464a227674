"""Rules of a policy that can never fire, that make no difference, or that always fire."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Clause, Policy
from gateway.core.policy.thresholds import Thresholds

_COUNTED = frozenset({"5", "9"})  # counters and rates act by tables of their own


@dataclass(frozen=True, slots=True)
class RuleNote:
    """A rule that is worth a look. `key` is its dotted key; `what` says it in words, `found` what is wrong with it."""

    key: str
    what: str
    found: str


def note_rules(policy: Policy, mode: str, buildings: Collection[str]) -> Iterator[RuleNote]:
    """Every rule that is worth a look. `mode` is policy.mode; `buildings` are sourcedIds of the roster, if known."""
    for clause in policy.clauses.values():
        yield from _clause(clause, policy)
    if mode == "enforce" and not _ever_holds(policy):
        yield RuleNote(
            "clauses", "policy", "no clause ever holds a message, although policy.mode is enforce; set hold thresholds"
        )
    if policy.help_alert >= 1.0:
        yield RuleNote(
            "help.alert", "policy help", "alert = 1 is never reached: no call for help would be noticed; lower it"
        )
    if policy.distress_flag is not None and policy.distress_flag >= 1.0:
        yield RuleNote("distress.flag", "policy distress", "flag = 1 is never reached; lower it, or remove the table")
    for number, tool in enumerate(policy.tools, 1):
        if tool.building and buildings and tool.building not in buildings:
            yield RuleNote(
                f"tools[{number}].building", "policy tools", f"{tool.domain} names the building {tool.building}, which "
                "the roster does not have; write its sourcedId, or leave it empty",
            )  # fmt: skip
    yield from _limits(policy)
    yield from _overrides(policy, buildings)


def _clause(clause: Clause, policy: Policy) -> Iterator[RuleNote]:
    key, what = f"clauses.{clause.id}", f"policy clause {clause.id}"
    if not _acts(clause, policy) and clause.id not in _COUNTED:
        yield RuleNote(
            key, what,
            "it has no threshold in either direction and can never fire; set flag or hold, or remove the clause",
        )  # fmt: skip
    for direction, levels in clause.thresholds.items():
        yield from _levels(f"{key}.{direction}", f"{what}, {direction}", levels)
    if clause.id in policy.own_child_exempt and clause.id in policy.own_child_cues:
        yield RuleNote(
            f"own_child_cues.{clause.id}", what,
            "it is in own_child_exempt and in own_child_cues; the cues can never fire: remove it from one",
        )  # fmt: skip
    rules = clause.review_rules
    if _acts(clause, policy) and not _may_hold(clause, policy):
        for name, is_set in (("two_people", bool(rules.two_people)), ("at_due", rules.at_due != "hold")):
            if is_set:
                yield RuleNote(
                    f"{key}.{name}", what, f"{name} is about held messages, and nothing is ever held for this clause; "
                    "set hold, or remove it",
                )  # fmt: skip


def _levels(key: str, what: str, levels: Thresholds) -> Iterator[RuleNote]:
    scores = [score for score in (levels.flag, levels.hold, levels.hold_evasive) if score is not None]
    if levels.hold is not None and levels.hold_evasive is not None and levels.hold <= levels.hold_evasive:
        yield RuleNote(
            f"{key}.hold_evasive", what,
            "hold_evasive is not below hold and never makes a difference; lower or remove it",
        )  # fmt: skip
    if levels.flag is not None and levels.hold is not None and levels.hold <= levels.flag:
        yield RuleNote(
            f"{key}.flag", what, "flag is not below hold and can never fire: everything is held; lower or remove it"
        )
    if 0.0 in scores:
        yield RuleNote(key, what, "a threshold of 0 acts on every finding, however weak; write one such as 0.5")
    if scores and min(scores) >= 1.0:
        yield RuleNote(key, what, "no score is above 1: the rule can never fire; write a threshold such as 0.5")


_WIDER = (  # whoever is over the first limit is over the second: the periods contain each other
    ("day", "week"), ("outside_week", "outside_six_weeks"), ("nights_week", "nights_six_weeks"),
    ("personal_nights_week", "personal_nights_six_weeks"),
)  # fmt: skip
_NARROWER = (("night_week", "week"), ("outside_week", "week"), ("off_hours_week", "week"))
"""What the first limit counts, the second counts too."""


def _limits(policy: Policy) -> Iterator[RuleNote]:
    limits = policy.contact_rules.limits
    for narrow, wide in (*_WIDER, *_NARROWER):
        one, other = getattr(limits, narrow), getattr(limits, wide)
        if one is not None and other is not None and one >= other:
            yield RuleNote(
                f"contact.{narrow}",
                "policy contact",
                f"{narrow} = {one} is not below {wide} = {other} and can never fire first; lower or remove it",
            )
    for table, actions in (("contact", policy.contact), ("rate", policy.rate)):
        if all(action is Action.RELEASE for action in actions.values()):
            yield RuleNote(
                f"{table}.action", f"policy {table}",
                "the action is release in both directions: no limit of this table can ever fire; write flag",
            )  # fmt: skip


def _overrides(policy: Policy, buildings: Collection[str]) -> Iterator[RuleNote]:
    for number, override in enumerate(policy.overrides, 1):
        key, what = f"overrides[{number}]", f"policy override {number}"
        for building in sorted(override.buildings):
            if buildings and building not in buildings:
                yield RuleNote(
                    f"{key}.buildings", what, f"the roster has no building {building}: nothing is ever decided by it; "
                    "write the sourcedId of an org, or remove it",
                )  # fmt: skip
        for (id_, direction), levels in override.thresholds.items():
            where = f"{key}.clauses.{id_}.{direction}"
            yield from _levels(where, f"{what}, {id_}, {direction}", levels)
            later = [
                place
                for place, other in enumerate(policy.overrides[number:], number + 1)
                if (id_, direction) in other.thresholds and other.covers(override)
            ]
            if later:
                yield RuleNote(
                    where, f"{what}, {id_}, {direction}", f"it can never fire: override {later[-1]} comes later and is "
                    "for all these messages; change their order, or remove it",
                )  # fmt: skip
            elif levels == policy.clauses[id_].thresholds[direction] and not _earlier_differs(policy, number, id_):
                yield RuleNote(
                    where, f"{what}, {id_}, {direction}", "it says the same as the clause and makes no difference; "
                    "change or remove it",
                )  # fmt: skip


def _earlier_differs(policy: Policy, number: int, id_: str) -> bool:
    """Whether an override before this one names the clause too: this one may bring back what the clause says."""
    return any(id_ == clause for other in policy.overrides[: number - 1] for clause, _ in other.thresholds)


def _all_levels(clause: Clause, policy: Policy) -> Iterator[Thresholds]:
    yield from clause.thresholds.values()
    for override in policy.overrides:
        yield from (levels for (id_, _), levels in override.thresholds.items() if id_ == clause.id)


def _acts(clause: Clause, policy: Policy) -> bool:
    return any(
        level is not None
        for levels in _all_levels(clause, policy)
        for level in (levels.flag, levels.hold, levels.hold_evasive)
    ) or any(action is not Action.RELEASE for action in clause.outside.values())


def _may_hold(clause: Clause, policy: Policy) -> bool:
    """Whether a message can be held for a clause: by its score, over a personal account, or by the tables of limits."""
    tables = {"5": policy.contact, "9": policy.rate}.get(clause.id, {})
    return (
        any(
            levels.hold is not None or levels.hold_evasive is not None
            for levels in _all_levels(clause, policy)
        )
        or Action.HOLD in clause.outside.values()
        or Action.HOLD in tables.values()
    )  # fmt: skip


def _ever_holds(policy: Policy) -> bool:
    return any(_may_hold(clause, policy) for clause in policy.clauses.values())
