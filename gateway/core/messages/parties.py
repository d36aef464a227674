"""The people of a message and how they stand to one another: persons, staff-student pairs, the relation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What a person is to the district; one person may be several."""

    STAFF = "staff"
    STUDENT = "student"
    GUARDIAN = "guardian"


class Direction(StrEnum):
    """Which way a message of a pair goes."""

    STAFF_TO_STUDENT = "staff_to_student"
    STUDENT_TO_STAFF = "student_to_staff"


OUT_OF_SCOPE = "out_of_scope"
"""The direction under which passed-through messages are counted."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the roster. `id` is the sourcedId; for an unknown address in a student domain it is the address.

    `children` are the sourcedIds of the students whose guardian this person is; `buildings` are orgs.
    """

    id: str
    name: str
    roles: frozenset[Role]
    buildings: tuple[str, ...] = ()
    children: frozenset[str] = frozenset()
    address: str = ""


class Directory(Protocol):
    """The roster as the core asks it. Addresses are mail addresses or E.164 numbers, in any case and alias."""

    def person(self, address: str) -> Person | None:
        """The person behind an address: own, known personal account, district phone; or an unknown student."""

    def members(self, address: str) -> tuple[Person, ...] | None:
        """The members of a group address, nested groups opened; None where the address is no group."""

    def namesakes(self, display_name: str) -> tuple[Person, ...]:
        """The persons whose name a display name shows, folded for case, accents, order and look-alike letters."""

    def is_internal(self, address: str) -> bool:
        """Whether the address belongs to one of the district's domains, aliases included, or is a district number."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One staff-student pair of a message, behind one recipient of its envelope.

    `outside`: one of the two writes, or is written to, at a personal account instead of a district one.
    """

    recipient: str
    staff: str
    student: str
    direction: Direction
    own_child: bool = False
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """Every pair of a message. A message with at least one pair is in scope."""

    pairs: tuple[Pair, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pairs)

    def behind(self, recipient: str) -> tuple[Pair, ...]:
        """The pairs behind one recipient, none where that recipient is due at once."""
        return tuple(pair for pair in self.pairs if pair.recipient == recipient)


NO_RELATION = Relation()
"""That of a message without any pair."""
