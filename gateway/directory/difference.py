"""What a new roster changes: who comes, who goes, who is no longer what they were; and when that is too much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.messages.parties import Role
from gateway.directory.roster import ROLE_BITS, Roster
from gateway.directory.validation import RemovalRefused


@dataclass(frozen=True, slots=True)
class Difference:
    """People by sourcedId with their roles (those removed: that they had); `before` and `after` count everybody."""

    added: Mapping[str, frozenset[Role]]
    removed: Mapping[str, frozenset[Role]]
    changed: Mapping[str, frozenset[Role]]
    before: int
    after: int

    def __len__(self) -> int:
        """How many people are added, removed or changed."""
        return len(self.added) + len(self.removed) + len(self.changed)

    @property
    def removal(self) -> float:
        """The share of the people that would go, 0..1."""
        return len(self.removed) / self.before if self.before else 0.0

    def counts(self) -> dict[str, dict[str, int]]:
        """How many people of each role are added, removed and changed; without roles under "none"."""
        return {
            word: {
                role: count
                for role in (*Role, "none")
                if (count := sum(role in roles if roles else role == "none" for roles in people.values()))
            }
            for word, people in (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        }


def difference(old: Roster | None, new: Roster) -> Difference:
    """What changes from one roster to another; without an old one everybody is added."""
    before = {} if old is None else {id_: (bits, digest) for id_, bits, digest in old.digests()}
    total = len(before)
    added: dict[str, frozenset[Role]] = {}
    changed: dict[str, frozenset[Role]] = {}
    for id_, bits, digest in new.digests():
        known = before.pop(id_, None)
        if known is None:
            added[id_] = _roles(bits)
        elif known != (bits, digest):
            changed[id_] = _roles(bits)
    removed = {id_: _roles(bits) for id_, (bits, _) in before.items()}
    return Difference(added, removed, changed, total, len(new))


def refuse_removal(old: Roster, new: Roster, max_removal: float, file: str) -> Difference:
    """The difference, where no more than the share `max_removal` of the people goes, and no role dies out.

    Raises RemovalRefused.
    """
    found = difference(old, new)
    if found.removal > max_removal:
        what = f"would remove {len(found.removed)} of {found.before} people, more than the share {max_removal:g}"
        mend = "if that is right raise directory.max_removal for this once, else export again"
        raise RemovalRefused(file, None, what, mend)
    before, after = old.counts(), new.counts()
    for role in (Role.STAFF, Role.STUDENT):
        if before[role] and not after[role] and max_removal < 1:
            what = f"would leave nobody of the role {role}, and so no message in scope"
            mend = "export again; if that is right set directory.max_removal to 1 for this once"
            raise RemovalRefused(file, None, what, mend)
    return found


def _roles(bits: int) -> frozenset[Role]:
    return frozenset(role for role, bit in ROLE_BITS.items() if bits & bit)
