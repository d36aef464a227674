"""Compares two rosters: who is added, removed or changed, and whether too many people are removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.messages.parties import Role
from gateway.directory.roster import ROLE_BITS, Roster
from gateway.directory.validation import RemovalRefused


@dataclass(frozen=True, slots=True)
class RosterDifference:
    """People by sourcedId with their roles (removed people: their old roles). `before` and `after` count everybody."""

    added: Mapping[str, frozenset[Role]]
    removed: Mapping[str, frozenset[Role]]
    changed: Mapping[str, frozenset[Role]]
    before: int
    after: int

    def __len__(self) -> int:
        """The number of people added, removed or changed."""
        return len(self.added) + len(self.removed) + len(self.changed)

    @property
    def removal(self) -> float:
        """The share of the people that is removed, 0..1."""
        return len(self.removed) / self.before if self.before else 0.0

    def counts(self) -> dict[str, dict[str, int]]:
        """The number of people added, removed and changed, by role; people without a role under "none"."""
        return {
            word: {
                role: count
                for role in (*Role, "none")
                if (count := sum(role in roles if roles else role == "none" for roles in people.values()))
            }
            for word, people in (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        }


def compare_rosters(old: Roster | None, new: Roster) -> RosterDifference:
    """Compare two rosters. Without an old one, everybody is added."""
    before = {} if old is None else {id_: (bits, digest) for id_, bits, digest in old.digests()}
    total = len(before)
    added: dict[str, frozenset[Role]] = {}
    changed: dict[str, frozenset[Role]] = {}
    for id_, bits, digest in new.digests():
        known = before.pop(id_, None)
        if known is None:
            added[id_] = _roles_of(bits)
        elif known != (bits, digest):
            changed[id_] = _roles_of(bits)
    removed = {id_: _roles_of(bits) for id_, (bits, _) in before.items()}
    return RosterDifference(added, removed, changed, total, len(new))


def check_removal(old: Roster, new: Roster, max_removal: float, file: str) -> RosterDifference:
    """Compare two rosters. Raises RemovalRefused when more than the share `max_removal` is removed, or a whole role."""
    found = compare_rosters(old, new)
    if found.removal > max_removal:
        what = f"would remove {len(found.removed)} of {found.before} people, more than the share {max_removal:g}"
        hint = "if that is right, raise directory.max_removal for this one import; otherwise export again"
        raise RemovalRefused(file, None, what, hint)
    before, after = old.counts(), new.counts()
    for role in (Role.STAFF, Role.STUDENT):
        if before[role] and not after[role] and max_removal < 1:
            what = f"would leave nobody of the role {role}, so no message would be in scope"
            hint = "export again; if that is right, set directory.max_removal to 1 for this one import"
            raise RemovalRefused(file, None, what, hint)
    return found


def _roles_of(bits: int) -> frozenset[Role]:
    return frozenset(role for role, bit in ROLE_BITS.items() if bits & bit)
